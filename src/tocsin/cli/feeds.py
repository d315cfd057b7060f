"""Addresses of calendars, and tokens for programs, in a terminal: made and shown once, listed, revoked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.cli.access import open_store, public_url, read_settings
from tocsin.cli.incidents import login_name
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.incidents.policy import SCHEDULE
from tocsin.kernel.time import format_instant
from tocsin.web.oncall import RESPONDER, TokenView
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.wrong_keys import masked


def feed(given: argparse.Namespace) -> int:
    """`tocsin feed`."""
    with _desk(given) as desk:
        if given.action == "list":
            return _list(given, list(desk.feeds()), "FOR")
        if bool(given.schedule) == bool(given.responder):
            raise TocsinError("feed-incomplete", "say whose calendar: --schedule NAME or --responder NAME")
        subject = SCHEDULE + given.schedule if given.schedule else RESPONDER + given.responder
        if given.action == "revoke":
            return _revoked(given, "feed", desk.revoke_feed(subject, given.hint), subject)
        return _made(given, subject, "url", desk.make_feed(subject, login_name()))


def token(given: argparse.Namespace) -> int:
    """`tocsin token`."""
    with _desk(given) as desk:
        if given.action == "list":
            return _list(given, list(desk.tokens()), "ACTS AS")
        if not given.responder:
            raise TocsinError("token-incomplete", "say for whom it acts: --responder NAME")
        if given.action == "revoke":
            ended = desk.revoke_token(given.responder, given.hint)
            return _revoked(given, "token", ended, RESPONDER + given.responder)
        return _made(given, RESPONDER + given.responder, "token", desk.make_token(given.responder))


@contextmanager
def _desk(given: argparse.Namespace) -> Iterator[SettingsOnCallDesk]:
    settings = read_settings(given.config, given.db)
    with open_store(given.db) as store:
        url = public_url(settings, store)
        yield SettingsOnCallDesk(settings, store, SystemClock(), url)


def _made(given: argparse.Namespace, subject: str, what: str, secret: str) -> int:
    if given.json:
        say_json({"subject": subject, what: secret})
    else:
        say(f"{secret}\n\nThis is shown once. Whoever knows it can use it.\n")
    return 0


def _revoked(given: argparse.Namespace, what: str, ended: int, subject: str) -> int:
    if not ended:
        which = f" that ends with {plain(given.hint)}" if given.hint else "; say which with --hint"
        raise TocsinError(f"{what}-unknown", f"there is no {what} for {plain(subject)}{which}")
    if given.json:
        say_json({"subject": subject, "revoked": given.hint})
    else:
        say(f"revoked: {masked(given.hint)} opens nothing any more\n")
    return 0


def _list(given: argparse.Namespace, found: list[TokenView], whose: str) -> int:
    if given.json:
        say_json(
            [
                {"subject": each.subject, "hint": each.hint, "made_at": format_instant(each.made_at), "by": each.by}
                for each in found
            ]
        )
    elif not found:
        say("no addresses yet; `tocsin feed make --schedule NAME` or `--responder NAME` makes one\n")
    else:
        rows = [
            (plain(each.subject.replace(":", " ", 1)), masked(each.hint), format_instant(each.made_at), plain(each.by))
            for each in found
        ]
        for line in table((whose, "SECRET", "MADE", "BY"), rows):
            say(line)
    return 0
