"""What the figures were before a change: from a result that was kept, or from git."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Any, Final

from archcalc.language.source import bytes_of
from archcalc.problems import FILE, USAGE, Complaint, Problem, reason

MOST_BYTES: Final = 64 << 20
"""Of a kept result, and of the files beside a spec at a git revision."""


def from_file(path: str) -> dict[str, Mapping[str, int]]:
    """The totals by target of a kept ``--format json`` of ``check``, ``verify`` or ``summary``.

    Raises `Complaint` if the file is no such result.
    """
    try:
        data = json.loads(bytes_of(path, MOST_BYTES))
    except OSError as error:
        raise _wrong(path, reason(error)) from None
    except (ValueError, RecursionError):
        raise _wrong(path, "it is no JSON") from None
    try:
        return _totals(data)
    except (KeyError, TypeError, AttributeError, ValueError):
        help = "keep one with: archcalc check TARGET... --format json --output FILE"
        raise _wrong(path, "it is no result of archcalc check or summary", help) from None


def _totals(data: Any) -> dict[str, Mapping[str, int]]:
    if "targets" in data:
        return {one["target"]: _figures(one["totals"]) for one in data["targets"]}
    spec = data["spec"]
    name, variant = spec["name"], spec["variant"]
    totals = _figures(data["totals"])
    labels = [name] if variant is None else [f"{name}@{variant}", variant]
    return dict.fromkeys(labels, totals)


def _figures(totals: Any) -> dict[str, int]:
    """Totals as they are kept: figures by name, and nothing else."""
    if not all(type(number) is int for number in totals.values()):
        raise TypeError
    return dict(totals)


def _wrong(path: str, why: str, help: str = "") -> Complaint:
    return Complaint(
        Problem(f"cannot read the baseline {path}: {why}", None, help, kind=FILE, code="file")
    )


@contextmanager
def at_revision(file: str, revision: str) -> Iterator[str | None]:
    """A spec's path as it was at a git revision, with the files beside it; ``None`` if not there.

    Raises `Complaint` if git does not know the revision.
    """
    folder, name = os.path.split(os.path.abspath(file))
    commit = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        help = "a commit, branch or tag; or a kept result: --baseline FILE.json"
        raise Complaint(
            Problem(
                f"git knows no revision '{revision[:80]}' here",
                None,
                help,
                kind=USAGE,
                code="unknown",
            )
        )
    archive = _git(folder, "archive", "--format=tar", commit.decode().strip(), "--", ".")
    if archive is None:  # the folder is younger
        yield None
        return
    with TemporaryDirectory(prefix="archcalc-") as there:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            members = [m for m in tar if m.isfile() and m.name.endswith((".yaml", ".yml"))]
            if sum(m.size for m in members) <= MOST_BYTES:
                tar.extractall(there, members=members, **_filtered())
        path = os.path.join(there, name)
        yield path if os.path.isfile(path) else None


def _filtered() -> dict[str, Any]:
    # Since Python 3.12, and in the later releases of 3.11.
    return {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def _git(folder: str, *arguments: str) -> bytes | None:
    """What git prints; ``None`` if it refuses."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        raise Complaint(
            Problem(
                "git cannot be run",
                None,
                "a baseline can also be a kept result",
                kind=FILE,
                code="file",
            )
        ) from None
    return done.stdout if done.returncode == 0 else None
