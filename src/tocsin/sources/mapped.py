"""A mapping at work: what a delivery becomes when a team's expressions have their say.

An expression sees the event as it came (or one item of it, where `items` gives a list), and beside it `$event`, the
whole; `$found`, the alert that would have come without a mapping; and `$headers`. What fails costs its field only: the
ordinary value stays, and a problem tells of it; what gives nothing keeps the ordinary value too. With a `title` also
what could not be read otherwise becomes an alert. `ignore` keeps alerts away where it gives true, and nothing else
does: where `items` gives nothing, since the sender has changed its shape, all of it is read as one, and that is told
(a list that may be empty is written in brackets: `[alerts[state = "bad"]]`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from msgspec import to_builtins
from msgspec.structs import replace

from tocsin.expressions.metering import Failed, Meter
from tocsin.incidents.alerts import Alert
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import batches, generic
from tocsin.sources.mapped_fields import FIELDS, NotSo
from tocsin.sources.reading import Hints, Problem, Reading

ITEMS: Final = "items"
IGNORE: Final = "ignore"
NAMES: Final = (*FIELDS, ITEMS, IGNORE)
"""What a mapping can say."""

VARIABLES: Final = ("event", "found", "headers")
"""What an expression has beside the value that it is about."""

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-gitlab-token"})

ItemReader: TypeAlias = Callable[[Json, Hints], Reading]


class Evaluated(Protocol):
    """A compiled expression."""

    def evaluate(self, value: Json, variables: Mapping[str, Json], now: Instant, meter: Meter) -> Json:
        """What it says of *value*; None for nothing. Raises Failed."""
        ...


def mapped(expressions: Mapping[str, Evaluated], found: Reading, hints: Hints, read_item: ItemReader) -> Reading:
    """*found*, the ordinary reading, as *expressions* (by names of NAMES) say it.

    *read_item* gives the ordinary reading of an item.
    """
    if found.event is None or not expressions:
        return found
    return _Application(expressions, found, hints).reading(read_item)


class _Application:
    """One mapping for one delivery."""

    def __init__(self, expressions: Mapping[str, Evaluated], found: Reading, hints: Hints) -> None:
        self._expressions = expressions
        self._found = found
        self._hints = hints
        self._event = json.decode(json.encode(found.event))  # What an expression might do to it stays here.
        self._headers = {name: value for name, value in hints.headers.items() if name not in _CREDENTIALS}
        self._meter = Meter()
        self._alerts: list[Alert] = []
        self._problems: dict[Problem, None] = {}
        self._ignored = 0

    def reading(self, read_item: ItemReader) -> Reading:
        items = self._items()
        if items is None:
            self._read(self._event, self._found, self._hints, "")
            return self._told(self._found.fact)
        hints = self._hints if len(items) == 1 else replace(self._hints, key="")
        for number, item in enumerate(items[: batches.ITEMS_MAX]):
            self._read(item, read_item(item, hints), hints, f"{ITEMS}[{number}]")
        if len(items) > batches.ITEMS_MAX:
            self._note(ITEMS, f"of {len(items)} items only the first {batches.ITEMS_MAX} were read")
        return self._told("" if items else "the mapping finds no items in it")

    def _items(self) -> list[Json] | None:
        """The items to be read each for itself; None: all of it is one."""
        if ITEMS not in self._expressions:
            return None
        found = self._evaluate(ITEMS, self._event, {})
        if found is None:
            self._note(ITEMS, "it gives nothing, so that the event is read as one")
            return None
        return found if isinstance(found, list) else [found]

    def _read(self, value: Json, ordinary: Reading, hints: Hints, place: str) -> None:
        """The alerts of *value*, which is the event or an item of it."""
        bases = ordinary.alerts or self._made(value, ordinary, hints)
        for base in bases:
            found = to_builtins(base)
            if IGNORE in self._expressions and self._evaluate(IGNORE, value, found) is True:
                self._ignored += 1
            else:
                self._alerts.append(self._mapped(value, base, found))
        if ordinary.alerts or not bases:
            for problem in ordinary.problems:
                self._note(".".join(filter(None, (place, problem.place))), problem.message)

    def _made(self, value: Json, ordinary: Reading, hints: Hints) -> tuple[Alert, ...]:
        """The alert of what a format claims and cannot read, where the mapping knows better."""
        if not ordinary.problems or "title" not in self._expressions:
            return ()
        made = generic.alert(value, hints) if isinstance(value, dict) else ""
        if isinstance(made, str):
            return ()
        return (made,) if self._evaluate("title", value, to_builtins(made)) is not None else ()

    def _mapped(self, value: Json, base: Alert, found: Json) -> Alert:
        changed: dict[str, object] = {}
        for name, read in FIELDS.items():
            if name not in self._expressions:
                continue
            said = self._evaluate(name, value, found)
            if said is None:
                continue
            try:
                changed[name] = read(said)
            except NotSo as wrong:
                self._note(f"mapping.{name}", str(wrong))
        made = replace(base, **{name: item for name, item in changed.items() if item is not None})
        return made if "dedup_key" in self._expressions else generic.keyed(base, made)

    def _evaluate(self, name: str, value: Json, found: Json) -> Json:
        """What an expression says; None: nothing, or it failed, and that was noted."""
        variables = dict(zip(VARIABLES, (self._event, found, self._headers), strict=True))
        try:
            return self._expressions[name].evaluate(value, variables, self._hints.received_at, self._meter)
        except Failed as failed:
            self._note(f"mapping.{name}", str(failed))
            return None

    def _note(self, place: str, message: str) -> None:
        """A problem; what is wrong with every item is told once."""
        if len(self._problems) < batches.PROBLEMS_MAX:
            self._problems.setdefault(Problem(place, message))

    def _told(self, fact: str) -> Reading:
        if self._ignored:
            fact = f"the mapping ignores {self._ignored} of {self._ignored + len(self._alerts)}"
        return replace(self._found, alerts=tuple(self._alerts), problems=tuple(self._problems), fact=fact)
