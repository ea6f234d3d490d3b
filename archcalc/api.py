"""The same answers in Python: `load`, `compare` and `explain`, as values and in a notebook.

>>> import archcalc
>>> net = archcalc.load("resnet50", num_classes=10)
>>> net.params, net.macs
(23528522, 4087156736)

A wrong name, a fault in a spec and a file that cannot be read raise `archcalc.Complaint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from io import StringIO
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, overload

from archcalc import targets
from archcalc.analysis.counting import CHOICES, NAME, Counting
from archcalc.limits import LIMITS
from archcalc.problems import USAGE, Complaint, Problem, nearest

if TYPE_CHECKING:
    from archcalc.analysis.count import Result
    from archcalc.formats.document import Document
    from archcalc.language import Built
    from archcalc.sweep.api import Networks

Value = bool | int | float | str | Sequence[Any]
"""What a setting can be; a text is read as an expression where a number goes."""


class Answer:
    """What a command would show: as text in any format, as plain data, as a table in a notebook."""

    def _document(self, wanted: Iterable[str] = ()) -> Document:
        raise NotImplementedError

    @property
    def data(self) -> dict[str, Any]:
        """Everything as plain data, as ``--format json`` has it."""
        return _settled(self._document().data())

    def text(
        self,
        format: str = "table",
        *,
        exact: bool = False,
        rows: int | None = None,
        columns: Sequence[str] = (),
        sort: str = "",
        top: int | None = None,
    ) -> str:
        """The answer as ``--format`` writes it: a table, JSON, CSV, Markdown, LaTeX or HTML."""
        from archcalc.formats import FORMATS, Options, format_of
        from archcalc.formats.pick import Pick

        if format not in FORMATS:
            raise _unknown("format", format, FORMATS)
        pick = Pick(tuple(columns), sort, top)
        out = _Text()
        format_of(format).render(self._document(pick.wanted), Options(exact, rows, pick), out)
        return out.getvalue()

    def __str__(self) -> str:
        return self.text().rstrip("\n")

    def _repr_html_(self) -> str:
        from archcalc.formats.html import fragment

        return fragment(self._document().parts(400), exact=False)


class Network(Answer):
    """One network, read, built and counted; `counted` counts it in another way."""

    def __init__(
        self,
        target: targets.Target,
        built: Built,
        changed: Mapping[str, str],
        *,
        counting: Counting | None = None,
        batch: int = 1,
        depth: int | None = None,
        expand: bool = False,
    ) -> None:
        self._target = target
        self._built = built
        self._changed = changed
        self._counting = counting or Counting()
        self._batch = batch
        self._depth = depth
        self._expand = expand

    def __repr__(self) -> str:
        return f"<archcalc.Network {self.label}: {self.params:,} params, {self.macs:,} MACs>"

    @property
    def name(self) -> str:
        """The spec's name."""
        return self._target.spec.name

    @property
    def label(self) -> str:
        """How it is written as a target: ``resnet50``, ``inception-block@naive``."""
        return self._target.label

    @property
    def variant(self) -> str | None:
        return self._built.variant

    @property
    def variants(self) -> list[str]:
        """The variants of its spec: what may stand behind the ``@``."""
        return list(self._target.spec.variants)

    @property
    def meta(self) -> dict[str, str]:
        """Title, paper, year and what else the spec tells of itself."""
        return dict(self._target.spec.meta)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting's value, the sizes of the inputs included."""
        from archcalc.formats.rows import plain_value

        return {name: plain_value(value) for name, value in self._built.settings.items()}

    @property
    def inputs(self) -> dict[str, dict[str, int]]:
        """The named sizes of each input."""
        return {name: dict(n.output.items()) for name, n in self._built.graph.inputs.items()}

    @property
    def outputs(self) -> list[dict[str, int]]:
        """The named sizes of what comes out."""
        return [dict(node.output.items()) for node in self._built.graph.outputs]

    @property
    def totals(self) -> dict[str, int]:
        """Every figure by its name, exactly; those of docs/counting.md."""
        from archcalc.analysis.metrics import figures_by_name

        return figures_by_name(self._result.totals, self._counting.convention)

    @property
    def params(self) -> int:
        """Parameters."""
        return self._result.totals.params

    @property
    def macs(self) -> int:
        """Multiply-accumulates, of the whole batch."""
        return self._result.totals.mac

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each layer: path, kind, arguments, inputs, output, figures, operations."""
        from archcalc.formats.rows import layers_data

        return list(layers_data(self._result))

    @property
    def shapes(self) -> dict[str, dict[str, int]]:
        """What comes out of each layer, by its path."""
        return {row.path: dict(row.output.items()) for row in self._result.rows}

    def counted(
        self,
        *,
        convention: str = NAME,
        batch: int = 1,
        depth: int | None = None,
        expand: bool = False,
        **choices: str,
    ) -> Network:
        """The same network, counted otherwise; the options are those of the commands.

        ``choices`` are ``bn="unfolded"``, ``padding="exact"`` and ``causal="half"``.
        """
        if convention != NAME:
            from archcalc.analysis.conventions import CONVENTIONS

            if convention not in CONVENTIONS:
                raise _unknown("convention", convention, CONVENTIONS)
            if choices:
                message = f"{', '.join(choices)}: a choice of the {NAME} convention alone"
                raise Complaint(Problem(message, kind=USAGE, code="usage"))
        for name, answer in choices.items():
            if name not in CHOICES:
                raise _unknown("choice", name, CHOICES)
            if answer not in CHOICES[name].answers:
                raise _unknown(f"answer to {name}", answer, CHOICES[name].answers)
        for name, number in (("batch", batch), ("depth", depth)):
            if number is not None and number < 1:
                message = f"{name} must be at least 1, got {number}"
                raise Complaint(Problem(message, kind=USAGE, code="value"))
        return Network(
            self._target,
            self._built,
            self._changed,
            counting=Counting(**choices, convention=convention),
            batch=batch,
            depth=depth,
            expand=expand,
        )

    @cached_property
    def _result(self) -> Result:
        from archcalc.analysis.collapse import collapse
        from archcalc.analysis.count import count

        result = count(
            self._built.graph,
            self._counting,
            batch=self._batch,
            expand=self._expand,
            target=self._target.written,
        )
        return result if self._depth is None else collapse(result, self._depth)

    def _document(self, wanted: Iterable[str] = ()) -> Document:
        from archcalc.formats.rows import Rows

        metrics = ("params", "macs")
        subject = targets.subject_of(self._target, self._built, self._changed)
        return Rows(subject, self._result, metrics, shares=metrics, wanted=wanted)


class Comparison(Answer):
    """The first network beside each of the others: totals, and their layers aligned."""

    def __init__(self, networks: Sequence[Network], *, only_changed: bool = False) -> None:
        self.networks = tuple(networks)
        self._only_changed = only_changed

    def __repr__(self) -> str:
        return f"<archcalc.Comparison {', '.join(n.label for n in self.networks)}>"

    @property
    def totals(self) -> list[dict[str, int]]:
        """The figures of each network."""
        return [network.totals for network in self.networks]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each pair of layers: status, differences, effect, first, second."""
        rows: list[dict[str, Any]] = self.data["layers"]
        return rows

    def _document(self, wanted: Iterable[str] = ()) -> Document:
        from archcalc.formats.comparison import Comparison as Document

        sides = [
            (targets.subject_of(n._target, n._built, n._changed), n._result) for n in self.networks
        ]
        return Document(sides, only_changed=self._only_changed)


