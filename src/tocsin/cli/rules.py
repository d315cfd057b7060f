"""`tocsin workflow rules|dead`: when rules are due, what they decided and why, and what failed for good."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant
from tocsin.wiring import rule_views
from tocsin.wiring.settings import Settings

_HEAD: Final = ("RULE", "FIRES", "DOES", "NEXT", "RUNNING", "WAITING", "DEAD", "LAST DECISION")
_DECIDED: Final = ("AT", "CAUSE", "OF", "DECIDED", "RUNS OR MORE")
_EVENTS: Final = ("DELIVERY", "AT", "INTEGRATION", "FIRES", "WHY NOT")
_DEAD: Final = ("AT", "RULE", "RUN OR CAUSE", "ERROR")


def run(given: argparse.Namespace) -> int:
    """One of ACTIONS. Raises TocsinError, OSError."""
    if len(given.path) > 1:
        raise TocsinError("workflow-one", f"{given.action} takes the name of one rule, or none")
    settings = read_settings(given.config)
    name = given.path[0] if given.path else ""
    if name and name not in settings.rules:
        raise unknown("rule", name, settings.rules)
    return ACTIONS[given.action](given, settings, name)


def _rules(given: argparse.Namespace, settings: Settings, name: str) -> int:
    with open_store(given.db) as store:
        names = [name] if name else list(settings.rules)
        found = [rule_views.document(settings, store, each, explained=bool(name)) for each in names]
    if given.json:
        say_json(found[0] if name else found)
    elif not found:
        say("no rules; docs/workflows.md tells how they are written\n")
    else:
        _tell(_HEAD, [_cells(each) for each in found])
    if name and not given.json:
        _tell_one(found[0])
    return 0


def _dead(given: argparse.Namespace, settings: Settings, name: str) -> int:
    with open_store(given.db) as store:
        found = list(rule_views.dead(settings, store, name))
    if given.json:
        say_json(
            [
                {"rule": rule, "at": format_instant(each.at), "run": each.run, "of": each.of, "error": each.error}
                for rule, each in found
            ]
        )
    elif not found:
        say("nothing has failed for good\n")
    else:
        rows = [(format_instant(each.at), rule, each.run or each.of, plain(each.error)) for rule, each in found]
        _tell(_DEAD, rows)
    return 0


ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace, Settings, str], int]]] = {"rules": _rules, "dead": _dead}


def _tell(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    for line in table(head, rows):
        say(line)


def _tell_one(found: Mapping[str, Json]) -> None:
    say("\nWhat it decided, newest first:\n")
    rows = [
        (each["at"], each["cause"], plain(each["of"]), each["decided"], plain(", ".join(each["runs"]) or each["text"]))
        for each in found["decisions"]
    ]
    _tell(_DECIDED, rows)
    say("\nThe last deliveries of senders, and whether the rule as it is now fires for them:\n")
    events = [
        (each["delivery"], each["at"], each["integration"], "yes" if each["fires"] else "no", plain(each["why"]))
        for each in found["events"]
    ]
    _tell(_EVENTS, events)


def _cells(found: Mapping[str, Json]) -> tuple[str, ...]:
    decisions = found["decisions"]
    does = found["does"] if isinstance(found["does"], str) else ", ".join(found["does"])
    return (
        found["name"],
        ", ".join(found["fires"]),
        plain(does) + (" (dry run)" if found["dry_run"] else ""),
        found["next_at"] or "",
        str(len(found["running"])),
        str(found["waiting"]),
        str(found["dead"]),
        f"{decisions[0]['decided']} {decisions[0]['at']}" if decisions else "",
    )
