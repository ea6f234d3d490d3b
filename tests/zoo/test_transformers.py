"""The transformers' specs against the networks of the transformers library, to the last digit.

``tests/zoo/measure_transformers.py`` says how ``tests/data/transformers.jsonl`` was measured.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from measured import DATA, build, home, spec

from archcalc.analysis.count import Figures, count
from archcalc.analysis.counting import Counting

RECORDS: dict[str, dict[str, Any]] = {
    record["model"]: record
    for record in map(
        json.loads, (DATA.parent / "transformers.jsonl").read_text("utf-8").splitlines()
    )
}
RUNS = [(model, run) for model, record in RECORDS.items() for run in record["runs"]]
STEPS = [(model, step) for model, record in RECORDS.items() for step in record.get("steps", ())]
EXPERTS = ("mixtral", "deepseek")
DECODERS = [
    model for model in RECORDS if not model.startswith(("bert", "t5", "bart", "whisper", "clip"))
]


def totals(model: str, **settings: object) -> Figures:
    overrides = {name: str(value) for name, value in settings.items()}
    return count(build(model, overrides).graph).totals


def settings(inputs: dict[str, list[int]]) -> dict[str, int]:
    """A run's inputs in the words of the specs: what is read, and what is written."""
    found = {}
    if "input_ids" in inputs:
        found["length"] = inputs["input_ids"][-1]
    if "decoder_input_ids" in inputs:
        word = "length" if "input_features" in inputs else "target"
        found[word] = inputs["decoder_input_ids"][-1]
    if "input_features" in inputs:
        _, found["mels"], found["audio.length"] = inputs["input_features"]
    if "pixel_values" in inputs:
        found["size"] = inputs["pixel_values"][-1]
    return found


def test_every_variant_was_measured() -> None:
    specs = {home(model) for model in RECORDS}
    assert {variant for name in specs for variant in spec(name).variants} == RECORDS.keys()


@pytest.mark.parametrize("model", RECORDS)
def test_parameters(model: str) -> None:
    record, found = RECORDS[model], totals(model)
    assert found.params == record["params"]
    assert found.trainable == record.get("trainable", record["params"])
    assert (found.active < found.params) is model.startswith(EXPERTS)


@pytest.mark.parametrize("model", RECORDS)
def test_the_exact_count_is_quoted(model: str) -> None:
    record = RECORDS[model]
    quoted = {r["source"]: r for r in spec(home(model)).published(model)}
    source = f"transformers {record['class']}"
    if not model.startswith("gpt2"):
        assert int(quoted[source]["params"].replace("_", "")) == record["params"]


@pytest.mark.parametrize("model, run", RUNS, ids=[f"{m}-{r['macs']}" for m, r in RUNS])
def test_macs_at_every_length(model: str, run: dict[str, Any]) -> None:
    found = totals(model, **settings(run["inputs"]))
    assert (found.mac, found.params) == (run["macs"], RECORDS[model]["params"])


@pytest.mark.parametrize("model, step", STEPS, ids=[f"{m}-{s['past']}" for m, s in STEPS])
def test_macs_of_a_step_behind_a_cache(model: str, step: dict[str, int]) -> None:
    found = totals(model, past=step["past"], length=step["length"])
    assert (found.mac, found.params) == (step["macs"], RECORDS[model]["params"])


@pytest.mark.parametrize("model", DECODERS)
def test_a_past_alone_is_a_step_of_one_token(model: str) -> None:
    step = totals(model, past=99)
    assert step == totals(model, past=99, length=1)
    assert step.params == RECORDS[model]["params"]


@pytest.mark.parametrize("model", DECODERS)
def test_a_prompt_costs_what_its_tokens_cost_one_by_one(model: str) -> None:
    """But for the pairs that the mask of a prompt hides."""
    form = {"cache": "keys"} if model.startswith("deepseek") else {}
    window = {"window": 3} if "window" in spec(home(model)).settings else {}
    overrides = {name: str(value) for name, value in {"length": 5, **form, **window}.items()}
    prompt = count(build(model, overrides).graph, Counting(causal="half")).totals
    steps = [totals(model, past=past, length=1, **form, **window) for past in range(5)]
    assert prompt.mac == sum(step.mac for step in steps)
    assert prompt.mul == sum(step.mul for step in steps)
    assert prompt.exp == sum(step.exp for step in steps)


@pytest.mark.parametrize("model", [m for m, record in RECORDS.items() if "small" in record])
def test_experts_in_a_small_network_that_was_run(model: str) -> None:
    small = RECORDS[model]["small"]
    words = {
        "vocab_size": "vocab",
        "hidden_size": "dim",
        "intermediate_size": "hidden",
        "num_hidden_layers": "depth",
        "num_attention_heads": "heads",
        "num_key_value_heads": "kv_heads",
        "num_local_experts": "experts",
        "n_routed_experts": "experts",
        "num_experts_per_tok": "top_k",
        "n_shared_experts": "shared",
        "moe_intermediate_size": "width",
        "q_lora_rank": "q_rank",
        "first_k_dense_replace": "dense",
    }
    known = spec(home(model)).settings
    sizes = {words[n]: v for n, v in small["arguments"].items() if v and words.get(n) in known}
    found = totals(model, **sizes, **settings(small["inputs"]))
    assert (found.params, found.mac) == (small["params"], small["macs"])


@pytest.mark.parametrize("model", [m for m, record in RECORDS.items() if "dense" in record])
def test_latent_attention_in_a_network_without_experts(model: str) -> None:
    dense = RECORDS[model]["dense"]
    layers = {"dense": dense["layers"]}
    assert totals(model, **layers).params == dense["params"]
    for run in dense["runs"]:
        assert totals(model, **layers, **settings(run["inputs"])).mac == run["macs"]
    for step in dense["steps"]:  # the library makes keys and values from all cached latents
        sizes = {"past": step["past"], "length": step["length"]}
        assert totals(model, **layers, **sizes, cache="latents").mac == step["macs"]
        assert totals(model, **layers, **sizes).mac < step["macs"] // 10


def test_a_token_uses_as_many_parameters_as_are_published() -> None:
    for name in ("mixtral", "deepseek"):
        for variant, declared in spec(name).variants.items():
            assert totals(variant).active == spec(name).expect(variant)["active"], declared
    assert totals("deepseek-v3").buffers == 58 * 256  # a bias for each expert, to balance them


def test_a_sliding_window_bounds_what_a_step_costs() -> None:
    far, further = (totals("mistral-7b", past=past) for past in (4095, 40_000))
    assert far == further
    assert totals("llama-3-8b", past=4095) != totals("llama-3-8b", past=40_000)
