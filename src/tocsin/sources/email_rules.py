"""What an integration says about its mails: which are one alert, which begin one, which end it, whose are taken."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from tocsin.incidents.alerts import Severity


class Merge(StrEnum):
    """Which mails are one alert: those with the same subject, each for itself, or all of the integration."""

    SUBJECT = "subject"
    MESSAGE = "message"
    ONE = "one"


class MailRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one integration; the defaults take every mail and believe what its subject says.

    *resolve_when*: patterns for subjects; where there are some, only they resolve. *open_when*: where there are some,
    other mails open nothing. *senders*: addresses, or `@domain` for all of one; empty: everybody. *severity*: whatever
    the subject says.
    """

    merge: Merge = Merge.SUBJECT
    resolve_when: tuple[str, ...] = ()
    open_when: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    severity: Severity | None = None

    def admits(self, addresses: Iterable[str]) -> bool:
        """Whether a mail from one of *addresses* (of the envelope, of the header From) is taken."""
        if not self.senders:
            return True
        allowed = {sender.lower() for sender in self.senders}
        told = [address.lower() for address in addresses]
        return any(address in allowed or f"@{address.rpartition('@')[2]}" in allowed for address in told)


def any_matches(patterns: Iterable[str], subject: str) -> bool:
    """Whether one of *patterns* matches *subject*."""
    return any(matches(pattern, subject) for pattern in patterns)


def matches(pattern: str, subject: str) -> bool:
    """Whether *pattern* matches *subject*, upper or lower case.

    With a `*` (any characters, also none) the pattern is the whole subject; without one it is words that stand
    somewhere in it. Nothing else has a meaning of its own: `[OK]` is a word in brackets. Linear in both lengths times
    the number of stars, whatever they are.
    """
    pattern, subject = pattern.casefold().strip(), subject.casefold().strip()
    if "*" not in pattern:
        return _has_words(pattern, subject)
    first, *middle, last = pattern.split("*")
    if not subject.startswith(first) or not subject[len(first) :].endswith(last):
        return False
    place, end = len(first), len(subject) - len(last)
    for piece in middle:
        place = subject.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


def _has_words(words: str, subject: str) -> bool:
    place = subject.find(words) if words else -1
    while place >= 0:
        before, after = subject[place - 1 : place], subject[place + len(words) :][:1]
        if not (_joined(before, words[:1]) or _joined(words[-1:], after)):
            return True
        place = subject.find(words, place + 1)
    return False


def _joined(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return left.isalnum() and right.isalnum()
