"""From an accepted alert to the page in Slack, and from a pressed button to the changed message, on a busy day."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench import traffic
from bench.figures import Figure, Result, percentile, spread
from bench.organisation import write_settings
from bench.programs import Tocsin
from bench.senders import send
from bench.slack import SlackProcess

ROUNDS: Final = 5
SECONDS: Final = 30
SETTLE_SECONDS: Final = 5.0  # For what is on its way when the senders end, and for the queue of the warming up.
WARM_SECONDS: Final = 10  # Of the same traffic, before the measured part: until then all counts are young, all is news.
PAGE_MS_MAX: Final = 100
CLICK_MS_MAX: Final = 200


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One round. Times in milliseconds."""

    pages: list[float]
    clicks: list[float]
    answers: list[float]
    unpaged: int
    unchanged: int
    refusals: int


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds, seconds = (1, 15) if quick else (ROUNDS, SECONDS)
    days = [_day(folder / str(turn), seconds, seed=turn + 1) for turn in range(rounds)]
    page = [percentile(day.pages, 0.99) for day in days]
    click = [percentile(day.clicks, 0.99) for day in days]
    lost = sum(day.unpaged + day.unchanged for day in days)
    return Result(
        name="pages",
        figures=(
            Figure(
                name="alert accepted to page at Slack: p99, ms",
                tocsin=spread(page),
                target=f"below {PAGE_MS_MAX}",
                met=median(page) < PAGE_MS_MAX,
            ),
            Figure(
                name="button pressed to message changed: p99, ms",
                tocsin=spread(click),
                target=f"below {CLICK_MS_MAX}",
                met=median(click) < CLICK_MS_MAX,
            ),
            _figure("alert accepted to page at Slack: median, ms", [median(day.pages) for day in days]),
            _figure("alert accepted to page at Slack: slowest, ms", [max(day.pages) for day in days]),
            _figure("button pressed to message changed: median, ms", [median(day.clicks) for day in days]),
            _figure("button pressed to message changed: slowest, ms", [max(day.clicks) for day in days]),
            _figure("alert due to its 202: p99, ms", [percentile(day.answers, 0.99) for day in days]),
            Figure(
                name="pages that never came, clicks without effect",
                tocsin=str(lost),
                target="0",
                met=lost == 0,
            ),
            Figure(name="calls that Slack refused", tocsin=str(sum(day.refusals for day in days))),
        ),
        notes=(
            f"Medians of {rounds} rounds of {seconds} s, {traffic.PER_SECOND} alerts a second.",
            f"{sum(len(day.pages) for day in days)} pages and {sum(len(day.clicks) for day in days)} clicks in all.",
        ),
    )


def _figure(name: str, values: list[float]) -> Figure:
    return Figure(name=name, tocsin=spread(values))


def _day(folder: Path, seconds: int, seed: int) -> Day:
    folder.mkdir()
    with SlackProcess(folder, limited=False, clicks=True) as slack:
        write_settings(folder, slack.people, slack.rooms, limited=False)
        with Tocsin(folder, environ=slack.environ) as program:
            url = program.wait()
            send(url, traffic.warming())
            time.sleep(SETTLE_SECONDS)
            sendings, firsts = traffic.day(WARM_SECONDS + seconds, seed)
            answers = send(url, sendings)
            measured_from = answers[0].due + WARM_SECONDS
            time.sleep(SETTLE_SECONDS)
            report = slack.report()
    if any(answer.status != 202 for answer in answers):
        raise RuntimeError(f"an alert was answered with {max(answer.status for answer in answers)}")
    answers_measured = [answer for answer in answers if answer.due >= measured_from]
    clicks = [click for click in report.clicks if click.pressed >= measured_from]
    accepted = {new: answers[at].at for new, at in firsts.items() if answers[at].due >= measured_from}
    return Day(
        pages=[(report.pages[new] - at) * 1000 for new, at in accepted.items() if new in report.pages],
        clicks=[(click.changed - click.pressed) * 1000 for click in clicks if click.changed is not None],
        answers=[answer.ms for answer in answers_measured],
        unpaged=sum(new not in report.pages for new in accepted),
        unchanged=sum(click.changed is None for click in clicks),
        refusals=report.limited + len(report.refused),
    )
