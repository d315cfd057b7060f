"""What noise is counted and remedied by: the alerts of one dedup key, or of one kind of title."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert

ID_DIGITS: Final = 10  # Hexadecimal ones: of ten thousand keys two are the same once in twenty thousand installations.

# What differs from one title to the next of the same trouble: numbers, and names that machines give.
_VARIES: Final = re.compile(r"(?=[0-9a-f-]*[0-9])[0-9a-f][0-9a-f-]{7,}|[0-9]+", re.IGNORECASE)
_SIGN: Final = "#"


class By(StrEnum):
    """What the alerts of a key have in common."""

    KEY = "key"
    TITLE = "title"  # For senders whose dedup key is another one each time.


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts of *integration* with this dedup key, or with a title of this pattern."""

    integration: str
    by: By
    value: str

    @property
    def id(self) -> str:
        """A short name for it, the same everywhere: for people who type it."""
        text = f"{self.integration}\0{self.by}\0{self.value}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:ID_DIGITS]


def of(alert: Alert, integration: str) -> Key:
    """The key of *alert* by its dedup key."""
    return Key(integration=integration, by=By.KEY, value=alert.dedup_key)


def titled(alert: Alert, integration: str) -> Key:
    """The key of *alert* by its title."""
    return Key(integration=integration, by=By.TITLE, value=pattern(alert.title))


def pattern(title: str) -> str:
    """*title* with a sign for every number and every machine's name in it."""
    return _VARIES.sub(_SIGN, title)


def expression(found: str) -> str:
    """The regular expression that titles of the pattern *found* match as a whole."""
    return "[0-9a-fA-F-]+".join(re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", part) for part in found.split(_SIGN))
