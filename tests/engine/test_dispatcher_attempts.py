"""The dispatcher tries again, keeps a receiver's pace, and takes the next way when one fails."""

from __future__ import annotations

from tests.engine.bells import NOW, Pigeons, Post, Ways, answering, page, show
from tocsin.engine import backoff
from tocsin.engine.dispatcher import BATCH_MAX, FULL_PAUSE, PACED_PAUSE
from tocsin.engine.ports import Delivered, Postponed, Refused
from tocsin.kernel.time import MINUTE, SECOND


def test_what_fails_is_tried_again_with_growing_pauses() -> None:
    post = Post(chat := answering(Postponed("busy")), chance=0.5)
    post.ring("b", page("ada"))
    pauses = []
    for attempt in range(1, backoff.ATTEMPTS_MAX):
        post.step()
        (waiting,) = post.pending().values()
        assert (waiting.attempts, waiting.not_before) == (attempt, post.now + backoff.delay(attempt, 0.5))
        assert post.step(waiting.not_before - post.now - 1) == 0
        pauses.append(waiting.not_before - post.now + 1)
        post.now += 1
    assert len(chat.flights) == len(pauses) == backoff.ATTEMPTS_MAX - 1
    assert post.results == [("r1/0", "chat", "postponed")] * len(pauses)
    assert post.failures == []


def test_retry_after_is_honoured_to_the_millisecond() -> None:
    post = Post(chat := answering(Postponed("slow down", after=7 * SECOND), Delivered()))
    post.ring("b", page("ada"))
    post.step()
    assert post.step(7 * SECOND - 1) == 0
    assert post.step(1) == 1
    assert [result for _, _, result in post.results] == ["postponed", "delivered"]
    assert len(chat.flights) == 2


def test_a_retry_after_of_nothing_is_at_once() -> None:
    post = Post(answering(Postponed("again", after=0), Delivered()))
    post.ring("b", page("ada"))
    assert (post.step(), post.step()) == (1, 1)


def paced(after: int | None = None) -> Postponed:
    return Postponed("paced", after=after, counts=False)


def test_a_try_that_does_not_count_is_repeated_for_ever() -> None:
    post = Post(chat := answering(paced()))
    post.ring("b", page("ada"))
    for _ in range(3 * backoff.ATTEMPTS_MAX):
        assert post.step(backoff.FIRST_DELAY) == 1
    assert post.failures == []
    assert [item.attempts for item in post.pending().values()] == [0]
    assert len(chat.flights) == 3 * backoff.ATTEMPTS_MAX


def test_the_pace_of_a_receiver_is_kept_to_the_millisecond() -> None:
    post = Post(chat := answering(paced(SECOND), Delivered()))
    post.ring("b", page("ada"))
    post.step()
    assert post.dispatcher.next_start() == NOW + SECOND
    assert (post.step(SECOND - 1), len(chat.flights)) == (0, 1)
    assert not post.dispatcher.waits_since(post.now)
    post.now += 1
    assert post.dispatcher.waits_since(post.now)
    assert post.dispatcher.step(post.now, []) == 1
    assert (post.pending(), post.dispatcher.next_start()) == ({}, None)


def test_what_is_new_does_not_wait_for_what_is_paced() -> None:
    post = Post(chat := answering(paced(SECOND), Delivered()))
    post.ring("b", show("responder:ada"))
    post.step()
    post.ring("c", page("ada"))
    for _ in range(3):  # Hints do not hurry it.
        assert post.dispatcher.step(NOW, ["responder:ada"]) == 0
    assert post.dispatcher.next_start() == NOW + PACED_PAUSE
    post.step(PACED_PAUSE)
    assert chat.flights == [("ada", ["r1/0"]), ("ada", ["r2/0"])]
    post.step(SECOND - PACED_PAUSE - 1)
    assert len(chat.flights) == 2
    post.step(1)
    assert chat.flights[2:] == [("ada", ["r1/0"])]


def test_what_is_urgent_does_not_wait_for_a_lane_full_of_what_is_paced() -> None:
    post = Post(chat := answering(*[paced(MINUTE)] * BATCH_MAX, Delivered()))
    for number in range(BATCH_MAX + 10):
        post.ring(f"b{number}", show("responder:ada"))
    post.step()
    name = post.ring("c", page("ada"))
    post.dispatcher.step(NOW, ["responder:ada"])
    assert post.dispatcher.next_start() == NOW + FULL_PAUSE
    post.step(FULL_PAUSE)
    assert chat.flights[-1] == ("ada", [f"{name}/0"])