class Explanation(Answer):
    """How the figures of a layer, a block or a network come about."""

    def __init__(self, document: Document) -> None:
        self._shown = document

    def _document(self, wanted: Iterable[str] = ()) -> Document:
        return self._shown

    @property
    def layers(self) -> list[dict[str, Any]]:
        """A dict for each layer that is explained by itself: its formulas, with the numbers."""
        layers: list[dict[str, Any]] = self.data["layers"]
        return layers


@overload
def load(
    target: str | PathLike[str], settings: Mapping[str, Value] | None = None, /, **more: Value
) -> Network: ...
@overload
def load(
    target: str | PathLike[str], settings: Mapping[str, Any] | None = None, /, **more: Any
) -> Networks: ...
def load(
    target: str | PathLike[str], settings: Mapping[str, Any] | None = None, /, **more: Any
) -> Network | Networks:
    """The network that ``target`` names: ``resnet50``, ``resnet@resnet50``, a file, a `Path`.

    Settings are given by name, ``load("resnet50", num_classes=10)``; names with a dot in a
    mapping, ``load("resnet50", {"input.height": 160})``. With a NumPy array among them it is one
    network for each element, and every figure is an array (docs/sweeps.md).

    Raises `Complaint`: there is no such network, setting or file, or the spec is at fault.
    """
    given = {**(settings or {}), **more}
    found = targets.read(_written(target), LIMITS)
    if any(getattr(value, "ndim", 0) for value in given.values()):  # NumPy's arrays, unimported
        from archcalc.sweep.api import Networks

        return Networks(found.spec, given, variant=found.variant, bundled=found.bundled)
    changed = {name: text_of(value) for name, value in given.items()}
    built = found.spec.build(found.variant, changed)
    if built.problems:
        raise Complaint(*built.problems)
    return Network(found, built, changed)


