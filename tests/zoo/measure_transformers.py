"""Writes down what the transformers library's networks do: ``tests/data/transformers.jsonl``.

    python tests/zoo/measure_transformers.py tests/data/transformers.jsonl [MODEL...]

Needs PyTorch and transformers (the file here: torch 2.13.0, transformers 5.23.0); no test runs it.
A network is built without weights on the meta device and run with plain attention (``eager``);
MACs are half of what PyTorch's own FlopCounterMode counts: matrix products and convolutions,
attention in full. A step is run behind a prompt that has filled the cache. Experts are chosen by
values, which the meta device does not have: networks of experts are measured small, on the CPU.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

Arguments = dict[str, Any]


def text(*lengths: int) -> list[Arguments]:
    return [{"input_ids": [1, length]} for length in lengths]


PROMPTS = text(128, 1024)
PAIR = [{"input_ids": [1, 128], "decoder_input_ids": [1, 32]}]


def bert(**arguments: Any) -> tuple[str, str, Arguments, list[Arguments]]:
    return "BertModel", "BertConfig", arguments, text(128, 512)


def gpt2(dim: int, depth: int, heads: int) -> tuple[str, str, Arguments, list[Arguments]]:
    sizes = {"n_embd": dim, "n_layer": depth, "n_head": heads}
    return "GPT2LMHeadModel", "GPT2Config", sizes, PROMPTS


def t5(
    dim: int, hidden: int, depth: int, heads: int, head_dim: int = 64
) -> tuple[str, str, Arguments, list[Arguments]]:
    sizes = {"d_model": dim, "d_ff": hidden, "num_layers": depth, "num_heads": heads}
    return "T5ForConditionalGeneration", "T5Config", {**sizes, "d_kv": head_dim}, PAIR


def two_stacks(
    name: str, dim: int, depth: int, decoder: int, heads: int, **more: Any
) -> tuple[str, str, Arguments, list[Arguments]]:
    sizes = {"d_model": dim, "encoder_layers": depth, "decoder_layers": decoder}
    for stack in ("encoder", "decoder"):
        sizes |= {f"{stack}_attention_heads": heads, f"{stack}_ffn_dim": 4 * dim}
    runs = PAIR
    if name == "Whisper":
        mels = more["num_mel_bins"]
        runs = [{"input_features": [1, mels, 3000], "decoder_input_ids": [1, 32]}]
    return f"{name}ForConditionalGeneration", f"{name}Config", {**sizes, **more}, runs


def whisper(
    dim: int, depth: int, decoder: int, heads: int, mels: int = 80, vocab: int = 51865
) -> tuple[str, str, Arguments, list[Arguments]]:
    more = {"num_mel_bins": mels, "vocab_size": vocab}
    return two_stacks("Whisper", dim, depth, decoder, heads, **more)


def decoder(
    family: str,
    vocab: int,
    dim: int,
    hidden: int,
    depth: int,
    heads: int,
    kv_heads: int,
    head_dim: int | None = None,
    tied: bool = False,
    **more: Any,
) -> tuple[str, str, Arguments, list[Arguments]]:
    sizes = {
        "vocab_size": vocab,
        "hidden_size": dim,
        "intermediate_size": hidden,
        "num_hidden_layers": depth,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "tie_word_embeddings": tied,
        **more,
    }
    if head_dim is not None:
        sizes["head_dim"] = head_dim
    runs = [] if family in ("Mixtral", "DeepseekV2", "DeepseekV3") else PROMPTS
    return f"{family}ForCausalLM", f"{family}Config", sizes, runs


def deepseek(
    version: int, *sizes: int, experts: tuple[int, int, int, int], **more: Any
) -> tuple[str, str, Arguments, list[Arguments]]:
    vocab, dim, hidden, depth, heads = sizes
    number, chosen, shared, width = experts
    latents = {"kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128}
    return decoder(
        f"DeepseekV{version}",
        vocab,
        dim,
        hidden,
        depth,
        heads,
        heads,
        v_head_dim=128,
        n_routed_experts=number,
        num_experts_per_tok=chosen,
        n_shared_experts=shared,
        moe_intermediate_size=width,
        **latents,
        **more,
    )


def clip(
    patch: int, size: int, image: tuple[int, int, int], text: tuple[int, int], space: int
) -> tuple[str, str, Arguments, list[Arguments]]:
    def tower(dim: int, depth: int, heads: int, **more: int) -> Arguments:
        sizes = {"hidden_size": dim, "intermediate_size": 4 * dim, "num_hidden_layers": depth}
        return {**sizes, "num_attention_heads": heads, "projection_dim": space, **more}

    dim, heads = text
    towers = {
        "text_config": tower(dim, 12, heads, vocab_size=49408, max_position_embeddings=77),
        "vision_config": tower(*image, image_size=size, patch_size=patch),
        "projection_dim": space,
    }
    inputs = {"input_ids": [1, 77], "pixel_values": [1, 3, size, size]}
    return "CLIPModel", "CLIPConfig", towers, [inputs]


MODELS = {
    "bert-base-uncased": bert(),
    "bert-base-cased": bert(vocab_size=28996),
    "bert-large-uncased": bert(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
    ),
    "gpt2": gpt2(768, 12, 12),
    "gpt2-medium": gpt2(1024, 24, 16),
    "gpt2-large": gpt2(1280, 36, 20),
    "gpt2-xl": gpt2(1600, 48, 25),
    "t5-small": t5(512, 2048, 6, 8),
    "t5-base": t5(768, 3072, 12, 12),
    "t5-large": t5(1024, 4096, 24, 16),
    "t5-3b": t5(1024, 16384, 24, 32, 128),
    "t5-11b": t5(1024, 65536, 24, 128, 128),
    "bart-base": two_stacks("Bart", 768, 6, 6, 12, vocab_size=50265),
    "bart-large": two_stacks("Bart", 1024, 12, 12, 16, vocab_size=50265),
    "llama-2-7b": decoder("Llama", 32000, 4096, 11008, 32, 32, 32),
    "llama-2-13b": decoder("Llama", 32000, 5120, 13824, 40, 40, 40),
    "llama-2-70b": decoder("Llama", 32000, 8192, 28672, 80, 64, 8),
    "llama-3-8b": decoder("Llama", 128256, 4096, 14336, 32, 32, 8),
    "llama-3-70b": decoder("Llama", 128256, 8192, 28672, 80, 64, 8),
    "llama-3.1-405b": decoder("Llama", 128256, 16384, 53248, 126, 128, 8),
    "llama-3.2-1b": decoder("Llama", 128256, 2048, 8192, 16, 32, 8, 64, tied=True),
    "llama-3.2-3b": decoder("Llama", 128256, 3072, 8192, 28, 24, 8, 128, tied=True),
    "mistral-7b": decoder("Mistral", 32000, 4096, 14336, 32, 32, 8, sliding_window=4096),
    "mistral-7b-v0.3": decoder("Mistral", 32768, 4096, 14336, 32, 32, 8, sliding_window=None),
    "mistral-nemo-12b": decoder(
        "Mistral", 131072, 5120, 14336, 40, 32, 8, 128, sliding_window=None
    ),
    "mixtral-8x7b": decoder("Mixtral", 32000, 4096, 14336, 32, 32, 8, num_local_experts=8),
    "mixtral-8x22b": decoder("Mixtral", 32000, 6144, 16384, 56, 48, 8, num_local_experts=8),
    "qwen2.5-0.5b": decoder("Qwen2", 151936, 896, 4864, 24, 14, 2, tied=True),
    "qwen2.5-1.5b": decoder("Qwen2", 151936, 1536, 8960, 28, 12, 2, tied=True),
    "qwen2.5-3b": decoder("Qwen2", 151936, 2048, 11008, 36, 16, 2, tied=True),
    "qwen2.5-7b": decoder("Qwen2", 152064, 3584, 18944, 28, 28, 4),
    "qwen2.5-14b": decoder("Qwen2", 152064, 5120, 13824, 48, 40, 8),
    "qwen2.5-32b": decoder("Qwen2", 152064, 5120, 27648, 64, 40, 8),
    "qwen2.5-72b": decoder("Qwen2", 152064, 8192, 29568, 80, 64, 8),
    "gemma-2-2b": decoder("Gemma2", 256000, 2304, 9216, 26, 8, 4, 256, tied=True),
    "gemma-2-9b": decoder("Gemma2", 256000, 3584, 14336, 42, 16, 8, 256, tied=True),
    "gemma-2-27b": decoder("Gemma2", 256000, 4608, 36864, 46, 32, 16, 128, tied=True),
    "deepseek-v2-lite": deepseek(
        2, 102400, 2048, 10944, 27, 16,
        experts=(64, 6, 2, 1408), q_lora_rank=None, first_k_dense_replace=1,
    ),
    "deepseek-v2": deepseek(
        2, 102400, 5120, 12288, 60, 128,
        experts=(160, 6, 2, 1536), q_lora_rank=1536, first_k_dense_replace=1,
    ),
    "deepseek-v3": deepseek(
        3, 129280, 7168, 18432, 61, 128,
        experts=(256, 8, 1, 2048), q_lora_rank=1536, first_k_dense_replace=3,
    ),
    "whisper-tiny": whisper(384, 4, 4, 6),
    "whisper-base": whisper(512, 6, 6, 8),
    "whisper-small": whisper(768, 12, 12, 12),
    "whisper-medium": whisper(1024, 24, 24, 16),
    "whisper-large-v2": whisper(1280, 32, 32, 20),
    "whisper-large-v3": whisper(1280, 32, 32, 20, 128, 51866),
    "whisper-large-v3-turbo": whisper(1280, 32, 4, 20, 128, 51866),
    "clip-vit-base-patch32": clip(32, 224, (768, 12, 12), (512, 8), 512),
    "clip-vit-base-patch16": clip(16, 224, (768, 12, 12), (512, 8), 512),
    "clip-vit-large-patch14": clip(14, 224, (1024, 24, 16), (768, 12), 768),
    "clip-vit-large-patch14-336": clip(14, 336, (1024, 24, 16), (768, 12), 768),
}  # fmt: skip

STEPS = {
    "gpt2": [(99, 1), (1023, 1), (100, 5)],
    "gpt2-xl": [(1023, 1)],
    "llama-2-7b": [(127, 1), (1023, 1)],
    "llama-3-8b": [(1023, 1), (1000, 8)],
    "qwen2.5-0.5b": [(1023, 1)],
    "qwen2.5-7b": [(1023, 1)],
    "mistral-7b": [(1023, 1), (4095, 1), (4096, 1), (5000, 1)],
    "gemma-2-2b": [(1023, 1), (4095, 1), (5000, 1), (5000, 3)],
}
"""Steps behind a cache: how many tokens are in it, and how many come in."""

SMALL = {
    "mixtral-8x7b": decoder("Mixtral", 200, 64, 96, 2, 4, 2, num_local_experts=8),
    "deepseek-v2-lite": deepseek(
        2, 200, 64, 112, 3, 4,
        experts=(16, 6, 2, 48), q_lora_rank=None, first_k_dense_replace=1,
    ),
    "deepseek-v3": deepseek(
        3, 200, 64, 112, 3, 4,
        experts=(16, 4, 1, 48), q_lora_rank=24, first_k_dense_replace=1, n_group=4, topk_group=2,
    ),
}  # fmt: skip
"""Networks of experts with other sizes, run on the CPU for 40 tokens."""

DENSE = ("deepseek-v2-lite", "deepseek-v3")
"""Measured once more with an MLP in each layer and no experts: for latent attention."""


def network(name: str, config: str, arguments: Arguments, device: str = "meta") -> Any:
    made = getattr(transformers, config)(**arguments)
    torch.manual_seed(0)
    plain = {"attn_implementation": "eager"}
    if device == "cpu":
        plain["experts_implementation"] = "eager"
    with torch.device(device):
        module = getattr(transformers, name)._from_config(made, **plain)
    module.tie_weights()
    return module.eval()


def parameters(module: Any) -> int:
    return sum(weight.numel() for weight in module.parameters())


def tensors(inputs: dict[str, list[int]], device: str) -> dict[str, Any]:
    return {
        name: torch.randint(0, 100, shape, device=device)
        if name.endswith("ids")
        else torch.empty(shape, device=device)
        for name, shape in inputs.items()
    }


def macs(module: Any, inputs: dict[str, list[int]], device: str = "meta", **more: Any) -> int:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(**tensors(inputs, device), **more)
    return counter.get_total_flops() // 2


def step(module: Any, past: int, length: int) -> int:
    with torch.no_grad():
        cache = module(**tensors({"input_ids": [1, past]}, "meta"), use_cache=True)
    return macs(module, {"input_ids": [1, length]}, past_key_values=cache.past_key_values)


def steps(module: Any, wanted: list[tuple[int, int]]) -> list[Arguments]:
    return [{"past": p, "length": n, "macs": step(module, p, n)} for p, n in wanted]


def record(model: str) -> Arguments:
    name, config, arguments, runs = MODELS[model]
    module = network(name, config, arguments)
    found: Arguments = {"model": model, "class": name, "arguments": arguments}
    found["params"] = parameters(module)
    trainable = sum(w.numel() for w in module.parameters() if w.requires_grad)
    if trainable != found["params"]:
        found["trainable"] = trainable
    found["runs"] = [{"inputs": inputs, "macs": macs(module, inputs)} for inputs in runs]
    if model in STEPS:
        found["steps"] = steps(module, STEPS[model])
    if model in SMALL:
        name, config, arguments, _ = SMALL[model]
        module, inputs = network(name, config, arguments, "cpu"), {"input_ids": [1, 40]}
        found["small"] = {"arguments": arguments, "params": parameters(module)}
        found["small"] |= {"inputs": inputs, "macs": macs(module, inputs, "cpu")}
    if model in DENSE:
        name, config, arguments, _ = MODELS[model]
        layers = arguments["num_hidden_layers"]
        module = network(name, config, {**arguments, "first_k_dense_replace": layers})
        found["dense"] = {"layers": layers, "params": parameters(module)}
        found["dense"]["runs"] = [{"inputs": i, "macs": macs(module, i)} for i in PROMPTS]
        found["dense"]["steps"] = steps(module, [(1023, 1)])
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for model in sys.argv[2:] or MODELS:
            found = record(model)
            print(f"{model}: {found['params']:,}", flush=True)
            file.write(json.dumps(found) + "\n")
