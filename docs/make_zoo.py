"""Writes docs/zoo.md anew: every bundled network with its figures, and where people go wrong.

    python docs/make_zoo.py            # with --check it only says whether the page is current

No figure of the page is typed here. What archcalc computes is computed when the page is made, what
others have published stands in the specs, and what Keras says was measured
(tests/data/conventions).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # a checkout is enough

from archcalc import zoo  # noqa: E402
from archcalc.analysis.count import count  # noqa: E402
from archcalc.analysis.counting import Counting  # noqa: E402
from archcalc.analysis.metrics import METRICS, figures_by_name  # noqa: E402
from archcalc.formats.markdown import escaped  # noqa: E402
from archcalc.formats.numbers import exact, percent, short  # noqa: E402
from archcalc.graph import Graph  # noqa: E402
from archcalc.language import Spec, load_bytes  # noqa: E402
from archcalc.language.arithmetic import Arithmetic  # noqa: E402
from archcalc.limits import LIMITS  # noqa: E402
from archcalc.problems import Complaint  # noqa: E402

PAGE = ROOT / "docs" / "zoo.md"
KERAS = ROOT / "tests" / "data" / "conventions" / "keras.jsonl"
COMMAND = "python docs/make_zoo.py"

ACCURACIES = {"top1": "top-1", "top5": "top-5", "accuracy": "accuracy", "error": "error"}
"""Published figures in per cent, and how they are called."""


# The zoo


@cache
def spec_of(name: str) -> Spec:
    path = Path(zoo.folder()) / zoo.index()[name]["file"]
    return load_bytes(path.read_bytes(), path.name, zoo.folder())


def parts_of(target: str) -> tuple[str, str | None]:
    """``resnet50`` and ``resnet@resnet50`` as the spec's name and the variant's."""
    name, _, variant = target.partition("@")
    if variant:
        return name, variant
    if name in zoo.index():
        return name, spec_of(name).default_variant
    return zoo.homes(name)[0], name


@cache
def graph_of(target: str, settings: tuple[tuple[str, str], ...] = ()) -> Graph:
    name, variant = parts_of(target)
    built = spec_of(name).build(variant, dict(settings))
    if built.problems:
        raise Complaint(*built.problems)
    return built.graph


@cache
def figures_of(
    target: str, settings: tuple[tuple[str, str], ...] = (), convention: str = "archcalc"
) -> Mapping[str, int]:
    """Every figure of a network, by its name."""
    spec, variant = parts_of(target)
    counting = Counting(convention=convention)
    result = count(graph_of(target, settings), counting, target=f"{spec}@{variant}")
    return figures_by_name(result.totals, convention)


def figure(target: str, name: str, **settings: str) -> int:
    """``figure("googlenet@torchvision", "macs", large="5")``."""
    return figures_of(target, tuple(settings.items()))[name]


def twice_used(target: str) -> int:
    """The weights that a network uses a second time and that count once."""
    return sum(
        weight.product.value
        for node in graph_of(target).nodes
        if node.shared is not None
        for weight in node.layer.weights(*(source.output for source in node.inputs))
        if not weight.buffer
    )


def prose(text: str) -> Iterator[str]:
    """A paragraph in lines of a hundred characters."""
    yield from wrap(text, 100, break_long_words=False, break_on_hyphens=False)
    yield ""


# Markdown


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A pipe table; the columns whose heading starts with ``>`` are numbers."""
    columns = list(head)
    yield f"| {' | '.join(c.lstrip('>') for c in columns)} |"
    yield f"|{'|'.join('---:' if c.startswith('>') else '---' for c in columns)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def link(paper: str) -> str:
    """``arxiv:1512.03385`` and others as links."""
    kind, _, rest = paper.partition(":")
    if kind == "arxiv":
        return f"[arXiv:{rest}](https://arxiv.org/abs/{rest})"
    if kind == "doi":
        return f"[doi:{rest}](https://doi.org/{rest})"
    if kind in ("http", "https"):
        return f"[{escaped(rest.strip('/'))}]({paper})"
    return escaped(paper)


