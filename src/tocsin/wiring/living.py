"""Settings that change while the process runs: what people make in a chat joins what the file says.

There is one object, which everybody was given who was given settings. Its mappings are replaced whole, never changed:
whoever goes through one sees it as it was. What is made of them (`Derived`) is made anew when it is next asked for.
Nothing but memberships is ever taken out while the process runs, so that what an incident was opened with stays known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from msgspec.structs import asdict, force_setattr

from tocsin.wiring.settings import Settings

T = TypeVar("T")


class LiveSettings(Settings, frozen=True, kw_only=True):
    """Settings as they are now. Frozen for all who read them; only `become` changes them, on one thread at a time."""

    def become(self, settings: Settings) -> None:
        """Have the people, the teams and the integrations of *settings* from now on."""
        # In this order nobody ever sees a name that is not there yet.
        force_setattr(self, "responders", settings.responders)
        force_setattr(self, "teams", settings.teams)
        force_setattr(self, "integrations", settings.integrations)


def live(settings: Settings) -> LiveSettings:
    """*settings*, able to change."""
    return LiveSettings(**asdict(settings))


class Derived(Generic[T]):
    """Something that is made of settings, anew when they have changed since. Any thread; others cost it three looks."""

    def __init__(self, settings: Settings, make: Callable[[Settings], T]) -> None:
        """*make* is called now, so that what it raises is raised here."""
        self._settings = settings
        self._make = make
        self._made = _parts(settings), make(settings)

    def __call__(self) -> T:
        """As the settings are now."""
        parts, found = self._made
        now = _parts(self._settings)
        # By identity: mappings are replaced, not changed.
        if parts[0] is now[0] and parts[1] is now[1] and parts[2] is now[2]:
            return found
        found = self._make(self._settings)
        self._made = now, found
        return found


class LiveMapping(Mapping[str, T]):
    """A mapping that is made of settings, as they are whenever it is asked."""

    def __init__(self, settings: Settings, make: Callable[[Settings], Mapping[str, T]]) -> None:
        """As `Derived`."""
        self._now = Derived(settings, make)

    def __getitem__(self, name: str) -> T:
        """As of the mapping."""
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        """As of the mapping."""
        return iter(self._now())

    def __len__(self) -> int:
        """As of the mapping."""
        return len(self._now())


def _parts(settings: Settings) -> tuple[object, object, object]:
    return settings.responders, settings.teams, settings.integrations
