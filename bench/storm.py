"""A storm: a hundred thousand distinct alerts at full speed, for forty teams on a Slack with all its limits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from bench import wrk
from bench.figures import Figure, Result, number
from bench.intake import ACCEPTED, Drained, drained
from bench.organisation import write_settings
from bench.programs import Tocsin, counted
from bench.slack import SlackProcess

ALERTS: Final = 100_000
FIRST_PAGE_SECONDS_MAX: Final = 1.0
MEGABYTES_MAX: Final = 300

FIRST: Final = "SELECT MIN(received_at) FROM deliveries"
LAST: Final = "SELECT MAX(received_at) FROM deliveries WHERE channel = 'in'"


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    alerts = ALERTS // 5 if quick else ALERTS
    with SlackProcess(folder, limited=True) as slack:
        write_settings(folder, slack.people, slack.rooms)
        with Tocsin(folder, environ=slack.environ) as program:
            url = program.wait()
            began = time.monotonic()
            lua = wrk.script("s", last=alerts)
            load = wrk.load_until(url, lua, folder, lambda: counted(program.db, ACCEPTED) >= alerts)
            taken = time.monotonic() - began
            first, last = counted(program.db, FIRST), counted(program.db, LAST)
            drain, peak = _followed(folder, program, load, began)
        report = slack.report()
    page = min(report.posts) - first / 1000 if report.posts else float("inf")
    return Result(
        name="storm",
        figures=(
            Figure(
                name="distinct alerts accepted, then lost",
                tocsin=f"{number(drain.accepted)}, {number(drain.lost)}",
                target="0 lost",
                met=drain.lost == 0 and drain.healthy and not drain.waiting and load.accepted >= alerts,
            ),
            Figure(
                name="from the first alert to the first page, s",
                tocsin=number(page, 2),
                target=f"at most {FIRST_PAGE_SECONDS_MAX:.0f}",
                met=page <= FIRST_PAGE_SECONDS_MAX,
            ),
            Figure(
                name="most memory resident, MB",
                tocsin=number(peak),
                target=f"below {MEGABYTES_MAX}",
                met=peak < MEGABYTES_MAX,
            ),
            Figure(name="until all were accepted, s", tocsin=number((last - first) / 1000, 1)),
            Figure(name="accepted a second", tocsin=number(load.accepted / taken)),
            Figure(name="p99 of the answers, ms", tocsin=number(load.p99_ms, 1)),
            Figure(name="until all were decided, s", tocsin=number(drain.seconds, 1)),
            Figure(name="messages that Slack took meanwhile", tocsin=number(len(report.posts))),
            Figure(name="calls that Slack put off with 429", tocsin=number(report.limited)),
        ),
    )


def _followed(folder: Path, program: Tocsin, load: wrk.Load, began: float) -> tuple[Drained, float]:
    """The end of the backlog, and the peak of memory until then, which can be read only while the server lives."""
    peak = 0.0

    def remember() -> None:
        nonlocal peak
        peak = program.peak_megabytes

    return drained(folder, program, load, each=1, began=began, before_stop=remember), peak
