"""How much we say: within what Slack takes, and the important thing first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernel.time import MINUTE, SECOND, Instant
from tocsin.slack.budget import Allowance, Budget, Gathering, Pacing, Rank
from tocsin.testing.fake_slack.limits import Limits, RateLimiter

NOW: Instant = 1_795_000_000_000


def test_a_full_budget_lets_a_burst_through_and_then_one_after_the_other() -> None:
    budget = Budget(60, 3)
    assert [budget.wait(str(key), Rank.PAGE, NOW) for key in range(5)] == [0, 0, 0, 1000, 2000]


def test_who_waits_keeps_the_turn_that_was_given() -> None:
    budget = Budget(60, 1)
    assert budget.wait("a", Rank.NEW, NOW) == 0
    assert budget.wait("b", Rank.NEW, NOW) == 1000
    assert budget.wait("b", Rank.NEW, NOW + 400) == 600
    assert budget.wait("c", Rank.NEW, NOW + 400) == 1600
    assert budget.wait("b", Rank.NEW, NOW + 1000) == 0
    assert budget.wait("c", Rank.NEW, NOW + 2000) == 0


def test_a_turn_that_nobody_comes_for_is_given_away() -> None:
    budget = Budget(60, 1)
    assert [budget.wait(key, Rank.NEW, NOW) for key in "ab"] == [0, 1000]
    assert budget.wait("c", Rank.NEW, NOW + 7 * SECOND) == 0


def test_a_turn_of_a_lower_rank_holds_up_no_higher_one() -> None:
    budget = Budget(60, 10)
    for key in range(5):
        assert budget.wait(str(key), Rank.REST, NOW) == 0
    assert budget.wait("room", Rank.REST, NOW) > 0
    assert budget.wait("room", Rank.REST, NOW) > 0
    assert budget.wait("room", Rank.NEW, NOW) == 0


def test_a_lower_rank_leaves_something_for_those_above() -> None:
    budget = Budget(60, 10)
    assert sum(budget.wait(str(key), Rank.REST, NOW) == 0 for key in range(10)) == 5
    assert sum(budget.wait(f"u{key}", Rank.UPDATE, NOW) == 0 for key in range(10)) == 3
    assert sum(budget.wait(f"n{key}", Rank.NEW, NOW) == 0 for key in range(10)) == 2


def test_a_turn_that_a_higher_rank_has_used_is_moved() -> None:
    budget = Budget(60, 1)
    assert [budget.wait("a", Rank.NEW, NOW), budget.wait("u", Rank.UPDATE, NOW)] == [0, 1200]
    assert budget.wait("b", Rank.NEW, NOW + 1000) == 0
    assert budget.wait("u", Rank.UPDATE, NOW + 1200) == 800
    assert budget.wait("u", Rank.UPDATE, NOW + 2000) == 0


def test_what_nobody_would_miss_goes_only_when_there_is_room() -> None:
    budget = Budget(60, 4)
    assert [budget.spare(Rank.REST, NOW) for _ in range(3)] == [True, True, False]
    assert budget.spare(Rank.REST, NOW + SECOND)


@given(st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(list(Rank)), st.integers(0, 20)), max_size=200))
def test_no_sequence_of_calls_is_more_than_slack_takes(asked: list[tuple[int, Rank, int]]) -> None:
    now, pacing = NOW, Pacing(Allowance())
    limiter = RateLimiter(Limits(channel_rate=False), lambda: now / SECOND)
    for pause, rank, key in asked:
        now += pause
        if not pacing.change(f"C1/{key}", rank, now):
            assert limiter.admit("chat.update", "C1") is None
        if rank is not Rank.PAGE and not pacing.post(f"C{key}", rank, now):
            assert limiter.admit("chat.postMessage", f"C{key}") is None


@given(st.lists(st.sampled_from(list(Rank)), min_size=1, max_size=60))
def test_everybody_gets_a_turn_in_the_end(ranks: list[Rank]) -> None:
    now, pacing = NOW, Pacing(Allowance(changes=60))
    waiting = {f"C1/{place}": rank for place, rank in enumerate(ranks)}
    for _ in range(200):
        for key, rank in list(waiting.items()):
            if not pacing.change(key, rank, now):
                del waiting[key]
        now += SECOND
    assert not waiting


def test_a_page_never_waits_for_our_count_and_the_others_make_room() -> None:
    pacing = Pacing(Allowance(messages=60))
    assert {pacing.post(f"D{key}", Rank.PAGE, NOW) for key in range(100)} == {0}
    assert pacing.post("C1", Rank.NEW, NOW) > 10 * SECOND


def test_one_channel_that_is_refused_does_not_slow_down_the_others() -> None:
    pacing = Pacing(Allowance())
    pacing.too_many_posts("C1", NOW)
    pacing.too_many_posts("C1", NOW + SECOND)
    assert [pacing.post(f"D{key}", Rank.PAGE, NOW + SECOND) for key in range(3)] == [0, 0, 0]


def test_two_channels_that_are_refused_mean_the_workspace() -> None:
    pacing = Pacing(Allowance())
    pacing.too_many_posts("C1", NOW)
    pacing.too_many_posts("C2", NOW + SECOND)
    assert [pacing.post(f"D{key}", Rank.PAGE, NOW + SECOND) for key in range(3)] == [0, 300, 600]
    assert pacing.post("D9", Rank.PAGE, NOW + 2 * MINUTE) == 0


def test_a_refusal_when_little_is_left_means_the_workspace() -> None:
    pacing = Pacing(Allowance(messages=10))
    for key in range(5):
        assert pacing.post(f"D{key}", Rank.PAGE, NOW) == 0
    pacing.too_many_posts("D0", NOW)
    assert [pacing.post(f"E{key}", Rank.PAGE, NOW) for key in range(2)] == [0, 300]


def test_after_a_refusal_nothing_is_left_for_changes() -> None:
    pacing = Pacing(Allowance())
    assert pacing.change("a", Rank.UPDATE, NOW) == 0
    pacing.too_many_changes(NOW)
    assert not pacing.spare_change(NOW)
    assert pacing.change("b", Rank.NEW, NOW) == MINUTE // 48


# ── Company ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_after_a_message_for_several_the_next_ones_wait_for_company_longer_and_longer() -> None:
    gathering, waits = Gathering(), []
    for number in range(6):
        waits.append(gathering.wait("D1", Rank.PAGE, NOW + number, pressing=False))
        gathering.posted("D1", NOW + number, several=True)
    assert [round(wait / SECOND) for wait in waits] == [0, 2, 4, 8, 16, 20]
    now = NOW + 5
    assert gathering.wait("D1", Rank.NEW, now, pressing=False) == 5 * SECOND
    assert gathering.wait("D1", Rank.PAGE, now, pressing=True) == 2 * SECOND
    assert gathering.wait("D2", Rank.PAGE, now, pressing=False) == 0


def test_single_messages_gather_nothing_and_a_quiet_while_forgets_the_crowd() -> None:
    gathering = Gathering()
    gathering.posted("C1", NOW, several=False)
    assert gathering.wait("C1", Rank.NEW, NOW, pressing=False) == 0
    for _ in range(4):
        gathering.posted("C1", NOW, several=True)
    gathering.posted("C1", NOW + 31 * SECOND, several=True)
    assert gathering.wait("C1", Rank.PAGE, NOW + 31 * SECOND, pressing=False) == 2 * SECOND
    gathering.posted("C1", NOW + 2 * MINUTE, several=False)
    assert gathering.wait("C1", Rank.PAGE, NOW + 2 * MINUTE, pressing=False) == 0


def test_when_much_is_changed_no_message_is_changed_again_at_once() -> None:
    pacing = Pacing(Allowance(changes=12))
    assert [pacing.change(key, Rank.NEW, NOW) for key in ("a", "a", "b", "c", "d", "e")] == [0] * 6
    assert pacing.change("e", Rank.NEW, NOW + SECOND) == 4 * SECOND
    assert pacing.change("f", Rank.NEW, NOW + SECOND) == 0
