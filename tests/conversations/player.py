"""Scenario files for whole conversations: who did what, and what everybody sees.

    # Acknowledged in a direct message, and the room sees who has it.
    people: ada Europe/Berlin, bo
    rooms: ops

    00:00 alert critical "disk full on db-1"
        #ops | 🔴 Critical · disk full on db-1
          | [Acknowledge] [Resolve] ...
        @ada | ...
    00:01 ada presses Acknowledge in @ada
        #ops changed | - Nobody has acknowledged it yet.
          | + Ada has acknowledged it.
    00:02 bo says "/tocsin oncall" in #ops
        only bo in #ops | ...

Lines with a time (HH:MM or HH:MM:SS since the beginning, Wednesday 2026-11-18 10:00 UTC) are written by people.
The lines below each, four blanks in, are what is new on anybody's screen after it; `play` writes them (UPDATE=1 puts
them into the file), and a scenario holds when that changes nothing. So a message that nobody has written down fails,
as one that is missing does. Time passes by itself: what comes between two lines stands there with its time and
`... time passes`. The server, its store and its clock are real but for the hands of the clock; Slack is the strict
fake, and a refusal of it at the end fails too. All that people need to know of a message is drawn: `[Button]`,
`[Menu v: one | two]`, `[Sure?]`, `[Leads elsewhere↗]`, `== Header ==`, `~ context`, `(image: alternative text)`,
`link↗`; the fallback text only where there is nothing else, or with `previews:` in the header (before `....`).

The header, all of it optional, and its defaults:

    chat: slack                or teams: Microsoft Teams, whose fake is as strict; `dialog` is its modal, and there is
                               no `bot:`, `groups:`, `http:`, `previews:` or `allow:`
    people: ada, bo            each with an IANA zone behind the name
    rooms: ops ada bo          the members behind the name; all, if none
    groups: oncall ada         user groups, the members behind the name
    bot: not in ops            rooms that the bot is not in
    http:                      over HTTP; otherwise Socket Mode
    previews:                  show the fallback texts, too
    allow: ratelimited         refusals of Slack that are meant
    config:                    the configuration without `slack:`, in the lines below, four blanks in;
                               PEOPLE, MEMBERS, FIRST, ROOM, #ops and @ada stand for ids,
                               NAME for the first room by its name

What can happen: see `steps.STEPS`, and `teams_stage.STEPS`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from tests.conversations import teams_stage
from tests.conversations.clockwork import Clockwork
from tests.conversations.payloads import Payload, sent
from tests.conversations.stage import BEGIN, stage
from tests.conversations.steps import perform
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Duration, Instant

_STEP = re.compile(r"(\d\d):(\d\d)(?::(\d\d))? (.*)")
_HEADER = re.compile(r"([a-z]+):\s*(.*)")
_PASSES = "... time passes"


def play(told: str, folder: Path) -> tuple[str, Mapping[str, Payload]]:
    """The scenario *told*, with what really happened, and what was sent to Slack. *folder* is for the database.

    Raises AssertionError.
    """
    lines = told.splitlines()
    begin = next((number for number, line in enumerate(lines) if _STEP.match(line)), len(lines))
    header = _header(lines[:begin])
    payloads: Mapping[str, Payload] = {}
    if header.get("chat") == "teams":
        with teams_stage.stage(folder, header) as tenant:
            played = list(_played(tenant, partial(teams_stage.perform, tenant), lines[begin:]))
    else:
        with stage(folder, header) as made:
            played = list(_played(made, partial(perform, made), lines[begin:]))
            payloads = sent(made.slack)
    return "\n".join([*lines[:begin], *played]) + "\n", payloads


def _header(lines: list[str]) -> dict[str, str]:
    header: dict[str, str] = {}
    name = ""
    for line in lines:
        if line.startswith("    ") and name:
            header[name] += f"\n{line[4:]}"
        elif found := _HEADER.match(line):
            name = found[1]
            header[name] = found[2].strip()
    return {name: textwrap.dedent(value) for name, value in header.items()}


def _played(made: Clockwork, do: Callable[[str], None], lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = _STEP.match(line)
        if found is None:
            if line.startswith("# ") or not line.strip():
                yield line
            continue
        if found[4] == _PASSES:
            continue
        then = BEGIN + int(found[1]) * HOUR + int(found[2]) * MINUTE + int(found[3] or 0) * SECOND
        yield from _passed(made, then)
        yield line
        do(found[4])
        made.settle()
        yield from (f"    {news}" for news in made.news())


def _passed(made: Clockwork, then: Instant) -> Iterator[str]:
    for at, news in made.pass_until(then):
        yield f"{_clock(at - BEGIN)} {_PASSES}"
        yield from (f"    {each}" for each in news)


def _clock(passed: Duration) -> str:
    minutes, seconds = divmod(passed // SECOND, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text