def record(fields: Mapping[str, str]) -> str:
    """One published record: who, what, and what else there is to say."""
    found = []
    for name, text in fields.items():
        if name in ACCURACIES:
            found.append(f"{ACCURACIES[name]} {text} %")
        elif name in METRICS:
            found.append(f"{text.replace('_', ',')} {METRICS[name].title.lower()}")
    said = ", ".join(found).replace(" macs", " MACs")
    note = fields.get("note", "")
    told = "; ".join(escaped(part) for part in (said, note) if part)
    return f"{escaped(fields.get('source', ''))}: {told}"


def input_of(graph: Graph) -> str:
    inputs = {name: f"{node.output:sizes}" for name, node in graph.inputs.items()}
    if len(inputs) == 1:
        return next(iter(inputs.values()))
    return ", ".join(f"{escaped(name)} {sizes}" for name, sizes in inputs.items())


# The tables


def of_spec(name: str) -> Iterator[str]:
    """One spec: what it is, and a row for each of its variants."""
    spec, entry = spec_of(name), zoo.index()[name]
    meta = spec.meta
    about = ", ".join(filter(None, (escaped(meta.get("title", "")), meta.get("year", ""))))
    paper = f", {link(meta['paper'])}" if "paper" in meta else ""
    yield f"### {name}"
    yield ""
    note = f" Note: {escaped(meta['note'])}." if "note" in meta else ""
    yield from prose(f"{about}{paper}. Spec: [{entry['file']}](../specs/{entry['file']}).{note}")
    targets = {variant: f"{name}@{variant}" for variant in spec.variants} or {name: name}
    experts = any(figure(t, "active") != figure(t, "params") for t in targets.values())
    head = ["network", "input", ">params", *([">active"] if experts else []), ">MACs", "published"]

    def row(variant: str, target: str) -> Iterator[str]:
        alone = zoo.target(name, variant)
        unique = len(zoo.homes(variant)) == 1
        yield f"`{alone if alone == variant and unique else target}`"
        yield input_of(graph_of(target))
        yield exact(figure(target, "params"))
        if experts:
            yield exact(figure(target, "active"))
        yield exact(figure(target, "macs"))
        records = spec.published(variant if spec.variants else None)
        yield "<br>".join(record(fields) for fields in records)

    yield from table(head, (row(variant, target) for variant, target in targets.items()))


def tasks() -> dict[str, list[str]]:
    """The specs of each task."""
    found: dict[str, list[str]] = {}
    for name, entry in zoo.index().items():
        found.setdefault(entry["task"] or "other", []).append(name)
    return dict(sorted(found.items()))


# The traps


Cases = Iterable[tuple[str, str, Mapping[str, str]]]
"""What to call a network, its target, and its settings."""


def resnet() -> Iterator[str]:
    yield from prose(
        "A bottleneck that halves the image does so in its first 1x1 convolution in the paper "
        '(v1), and in its 3x3 convolution in torchvision and nearly everywhere since ("v1.5"). '
        "The weights are the same, the products are not. A figure for ResNet-50 says little "
        "without saying which one it is; and where it is called FLOPs, it is mostly MACs."
    )
    rows = []
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        paper, later = figure(f"{name}-v1", "macs"), figure(name, "macs")
        rows.append(
            (
                f"`{name}`",
                exact(figure(f"{name}-v1", "params")),
                exact(figure(name, "params")),
                exact(paper),
                exact(later),
                exact(later - paper),
            )
        )
    head = ("network", ">params, v1", ">params, v1.5", ">MACs, v1", ">MACs, v1.5", ">more")
    yield from table(head, rows)


def googlenet() -> Iterator[str]:
    yield from prose(
        "The third branch of each inception module is 5x5 in the paper and 3x3 in torchvision, "
        "by a slip that its published weights keep. The paper's convolutions have biases, "
        "torchvision's a batch normalisation. The two auxiliary heads are there for training "
        "only; some counts have them, some do not, and torchvision's own documentation counts "
        "the network without them."
    )
    cases: Cases = (
        ("the paper's: 5x5, biases", "googlenet@paper", {}),
        ("with its auxiliary heads", "googlenet@paper-aux", {}),
        ("torchvision's: 3x3, batch normalisation", "googlenet@torchvision", {}),
        ("with its auxiliary heads", "googlenet@torchvision-aux", {}),
        ("torchvision's, if it had 5x5", "googlenet@torchvision", {"large": "5"}),
    )
    yield from compared(cases)


