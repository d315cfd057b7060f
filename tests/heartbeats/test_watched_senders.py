"""Senders that promise nothing and are watched: who lives, who has fallen silent, and who has only just come back."""

from __future__ import annotations

import pytest

from tocsin.heartbeats.inputs import Deleted, Expired, Input, Pinged, Switched
from tocsin.heartbeats.machine import SETTLED, SILENCE, Heartbeat, HeartbeatMachine
from tocsin.heartbeats.ping import Ping
from tocsin.heartbeats.reasons import Reason
from tocsin.kernel.time import HOUR, MINUTE

MACHINE = HeartbeatMachine()
START = 1_800_000_000_000


class Sender:
    """A Prometheus, seen by its heartbeat."""

    def __init__(self) -> None:
        self.now = START
        self.state: Heartbeat | None = None
        self.told: list[object] = []

    def give(self, given: Input) -> str:
        decision = MACHINE.decide(self.state, given, self.now)
        self.state = decision.state
        self.told += [effect.facts.get("condition") or effect.facts for effect in decision.effects]
        assert decision.state is None or decision.state.wake_at is None
        return decision.reason

    def speak(self, after: int = 0, came_at: int | None = None) -> str:
        self.now += after
        return self.give(Pinged(integration="prom", ping=Ping(name="http://p"), watched=True, at=came_at))

    def asked(self, after: int = 0, expires_at: int = START + 4 * MINUTE) -> str:
        self.now += after
        return self.give(
            Expired(incident="7", dedup_key="disk", expires_at=expires_at, integration="prom", name="http://p")
        )


LAPSED = {"what": "lapsed", "incident": "7", "dedup_key": "disk", "expires_at": START + 4 * MINUTE}


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_what_it_does_not_repeat_while_it_tells_of_others_is_over(sender: Sender) -> None:
    sender.speak()
    sender.speak(5 * MINUTE)
    assert sender.asked() == Reason.SENDER_LIVES
    assert sender.told == [LAPSED]


def test_one_that_never_stopped_is_believed_at_once(sender: Sender) -> None:
    sender.speak()
    for _ in range(6):
        assert sender.speak(MINUTE) == Reason.PINGED
    assert sender.asked() == Reason.SENDER_LIVES


def test_silence_as_a_whole_is_told_once(sender: Sender) -> None:
    sender.speak()
    assert sender.asked(5 * MINUTE) == Reason.NOT_YET
    assert sender.asked(SILENCE) == Reason.SENDER_SILENT
    assert sender.asked(HOUR) == Reason.SENDER_SILENT
    assert sender.told == ["silent"]


def test_one_that_has_just_come_back_needs_time_to_tell_of_everything(sender: Sender) -> None:
    sender.speak()
    sender.asked(10 * MINUTE)
    assert sender.speak(MINUTE) == Reason.RECOVERED
    assert sender.asked(MINUTE) == Reason.NOT_YET
    sender.speak(SETTLED - 2 * MINUTE)
    assert sender.asked() == Reason.NOT_YET
    sender.speak(MINUTE)
    assert sender.asked() == Reason.SENDER_LIVES
    assert sender.told == ["silent", "well", LAPSED]


def test_one_that_comes_back_for_a_moment_only_has_fallen_silent_again(sender: Sender) -> None:
    sender.speak()
    sender.asked(10 * MINUTE)
    sender.speak(MINUTE)
    assert sender.asked(SETTLED) == Reason.NOT_YET
    assert sender.asked(1) == Reason.SENDER_SILENT
    assert sender.told == ["silent", "well", "silent"]


def test_a_word_that_waited_in_our_backlog_does_not_prove_that_its_sender_lives(sender: Sender) -> None:
    sender.speak()
    sender.speak(HOUR, came_at=START + MINUTE)
    assert sender.state
    assert sender.state.last_ping_at == START + MINUTE
    assert sender.asked() == Reason.SENDER_SILENT
    sender.speak(0, came_at=START + 9 * HOUR)
    assert sender.state.last_ping_at == sender.now


def test_one_that_was_deleted_is_watched_again_when_it_is_asked_after(sender: Sender) -> None:
    sender.speak()
    sender.give(Deleted())
    assert sender.asked(5 * MINUTE) == Reason.NOT_YET
    assert sender.asked(MINUTE + 1) == Reason.SENDER_SILENT
    assert sender.told == ["silent"]
    sender.speak(MINUTE)
    sender.speak(SETTLED)
    assert sender.asked() == Reason.SENDER_LIVES


def test_one_that_is_disabled_raises_nothing_and_is_still_believed(sender: Sender) -> None:
    sender.speak()
    sender.give(Switched(enabled=False))
    assert sender.asked(HOUR) == Reason.IDLE
    assert sender.speak() == Reason.IDLE
    assert sender.asked() == Reason.SENDER_LIVES
    assert sender.told == [LAPSED]
    sender.give(Switched(enabled=True))
    assert sender.state
    assert sender.state.wake_at is None
