"""How far a long run is: a bar on a terminal, for work that takes more than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threading import Event, Thread

PATIENCE: Final = 1.0
"""Seconds before anything is shown."""
REFRESH: Final = 0.1


class Progress:
    """Watches a run from a thread of its own, so that the work need not know of it.

    Nothing is shown, and no thread is started, where standard error is no terminal. With ``many``
    the run builds many networks one after the other, which leave garbage to be collected.
    """

    def __init__(self, *, many: bool = True) -> None:
        self._many = many
        self._what = ""
        self._done: Callable[[], int] = int
        self._total: int | None = None
        self._unit = ""
        self._ended: Event | None = None
        self._thread: Thread | None = None

    def now(
        self,
        what: str,
        done: Callable[[], int] = int,
        total: int | None = None,
        unit: str = "layers",
    ) -> None:
        """Says what is being done; ``done`` tells how much of it is, whenever it is asked."""
        self._what, self._done, self._total, self._unit = what, done, total, unit

    def __enter__(self) -> Progress:
        if self._many:
            from gc import enable

            enable()
        if sys.stderr.isatty():
            from threading import Event, Thread

            self._ended = Event()
            self._thread = Thread(target=self._watch, args=(self._ended,), daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ended and self._thread:
            self._ended.set()
            self._thread.join()

    def _watch(self, ended: Event) -> None:
        if ended.wait(PATIENCE):
            return
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        from archcalc.formats.paint import console
        from archcalc.formats.safe import safe

        words_column = TextColumn("{task.description}", markup=False)
        columns = (words_column, BarColumn(), TimeElapsedColumn())
        on = console(sys.stderr)
        with Bar(*columns, console=on, transient=True, auto_refresh=False) as bar:
            task = bar.add_task("", total=None)
            while not ended.wait(REFRESH):
                done = self._done()
                what = safe(self._what, 60)  # it may have a name in it
                words = f"{what}, {done:,} {self._unit}" if done else what
                bar.update(task, description=words, total=self._total, completed=done, refresh=True)
