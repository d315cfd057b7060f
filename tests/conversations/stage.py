"""A Slack workspace with the real server in it, and what everybody sees there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

from msgspec.structs import replace

from tests.conversations.clockwork import Clockwork, changes, framed
from tests.conversations.drawn import message_lines, view_lines
from tests.wiring.serving import serving
from tocsin.demo.clock import StoryClock
from tocsin.kernel.time import SECOND, Instant, parse_instant
from tocsin.slack.api import Api
from tocsin.slack.presence import SlackPresence
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User, Usergroup, View
from tocsin.wiring.outside import Outside

BEGIN: Instant = parse_instant("2026-11-18T10:00Z") or 0  # A Wednesday.

CONFIG = """
responders: PEOPLE
teams: {default: {members: [MEMBERS], slack: ROOM, policy: ladder}}
policies: {ladder: {steps: [{ask: FIRST, wait: 5m}, {ask: team, wait: 5m}]}}
"""


class Stage(Clockwork):
    """One conversation. Made by `stage`."""

    def __init__(self, slack: FakeSlack, clock: StoryClock, previews: bool) -> None:
        super().__init__(clock)
        self.slack = slack
        self.previews = previews
        self.people: dict[str, User] = {}
        self.rooms: dict[str, Channel] = {}
        self.groups: dict[str, Usergroup] = {}
        self.history: list[Message] = []
        self._messages: dict[tuple[str, str], tuple[Message, list[str]]] = {}
        self._shown: dict[str, str] = {}  # What user groups and topics say, each by what it is called.
        self._views: dict[str, tuple[View, list[str]]] = {}

    # ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def name(self, slack_id: str) -> str:
        """What an id is called."""
        if slack_id == self.slack.bot.id:
            return "tocsin"
        known = {user.id: name for name, user in self.people.items()}
        known |= {room.id: name for name, room in self.rooms.items()}
        return known.get(slack_id, slack_id)

    def channel(self, place: str) -> Channel:
        """`#ops`, or `@ada`: her direct message with the bot."""
        if place.startswith("@"):
            return self.slack.direct_channel(self.people[place[1:]])
        return self.rooms[place[1:]]

    def place(self, channel: str) -> str:
        """The other way round."""
        found = self.slack.channel(channel)
        if found.direct:
            return "@" + next(self.name(member) for member in found.members if member != self.slack.bot.id)
        return "#" + self.name(channel)

    # ── What is new ──────────────────────────────────────────────────────────────────────────────────────────────────
    def news(self) -> list[str]:
        """What has changed on anybody's screen since the last time."""
        told, self.told = self.told, []
        return [*told, *self._new_messages(), *self._new_views(), *self._new_elsewhere()]

    def _new_elsewhere(self) -> Iterator[str]:
        """User groups and topics."""
        shown = {f"topic of #{name}": self.slack.channel(room).topic for name, room in self.rooms.items()}
        for name, group in self.groups.items():
            found = self.slack.usergroup(group)
            members = ", ".join(self.name(user) for user in found.users)
            shown[f"@{name}"] = f"{members} (disabled)" if found.disabled else members
        for name, text in shown.items():
            if text != self._shown.get(name, ""):
                self._shown[name] = text
                yield f"{name}: {text}"

    def _new_messages(self) -> Iterator[str]:
        for message in sorted((*self.slack.messages(deleted=True), *self.slack.ephemerals()), key=self._order):
            key = (message.channel, message.ts)
            known, lines = self._messages.get(key, (None, []))
            if message == known or (message.deleted and known is None):
                continue
            now = [] if message.deleted else self._lines(message)
            self._messages[key] = (message, now)
            self.history.append(message)
            where = self._where(message)
            if message.deleted:
                yield f"{where} deleted: {lines[0] if lines else ''}"
            elif known is None:
                yield from framed(where, now)
            elif now != lines:
                yield from framed(f"{where} changed", ["", *changes(lines, now)])

    def _order(self, message: Message) -> tuple[str, str, float]:
        place = self.place(message.channel)
        return (place, message.ephemeral_to or "", float(message.ts))

    def _where(self, message: Message) -> str:
        who = "" if message.user == self.slack.bot.id else f", {self.name(message.user)} says"
        place = self.place(message.channel) + (", thread" if message.thread_ts else "")
        only = f"only {self.name(message.ephemeral_to)} in " if message.ephemeral_to else ""
        return f"{only}{place}{who}"

    def _lines(self, message: Message) -> list[str]:
        lines = message_lines(message, self.name)
        if self.previews and message.blocks:
            lines = [*message_lines(replace(message, blocks=(), attachments=()), self.name), "....", *lines]
        return self.stable(lines)

    def _new_views(self) -> Iterator[str]:
        shown = {view.id: view for view in self.slack.views()}
        for name in [name for name in self._views if name not in shown]:
            view, _ = self._views.pop(name)
            yield f"{self._whose(view)} closed"
        for name, view in shown.items():
            known, lines = self._views.get(name, (None, []))
            if known == view:
                continue
            now = self.stable(view_lines(view, self.name))
            self._views[name] = (view, now)
            if known is None:
                yield from framed(self._whose(view), now)
            elif lines != now:
                yield from framed(f"{self._whose(view)} changed", ["", *changes(lines, now)])

    def _whose(self, view: View) -> str:
        return f"{'home' if view.type == 'home' else 'modal'} of {self.name(view.user)}"

    def look_who_is_there(self) -> None:
        """One round of it, without pauses."""
        assert self.runtime
        seer: SlackPresence = getattr(self.runtime._chats[0].presence, "__self__")  # noqa: B009 - a callable to its type.
        seer.close()
        seer._pause = 0

        async def look() -> None:
            api = Api(self.slack.bot_token, base_url=self.slack.base_url, timeout=10 * SECOND)
            try:
                await seer.look(api)
            finally:
                await api.close()

        seer._loop.run(look())


