"""Integration keys in a terminal: which there are, new ones, and the end of old ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from tocsin.cli.access import unknown
from tocsin.cli.deployed import Reached, reached
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_duration, format_instant
from tocsin.web.ports import IntegrationView, KeyView, WrongKey
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.key_desk import ingest_url, integrations
from tocsin.wiring.keys import revoke_keys, rotate_key
from tocsin.wiring.mail_in import address, mail_domain
from tocsin.wiring.wrong_keys import masked, stored

WRONG_SHOWN: Final = 20


def keys(given: argparse.Namespace) -> int:
    """`tocsin keys`."""
    if given.action != "list" and given.name is None:
        raise TocsinError("integration-missing", f"`tocsin keys {given.action}` needs the name of an integration")
    with reached(given) as place:
        if given.name is not None and given.name not in place.settings.integrations:
            raise unknown("integration", given.name, place.settings.integrations)
        match given.action:
            case "rotate":
                _rotate(given, place)
            case "revoke":
                _revoke(given, place)
            case _:
                _list(given, place)
    return 0


def _list(given: argparse.Namespace, place: Reached) -> None:
    now = SystemClock()()
    found = [view for view in integrations(place.settings, place.records, now) if given.name in {None, view.name}]
    wrong = stored(place.records)
    if given.json:
        say_json({"integrations": [_view(view) for view in found], "wrong": [_wrong_view(each) for each in wrong]})
        return
    for line in table(("INTEGRATION", "KEY", "MADE", "LAST USED", "ENDS"), _rows(found, now)):
        say(line)
    if wrong:
        say("\nWrong keys, which were refused:\n\n")
        for line in table(("KEY", "TIMES", "LAST", "FROM", "WHOSE"), _wrong_rows(wrong, now), right=frozenset({1})):
            say(line)


def _rotate(given: argparse.Namespace, place: Reached) -> None:
    key = rotate_key(place.records, given.name, SystemClock()(), given.overlap)
    url = ingest_url(place.url, key)
    mail = address(key, mail_domain(place.settings))
    if given.json:
        say_json({"integration": given.name, "url": url, "mail": mail or None})
        return
    ends = f"end in {format_duration(given.overlap)}" if given.overlap else "have ended"
    by_mail = f"by e-mail: {mail}\n" if mail else ""
    say(f"{url}\n{by_mail}\nThis is shown once. The keys that `tocsin keys rotate` made before {ends}.\n")
    if place.settings.integrations[given.name].key is not None:
        say("The one in the configuration opens until you take it out there.\n")


def _revoke(given: argparse.Namespace, place: Reached) -> None:
    ended = revoke_keys(place.records, given.name, SystemClock()(), given.hint)
    configured = place.settings.integrations[given.name].key is not None
    if not ended:
        which = f" that ends with {given.hint}" if given.hint else ""
        more = "; the one in the configuration ends when you take it out there" if configured else ""
        raise TocsinError("key-unknown", f"there is no key of {given.name}{which} to revoke{more}")
    if given.json:
        say_json({"integration": given.name, "revoked": [key.hint for key in ended]})
        return
    said = ", ".join(masked(key.hint) for key in ended)
    say(f"revoked: {said}; a running server refuses {'it' if len(ended) == 1 else 'them'} within seconds\n")


def _view(view: IntegrationView) -> dict[str, Json]:
    """For scripts."""
    return {
        "integration": view.name,
        "team": view.team,
        "keys": [
            {
                "hint": key.hint,
                "made_at": _instant(key.made_at),
                "used_at": _instant(key.used_at),
                "ends_at": _instant(key.ends_at),
                "configured": key.made_at is None,
            }
            for key in view.keys
        ],
    }


def _wrong_view(entry: WrongKey) -> dict[str, Json]:
    """For scripts."""
    return {
        "key": entry.shown,
        "integration": entry.integration or None,
        "path": entry.path,
        "peer": entry.peer,
        "agent": entry.agent,
        "first_at": _instant(entry.first_at),
        "last_at": _instant(entry.last_at),
        "count": entry.count,
    }


def _instant(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _rows(found: list[IntegrationView], now: Instant) -> list[tuple[str, ...]]:
    return [
        (view.name, *(_row(key, now) if key else ("none", "-", "-", "-")))
        for view in found
        for key in (view.keys or (None,))
    ]


def _row(key: KeyView, now: Instant) -> tuple[str, ...]:
    made = "in the configuration" if key.made_at is None else format_instant(key.made_at)
    ends = "-" if key.ends_at is None else f"in {format_duration(key.ends_at - now)}"
    return masked(key.hint), made, _ago(key.used_at, now), ends


def _wrong_rows(wrong: Sequence[WrongKey], now: Instant) -> list[tuple[str, ...]]:
    return [
        (
            plain(each.shown),
            f"{each.count}",
            _ago(each.last_at, now),
            plain(f"{each.peer or '?'} {each.agent}".strip()),
            plain(each.integration) or "nobody's",
        )
        for each in wrong[:WRONG_SHOWN]
    ]


def _ago(at: Instant | None, now: Instant) -> str:
    return "never" if at is None else f"{format_duration(max(0, now - at))} ago"
