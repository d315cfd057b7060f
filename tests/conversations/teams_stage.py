"""A tenant of Microsoft Teams with the real server in it: what people do there, and what everybody sees."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.conversations import steps
from tests.conversations.clockwork import Clockwork, changes, framed
from tests.conversations.stage import BEGIN
from tests.conversations.teams_drawn import card_lines, message_lines
from tests.teams.teams_world import cloud
from tests.wiring.serving import serving
from tocsin.demo.clock import StoryClock
from tocsin.testing.fake_teams import FakeTeams, Message, Person
from tocsin.testing.fake_teams.records import Heard, actions
from tocsin.wiring.outside import Outside

CONFIG = """
responders: PEOPLE
teams: {ops: {members: [MEMBERS], teams_channel: ROOM, policy: ladder}}
policies: {ladder: {steps: [{ask: FIRST, wait: 5m}, {ask: team, wait: 5m}]}}
"""


class TeamsStage(Clockwork):
    """One conversation. Made by `stage`."""

    def __init__(self, teams: FakeTeams, clock: StoryClock) -> None:
        super().__init__(clock)
        self.teams = teams
        self.people: dict[str, Person] = {}
        self.rooms: dict[str, str] = {}
        self.dialogs: dict[str, tuple[str, dict[str, Any]]] = {}  # By who has it: where it was opened, and its card.
        self._known: dict[tuple[str, str], tuple[dict[str, Any], list[str]]] = {}

    # ── What is new ──────────────────────────────────────────────────────────────────────────────────────────────────
    def news(self) -> list[str]:
        """What has changed on anybody's screen since the last time."""
        told, self.told = self.told, []
        return [*told, *self._new_messages()]

    def _new_messages(self) -> Iterator[str]:
        for place in (*(f"#{name}" for name in self.rooms), *(f"@{name}" for name in self.people)):
            for message in self.teams.messages(self.where(place)):
                key = message.conversation, message.id
                activity, lines = self._known.get(key, (None, []))
                if activity is message.activity:
                    continue
                now = self.stable(message_lines(message.activity))
                self._known[key] = message.activity, now
                where = f"{place}, thread" if _is_in_thread(message) else place
                if activity is None:
                    yield from framed(where, now)
                elif now != lines:
                    yield from framed(f"{where} changed", ["", *changes(lines, now)])

    # ── What people do ───────────────────────────────────────────────────────────────────────────────────────────────
    def where(self, place: str) -> str | Person:
        """`#ops`, or `@ada`: her chat with the bot."""
        return self.people[place[1:]] if place.startswith("@") else self.rooms[place[1:]]

    def found(self, place: str, label: str, about: str) -> Message:
        """The newest message in *place* that has the button *label* and says *about*."""
        messages = self.teams.messages(self.where(place))
        seen = [message for message in messages if about in "\n".join(message_lines(message.activity))]
        titles = [title for message in seen for title in message.titles]
        assert label in titles, f"there is no {label!r} in {place}; there are {titles}"
        return next(message for message in reversed(seen) if label in message.titles)

    def heard(self, who: str, place: str, heard: Heard) -> None:
        """What the bot has answered at once is shown to who has pressed."""
        assert heard.status == 200, heard.text
        document = heard.document if isinstance(heard.document, dict) else {}
        task = document.get("task") or {}
        if task.get("type") == "continue":
            told = task["value"]
            card = told["card"]["content"]
            self.dialogs[who] = place, card
            self.told += framed(f"dialog of {who}", self.stable([f"{told['title']}:", *card_lines(card)]))
            return
        if self.dialogs.pop(who, None):
            self.told.append(f"dialog of {who} closed")
        if heard.told:
            self.told += framed(f"only {who} in {place}", self.stable(heard.told.splitlines()))


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def perform(made: TeamsStage, words: str) -> None:
    """Do what *words* say. Raises AssertionError when nobody could do it."""
    for pattern, step in STEPS.items():
        if found := re.fullmatch(pattern, words):
            step(made, **found.groupdict())
            return
    raise AssertionError(f"nobody knows how to: {words}")


def says(made: TeamsStage, who: str, text: str, thread: str | None, place: str) -> None:
    """Words in the chat with the bot, or in a channel where it is mentioned."""
    where = made.where(place)
    if isinstance(where, Person):
        made.heard(who, place, made.teams.say(where, text))
        return
    below = [each.conversation for each in made.teams.messages(where) if not _is_in_thread(each)]
    words = text.removeprefix("@tocsin").strip()
    made.heard(who, place, made.teams.say(made.people[who], words, below[-1] if thread else where))