def compare(
    first: Network | str | PathLike[str],
    *others: Network | str | PathLike[str],
    only_changed: bool = False,
) -> Comparison:
    """Networks side by side; what is not loaded yet is loaded. Raises `Complaint`."""
    if not others:
        raise TypeError("compare needs two networks")
    networks = [n if isinstance(n, Network) else _one(n) for n in (first, *others)]
    return Comparison(networks, only_changed=only_changed)


def explain(network: Network | str | PathLike[str], layer: str | None = None) -> Explanation:
    """How each figure comes about: its formula, the numbers put in, and what each factor is.

    ``layer`` is the path of a row or of a block, the end of one, or a pattern; without it, the
    network is the sum of its parts. Raises `Complaint`.
    """
    from archcalc.formats.explanation import explanation

    net = network if isinstance(network, Network) else _one(network)
    # Formulas are of single layers and one sample, in archcalc's own way to count.
    own = net._counting._replace(convention=NAME)
    net = Network(net._target, net._built, net._changed, counting=own)
    subject = targets.subject_of(net._target, net._built, net._changed)
    return Explanation(explanation(subject, net._result, layer))


def _one(target: str | PathLike[str]) -> Network:
    return load(target)


def _written(target: str | PathLike[str]) -> str:
    """A target as the command line has it; a path is a file, whatever its name."""
    if isinstance(target, str):
        return target
    name = fspath(target)
    return name if targets.is_file(name) else f"./{name}"


def text_of(value: Any) -> str:
    """A setting's value as ``--set`` takes it."""
    from json import dumps

    if hasattr(value, "dtype"):  # a number of NumPy's
        value = value.item()
    if isinstance(value, str):
        return dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, int | float):
        return repr(value)
    message = f"a setting is a number, a truth value, text or a list, not {type(value).__name__}"
    raise Complaint(Problem(message, kind=USAGE, code="type"))


def _unknown(what: str, word: str, known: Iterable[str]) -> Complaint:
    close = nearest(word, known)
    help = f"did you mean '{close}'?" if close else f"there are {', '.join(known)}"
    return Complaint(Problem(f"there is no {what} '{word[:80]}'", help=help, kind=USAGE))


def _settled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with its iterators as lists."""
    return {k: list(v) if isinstance(v, Iterator) else v for k, v in data.items()}


class _Text(StringIO):
    """A text that may have lines and blocks to draw with."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"
