"""Slack for the benchmark: the strict fake, in a process of its own so that it takes no time from what is measured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from bench.organisation import MEMBERS, TEAMS, team
from tocsin.slack.drawing import ACTION
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.fake_slack.limits import Limits
from tocsin.testing.fake_slack.records import Call, Message, User

ROOT: Final = Path(__file__).parents[1]
CLICK: Final = ACTION + "acknowledge"
CLICK_AFTER_SECONDS: Final = 1.5  # A person needs a moment to read a page.
CLICK_EVERY: Final = 2  # Every second page is answered.
LOOK_SECONDS: Final = 0.05
END_SECONDS: Final = 60

_NUMBERED: Final = re.compile(r"new-(\d+)")


class Setting(msgspec.Struct, frozen=True):
    """What the process is told at its start. *limited*: all of Slack's limits hold, else only that of a channel."""

    limited: bool
    clicks: bool
    told: bool = False
    """Whether the report holds all messages and all calls."""


class Hello(msgspec.Struct, frozen=True):
    """What it answers."""

    url: str
    bot_token: str
    app_token: str
    people: list[str]
    rooms: list[str]


class Click(msgspec.Struct, frozen=True):
    """A button: pressed, and its message changed (None: never), on the monotonic clock that all processes share."""

    pressed: float
    changed: float | None


class Told(msgspec.Struct, frozen=True):
    """A message in its last state: its channel, the texts that it shows, and when it was posted and last changed."""

    channel: str
    texts: list[str]
    posted: float
    changed: float


class Report(msgspec.Struct, frozen=True):
    """What happened. Times in seconds: *pages* (by the number in the alert's name) monotonic, *posts* since 1970."""

    pages: dict[int, float]
    posts: list[float]
    clicks: list[Click]
    limited: int
    refused: list[str]
    told: list[Told] = []
    calls: dict[str, int] = {}
    """By method."""
    put_off: dict[str, int] = {}
    """How often Slack said "too many", by method."""
    changes: list[float] = []
    """When each message was changed."""


