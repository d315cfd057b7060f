"""A lasting trouble is told once, and its end is told once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.machine import Effect, Tick
from tocsin.kernel.time import MINUTE, Instant
from tocsin.notices.machine import Healed, Notice, Noticed, NoticeInput, NoticeMachine
from tocsin.notices.reasons import NoticeReason

NOW: Instant = 1_795_000_000_000
ADA, BO = "responder:ada", "responder:bo"
MACHINE = NoticeMachine()
GONE = Noticed(
    condition="is_archived", told=Announcement("The room is archived", ("Look there.",)), receivers=(ADA, BO)
)
OUT = Noticed(condition="not_in_channel", told=Announcement("The bot is not in the room"), receivers=(ADA,))
WELL = Healed(told=Announcement("The room is back"))


def after(*inputs: NoticeInput) -> tuple[Notice | None, list[NoticeReason], list[tuple[str, str]]]:
    """The state, the reasons, and (receiver, title) of all that was told."""
    state: Notice | None = None
    reasons, told = [], []
    for number, each in enumerate(inputs):
        decision = MACHINE.decide(state, each, NOW + number * MINUTE)
        state = decision.state
        reasons.append(NoticeReason(decision.reason))
        told += [(effect.receiver, str(effect.facts["title"])) for effect in decision.effects]
    return state, reasons, told


def test_a_trouble_is_told_once_to_everybody_and_so_is_its_end() -> None:
    _, reasons, told = after(GONE, GONE, WELL, WELL)
    assert reasons == [NoticeReason.TOLD, NoticeReason.KNOWN, NoticeReason.OVER, NoticeReason.NOTHING]
    assert told == [(who, title) for title in ("The room is archived", "The room is back") for who in (ADA, BO)]


def test_another_trouble_of_the_same_thing_is_told_anew() -> None:
    _, reasons, told = after(GONE, OUT)
    assert reasons == [NoticeReason.TOLD, NoticeReason.CHANGED]
    assert told[-1] == (ADA, "The bot is not in the room")


def test_what_never_began_does_not_end_and_time_changes_nothing() -> None:
    state, reasons, told = after(Tick(), WELL)
    assert (state, told) == (None, [])
    assert reasons == [NoticeReason.NOT_DUE, NoticeReason.NOTHING]


def test_what_is_not_true_any_more_is_not_told() -> None:
    gone = MACHINE.decide(None, GONE, NOW)
    assert gone.state is not None
    well = MACHINE.decide(gone.state, WELL, NOW + 1)
    assert well.state is not None
    assert all(effect.kind == ANNOUNCE for effect in gone.effects)
    assert [MACHINE.wanted(gone.state, gone.effects[0]), MACHINE.wanted(well.state, gone.effects[0])] == [True, False]
    assert MACHINE.wanted(well.state, Effect(receiver=ADA, kind=ANNOUNCE))


@given(st.lists(st.sampled_from([GONE, OUT, WELL, Tick()]), max_size=20))
def test_nobody_hears_twice_of_the_same(inputs: list[NoticeInput]) -> None:
    state, _, told = after(*inputs)
    to_ada = [title for who, title in told if who == ADA]
    assert all(first != second for first, second in pairwise(to_ada))
    if state is not None:
        assert MACHINE.decode(MACHINE.encode(state)) == state
        standing = MACHINE.standing(state)
        assert (standing.wake_at, standing.owes, standing.live) == (None, False, bool(state.condition))
        assert MACHINE.answers(state, WELL, NOW)
