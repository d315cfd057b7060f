"""Reading a team model: YAML to values, or everything that is wrong with it, with lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tocsin.rehearsal.model import Team, enough
from tocsin.wiring.settings_document import BYTES_MAX, Unreadable, compose
from tocsin.wiring.settings_kinds import Section
from tocsin.wiring.settings_problems import Problem, SettingsError
from tocsin.wiring.settings_reader import Reader

_EMPTY: Final = "the file is empty"


def load(path: Path) -> Team:
    """The team of the file at *path*. Raises SettingsError."""
    return parse(contents(path), str(path))


def parse(raw: bytes, file: str = "team.yaml") -> Team:
    """As `load`, of bytes; *file* is what messages call them."""
    made = read(raw, file, Section(Team, check=enough))
    assert isinstance(made, Team)
    return made


def read(raw: bytes, file: str, kind: Section, names: Mapping[str, Iterable[str]] | None = None) -> object:
    """The value of a whole document; *names*: what it may refer to, by kind. Raises SettingsError."""
    try:
        root, text, problems = compose(raw)
    except Unreadable as unreadable:
        raise SettingsError(file, [unreadable.problem]) from None
    if root is None:
        raise SettingsError(file, [_everywhere(_EMPTY)])
    reader = Reader(text, {}, names or {})
    value = reader.read(kind, root, "")
    problems += reader.problems
    if problems:
        raise SettingsError(file, problems)
    return value


def contents(path: Path) -> bytes:
    """The bytes of a file, never more than can be read. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        message = "there is no such file"
    except OSError as problem:
        message = f"cannot be read: {problem.strerror}"
    except ValueError:  # A NUL byte in the name.
        message = "there is no such file"
    raise SettingsError(str(path), [_everywhere(message)])


def _everywhere(message: str) -> Problem:
    return Problem(line=0, column=0, where="", value="", message=message)
