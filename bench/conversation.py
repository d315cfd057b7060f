"""How soon people in Slack see something: buttons and commands, over HTTP, while 500 alerts a second come in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench import traffic
from bench.figures import Figure, Result, percentile, spread
from bench.organisation import write_settings
from bench.postman import Passed, Postman
from bench.programs import Tocsin
from bench.senders import Answered, send
from bench.talkers import COMMANDS, Report, Talkers

ROUNDS: Final = 3
SECONDS: Final = 30
SETTLE_SECONDS: Final = 5.0
VISIBLE_MS_MAX: Final = 200
ACKNOWLEDGED_MS_MAX: Final = 20


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One round. Times in milliseconds; *commands* by their words."""

    clicks: list[float]
    commands: dict[str, list[float]]
    verbs: list[float]
    """Acknowledgements of buttons: what was pressed is on the disk."""
    questions: list[float]
    """Acknowledgements of commands."""
    alerts: list[float]
    """The 202 of the alerts that come in meanwhile."""
    unseen: int
    refused: list[str]


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds, seconds = (1, 10) if quick else (ROUNDS, SECONDS)
    days = [_day(folder / str(turn), seconds, seed=turn + 1) for turn in range(rounds)]
    figures = [_judged("button pressed to message changed", [day.clicks for day in days], VISIBLE_MS_MAX)]
    figures += [
        _judged(f"`/tocsin {text}` to visible answer", [day.commands[text] for day in days], VISIBLE_MS_MAX)
        for text in COMMANDS
    ]
    verbs, questions = [day.verbs for day in days], [day.questions for day in days]
    figures += [
        _judged("HTTP acknowledgement of a button, stored", verbs, ACKNOWLEDGED_MS_MAX),
        _judged("HTTP acknowledgement of a command", questions, ACKNOWLEDGED_MS_MAX),
        Figure(name="HTTP acknowledgement of a button: median, ms", tocsin=spread([median(day) for day in verbs], 1)),
        Figure(
            name="HTTP acknowledgement of a command: median, ms", tocsin=spread([median(day) for day in questions], 1)
        ),
        Figure(
            name="for comparison, an alert due to its 202: p99, ms",
            tocsin=spread([percentile(day.alerts, 0.99) for day in days]),
        ),
    ]
    unseen = sum(day.unseen for day in days)
    figures.append(
        Figure(name="clicks and commands that nothing was seen of", tocsin=str(unseen), target="0", met=unseen == 0)
    )
    refused = [error for day in days for error in day.refused]
    figures.append(Figure(name="calls that Slack refused", tocsin=str(len(refused))))
    count = sum(len(values) for day in days for values in day.commands.values())
    return Result(
        name="conversation",
        figures=tuple(figures),
        notes=(
            f"Medians of {rounds} rounds of {seconds} s, {traffic.PER_SECOND} alerts a second, over signed HTTP.",
            f"{sum(len(day.clicks) for day in days)} clicks and {count} commands in all.",
            *([f"Refused: {', '.join(sorted(set(refused)))}."] if refused else []),
        ),
    )


def _judged(name: str, rounds: list[list[float]], most: int) -> Figure:
    values = [percentile(each, 0.99) for each in rounds]
    return Figure(name=f"{name}: p99, ms", tocsin=spread(values), target=f"below {most}", met=median(values) < most)


def _day(folder: Path, seconds: int, seed: int) -> Day:
    folder.mkdir()
    with Talkers(folder) as talkers, Postman(folder) as postman:
        hello = talkers.hello
        write_settings(folder, hello.people, hello.rooms, limited=False)
        settings = folder / "tocsin.yaml"
        socket = 'app_token: "${BENCH_APP_TOKEN}"'
        settings.write_text(settings.read_text().replace(socket, 'signing_secret: "${BENCH_SECRET}"'))
        environ = {
            "TOCSIN_SLACK_API": hello.url,
            "BENCH_BOT_TOKEN": hello.bot_token,
            "BENCH_SECRET": hello.signing_secret,
        }
        with Tocsin(folder, environ=environ) as program:
            url = program.wait()
            send(url, traffic.warming())
            time.sleep(SETTLE_SECONDS)
            sendings, _ = traffic.day(seconds, seed)
            postman.begin(url.partition("/v1/")[0])
            talkers.begin(postman.url)
            answers = send(url, sendings)
            report = talkers.report()
            passed = postman.report()
    if any(answer.status != 202 for answer in answers):
        raise RuntimeError(f"an alert was answered with {max(answer.status for answer in answers)}")
    return _measured(report, passed, answers)


def _measured(report: Report, passed: Sequence[Passed], answers: Sequence[Answered]) -> Day:
    seen = [(each.text, (each.seen - each.said) * 1000) for each in report.asked if each.seen is not None]
    changed = [(at - pressed) * 1000 for pressed, at in report.clicks if at is not None]
    return Day(
        clicks=changed,
        commands={text: [ms for said, ms in seen if said == text] for text in COMMANDS},
        verbs=[each.seconds * 1000 for each in passed if each.path.endswith("interactions")],
        questions=[each.seconds * 1000 for each in passed if each.path.endswith("commands")],
        alerts=[answer.ms for answer in answers],
        unseen=len(report.asked) - len(seen) + len(report.clicks) - len(changed),
        refused=report.refused,
    )