class SlackProcess:
    """The other process, seen from here; it runs within `with`."""

    def __init__(self, folder: Path, *, limited: bool, clicks: bool = False, told: bool = False) -> None:
        """Start it, and wait until it listens."""
        self._report = folder / "slack.json"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bench.slack",
                self._report,
                msgspec.json.encode(Setting(limited, clicks, told)).decode(),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError("the fake Slack did not start")
        hello = msgspec.json.decode(said, type=Hello)
        self.people: Sequence[str] = hello.people
        self.rooms: Sequence[str] = hello.rooms
        self.environ = {
            "TOCSIN_SLACK_API": hello.url,
            "BENCH_BOT_TOKEN": hello.bot_token,
            "BENCH_APP_TOKEN": hello.app_token,
        }

    def __enter__(self) -> Self:
        """It listens already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing of it stays."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def report(self) -> Report:
        """End it; what happened."""
        self._process.communicate("end\n", timeout=END_SECONDS)
        return msgspec.json.decode(self._report.read_bytes(), type=Report)


class Clicker(threading.Thread):
    """Reads pages as people do: every second one is acknowledged a moment after it came."""

    def __init__(self, slack: FakeSlack) -> None:
        """Not yet."""
        super().__init__(name="clicker", daemon=True)
        self._slack = slack
        self._ended = threading.Event()
        self.clicks: list[tuple[float, Message]] = []

    def run(self) -> None:
        """Until `end`."""
        seen = 0
        pages = 0
        waiting: list[tuple[float, Message]] = []
        people = {self._slack.direct_channel(user).id: user for user in self._people()}
        while not self._ended.wait(LOOK_SECONDS):
            calls = self._slack.calls
            for call in calls[seen:]:
                if _is_page(call) and _NUMBERED.search(call.payload["text"]):
                    pages += 1
                    if pages % CLICK_EVERY == 0:
                        waiting += [(call.at, message) for message in self._posted(call)]
            seen = len(calls)
            now = time.monotonic()
            due = [message for at, message in waiting if at + CLICK_AFTER_SECONDS <= now]
            waiting = [(at, message) for at, message in waiting if at + CLICK_AFTER_SECONDS > now]
            for message in due:
                pressed = time.monotonic()
                with suppress(ValueError):  # The incident has ended meanwhile: no button, no click.
                    self._slack.click(self._slack.message(message), CLICK, people[message.channel])
                    self.clicks.append((pressed, message))

    def end(self) -> None:
        """Press no more."""
        self._ended.set()
        self.join()

    def _people(self) -> list[User]:
        return [self._slack.user(name) for name in _people(self._slack)]

    def _posted(self, call: Call) -> list[Message]:
        """The message that a call has made."""
        channel = call.payload["channel"]
        return [message for message in self._slack.messages(channel) if message.posted_at >= call.at][:1]


def _people(slack: FakeSlack) -> list[str]:
    return [
        member for number in range(TEAMS) for member in slack.channel(team(number)).members if member != slack.bot.id
    ]


def _is_page(call: Call) -> bool:
    return call.method == "chat.postMessage" and call.error is None and call.payload["channel"].startswith("D")


def _report(slack: FakeSlack, clicked: Sequence[tuple[float, Message]], *, told: bool) -> Report:
    calls = slack.calls
    to_wall = time.time() - time.monotonic()
    pages: dict[int, float] = {}
    for call in filter(_is_page, calls):
        # A bundle's text names the first three incidents only; its blocks name more.
        for found in _NUMBERED.findall(json.dumps(call.payload)):
            pages.setdefault(int(found), call.at)
    updates: dict[str, list[float]] = {}
    for call in calls:
        if call.method == "chat.update" and call.error is None:
            updates.setdefault(call.payload["ts"], []).append(call.at)
    clicks = [
        Click(pressed, next((at for at in updates.get(message.ts, ()) if at >= pressed), None))
        for pressed, message in clicked
    ]
    errors = [refusal.error for refusal in slack.errors]
    return Report(
        pages=pages,
        posts=[call.at + to_wall for call in calls if _is_page(call)],
        clicks=clicks,
        limited=errors.count("ratelimited"),
        refused=[error for error in errors if error != "ratelimited"],
        told=[_told(message) for message in slack.messages()] if told else [],
        calls=Counter(call.method for call in calls if call.error is None),
        put_off=Counter(refusal.method for refusal in slack.errors if refusal.error == "ratelimited"),
        changes=[call.at for call in calls if call.method == "chat.update" and call.error is None],
    )


def _told(message: Message) -> Told:
    """A message in words: its preview, and each of its blocks as JSON."""
    texts = [message.text, *(json.dumps(block) for block in message.layout)]
    return Told(message.channel, texts, message.posted_at, message.updated_at)


def _serve(report: Path, setting: Setting, said: IO[str], heard: IO[str]) -> None:
    """Be Slack until a line is heard."""
    limits = Limits() if setting.limited else Limits(workspace_rate=False, tiers=False)
    with FakeSlack(limits=limits) as slack:
        people = [slack.add_user(f"person-{number}") for number in range(TEAMS * MEMBERS)]
        rooms = [
            slack.add_channel(team(number), people[number * MEMBERS : (number + 1) * MEMBERS])
            for number in range(TEAMS)
        ]
        hello = Hello(
            url=slack.base_url,
            bot_token=slack.bot_token,
            app_token=slack.app_token,
            people=[user.id for user in people],
            rooms=[room.id for room in rooms],
        )
        said.write(msgspec.json.encode(hello).decode() + "\n")
        said.flush()
        clicker = Clicker(slack)
        if setting.clicks:
            clicker.start()
        heard.readline()
        if setting.clicks:
            clicker.end()
            time.sleep(CLICK_AFTER_SECONDS)  # The last of them must have had its time.
        report.write_bytes(msgspec.json.encode(_report(slack, clicker.clicks, told=setting.told)))


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Setting), sys.stdout, sys.stdin)
