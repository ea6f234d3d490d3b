"""Writes down what others' networks do, layer by layer: ``tests/data/zoo/*.json.gz``.

    python tests/zoo/measure.py tests/data/zoo [MODEL...]

A model is torchvision's, or with ``timm/`` before its name timm's. Needs PyTorch and torchvision,
and timm for its own (the files here: torch 2.13.0, torchvision 0.28.0, timm 1.0.31); no test runs
it. A network is built without weights on the meta device, so nothing is computed, and run on one
sample. What is recorded is what PyTorch's dispatcher was asked to do, in that order, not what a
module says of itself: so a function that is called without a module (Swin's projections,
ShuffleNet's mean) has its row like any other. Attention is forced to plain matrix products.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

PLAIN = {
    aten.relu: "relu",
    aten.relu_: "relu",
    aten.hardtanh: "relu6",
    aten.hardtanh_: "relu6",
    aten.silu: "silu",
    aten.silu_: "silu",
    aten.hardswish: "hard_swish",
    aten.hardswish_: "hard_swish",
    aten.hardsigmoid: "hard_sigmoid",
    aten.hardsigmoid_: "hard_sigmoid",
    aten.sigmoid: "sigmoid",
    aten.sigmoid_: "sigmoid",
    aten.gelu: "gelu",
    aten._softmax: "softmax",
    aten.max_pool2d_with_indices: "max_pool",
    aten.max_pool3d_with_indices: "max_pool",
    aten.avg_pool2d: "avg_pool",
    aten.avg_pool3d: "avg_pool",
    aten._adaptive_avg_pool2d: "avg_pool",
    aten._adaptive_avg_pool3d: "avg_pool",
    aten.mean: "avg_pool",
    aten.upsample_bilinear2d: "upsample",
    aten.add: "add",
    aten.add_: "add",
    aten.mul: "mul",
    aten.cat: "concat",
}
"""Operations that hold no weights; those with weights or MACs have a rule in `Recorder`."""

NORMS = {
    aten.native_batch_norm: "batch_norm",
    aten._native_batch_norm_legit: "batch_norm",
    aten._native_batch_norm_legit_no_training: "batch_norm",
    aten.cudnn_batch_norm: "batch_norm",
    aten.native_layer_norm: "layer_norm",
}

PRODUCTS = {aten.mm: 0, aten.addmm: 1, aten.bmm: 0, aten.baddbmm: 1}
"""Matrix products, and where their factors begin among the arguments."""


def sizes(tensor: Tensor) -> list[int]:
    """A shape without the batch; where heads or windows are the batch, they stay."""
    return list(tensor.shape[1:] if tensor.shape[0] == 1 else tensor.shape)


class Recorder(TorchDispatchMode):
    """The operations of one run as rows."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.rows: list[dict[str, Any]] = []
        self.modules: list[str] = []
        self.unclaimed = {self.storage(p): (n, p) for n, p in model.named_parameters()}
        for name, module in model.named_modules():
            module.register_forward_pre_hook(lambda *_, name=name: self.modules.append(name))
            module.register_forward_hook(self.leave)
            if isinstance(module, nn.Linear):
                module.register_forward_hook(self.reshape_linear)

    @staticmethod
    def storage(tensor: Tensor) -> int:
        return tensor.untyped_storage()._cdata

    def leave(self, *_: Any) -> None:
        self.modules.pop()

    def reshape_linear(self, module: nn.Module, args: Any, output: Tensor) -> None:
        """A linear layer's product is one matrix: its row gets the layer's own shape."""
        row = self.rows[-1]
        assert row["type"] == "linear" and row["macs"] == output.numel() * module.in_features
        row["output"] = sizes(output)

    def claim(self, args: Any) -> int:
        """The parameters among ``args`` that no row has had yet."""
        count = 0
        for arg in args:
            if isinstance(arg, Tensor):
                _, parameter = self.unclaimed.pop(self.storage(arg), (None, None))
                count += parameter.numel() if parameter is not None else 0
        return count

    def row(
        self, kind: str, output: list[int], params: int = 0, macs: int = 0, **more: Any
    ) -> None:
        name = self.modules[-1] if self.modules else ""
        row = {"name": name, "type": kind, "output": output, "params": params, "macs": macs}
        self.rows.append({**row, **more})

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = torch.utils._pytree.tree_leaves(args)
        owned = {self.storage(a) for a in given if isinstance(a, Tensor)} & self.unclaimed.keys()
        out = func(*args, **kwargs or {})
        first = out[0] if isinstance(out, (tuple, list)) else out
        packet = func.overloadpacket
        if packet is aten.convolution:
            _, weight, _, stride, _, dilation, transposed, _, groups = args
            assert not transposed
            kernel = list(weight.shape[2:])
            self.row(
                "conv",
                sizes(out),
                self.claim(args),
                out.numel() * weight[0].numel(),
                window=[kernel, list(stride), list(dilation), groups],
            )
        elif packet in PRODUCTS:
            a, b = args[PRODUCTS[packet] :][:2]
            kind = "linear" if self.storage(b) in owned else "matmul"
            self.row(kind, list(out.shape), self.claim(args), a.numel() * b.shape[-1])
        elif packet in NORMS:
            more = {}
            if NORMS[packet] == "batch_norm":
                more["buffers"] = args[3].numel() + args[4].numel()
            self.row(NORMS[packet], sizes(first), self.claim(args), **more)
        elif packet is aten.cat and len(args[0]) == 1:
            pass  # DenseNet's blocks begin with one; nothing is put together
        elif packet in PLAIN and isinstance(first, Tensor) and first.dim():
            self.loose(owned, first)
            self.row(PLAIN[packet], sizes(first))
        elif isinstance(first, Tensor) and self.storage(first) not in owned:
            self.loose(owned, first)
        return out

    def loose(self, owned: set[int], out: Tensor) -> None:
        """Parameters that belong to no layer: tokens, positions, scales."""
        for key in owned & self.unclaimed.keys():
            name, parameter = self.unclaimed.pop(key)
            self.row("parameter", list(parameter.shape), parameter.numel())
            self.rows[-1]["name"] = name


