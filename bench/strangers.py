"""Teams that nobody has thought out: drawn, so that the chooser cannot have been fitted to them."""

from __future__ import annotations

import random
from typing import Final

from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.rehearsal.model import Absence, Alerts, Answers, Hours, OnCall, Responder, Storms, Team, Transience

FIRST: Final = 1000  # Seeds below were looked at while the chooser was made.
COUNT: Final = 24
_ZONES: Final = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Tokyo",
    "UTC",
    "America/Los_Angeles",
    "Australia/Sydney",
)
_DAYS: Final = ("09:00-17:00", "08:00-16:00", "11:00-19:00")


def stranger(seed: int) -> Team:
    """Three to ten people in one to three zones, each with their own habits; some with a rotation, some with storms."""
    draw = random.Random(seed)
    zones = draw.choices(_ZONES, k=draw.choice([1, 1, 2, 3]))
    pace = draw.uniform(0.5, 2.5)
    people = {f"p{place}": _person(draw, zones, pace) for place in range(draw.randint(3, 10))}
    rotation = OnCall(
        every=draw.choice([DAY, 7 * DAY, 12 * HOUR]),
        share=draw.choice([100, 120, 150]),
        time=draw.choice([60, 80, 100]),
    )
    return Team(
        responders=people,
        on_call=rotation if draw.random() < 0.75 else None,
        alerts=Alerts(
            per_week=draw.choice([15, 30, 60, 90]),
            zone=zones[0],
            by_hour=(*[2] * 7, *[draw.randint(2, 9)] * 12, *[3] * 5),
            transient=Transience(keys=draw.choice([0, 20, 40])),
            storms=Storms(every=20 * DAY) if draw.random() < 0.5 else None,
        ),
    )


def _person(draw: random.Random, zones: list[str], pace: float) -> Responder:
    diligence, slowness = draw.uniform(0.5, 1.2), draw.lognormvariate(0, 0.6) * pace
    attention = draw.uniform(0.1, 0.7)  # How much of what reaches them by a page reaches them in the channel.

    def hours(share: int, minutes: float, active: int, channel: float) -> Hours:
        median = int(minutes * slowness * MINUTE)
        answered = max(3, min(99, int(share * diligence)))
        return Hours(
            page=Answers(share=answered, median=median, p90=int(median * draw.uniform(2.5, 5))),
            channel=Answers(share=int(answered * channel), median=2 * median, p90=6 * median),
            active=active,
        )

    absent = (Absence(day=draw.randint(0, 180), days=draw.randint(3, 14), announced=draw.random() < 0.7),)
    return Responder(
        zone=draw.choice(zones),
        works=draw.choice(_DAYS),
        working=hours(90, 2, draw.randint(50, 90), attention),
        off=hours(70, 4, draw.randint(5, 40), attention),
        sleep=hours(draw.choice([20, 45, 60]), 7, 2, attention / 4),
        presence=draw.choice([95, 90, 80, 60]),
        absences=absent if draw.random() < 0.5 else (),
    )
