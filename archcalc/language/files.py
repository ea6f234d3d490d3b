"""Where a spec finds others: its own folder and the bundled specs, and nowhere else."""

from __future__ import annotations

import os
import re

from archcalc.language.source import Scalar, decode, read_bytes
from archcalc.limits import Limits, raised
from archcalc.problems import Complaint, Problem, Source, meant, nearest, quoted, shorten


class Files:
    """Where a spec may find others: its own folder, and the bundled specs."""

    def __init__(self, folder: str | None, bundled: str | None, limits: Limits) -> None:
        self.folders = [os.path.realpath(f) for f in (folder, bundled) if f]
        self.limits = limits
        self.bytes = 0
        """Of all files so far, the spec's own included."""
        self._reads = 0
        self._sources: dict[str, Source] = {}

    def read(self, item: Scalar, what: str, beside: str | None) -> tuple[str, Source]:
        """The file that ``item`` names: its real path and text. Raises `Complaint`.

        A name counts from the folder of the file that says it (``beside``), then from the spec's
        folder and the bundled specs.
        """
        name, limits = item.text, self.limits

        def complain(why: str, help: str = "", code: str = "reference") -> Complaint:
            return Complaint(Problem(f"{what}: {why}", item.place, help, code=code))

        self._reads += 1
        if self._reads > limits.imports:
            why = f"more than {limits.imports} files are extended and used in all"
            raise complain(why, raised("imports"), "limit")

        lies = "files must lie in the spec's folder or among the bundled specs"
        if "://" in name:
            raise complain("only files are read, nothing from the network", lies)
        if not name or "\0" in name or len(name) > 1000:
            raise complain("this is no file name")
        if os.path.isabs(name) or name.startswith("~") or ".." in re.split(r"[/\\]", name):
            raise complain(f"'{shorten(name)}' leaves the spec's folder", lies)
        near = [os.path.dirname(beside)] if beside else []
        odd = False
        for folder in (*near, *self.folders):
            try:
                real = os.path.realpath(os.path.join(folder, name))
                there = os.path.isfile(real)
            except (OSError, ValueError):
                continue
            if not there:
                odd = odd or os.path.lexists(os.path.join(folder, name))
                continue
            home = next(
                (f for f in self.folders if real.startswith(f.rstrip(os.sep) + os.sep)), None
            )
            if home is None:
                raise complain(f"'{shorten(name)}' leads out of the spec's folder", lies)
            source = self._sources.get(real)
            if source is None:
                try:
                    data = read_bytes(real, limits)
                except Complaint as complaint:
                    raise complain(complaint.problems[0].message) from None
                self.bytes += len(data)
                if self.bytes > limits.file_bytes:
                    why = f"all files together are larger than {limits.file_bytes:,} bytes"
                    raise complain(why, raised("file_bytes"), "limit")
                source = self._sources[real] = decode(data, os.path.relpath(real, home), limits)
            return real, source
        if odd:
            raise complain(f"'{shorten(name)}' is not a regular file")
        known = [f for folder in (*near, *self.folders) for f in yaml_files(folder)]
        stems = {os.path.splitext(file)[0]: file for file in reversed(known)}
        close = stems.get(nearest(os.path.splitext(name)[0], stems) or "")
        raise complain(f"there is no file {quoted(name)}{meant(close)}", "" if close else lies)


def yaml_files(folder: str) -> list[str]:
    """The names of the spec files in a folder, at most a few hundred."""
    try:
        return sorted(f for f in os.listdir(folder) if f.endswith((".yaml", ".yml")))[:300]
    except OSError:
        return []
