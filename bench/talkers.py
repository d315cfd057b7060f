"""People who talk to the bot: the strict fake of Slack in a process of its own, which times both ends, over HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from bench.organisation import MEMBERS, TEAMS, team
from bench.slack import ROOT, Clicker
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.fake_slack.limits import Limits
from tocsin.testing.fake_slack.records import User

COMMANDS: Final = ("status", "open")
ASKERS: Final = 4
PAUSE_SECONDS: Final = 0.25  # Of each asker: some fifteen commands a second, beside the buttons.
SWITCH_SECONDS: Final = 0.0002  # Between the threads of this process: what it sees is not to be seen late.
PATIENCE_SECONDS: Final = 5.0
END_SECONDS: Final = 60


class Hello(msgspec.Struct, frozen=True):
    """What the process says first."""

    url: str
    bot_token: str
    signing_secret: str
    people: list[str]
    rooms: list[str]


class Asked(msgspec.Struct, frozen=True):
    """A command: said, and its answer seen (None: never), on the monotonic clock that all processes share."""

    text: str
    said: float
    seen: float | None


class Report(msgspec.Struct, frozen=True):
    """What happened. *clicks*: pressed, and its change (None: never)."""

    asked: list[Asked]
    clicks: list[tuple[float, float | None]]
    refused: list[str]


class Talkers:
    """The other process, seen from here; it runs within `with`."""

    def __init__(self, folder: Path) -> None:
        """Start it, and wait until it listens."""
        self._report = folder / "talkers.json"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.talkers", self._report],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError("the fake Slack did not start")
        self.hello = msgspec.json.decode(said, type=Hello)

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

    def begin(self, url: str) -> None:
        """Talk to the server at *url* from now on."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{url}\n")
        self._process.stdin.flush()

    def report(self) -> Report:
        """End it; what happened."""
        self._process.communicate("end\n", timeout=END_SECONDS)
        return msgspec.json.decode(self._report.read_bytes(), type=Report)


class _Asker(threading.Thread):
    """Says one command after the other, each time another person in another room."""

    def __init__(self, slack: FakeSlack, people: Sequence[User], first: int) -> None:
        """*first*: the number of its first command; each asker has numbers of its own."""
        super().__init__(name=f"asker-{first}", daemon=True)
        self._slack = slack
        self._people = people
        self._first = first
        self._ended = threading.Event()
        self.asked: list[Asked] = []

    def run(self) -> None:
        rounds = 0
        while not self._ended.wait(PAUSE_SECONDS):
            turn = rounds * ASKERS + self._first
            person = self._people[turn * MEMBERS % len(self._people)]
            self._ask(COMMANDS[(rounds + self._first) % len(COMMANDS)], person, team(turn))
            rounds += 1

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _ask(self, text: str, person: User, room: str) -> None:
        channel = self._slack.channel(room)
        said = time.monotonic()

        def seen() -> list[float]:
            mine = (each for each in self._slack.ephemerals(channel) if each.ephemeral_to == person.id)
            return [each.posted_at for each in mine if each.posted_at >= said]

        self._slack.slash("/tocsin", text, person, channel)
        found: list[float] = []
        with suppress(TimeoutError):
            found = self._slack.wait_for(seen, PATIENCE_SECONDS)
        self.asked.append(Asked(text, said, found[0] if found else None))


def _serve(report: Path, said: IO[str], heard: IO[str]) -> None:
    """Be Slack until a second line is heard; the first one says where the server is."""
    with FakeSlack(limits=Limits(workspace_rate=False, tiers=False)) as slack:
        people = [slack.add_user(f"person-{number}") for number in range(TEAMS * MEMBERS)]
        rooms = [
            slack.add_channel(team(number), people[number * MEMBERS : (number + 1) * MEMBERS])
            for number in range(TEAMS)
        ]
        hello = Hello(
            url=slack.base_url,
            bot_token=slack.bot_token,
            signing_secret=slack.signing_secret,
            people=[user.id for user in people],
            rooms=[room.id for room in rooms],
        )
        said.write(msgspec.json.encode(hello).decode() + "\n")
        said.flush()
        base = f"{heard.readline().strip()}/slack/"
        slack.deliver_to(base + "interactions", commands=base + "commands", events=base + "events")
        sys.setswitchinterval(SWITCH_SECONDS)
        clicker, askers = Clicker(slack), [_Asker(slack, people, first) for first in range(ASKERS)]
        clicker.start()
        for asker in askers:
            asker.start()
        heard.readline()
        for asker in askers:
            asker.end()
        clicker.end()
        time.sleep(1)  # The last button must have had its time.
        report.write_bytes(msgspec.json.encode(_report(slack, clicker, askers)))


def _report(slack: FakeSlack, clicker: Clicker, askers: Sequence[_Asker]) -> Report:
    updates: dict[str, list[float]] = {}
    for call in slack.calls:
        if call.method == "chat.update" and call.error is None:
            updates.setdefault(call.payload["ts"], []).append(call.at)
    return Report(
        asked=[each for asker in askers for each in asker.asked],
        clicks=[
            (pressed, next((at for at in updates.get(message.ts, ()) if at >= pressed), None))
            for pressed, message in clicker.clicks
        ],
        refused=[refusal.error for refusal in slack.errors],
    )


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.stdout, sys.stdin)
