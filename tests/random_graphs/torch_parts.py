"""Parts of networks that torch has no module for, made of those that it has."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .tree import Refused


def must(condition: bool, why: str) -> None:
    if not condition:
        raise Refused(why)


class QuickGelu(nn.Module):
    """The GELU of CLIP."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "celu": nn.CELU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU("tanh"),
    "quick_gelu": QuickGelu,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "sigmoid": nn.Sigmoid,
    "log_sigmoid": nn.LogSigmoid,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
    "tanh": nn.Tanh,
    "hard_tanh": nn.Hardtanh,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "softmax": lambda: nn.Softmax(dim=1),
    "log_softmax": lambda: nn.LogSoftmax(dim=1),
    "identity": nn.Identity,
    "dropout": nn.Dropout,
    "drop_path": nn.Dropout,
}
"""What keeps a tensor's shape and has no weights."""


class Attention(nn.Module):
    """Multi-head attention with grouped keys and values, in plain products.

    Ainslie et al., GQA, arXiv:2305.13245: each head of keys and values serves a group of queries.
    """

    def __init__(self, features: int, context: int, args: dict[str, Any]) -> None:
        super().__init__()
        self.heads = int(args["num_heads"])
        self.kv_heads = int(args.get("num_kv_heads", self.heads))
        must(min(self.heads, self.kv_heads) >= 1, "no heads")
        if "head_dim" not in args:
            must(features % self.heads == 0, "num_heads must divide features")
        must(self.heads % self.kv_heads == 0, "num_kv_heads must divide num_heads")
        self.size = int(args.get("head_dim", features // self.heads))
        must(self.size >= 1, "heads of nothing")
        self.past = int(args.get("past", 0))
        must(not args.get("rope", False) or self.size % 2 == 0, "rope turns pairs")
        bias = args.get("bias", True)
        inner = bias if args.get("qkv_bias", "auto") == "auto" else args["qkv_bias"]
        out = int(args.get("out_features", features))
        self.query = nn.Linear(features, self.heads * self.size, bias=inner)
        self.key = nn.Linear(context, self.kv_heads * self.size, bias=inner)
        self.value = nn.Linear(context, self.kv_heads * self.size, bias=inner)
        self.out = nn.Linear(self.heads * self.size, out, bias=bias)

    def forward(self, x: Tensor, context: Tensor) -> tuple[Tensor, int]:
        """The output, and the products of scores and values: elements times what each sums."""
        batch, length, _ = x.shape
        group = self.heads // self.kv_heads

        def heads(y: Tensor, count: int) -> Tensor:
            return y.view(batch, -1, count, self.size).transpose(1, 2)

        cache = torch.empty(batch, self.kv_heads, self.past, self.size)
        query = heads(self.query(x), self.heads)
        key = torch.cat([cache, heads(self.key(context), self.kv_heads)], dim=2)
        value = torch.cat([cache, heads(self.value(context), self.kv_heads)], dim=2)
        scores = query @ key.repeat_interleave(group, dim=1).transpose(-1, -2)
        mixed = scores.softmax(-1) @ value.repeat_interleave(group, dim=1)
        products = scores.numel() * self.size + mixed.numel() * key.shape[2]
        return self.out(mixed.transpose(1, 2).reshape(batch, length, -1)), products


class Mlp(nn.Module):
    """Two linear layers, or three with a gate (Shazeer, GLU Variants, arXiv:2002.05202)."""

    def __init__(self, features: int, args: dict[str, Any]) -> None:
        super().__init__()
        hidden, bias = int(args["hidden_features"]), args.get("bias", True)
        self.up = nn.Linear(features, hidden, bias=bias)
        self.gate = nn.Linear(features, hidden, bias=bias) if args.get("gated", False) else None
        word = args.get("activation", "gelu")
        self.act = nn.Identity() if word == "none" else ACTIVATIONS[word]()
        self.down = nn.Linear(hidden, int(args.get("out_features", features)), bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is None:
            y: Tensor = self.down(self.act(self.up(x)))
        else:
            y = self.down(self.act(self.gate(x)) * self.up(x))
        return y

    def products(self) -> int:
        """Weights that are multiplied with each position."""
        return sum(p.numel() for p in self.parameters() if p.dim() == 2)


class Experts(nn.Module):
    """A router and its experts (Shazeer et al., arXiv:1701.06538).

    Which expert a token goes to is not known without numbers, so each of the first ``top_k`` takes
    all tokens: what every token costs is the same.
    """

    def __init__(self, features: int, args: dict[str, Any]) -> None:
        super().__init__()
        self.router = nn.Linear(features, int(args["num_experts"]), args.get("router_bias", False))
        self.top_k = int(args["top_k"])
        self.experts = nn.ModuleList(Mlp(features, args) for _ in range(int(args["num_experts"])))
        common = int(args.get("shared_experts", 0))
        self.common = nn.ModuleList(Mlp(features, args) for _ in range(common))

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        """The output, and the weights that a token is multiplied with."""
        gates, _ = self.router(x).softmax(-1).topk(self.top_k, dim=-1)
        used = [*list(self.experts)[: self.top_k], *self.common]
        y = torch.zeros_like(x)
        for number, expert in enumerate(used):
            part = expert(x)
            y = y + (part * gates[..., number, None] if number < self.top_k else part)
        products = self.router.weight.numel() + sum(e.products() for e in used)
        return y, products
