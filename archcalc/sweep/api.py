"""Networks by the array, for Python: settings as NumPy arrays, figures as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from archcalc.analysis.counting import Counting
from archcalc.language.spec import Spec
from archcalc.sweep.arrays import Data
from archcalc.sweep.evaluate import Asked, Chunk, chunk, of_rows, of_totals
from archcalc.sweep.request import CHUNK, SHOWN, Sweep, check_name, space, takes_numbers, usage
from archcalc.sweep.space import Axis, Column
from archcalc.sweep.values import Listed, Plain, Values


class Networks:
    """A network in many configurations; every figure is an array of the settings' shape.

    The settings' arrays are broadcast against each other, as NumPy's arithmetic does it: two of
    one length go together, ``width[:, None]`` and ``height[None, :]`` make a grid. Whole numbers
    are exact: a figure beyond 64 bits is a Python integer in an array of objects.
    """

    def __init__(
        self,
        spec: Spec,
        settings: Mapping[str, Any],
        *,
        variant: str | None = None,
        counting: Counting | None = None,
        batch: int = 1,
        bundled: bool = False,
    ) -> None:
        arrays = {n: np.asarray(v) for n, v in settings.items() if isinstance(v, np.ndarray)}
        if not arrays:
            raise usage("no setting is an array")
        for name in arrays:
            check_name(spec, name)
        try:
            self.shape: tuple[int, ...] = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        except ValueError as error:
            raise usage(f"the settings do not go together: {error}") from None
        """The shape of every figure."""
        self._sweep = Sweep(
            spec,
            space(_axes(spec, arrays, self.shape)),
            variant=variant,
            overrides={n: text_of(v) for n, v in settings.items() if n not in arrays},
            counting=counting,
            batch=batch,
            bundled=bundled,
        )
        self._metrics = {name: metric.of for name, metric in self._sweep.metrics.items()}

    def __repr__(self) -> str:
        return f"<archcalc Networks {self._sweep.spec.name}: {self._sweep.space.size:,} of them>"

    def _chunks(self, asked: Asked, names: Iterable[Any] = ()) -> Iterator[Chunk]:
        for box in self._sweep.space.boxes(CHUNK):
            yield chunk(self._sweep.walker, box, asked, names)

    @cached_property
    def _walked(self) -> tuple[dict[str, Data], Data]:
        rules = {name: self._metrics[name] for name in self._metrics}
        parts = list(self._chunks(of_totals(rules), rules))
        reasons = np.concatenate(
            [np.array([why for why, _ in part.reasons], dtype=object)[part.codes] for part in parts]
        )
        figures = {
            name: np.concatenate([part.figures[name] for part in parts]).reshape(self.shape)
            for name in rules
        }
        return figures, reasons.reshape(self.shape)

    @property
    def totals(self) -> dict[str, Data]:
        """Every figure by its name; 0 where there is no such network."""
        return self._walked[0]

    @property
    def reasons(self) -> Data:
        """Why there is no such network; an empty text where there is one."""
        return self._walked[1]

    @property
    def valid(self) -> Data:
        """Where there is a network."""
        return np.asarray(self.reasons == "")

    @property
    def params(self) -> Data:
        """Parameters."""
        return self.totals["params"]

    @property
    def macs(self) -> Data:
        """Multiply-accumulates of one sample, or of the batch."""
        return self.totals["macs"]

    @property
    def activations(self) -> Data:
        """Elements that multiply-accumulates write."""
        return self.totals["activations"]

    @property
    def walks(self) -> int:
        """How often the spec has been walked."""
        return self._sweep.walks

    def rows(self, metrics: Iterable[str] = SHOWN) -> dict[str, dict[str, Data]]:
        """The same for every layer, by its path; 0 where a configuration has no such layer."""
        rules = {name: self._metrics[name] for name in metrics}
        found: dict[str, dict[str, Data]] = {}
        at = 0
        size = self._sweep.space.size
        for part in self._chunks(of_rows(rules)):
            for (path, name), values in part.figures.items():
                row = found.setdefault(path, {})
                if name not in row:
                    row[name] = np.zeros(size, dtype=np.int64)
                if values.dtype.kind == "O" and row[name].dtype.kind != "O":
                    row[name] = row[name].astype(object)
                row[name][at : at + part.size] = values
            at += part.size
        return {
            path: {name: values.reshape(self.shape) for name, values in row.items()}
            for path, row in found.items()
        }


def _axes(spec: Spec, arrays: Mapping[str, Data], shape: tuple[int, ...]) -> list[Axis]:
    """An axis for each dimension, if every array changes along one; else one for all."""
    columns: list[dict[str, Column]] = [{} for _ in shape]
    for name, array in arrays.items():
        padded = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
        along = [k for k, n in enumerate(padded.shape) if n > 1]
        if len(along) > 1 or not shape:
            flat = {
                n: Column(_values(spec, n, np.broadcast_to(a, shape).ravel()))
                for n, a in arrays.items()
            }
            size = int(np.prod(shape))
            return [Axis(size, flat)]
        columns[along[0] if along else len(shape) - 1][name] = Column(
            _values(spec, name, padded.ravel()),
            None if along or shape[-1] == 1 else np.zeros(shape[-1], dtype=np.int64),
        )
    return [Axis(n, columns[k]) for k, n in enumerate(shape)]


def _values(spec: Spec, name: str, array: Data) -> Values:
    if array.dtype.kind in "iu" and takes_numbers(spec, name):
        if array.dtype.kind == "u":
            return Listed([str(value) for value in array.tolist()])
        return Plain(array.astype(np.int64))
    if array.dtype.kind == "f" and takes_numbers(spec, name):
        if not np.isfinite(array).all():
            raise usage(f"{name} has a value that is not finite")
        return Plain(array.astype(np.float64))
    numeric = takes_numbers(spec, name)
    return Listed([text_of(value) for value in array.tolist()], numeric=numeric)


def text_of(value: Any) -> str:
    """A value as ``--set`` takes it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(text_of, value))}]"
    return value if isinstance(value, str) else repr(value)
