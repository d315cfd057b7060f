"""A storm in one room: a thousand incidents of one team within a minute, on a Slack with all its limits.

What is looked at is what people see: when those who are asked hear of what is critical, when every message shows how
things stand, how often Slack had to say "too many", and whether anybody was rung twice for one thing.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.figures import Figure, Result, number, percentile
from bench.intake import WAITING
from bench.organisation import MEMBERS
from bench.programs import Tocsin, counted
from bench.senders import Sending, send
from bench.slack import Report, SlackProcess, Told

INCIDENTS: Final = 1000
SECONDS: Final = 60
QUICK: Final = 4  # A quick round is so many times smaller, and shorter.
CRITICAL_EVERY: Final = 20
ENDED_EVERY: Final = 3  # One in so many is over before the storm is: there is something to be kept true.
ENDS_AFTER: Final = 5.0
REST_SECONDS: Final = 60  # The newest state must stand everywhere by then.
CRITICAL_SECONDS_MAX: Final = 5.0
LIMITED_MAX: Final = 5  # Of more than a hundred calls: "nearly none".

PENDING: Final = "SELECT COUNT(*) FROM outbox"

_NUMBERED: Final = re.compile(r"gust-(\d+)\b")


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    scale = QUICK if quick else 1
    incidents, seconds = INCIDENTS // scale, SECONDS // scale
    with SlackProcess(folder, limited=True, told=True) as slack:
        _write_settings(folder, slack.people[:MEMBERS], slack.rooms[0])
        with Tocsin(folder, environ=slack.environ) as program:
            sendings = list(storm(incidents, seconds))
            answers = send(program.wait(), sendings)
            ended = time.monotonic()
            drained = _drained(program.db, ended)
            report = slack.report()
    if any(answer.status != 202 for answer in answers):
        raise RuntimeError(f"an alert was answered with {max(answer.status for answer in answers)}")
    accepted = {name: answers[at].at for name, at in _critical(sendings)}
    waits = [
        found[name] - at if name in found else float("inf")
        for found in [_paged(report)]
        for name, at in accepted.items()
    ]
    wrong = [told for told in report.told if not is_true(told, over(incidents))]
    settled = max((told.changed for told in report.told), default=ended) - ended
    twice = sum(count - 1 for count in rung(report.told).values())
    return Result(
        name="slack-storm",
        figures=(
            Figure(
                name="critical alert accepted to its page: slowest, s",
                tocsin=number(max(waits), 2),
                target=f"at most {CRITICAL_SECONDS_MAX:.0f}",
                met=max(waits) <= CRITICAL_SECONDS_MAX,
            ),
            Figure(name="critical alert accepted to its page: median, s", tocsin=number(percentile(waits, 0.5), 2)),
            Figure(
                name="from the end of the storm until every message showed the newest state, s",
                tocsin=number(max(settled, 0.0), 1) if not wrong else "never",
                target=f"at most {REST_SECONDS}",
                met=not wrong and settled <= REST_SECONDS,
            ),
            Figure(
                name="messages that showed an old state a minute later",
                tocsin=number(len(wrong)),
                target="0",
                met=not wrong,
            ),
            Figure(
                name="calls that Slack put off with 429",
                tocsin=number(report.limited),
                target=f"at most {LIMITED_MAX}",
                met=report.limited <= LIMITED_MAX,
            ),
            Figure(
                name="calls that Slack refused", tocsin=number(len(report.refused)), target="0", met=not report.refused
            ),
            Figure(name="people rung twice for one incident", tocsin=number(twice), target="0", met=not twice),
            Figure(name="effects still waiting a minute later", tocsin=number(drained), target="0", met=not drained),
            Figure(name="messages in the room", tocsin=number(_in(report, slack.rooms[0]))),
            Figure(name="messages to people", tocsin=number(len(report.posts))),
            Figure(name="changes in place", tocsin=number(report.calls.get("chat.update", 0))),
        ),
        notes=(
            f"{number(incidents)} incidents of one team of {MEMBERS} within {seconds} s, no setting changed.",
            *(f"Put off: {method}, {count} times." for method, count in sorted(report.put_off.items())),
        ),
    )


def storm(incidents: int, seconds: int) -> Iterator[Sending]:
    """What is sent, in order."""
    sendings = [Sending(name * seconds / incidents, _body(name)) for name in range(incidents)]
    sendings += [
        Sending(min(name * seconds / incidents + ENDS_AFTER, seconds), _body(name, ended=True))
        for name in over(incidents)
    ]
    yield from sorted(sendings, key=lambda sending: sending.at)


def over(incidents: int) -> frozenset[int]:
    """Which incidents are over at the end."""
    return frozenset(range(1, incidents, ENDED_EVERY))


def is_true(told: Told, ended: frozenset[int]) -> bool:
    """Whether a message shows of each incident whether it is over."""
    named = {int(found) for text in told.texts for found in _NUMBERED.findall(text)}
    if len(named) == 1:
        return (named <= ended) == any("Resolved" in text for text in told.texts)
    for text in told.texts[1:]:
        here = {int(found) for found in _NUMBERED.findall(text)}
        if len(here) == 1 and (here <= ended) != ("Resolved" in text):
            return False
    return True


def rung(told: Sequence[Told]) -> Counter[tuple[str, int]]:
    """How many new messages told a person of an incident, where there was one."""
    return Counter(
        (message.channel, name)
        for message in told
        if message.channel.startswith("D")
        for name in {int(found) for text in message.texts for found in _NUMBERED.findall(text)}
    )


def _paged(report: Report) -> dict[int, float]:
    """When the first message to a person named an incident."""
    found: dict[int, float] = {}
    for told in sorted(report.told, key=lambda told: told.posted):
        if told.channel.startswith("D"):
            for name in {int(each) for text in told.texts for each in _NUMBERED.findall(text)}:
                found.setdefault(name, told.posted)
    return found


def _critical(sendings: Sequence[Sending]) -> Iterator[tuple[int, int]]:
    """The number of each critical incident, and where its first alert stands."""
    for place, sending in enumerate(sendings):
        alert = msgspec.json.decode(sending.body)
        if alert["status"] == "firing" and alert["severity"] == "critical":
            yield int(alert["dedup_key"]), place


def _drained(db: Path, ended: float) -> int:
    """Wait until nothing waits, for REST_SECONDS at most; how many effects do then."""
    while (left := counted(db, PENDING) + counted(db, WAITING)) and time.monotonic() < ended + REST_SECONDS:
        time.sleep(1)
    return left


def _in(report: Report, room: str) -> int:
    return sum(told.channel == room for told in report.told)


def _body(name: int, *, ended: bool = False) -> bytes:
    # What is over early is never critical: a page for what has ended may be left out, and would count as missing.
    critical = name % CRITICAL_EVERY == 0 and name not in over(INCIDENTS)
    return msgspec.json.encode(
        {
            "title": f"gust-{name} of the storm",
            "dedup_key": str(name),
            "resource": f"web-{name % 50}",
            "severity": "critical" if critical else ("high", "warning")[name % 2],
            "status": "resolved" if ended else "firing",
        }
    )


def _write_settings(folder: Path, people: Sequence[str], room: str) -> None:
    lines = ["responders:", *(f"  r{place}: {{slack: {user}}}" for place, user in enumerate(people))]
    members = ", ".join(f"r{place}" for place in range(len(people)))
    lines += ["teams:", f"  ops: {{members: [{members}], slack: {room}}}"]
    lines += ['slack: {bot_token: "${BENCH_BOT_TOKEN}", app_token: "${BENCH_APP_TOKEN}"}']
    (folder / "tocsin.yaml").write_text("\n".join(lines) + "\n")