def torchvision() -> Any:
    """The package; where its compiled operators don't fit this PyTorch, without them.

    They are for detection, and nothing here detects: names without a body are enough to import.
    """
    try:
        import torchvision as package
    except RuntimeError:
        for name in [n for n in sys.modules if n.startswith("torchvision")]:
            del sys.modules[name]
        folder = Path(str(metadata.distribution("torchvision").locate_file("torchvision")))
        text = (folder / "_meta_registrations.py").read_text(encoding="utf-8")
        library = torch.library.Library("torchvision", "DEF")
        for name in set(re.findall(r'(?:torchvision::|register_meta\(")(\w+)"', text)):
            library.define(f"{name}(Tensor x) -> Tensor")
        import torchvision as package

        package.library = library  # which lives as long as its definitions
    return package


def sample(all_weights: Any) -> tuple[int, ...]:
    """The size of one input: what published weights are evaluated with, the smallest of them."""
    weights = next(iter(all_weights))
    if "segmentation" in weights.__module__:
        return (3, 520, 520)  # as they are resized for evaluation; they have no crop
    crop = min(weights.transforms.keywords["crop_size"] for weights in all_weights)
    if "video" in weights.__module__:
        return (3, 16, *crop)
    return (3, crop, crop)


def of_torchvision(name: str) -> tuple[nn.Module, tuple[int, ...], dict[str, Any]]:
    """A network, the size of its input and the arguments that it was built with."""
    models = torchvision().models
    weights = models.get_model_weights(name)
    more: dict[str, Any] = {}
    if "segmentation" in weights.__module__:
        more["weights_backbone"] = None
        if not name.startswith("lraspp"):
            more["aux_loss"] = True
    elif name in ("googlenet", "inception_v3"):
        more = {"aux_logits": False, "init_weights": False}
    # RegNet works its widths out with tensors, which must have numbers.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        model = models.get_model(name, weights=None, **more)
    return model, sample(weights), more


def of_timm(name: str) -> tuple[nn.Module, tuple[int, ...], dict[str, Any]]:
    torchvision()  # timm imports it
    import timm

    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False)
    return model, (3, 224, 224), {}


def measure(name: str) -> dict[str, Any]:
    package, _, name = name.rpartition("/")
    model, size, more = (of_timm if package == "timm" else of_torchvision)(name)
    model = model.eval().to("meta")
    recorder = Recorder(model)
    plain = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with torch.no_grad(), plain, recorder:
        out = model(torch.empty(1, *size, device="meta"))
    assert not recorder.unclaimed, list(recorder.unclaimed.values())
    totals = {key: sum(row[key] for row in recorder.rows) for key in ("params", "macs")}
    assert totals["params"] == sum(p.numel() for p in model.parameters())
    outputs = out if isinstance(out, dict) else {"out": out}
    package = package or "torchvision"
    return {
        "model": name,
        "source": f"{package} {metadata.version(package)} on the meta device of torch "
        f"{torch.__version__}; arguments {more or 'none'}",
        "input": list(size),
        "outputs": {key: sizes(value) for key, value in outputs.items()},
        "totals": totals,
        "rows": recorder.rows,
    }


TIMM = (
    "convmixer_1024_20_ks9_p14",
    "convmixer_1536_20",
    "convmixer_768_32",
    "ghostnet_050",
    "ghostnet_100",
    "ghostnet_130",
    "mobilenetv1_100",
    "regnetx_004",
    "regnety_008",
    "regnety_080",
    "repvgg_a0",
    "repvgg_b1g4",
)
"""The networks of timm that the specs have and torchvision has not, or in another form."""


def everything() -> list[str]:
    """Classifiers, of images and of videos, and segmentation: all but detection and flow."""
    package = torchvision()
    rooms = (package.models, package.models.video, package.models.segmentation)
    names = sorted(name for room in rooms for name in package.models.list_models(room))
    return names + [f"timm/{name}" for name in TIMM]


def main(folder: Path, names: list[str]) -> None:
    torch.backends.mha.set_fastpath_enabled(False)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or everything():
        found = measure(name)
        text = json.dumps(found, separators=(",", ":")) + "\n"
        path = folder / f"{found['model']}.json.gz"
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{name}: {len(found['rows'])} rows, {found['totals']}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