@contextlib.contextmanager
def stage(folder: Path, header: Mapping[str, str]) -> Iterator[Stage]:
    """A stage as a scenario's *header* wants it (see `player`)."""
    clock = StoryClock(BEGIN)
    with FakeSlack(clock=clock.seconds, wall_clock=clock.seconds) as slack:
        made = Stage(slack, clock, previews="previews" in header)
        for word in (header.get("people") or "ada, bo").split(","):
            name, _, zone = word.strip().partition(" ")
            made.people[name] = slack.add_user(name, tz=zone or "UTC")
        for word in (header.get("rooms") or "ops").split(","):
            name, *members = word.split()
            inside = [made.people[member] for member in members or made.people]
            made.rooms[name] = slack.add_channel(
                name, inside, with_bot="bot" not in header or name not in header["bot"]
            )
        for word in filter(None, (header.get("groups") or "").split(",")):
            name, *members = word.split()
            made.groups[name] = slack.add_usergroup(name, [made.people[member] for member in members])
        http = "http" in header
        outside = Outside(clock=clock, slack_api=slack.base_url)
        with (
            serving(folder / "tocsin.db", _config(made, header, http=http), outside) as (runtime, ready),
            patch.object(runtime._engine, "step", wraps=runtime._engine.step) as made.step,
        ):
            made.runtime = runtime
            if http:
                slack.deliver_to(f"{ready.url}/slack/interactions")
            else:
                slack.wait_for(lambda: slack.sockets, 30)
            made.take_rounds()
            made.settle()
            made.news()
            yield made
        slack.assert_clean(allow=(header.get("allow") or "").split())


def _config(made: Stage, header: Mapping[str, str], *, http: bool) -> str:
    text = header.get("config") or CONFIG
    people = ", ".join(f"{name}: {{slack: {user.id}}}" for name, user in made.people.items())
    values = {
        "PEOPLE": f"{{{people}}}",
        "MEMBERS": ", ".join(made.people),
        "FIRST": next(iter(made.people)),
        "ROOM": next(iter(made.rooms.values())).id,
        **{f"#{name}": f'"{room.id}"' for name, room in made.rooms.items()},
        "NAME": f'"#{next(iter(made.rooms))}"',
        **{f"@{name}": f'"{user.id}"' for name, user in made.people.items()},
    }
    for name, value in values.items():
        text = text.replace(name, value)
    slack = made.slack
    credential = f'signing_secret: "{slack.signing_secret}"' if http else f'app_token: "{slack.app_token}"'
    return f'{text}\nslack: {{bot_token: "{slack.bot_token}", {credential}}}\n'
