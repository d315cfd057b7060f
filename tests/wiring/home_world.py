"""A desk with a home tab on a store in memory: two people, a schedule, and incidents of the real machine."""

from __future__ import annotations

from typing import Any, cast

from tests.slack.slack_examples import incident
from tocsin.conversing.replies import Home, Reply
from tocsin.conversing.wishes import Filled, Opened, Place, Pressed, Speaker
from tocsin.engine.ports import Commit
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.message import Item, Paragraph, Part
from tocsin.saying.text import Moment, pieces
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.home import HomeTab, home_handlers
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.personal import PersonalBook
from tocsin.wiring.settings_file import parse

NOW: Instant = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC, a Wednesday.
URL = "https://tocsin.example"
FILE = """
responders:
  ada:
    name: Ada Lovelace
    slack: U0000ADA
    phone: "+15555550100"
    time_zone: Europe/Berlin
    notify: [slack, {by: sms, after: 5m}]
    quiet_hours: "22:00-06:00"
  bo: {name: Bo, slack: U00000BO}
teams:
  ops: {members: [ada, bo], policy: ladder}
  web: {members: [ada]}
  db: {members: [bo]}
schedules:
  primary: {layers: [{responders: [ada, bo], start: "2026-11-16 09:00", rotate: weekly}]}
policies:
  ladder: {steps: [{ask: "schedule:primary"}]}
slack: {bot_token: test-token, signing_secret: test-secret}
sns: {}
"""
SETTINGS = parse(FILE.encode(), {}).settings
MACHINE = IncidentMachine()
EVERYWHERE = Place(channel="")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Instant = NOW

    def __call__(self) -> Instant:
        return self.now


class HomeWorld:
    """A concierge that knows the home tab only."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.personal = PersonalBook(lambda: SETTINGS, self.store, self.clock)
        nothing = cast("Any", None)
        self.desk = Desk(
            settings=lambda: SETTINGS,
            store=cast("Any", self.store),
            clock=self.clock,
            url=URL,
            do=lambda _: (),
            oncall=SettingsOnCallDesk(SETTINGS, self.store, self.clock, URL),
            keys=nothing,
            figures=nothing,
            noise=nothing,
        )
        home = home_handlers(HomeTab(self.desk, self.personal))
        self.concierge = HouseConcierge(
            Handlers(said=lambda _: plain_answer("?"), pressed=home.pressed, filled=home.filled, opened=home.opened)
        )

    def keep(self, name: str, state: Incident | None = None) -> None:
        """An incident that is open."""
        self.store.commit([commit(name, state or incident())])

    def open(self, who: str = "ada") -> Home:
        found = self.concierge.answer(Opened(by=speaker(who), at=self.clock.now))
        assert isinstance(found, Home), found
        return found

    def press(self, verb: str, who: str = "ada") -> Reply:
        return self.concierge.answer(Pressed(by=speaker(who), place=EVERYWHERE, verb=verb, value={}, at=self.clock.now))

    def fill(self, form: str, values: dict[str, Any], who: str = "ada") -> Reply:
        facts: dict[str, Json] = {}
        return self.concierge.answer(
            Filled(by=speaker(who), place=EVERYWHERE, form=form, values=values, facts=facts, at=self.clock.now)
        )


def commit(name: str, state: Incident) -> Commit:
    return Commit(
        aggregate=name,
        machine=MACHINE.name,
        expected=0,
        state=MACHINE.encode(state),
        wake_at=state.next_at,
        live=state.live,
        owes=False,
        rank=state.opened_at,
    )


def speaker(who: str) -> Speaker:
    return Speaker(chat="slack", user=f"U0000{who.upper()}", responder=who)


def read(part: Part) -> str:
    """The words of a part, as somebody reads them."""
    text = part.text if isinstance(part, Item | Paragraph) else getattr(part, "text", "")
    return "".join(f"<{piece.at}>" if isinstance(piece, Moment) else piece.text for piece in pieces(text))
