"""What is wrong with a configuration file: every problem with its place, its value and the nearest right name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from tocsin.errors import TocsinError

SHOWN_MAX = 60  # Characters of a value: enough to find it again.
SUGGEST_FROM = 0.6  # How alike (0 to 1) two names must be for one to be meant by the other.


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to change: *line* and *column* count from 1 (0: the whole file), *where* is a path of keys.

    *value* is what stands there, as it may be shown (a secret is `…`); *nearest* what was probably meant, or empty.
    """

    line: int
    column: int
    where: str
    value: str
    message: str
    nearest: str = ""

    def text(self, file: str) -> str:
        """The problem as one line: `tocsin.yaml:3:5: teams.ops: unknown key "membres"; did you mean "members"?`."""
        place = ":".join(str(part) for part in (file, self.line, self.column) if part)
        meant = f'; did you mean "{self.nearest}"?' if self.nearest else ""
        return ": ".join(part for part in (place, self.where, self.message + meant) if part)


class SettingsError(TocsinError):
    """The configuration must be changed; *problems* holds all that is wrong with it, in the order of the file."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        """Say all of it, one line each."""
        found: dict[tuple[int, int, str], Problem] = {}
        for each in problems:
            found.setdefault((each.line, each.column, each.message), each)  # What an alias repeats is wrong once.
        self.file = file
        self.problems: Sequence[Problem] = sorted(found.values(), key=lambda problem: (problem.line, problem.column))
        super().__init__("config-invalid", "\n".join(problem.text(file) for problem in self.problems))


def shown(text: str) -> str:
    """*text* in quotes, on one line, printable everywhere, and not too long."""
    cut = text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
    return '"' + "".join(char if char.isprintable() else "�" for char in cut) + '"'


def shown_key(text: str) -> str:
    """A key for showing. `password:hunter` lacks a space and makes a key of the secret: it ends at the colon."""
    name, colon, _ = text.partition(":")
    return shown(f"{name}:…" if colon else text)


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of *names* that *name* was probably meant to be, or empty."""
    lower = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=SUGGEST_FROM)
    begun = [known for known in lower if name and known.startswith(name.lower())]
    found = close or begun
    return lower[found[0]] if len(found) == 1 else ""


def unknown(what: str, name: str, known: Iterable[str]) -> TocsinError:
    """There is no *what* called *name*; what was probably meant, or what there is."""
    names = list(known)
    meant = nearest(name, names)
    said = f'; did you mean "{meant}"?' if meant else f"; known: {', '.join(names)}" if names else "; there are none"
    return TocsinError(f"{what}-unknown", f"there is no {what} {shown(name)}{said}")
