"""Names while a spec is read: what is known where, and the faults that are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from archcalc.language.arithmetic import ExpressionFault
from archcalc.language.expressions import WORD, Expression, Expressions
from archcalc.language.slots import Reader, Slot, broken
from archcalc.language.source import Item, Scalar
from archcalc.limits import Limits
from archcalc.problems import Complaint, Place, Problem, meant, nearest, shorten


class Reports:
    """The faults found so far. Did-you-mean is only asked for as long as somebody reads it."""

    MOST = 2000
    WIDTH = 1000
    """Characters of a message that are kept: two thousand names of a megabyte are two gigabytes."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.later: list[Problem] = []
        """What building the network would tell, if it came to that. Alone it is no fault: the step
        may never be run, and if it is, the layers before it are shown."""

    def __call__(self, problem: Problem) -> None:
        width = self.WIDTH
        if len(problem.message) > width or len(problem.help) > width:
            message, help = shorten(problem.message, width), shorten(problem.help, width)
            problem = replace(problem, message=message, help=help)
        self.problems.append(problem)
        if len(self.problems) >= self.MOST:
            raise self.complaint()

    def complaint(self) -> Complaint:
        """All of them: those of a file together, in the order of its lines."""
        problems = [*self.problems, *self.later]
        files: dict[int, int] = {}
        for problem in problems:
            if problem.place:
                files.setdefault(id(problem.place.source), len(files))

        def where(problem: Problem) -> tuple[int, int, int]:
            place = problem.place
            return (files[id(place.source)], place.line, place.column) if place else (-1, 0, 0)

        return Complaint(*sorted(problems, key=where))

    @property
    def few(self) -> bool:
        """Whether there are so few faults that more are worth their time: 20 are shown."""
        return len(self.problems) + len(self.later) < 25

    def near(self, word: str, known: Iterable[str]) -> str | None:
        return nearest(word, known) if self.few else None


class Tensors:
    """The tensors of one block, as its text tells them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = {"prev", "input", *names}
        self.templates = False
        """Whether some tensor gets a name that is made while running."""
        self.wanted: list[tuple[str, Place]] = []
        """Tensors that are asked for; all names are known only at the block's end."""


class Scope:
    """What names mean at one place of the text: values by name, and the tensors of the block.

    What is known outside is shared, never copied: a file may have very many names.
    """

    def __init__(
        self,
        outer: Collection[str] | Scope = (),
        values: Iterable[str] = (),
        tensors: Tensors | None = None,
    ) -> None:
        self.outer = outer
        """The scope around this one, or the settings of the file."""
        self.values = set(values)
        """The names that are known here alone: arguments, or the names of a loop."""
        self.tensors = tensors or Tensors()
        self.later: Collection[str] = ()
        """Names that will be known, where names are being declared."""

    def within(self, names: Iterable[str]) -> Scope:
        """The scope of what is in a loop over ``names``."""
        return Scope(self, names, self.tensors)

    def knows(self, name: str) -> bool:
        """Whether ``name`` is a value's."""
        scope: Collection[str] | Scope = self
        while isinstance(scope, Scope):
            if name in scope.values:
                return True
            scope = scope.outer
        return name in scope

    def names(self) -> Iterator[str]:
        """The names of all values, the nearest first."""
        scope: Collection[str] | Scope = self
        while isinstance(scope, Scope):
            yield from sorted(scope.values)
            scope = scope.outer
        yield from scope


class ScopedReader(Reader):
    """A reader that also knows which names there are, and says so before anything runs."""

    def __init__(self, limits: Limits, report: Reports, expressions: Expressions) -> None:
        super().__init__(limits, report, expressions)
        self.reports = report
        self.scope = Scope()
        self.refused: set[str] = set()
        """Names that were declared but cannot be; that they are used is no fault of its own."""

    def _parse(self, item: Scalar, help: str = "") -> Expression | None:
        if item.text in self.refused:
            return None
        expression = super()._parse(item, help)
        return expression if expression is None or self._known(item, expression) else None

    def _template(self, text: str) -> list[str | Expression]:
        parts = super()._template(text)
        for part in parts:
            if isinstance(part, Expression):
                for name in part.names:
                    if not self.scope.knows(name):
                        raise ExpressionFault(
                            f"there is no name '{shorten(name)}' here{meant(self._close(name))}",
                            help=self._hint(name),
                            code="reference",
                        )
        return parts

    def _close(self, name: str) -> str | None:
        return None if name == "i" else self.reports.near(name, self.scope.names())

    def _hint(self, name: str) -> str:
        """What there is to say of a name that is not known here."""
        if name == "i":
            return "i is the index of the innermost for or repeat; here is none"
        if name in self.scope.tensors.names:
            return f"'{name}' is a tensor; its sizes are {name}.channels and so on"
        if name in self.scope.later:
            return "it comes later; each may use those before it"
        if self._close(name):
            return ""
        known = list(islice(self.scope.names(), 9))
        more = ", .." if len(known) > 8 else ""
        if known:
            return f"there are {', '.join(known[:8])}{more}"
        return "settings, arguments of the block and names of the loop are known; here are none"

    def _known(self, item: Scalar, expression: Expression) -> bool:
        good = True
        for name in expression.names:
            if name in self.refused:
                good = False
            elif not self.scope.knows(name):
                offset = item.text.find(name)
                self.report(
                    Problem(
                        f"there is no name '{shorten(name)}' here{meant(self._close(name))}",
                        item.part(max(0, offset), len(name)),
                        self._hint(name),
                        code="reference",
                    )
                )
                good = False
        for tensor in expression.tensors:
            self.scope.tensors.wanted.append((tensor, item.place))
        return good

    def _unknown_word(
        self, value: object, known: tuple[str, ...], what: str, help: str
    ) -> ExpressionFault:
        fault = super()._unknown_word(value, known, what, help)
        if isinstance(value, str) and self.scope.knows(value):
            fault.message = f"there is no {what} '{shorten(value)}'"
            fault.help = f"to use the value of {shorten(value)}, write ${shorten(value)}"
        return fault

    def _word(self, item: Scalar) -> Slot:
        """A word in a list: a name's value, or itself if there is no such name."""
        if self.scope.knows(item.text):
            return super()._word(item)
        return Slot(item.text, None, item.place)

    def padding(self, item: Item, words: tuple[str, ...]) -> Slot:
        if (
            isinstance(item, Scalar)
            and WORD.match(item.text)
            and item.text not in words
            and not self.scope.knows(item.text)
        ):
            close = self.reports.near(item.text, words)
            message = f"there is no padding '{shorten(item.text)}'{meant(close)}"
            help = "" if close else f"a number, a list, or one of {', '.join(words)}"
            self.report(Problem(message, item.place, help, code="unknown"))
            return broken(item)
        return super().padding(item, words)

    def tensor(self, item: Item) -> Slot:
        """The name of a tensor."""
        slot = self.text(item)
        if slot.code is None and isinstance(slot.constant, str):
            self.scope.tensors.wanted.append((slot.constant, slot.place))
        return slot
