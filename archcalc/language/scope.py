"""Names while a spec is read: what is known where, and the faults that are found."""

from __future__ import annotations

from collections.abc import Iterable

from archcalc.language.arithmetic import ExpressionFault
from archcalc.language.expressions import WORD, Expression
from archcalc.language.slots import Reader, Slot, broken
from archcalc.language.source import Item, Scalar
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem, nearest


class Reports:
    """The faults found so far. Did-you-mean is only asked for as long as somebody reads it."""

    MOST = 2000

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= self.MOST:
            raise Complaint(*self.problems)

    def near(self, word: str, known: Iterable[str]) -> str | None:
        return nearest(word, known) if len(self.problems) < 25 else None


class Scope:
    """What names mean at one place of the text: values by name, and the tensors of the block."""

    def __init__(self, values: Iterable[str], tensors: Iterable[str] = ()) -> None:
        self.values = set(values)
        self.tensors = {"prev", "input", *tensors}
        self.templates = False
        """Whether some tensor gets a name that is made while running."""
        self.wanted: list[tuple[str, Place]] = []
        """Tensors that are asked for; all names are known only at the block's end."""


class ScopedReader(Reader):
    """A reader that also knows which names there are, and says so before anything runs."""

    def __init__(self, limits: Limits, report: Reports) -> None:
        super().__init__(limits, report)
        self.reports = report
        self.scope = Scope(())

    def _parse(self, item: Scalar) -> Expression | None:
        expression = super()._parse(item)
        return expression if expression is None or self._known(item, expression) else None

    def _template(self, text: str) -> list[str | Expression]:
        parts = super()._template(text)
        for part in parts:
            if isinstance(part, Expression):
                for name in part.names:
                    if name not in self.scope.values:
                        raise ExpressionFault(
                            f"there is no name '{name}' here",
                            help=self._hint(name),
                            code="reference",
                        )
        return parts

    def _hint(self, name: str) -> str:
        close = self.reports.near(name, self.scope.values)
        if close:
            return f"did you mean '{close}'?"
        if name == "i":
            return "i is the index of the innermost for or repeat; here is none"
        if name in self.scope.tensors:
            return f"'{name}' is a tensor; its sizes are {name}.channels and so on"
        return ""

    def _known(self, item: Scalar, expression: Expression) -> bool:
        good = True
        for name in expression.names:
            if name not in self.scope.values:
                offset = item.text.find(name)
                self.report(
                    Problem(
                        f"there is no name '{name}' here",
                        item.part(max(0, offset), len(name)),
                        self._hint(name),
                        code="reference",
                    )
                )
                good = False
        for tensor in expression.tensors:
            self.scope.wanted.append((tensor, item.place))
        return good

    def padding(self, item: Item, words: tuple[str, ...]) -> Slot:
        if (
            isinstance(item, Scalar)
            and WORD.match(item.text)
            and item.text not in words
            and item.text not in self.scope.values
        ):
            close = self.reports.near(item.text, words)
            help = (
                f"did you mean '{close}'?"
                if close
                else f"a number, a list, or one of {', '.join(words)}"
            )
            self.report(
                Problem(
                    f"there is no padding '{shorten(item.text)}'", item.place, help, code="unknown"
                )
            )
            return broken(item)
        return super().padding(item, words)

    def tensor(self, item: Item) -> Slot:
        """The name of a tensor."""
        slot = self.text(item)
        if slot.code is None and isinstance(slot.constant, str):
            self.scope.wanted.append((slot.constant, slot.place))
        return slot


def shorten(text: str, width: int = 60) -> str:
    """``text``, cut where it is longer than a message should be."""
    return text if len(text) <= width else text[:width] + "…"