def presses(made: TeamsStage, *, who: str, old: str | None, label: str, place: str, about: str | None) -> None:
    """A button of the newest message in a place that has it; *old*: as a former state of it was drawn."""
    person = made.people[who]
    if not old:
        message = made.found(place, label, about or "")
        made.heard(who, place, made.teams.press(person, message, label))
        return
    former = [
        Message(id=each.id, conversation=each.conversation, activity=before, history=[])
        for each in made.teams.messages(made.where(place))
        for before in each.history
    ]
    message = next(each for each in reversed(former) if label in each.titles)
    made.heard(who, place, made.teams.press(person, message, label))


def sends(made: TeamsStage, who: str, values: str | None) -> None:
    """Fills in the dialog, `Label: value; Label: value`, and sends it."""
    place, card = made.dialogs[who]
    inputs = {each["label"]: each["id"] for each in card["body"] if each["type"].startswith("Input.")}
    filled: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in (values or "").split(";"))):
        label, _, text = part.partition(":")
        assert label in inputs, f"no field {label!r}, there are {list(inputs)}"
        filled[inputs[label]] = text.strip()
    [action] = actions(card)
    where = made.where(place)
    there = "" if isinstance(where, Person) else where
    made.heard(who, place, made.teams.submit(made.people[who], there, action["data"] | filled))


def adds(made: TeamsStage, who: str, place: str) -> None:
    """Somebody adds the app to a team, or to their own chats."""
    where = made.where(place)
    made.heard(who, place, made.teams.add_bot(made.people[who], "" if isinstance(where, Person) else where))


def removes(made: TeamsStage, who: str) -> None:
    """Somebody blocks the app."""
    made.teams.remove(made.people[who].aad)


def teams_is(made: TeamsStage, state: str) -> None:
    if state == "up":
        made.teams.come_back()
    else:
        made.teams.go_down()


_WHO = r"(?P<who>\w+)"
_PLACE = r"(?P<place>[#@]\w+)"

STEPS: dict[str, Callable[..., None]] = {
    r'alert(?: (?P<severity>critical|high|warning|info))? "(?P<title>.*?)"(?: (?P<more>\{.*\}))?': steps.alert,
    r'ok "(?P<title>.*)"': steps.over,
    rf'{_WHO} says "(?P<text>.*)" in (?P<thread>the thread of )?{_PLACE}': says,
    rf'{_WHO} presses (?P<old>the old )?(?P<label>.+?) in {_PLACE}(?: about "(?P<about>[^"]*)")?': presses,
    rf"{_WHO} sends(?: (?P<values>.+))?": sends,
    rf"{_WHO} adds tocsin to {_PLACE}": adds,
    rf"{_WHO} removes tocsin": removes,
    r"teams is (?P<state>up|down)": teams_is,
    r"wait": steps.nothing,
}


# ── Setting up ───────────────────────────────────────────────────────────────────────────────────────────────────────
@contextlib.contextmanager
def stage(folder: Path, header: Mapping[str, str]) -> Iterator[TeamsStage]:
    """A stage as a scenario's *header* wants it (see `player`)."""
    clock = StoryClock(BEGIN)
    with FakeTeams(clock.seconds) as teams:
        made = TeamsStage(teams, clock)
        for word in (header.get("people") or "ada, bo").split(","):
            name, _, zone = word.strip().partition(" ")
            made.people[name] = teams.add_person(name, zone=zone or "UTC")
        for name in (header.get("rooms") or "ops").split(","):
            made.rooms[name.strip()] = teams.add_channel(name.strip())
        outside = Outside(clock=clock, cloud=cloud(teams))
        with (
            serving(folder / "tocsin.db", _config(made, header), outside) as (runtime, ready),
            patch.object(runtime._engine, "step", wraps=runtime._engine.step) as made.step,
        ):
            made.runtime = runtime
            teams.deliver_to(f"{ready.url}/teams/messages")
            made.take_rounds()
            made.settle()
            made.news()
            yield made
        teams.assert_clean()


def _config(made: TeamsStage, header: Mapping[str, str]) -> str:
    text = header.get("config") or CONFIG
    people = (f"{name}: {{name: {name.capitalize()}, teams: '{each.aad}'}}" for name, each in made.people.items())
    values = {
        "PEOPLE": f"{{{', '.join(people)}}}",
        "MEMBERS": ", ".join(made.people),
        "FIRST": next(iter(made.people)),
        "ROOM": f'"{next(iter(made.rooms.values()))}"',
        **{f"#{name}": f'"{room}"' for name, room in made.rooms.items()},
    }
    for name, value in values.items():
        text = text.replace(name, value)
    teams = made.teams
    keys = f"{{app_id: {teams.app_id}, app_password: {teams.password}, tenant: {teams.tenant}}}"
    return f"{text}\nmicrosoft_teams: {keys}\n"


def _is_in_thread(message: Message) -> bool:
    """Whether *message* is below another one of its channel."""
    _, _, root = message.conversation.partition(";messageid=")
    return bool(root) and root != message.id