def alexnet() -> Iterator[str]:
    yield from prose(
        "The paper writes images of 224, but its first convolution (11x11, a stride of 4, no "
        "padding) gives the 55x55 maps of its figure only for 227. The size reaches the "
        "parameters, since the first fully connected layer sees every position of the last maps. "
        "The paper splits three convolutions over two GPUs (`groups: 2`); drawings mostly connect "
        "everything. And torchvision has another network under the same name, a narrower one "
        '("One weird trick", arXiv:1404.5997), with padding that makes 224 work.'
    )
    cases: Cases = (
        ("the paper's: 227, grouped", "alexnet@paper", {}),
        ("the same on 224", "alexnet@paper", {"size": "224"}),
        ("ungrouped, 227", "alexnet@ungrouped", {}),
        ("torchvision's, 224", "alexnet@torchvision", {}),
        ("the same on 227", "alexnet@torchvision", {"size": "227"}),
    )
    yield from compared(cases)


def inception() -> Iterator[str]:
    yield from prose(
        "Inception v3 takes images of 299, not 224, and has an auxiliary head as well. Keras has "
        "no scale (gamma) in its batch normalisations, torchvision has."
    )
    small = {"input.height": "224", "input.width": "224"}
    cases: Cases = (
        ("299 x 299", "inception_v3", {}),
        ("with the auxiliary head", "inception_v3-aux", {}),
        ("224 x 224", "inception_v3", small),
    )
    yield from compared(cases)


def compared(cases: Cases) -> Iterator[str]:
    rows = []
    for words, target, settings in cases:
        given = "".join(f" --set {name}={value}" for name, value in settings.items())
        params, macs = (figure(target, name, **settings) for name in ("params", "macs"))
        rows.append((words, f"`{target}{given}`", exact(params), exact(macs)))
    yield from table(("which", "target", ">params", ">MACs"), rows)


def keras() -> Iterator[str]:
    yield from prose(
        "Keras counts the moving mean and variance of batch normalisation as parameters, "
        "non-trainable ones, where PyTorch calls them buffers: two numbers more for each channel. "
        "`archcalc params TARGET --convention keras` counts so. What is left between that and "
        "`count_params()` of `keras.applications` (3.15) is that some networks there differ: its "
        "ResNet-50 has biases in front of the normalisations, its Inception v3 no gamma, its "
        "EfficientNet a layer that normalises the images."
    )
    rows = []
    for line in KERAS.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        target, counted = told["target"], told["count_params"]
        ours = figures_of(target, (), "keras")["counted_params"]
        params = figure(target, "params")
        left = f"{counted - ours:+,}" if counted != ours else ""
        cells = (told["application"], *map(exact, (params, ours - params, ours, counted)), left)
        rows.append(cells)
    head = (">params", ">moving statistics", ">`--convention keras`", ">Keras says", ">left")
    yield from table(("keras.applications", *head), rows)


def mobilenet() -> Iterator[str]:
    channels = (16, 24, 32, 64, 96, 160, 320)
    widths = [target.partition("@w")[2] for target in mobilenets()]
    yield from prose(
        "A width multiplier does not give its fraction of the channels: each number is rounded to "
        "a multiple of 8, and up where rounding would lose more than a tenth "
        "(`make_divisible(c*width, 8)`). The last convolution stays at 1280 channels below a width "
        "of 1."
    )
    divisible = Arithmetic(LIMITS).fn_make_divisible
    rows = [
        (f"x {width}", *(str(divisible(c * float(width), 8)) for c in channels)) for width in widths
    ]
    yield from table(("channels", *(f">{c}" for c in channels)), rows)
    yield from prose(
        "The parameters that TensorFlow prints for MobileNetV2 leave those of batch "
        "normalisation out, torchvision's have them:"
    )
    rows = []
    for target in mobilenets():
        params, moving = figure(target, "params"), figure(target, "buffers")
        rows.append((f"`{target}`", exact(params), short(params - moving)))
    yield from table(("network", ">params", ">without normalisation"), rows)


def mobilenets() -> list[str]:
    return [f"mobilenet_v2@{variant}" for variant in spec_of("mobilenet_v2").variants]


