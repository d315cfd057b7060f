"""Between two messages that cost money there is room: a storm is a message now and then."""

from __future__ import annotations

from collections.abc import Sequence

from tests.slack.slack_examples import ADA, NOW, alert, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Instant
from tocsin.posting.spacing import MANY, SMS_GAP, WIDE, Spaced

PHONE, OTHER = "+15555550100", "+15555550101"
PAGE = job("page", ADA, incident(first=alert(severity=Severity.HIGH)), None, "inc-1")
CRITICAL = job("page", ADA, incident(), None, "inc-2")
SHOWN = job("show", ADA, incident(), None, "inc-3")


class Carrier:
    """Delivers everything, or answers *result*; each call of it is a message."""

    name = "sms"

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.result: DeliveryResult = Delivered()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        pages = sum(each.outgoing.kind == "page" for each in jobs)
        if pages:
            self.sent.append((address, pages))
        return [self.result if each.outgoing.kind == "page" else Delivered() for each in jobs]


class World:
    def __init__(self) -> None:
        self.carrier = Carrier()
        self.now: Instant = NOW
        self.way = Spaced(self.carrier, SMS_GAP, lambda: self.now)

    def page(self, *jobs: Job, to: str = PHONE, later: int = 0) -> Sequence[DeliveryResult]:
        self.now += later
        return self.way.deliver(to, jobs or [PAGE])


def test_a_second_message_waits_and_takes_along_what_gathers() -> None:
    world = World()
    assert world.way.name == "sms"
    assert world.page() == [Delivered()]
    (waits,) = world.page(later=10 * SECOND)
    assert waits == Postponed("another message has left just now", after=20 * SECOND, counts=False)
    assert world.page(PAGE, CRITICAL, later=20 * SECOND) == [Delivered(), Delivered()]
    assert world.carrier.sent == [(PHONE, 1), (PHONE, 2)]


def test_a_storm_of_a_thousand_alerts_is_a_few_messages() -> None:
    world = World()
    for _ in range(1000):
        world.page(later=SECOND)  # A quarter of an hour and more.
    assert len(world.carrier.sent) == MANY + (1000 * SECOND - MANY * SMS_GAP) // WIDE + 1


def test_what_is_critical_never_waits_longer_than_the_first_gap() -> None:
    world = World()
    for _ in range(MANY):
        world.page(later=SMS_GAP)
    assert isinstance(world.page(later=SMS_GAP)[0], Postponed)
    assert world.page(CRITICAL) == [Delivered()]
    assert isinstance(world.page(later=MINUTE)[0], Postponed)
    assert world.page(later=HOUR) == [Delivered()]


def test_another_number_does_not_wait() -> None:
    world = World()
    world.page()
    assert world.page(to=OTHER) == [Delivered()]


def test_what_has_not_left_makes_nothing_wait() -> None:
    world = World()
    world.carrier.result = Refused("no such number")
    assert [world.page()[0], world.page()[0]] == [Refused("no such number")] * 2


def test_what_makes_no_message_need_not_wait() -> None:
    world = World()
    world.page()
    shown, waits, also = world.page(SHOWN, PAGE, SHOWN)
    assert (shown, also) == (Delivered(), Delivered())
    assert isinstance(waits, Postponed)
    assert world.page(SHOWN) == [Delivered()]
    assert world.carrier.sent == [(PHONE, 1)]


def test_a_clock_that_was_put_back_holds_nothing_up() -> None:
    world = World()
    world.page()
    assert world.page(later=-HOUR) == [Delivered()]