def test_pages_that_are_paced_may_leave_with_a_new_one() -> None:
    post = Post(chat := answering(paced(SECOND), Delivered()))
    post.ring("b", page("ada"))
    post.step()
    post.ring("c", page("ada"))
    post.dispatcher.step(NOW, ["responder:ada"])
    post.step(PACED_PAUSE)
    assert [(name, sorted(ids)) for name, ids in chat.flights] == [("ada", ["r1/0"]), ("ada", ["r1/0", "r2/0"])]
    assert (post.pending(), post.dispatcher.next_start()) == ({}, None)


def test_a_pace_is_not_written_down_and_the_next_process_asks_at_once() -> None:
    first = Post(chat := answering(paced(MINUTE), Delivered()))
    first.ring("b", page("ada"))
    first.step()
    second = Post(chat, store=first.store)
    assert second.step() == 1
    assert second.pending() == {}


def test_after_the_last_attempt_the_failure_is_reported_and_the_next_way_is_tried() -> None:
    post = Post(chat := answering(Postponed("away")), mail := Pigeons("mail"))
    post.ring("b", page("ada"))
    for _ in range(backoff.ATTEMPTS_MAX):
        assert mail.flights == []
        post.step(backoff.DELAY_MAX)
    assert [(fail.transport, fail.address, fail.error, fail.final) for fail in post.failures] == [
        ("chat", "ada", "away", False)
    ]
    assert post.step() == 1
    assert (len(chat.flights), len(mail.flights)) == (backoff.ATTEMPTS_MAX, 1)
    assert post.results[-2:] == [("r1/0", "chat", "failed"), ("r1/0", "mail", "delivered")]
    assert post.pending() == {}


def test_the_next_way_has_all_its_attempts() -> None:
    post = Post(answering(Refused("no such user")), mail := answering(Postponed("away"), name="mail"))
    post.ring("b", page("ada"))
    for _ in range(1 + backoff.ATTEMPTS_MAX):
        post.step(backoff.DELAY_MAX)
    assert len(mail.flights) == backoff.ATTEMPTS_MAX
    assert [(fail.transport, fail.final) for fail in post.failures] == [("chat", False), ("mail", True)]


def test_a_refusal_is_not_tried_again() -> None:
    post = Post(chat := answering(Refused("no such user")))
    post.ring("b", page("ada"))
    post.step()
    assert len(chat.flights) == 1
    assert post.failures[0].error == "no such user"


def test_when_no_way_is_left_the_effect_has_failed() -> None:
    post = Post(answering(Refused("no")))
    name = post.ring("b", page("ada"))
    post.step()
    (failure,) = post.failures
    assert failure.final
    assert failure.outgoing.id == f"{name}/0"
    assert post.results == [(f"{name}/0", "chat", "failed")]
    assert post.pending() == {}


def test_who_has_no_way_is_reached_nowhere() -> None:
    post = Post(ways=[])
    post.ring("b", page("ada"))
    post.step()
    assert post.results == [("r1/0", "", "nowhere")]
    assert (post.pending(), post.failures) == ({}, [])


def test_ways_that_were_taken_away_in_between_are_a_failure() -> None:
    post = Post(answering(Refused("no")), Pigeons("mail"))
    post.ring("b", page("ada"))
    post.step()
    post.dispatcher._directory = Ways("chat")
    post.step()
    assert post.results[-1] == ("r1/0", "", "failed")
    assert post.pending() == {}


def test_a_transport_that_is_not_set_up_is_a_failure_and_the_next_way_is_tried() -> None:
    post = Post(mail := Pigeons("mail"), ways=["chat", "mail"])
    post.ring("b", page("ada"))
    post.step()
    post.step()
    assert [(fail.transport, fail.error) for fail in post.failures] == [("chat", "no transport named 'chat' is set up")]
    assert len(mail.flights) == 1


def test_effects_of_one_lane_that_are_on_different_ways_go_their_own() -> None:
    post = Post(chat := answering(Refused("no"), Delivered()), mail := Pigeons("mail"))
    post.ring("b", page("ada"))
    post.step()
    post.ring("c", page("ada"))
    post.step()
    assert (chat.flights[-1], mail.flights[-1]) == (("ada", ["r2/0"]), ("ada", ["r1/0"]))


def test_results_are_those_of_their_jobs() -> None:
    post = Post(answering(Delivered(), Refused("no"), Postponed("later"), Delivered()))
    for name in "abcd":
        post.ring(name, page("ada"))
    post.step()
    assert sorted(post.results) == [
        ("r1/0", "chat", "delivered"),
        ("r2/0", "chat", "failed"),
        ("r3/0", "chat", "postponed"),
        ("r4/0", "chat", "delivered"),
    ]
    assert list(post.pending()) == ["r3/0"]
