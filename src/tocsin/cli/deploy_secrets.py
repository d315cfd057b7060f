"""The secrets of a configuration: what `${NAME}` asks for, taken from the environment, the stack, or people."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from tocsin.errors import TocsinError
from tocsin.wiring.settings_file import Inspection, parse
from tocsin.wiring.settings_problems import SettingsError

Ask = Callable[[str], str]


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration with its secrets: *raw* is the file as it is, *fresh* what the stack does not have yet."""

    raw: bytes
    inspection: Inspection
    names: tuple[str, ...]
    fresh: Mapping[str, str]


class _Noted(Mapping[str, str]):
    """What is known by name, which notes the names that it is asked for."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self.asked: dict[str, None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = None
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        self.asked[str(name)] = None
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def fill(config: Path, environ: Mapping[str, str], stored: Mapping[str, str], ask: Ask | None) -> Filled:
    """Read *config*; for each `${NAME}` the environment counts, then what is *stored*, then what *ask* hears.

    *ask* is None where nobody can be asked. Raises SettingsError, TocsinError.
    """
    try:
        raw = config.read_bytes()
    except FileNotFoundError:
        raise TocsinError("config-missing", f"there is no {config}; `tocsin init` writes one") from None
    known = dict(stored) | dict(environ)
    names, given = _names(raw, known, config), {}
    missing = [name for name in names if name not in known]
    if missing and ask is None:
        told = ", ".join(missing)
        raise TocsinError(
            "secret-missing",
            f"{config} asks for {told}: set {'it' if len(missing) == 1 else 'them'} in the environment (any value does "
            "where only a template is printed); `tocsin deploy` in a terminal asks",
        )
    for name in missing:
        assert ask is not None
        given[name] = ask(name)
    known |= given
    fresh = {name: known[name] for name in names if stored.get(name) != known[name]}
    return Filled(raw=raw, inspection=parse(raw, known, str(config)), names=names, fresh=fresh)


def ask_at_terminal() -> Ask | None:
    """How people are asked, if somebody is there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda name: getpass.getpass(f"{name} (not shown): ", sys.stderr)


def _names(raw: bytes, known: Mapping[str, str], config: Path) -> tuple[str, ...]:
    """The names that the file asks for, in its order. A value that is missing hides none that comes later."""
    noted = _Noted(known)
    with suppress(SettingsError):  # The mistakes are told when it is read again, with the secrets.
        parse(raw, noted, str(config))
    return tuple(name for name in noted.asked if f"${{{name}}}".encode() in raw)