def regnet() -> Iterator[str]:
    yield from prose(
        "A width is brought to a multiple of the group width. The authors take the nearest "
        "multiple, torchvision one that loses no more than a tenth; of the networks that both "
        "have, these differ:"
    )
    rows = []
    for name in ("regnet_x", "regnet_y"):
        for variant in spec_of(name).variants:
            plain = variant.removesuffix("-paper")
            if plain == variant:
                continue
            cells = (figure(t, f) for f in ("params", "macs") for t in (plain, variant))
            rows.append((f"`{plain}`", *map(exact, cells)))
    head = (">params, torchvision", ">params, authors", ">MACs, torchvision", ">MACs, authors")
    yield from table(("network", *head), rows)


def tied() -> Iterator[str]:
    yield from prose(
        "Many language models use their embedding table a second time as the output layer. The "
        "weights count once (as in PyTorch's `parameters()`), the products every time they are "
        "used. Adding up layer by layer, as some tools do, gives the last column."
    )
    rows = []
    for name in zoo.index():
        for variant in spec_of(name).variants:
            target = f"{name}@{variant}"
            again = twice_used(target)
            if again:
                params = figure(target, "params")
                rows.append((f"`{variant}`", *map(exact, (params, again, params + again))))
                break  # one of each family is enough
    yield from table(("network", ">params", ">used again", ">counted twice"), rows)


def experts() -> Iterator[str]:
    yield from prose(
        "In a mixture of experts all parameters must be in memory, and each token uses some of "
        "them. `active` counts these: attention, router, the chosen experts, the shared ones, and "
        "the embedding with the output layer. What the authors call active, by rules of their own, "
        "stands in the tables below."
    )
    rows = []
    for name, entry in zoo.index().items():
        for variant in entry["variants"]:
            target = f"{name}@{variant}" if spec_of(name).variants else name
            params, active = figure(target, "params"), figure(target, "active")
            if active != params:
                cells = (exact(params), exact(active), percent(active, params))
                rows.append((f"`{variant}`", *cells))
    yield from table(("network", ">params", ">active", ">share"), rows)


TRAPS: Mapping[str, Callable[[], Iterator[str]]] = {
    "ResNet v1 and v1.5": resnet,
    "GoogLeNet: 5x5 and 3x3, auxiliary heads": googlenet,
    "AlexNet: 227 and 224, grouped and not, and torchvision's": alexnet,
    "Inception v3": inception,
    "What Keras adds to the parameters": keras,
    "MobileNet: rounded widths": mobilenet,
    "RegNet: two roundings": regnet,
    "Tied embeddings": tied,
    "Experts: total and active": experts,
}


# The page


def anchor(title: str) -> str:
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def lines() -> Iterator[str]:
    variants = [variant for entry in zoo.index().values() for variant in entry["variants"]]
    yield "# The zoo"
    yield ""
    yield f"<!-- Made by {COMMAND}; what is written here by hand will be lost. -->"
    yield ""
    yield from prose(
        f"The {len(variants)} networks of the {len(spec_of_all())} bundled specs, with what "
        "archcalc computes and what others have published. Computed figures are exact and for one "
        "sample; MACs are multiply-accumulates of convolutions, linear layers and matrix products "
        "([what is counted](counting.md)). A published figure is what its source prints. "
        "`archcalc verify` computes everything anew and holds it against both the specs' own "
        "expectation and the published figures; `archcalc show NETWORK` does so for one."
    )
    yield "- [Where figures disagree](#where-figures-disagree)"
    yield from (f"  - [{title}](#{anchor(title)})" for title in TRAPS)
    for task, names in tasks().items():
        yield f"- [{task.capitalize()}](#{anchor(task)})"
        yield from (f"  - [{name}](#{anchor(name)})" for name in names)
    yield ""
    yield "## Where figures disagree"
    yield ""
    for title, trap in TRAPS.items():
        yield f"### {title}"
        yield ""
        yield from trap()
    for task, names in tasks().items():
        yield f"## {task.capitalize()}"
        yield ""
        for name in names:
            yield from of_spec(name)


def spec_of_all() -> list[Spec]:
    return [spec_of(name) for name in zoo.index()]


def page() -> str:
    """The page as it should be."""
    return "\n".join(lines()).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or says by the exit code whether it is current."""
    fresh = page()
    if "--check" in arguments:
        current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == fresh
        if not current:
            sys.stderr.write(f"docs/zoo.md is not what the specs give now: {COMMAND}\n")
        return int(not current)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
