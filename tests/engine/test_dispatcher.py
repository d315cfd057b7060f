"""The dispatcher: what leaves is still wanted, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from tests.engine.bells import NOW, End, Pigeons, Post, Ring, Ways, answering, page, show, spoil, to
from tocsin.engine import backoff
from tocsin.engine.dispatcher import BATCH_MAX, TROUBLE_PAUSE, UNREADABLE_PAUSE, Failure
from tocsin.engine.ports import Confirmation, Delivered, DeliveryResult, Job, Outgoing, Postponed, Refused, Taken
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE
from tocsin.testing.memory import MemoryStore

# Leaving


def test_what_is_pending_leaves_and_is_confirmed() -> None:
    post = Post(chat := Pigeons())
    name = post.ring("b", page("ada"))
    assert post.step() == 1
    assert chat.flights == [("ada", [f"{name}/0"])]
    assert post.results == [(f"{name}/0", "chat", "delivered")]
    assert post.pending() == {}
    assert post.step() == 0


def test_effects_of_one_receiver_leave_together_urgent_ones_first() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", show("responder:ada"), page("ada"))
    post.ring("c", page("ada"))
    assert post.step() == 1
    assert chat.flights == [("ada", ["r1/1", "r2/0", "r1/0"])]


def test_a_job_carries_the_newest_state_and_the_receipt_of_the_last_message() -> None:
    post = Post(chat := answering(Delivered({"ts": "1"}), Delivered()))
    post.ring("b", page("ada"))
    post.step()
    post.ring("b", show("responder:ada"))
    post.ring("b")
    post.step()
    assert [job.receipt for job in chat.jobs] == [None, {"ts": "1"}]
    assert [job.state.texts for job in chat.jobs] == [("r1",), ("r1", "r2", "r3")]  # type: ignore[attr-defined]
    assert post.store.receipts("b") == {("responder:ada", "chat"): {"ts": "1"}}


def test_only_the_receivers_that_were_named_are_served() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", page("ada"), page("bo"))
    assert post.dispatcher.step(NOW, ["responder:bo"]) == 1
    assert chat.flights == [("bo", ["r1/1"])]
    assert post.lanes_done == 1


def test_a_hint_for_a_receiver_with_nothing_to_hear_does_no_harm() -> None:
    post = Post(chat := Pigeons())
    post.dispatcher.step(NOW, ["responder:nobody"])
    assert chat.flights == []
    assert not post.dispatcher.busy()


def test_what_is_not_yet_to_leave_waits() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", page("ada"))
    assert post.dispatcher.step(NOW - 1) == 0
    assert chat.flights == []


# Read again just before it leaves


def test_nobody_is_paged_for_what_was_acknowledged_a_moment_ago() -> None:
    post = Post(chat := Pigeons())
    name = post.ring("b", page("ada"), show("team:ops"))
    post.runner.handle([to("b", End(), "ack")], NOW)
    post.step()
    assert chat.flights == [("ops", [f"{name}/1"])]
    assert (f"{name}/0", "", "dropped") in post.results
    assert post.pending() == {}


def test_a_page_that_was_postponed_is_dropped_when_it_is_not_wanted_any_more() -> None:
    post = Post(chat := answering(Postponed("busy")))
    post.ring("b", page("ada"))
    post.step()
    post.runner.handle([to("b", End(), "ack")], NOW)
    post.step(MINUTE)
    assert len(chat.flights) == 1
    assert post.results[-1] == ("r1/0", "", "dropped")


def test_an_effect_of_a_forgotten_aggregate_is_dropped() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", show("team:ops"))
    post.store._forget("b")
    post.step()
    assert (chat.flights, post.pending()) == ([], {})
    assert post.results == [("r1/0", "", "dropped")]


def test_a_state_that_cannot_be_read_rests_and_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    post = Post(chat := Pigeons())
    post.ring("b", page("ada"))
    post.ring("c", page("ada"))
    readable = post.store._aggregates["b"]
    spoil(post.store, "b")
    post.step()
    assert chat.flights == [("ada", ["r2/0"])]
    assert caplog.records[-1].message == "a state cannot be read"
    assert post.store.next_attempt(NOW) == NOW + UNREADABLE_PAUSE
    post.store._aggregates["b"] = readable
    post.step(UNREADABLE_PAUSE)
    assert chat.flights[1:] == [("ada", ["r1/0"])]
    assert post.pending() == {}


# Fairness


def test_a_storm_for_one_receiver_starves_nobody() -> None:
    post = Post(chat := Pigeons())
    for number in range(BATCH_MAX + 100):
        post.ring(f"b{number}", show("team:ops"))
    last = post.ring("b", page("ada"))
    assert post.step() == 2
    assert [(address, len(ids)) for address, ids in chat.flights] == [("ada", 1), ("ops", BATCH_MAX)]
    assert chat.flights[0][1] == [f"{last}/0"]
    assert post.dispatcher.waits_since(NOW)
    assert post.dispatcher.step(NOW, []) == 1  # The rest follows at once, without a hint.
    assert post.pending() == {}


# Transports that break their promise


def broken(kind: str) -> Pigeons:
    """Breaks whenever it is given the effect r2/0; everything else arrives."""

    def script(_: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        if all(job.outgoing.id != "r2/0" for job in jobs):
            return [Delivered()] * len(jobs)
        if kind == "raises":
            raise ConnectionError(kind)
        return [Delivered()] * (len(jobs) - 1 if kind == "too few" else len(jobs) + 1)

    return Pigeons(script=script)


@pytest.mark.parametrize("kind", ["raises", "too few", "too many"])
def test_an_effect_that_breaks_its_transport_costs_itself_only_and_is_not_lost(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post(broken(kind), mail := Pigeons("mail"))
    for name in "abc":
        post.ring(name, page("ada"))
    post.step()
    assert {name for name, _, result in post.results if result == "delivered"} == {"r1/0", "r3/0"}
    assert [(item.id, item.attempts) for item in post.pending().values()] == [("r2/0", 1)]
    assert "effects are handed over one by one" in caplog.text
    for _ in range(backoff.ATTEMPTS_MAX):
        post.step(backoff.DELAY_MAX)
    assert [(fail.transport, fail.error) for fail in post.failures] == [("chat", "internal error, see the log")]
    assert mail.flights == [("ada", ["r2/0"])]
    assert post.pending() == {}


# Trouble with the store


class Shaky(MemoryStore):
    """One of its methods is away while it is named in *away*."""

    away = ""

    def __getattribute__(self, name: str) -> object:
        if name == object.__getattribute__(self, "away"):
            raise StoreUnavailableError(f"{name} is away")
        return super().__getattribute__(name)


@pytest.mark.parametrize("method", ["confirm", "postpone"])
def test_what_cannot_be_written_is_written_later_and_nothing_else_is_started(method: str) -> None:
    results: dict[str, DeliveryResult] = {"confirm": Delivered(), "postpone": Postponed("later", after=MINUTE)}
    post = Post(chat := answering(results[method]), store=(store := Shaky()))
    post.ring("b", page("ada"))
    store.away = method
    with pytest.raises(StoreUnavailableError):
        post.step()
    assert (list(post.pending()), post.dispatcher.busy()) == (["r1/0"], True)
    post.ring("c", page("bo"))
    with pytest.raises(StoreUnavailableError):
        post.step()
    store.away = ""
    assert post.step() == 1
    assert chat.flights == [("ada", ["r1/0"]), ("bo", ["r2/0"])]
    assert [item.not_before > NOW for item in post.pending().values()] == [True, True][: 2 * (method == "postpone")]


def test_what_a_process_delivered_and_could_not_confirm_is_sent_again_by_the_next() -> None:
    first = Post(chat := Pigeons(), store=(store := Shaky()))
    first.ring("b", page("ada"))
    store.away = "confirm"
    with pytest.raises(StoreUnavailableError):
        first.step()
    store.away = ""
    second = Post(chat, store=store)
    assert second.step() == 1
    assert chat.flights == [("ada", ["r1/0"])] * 2
    assert second.pending() == {}


@pytest.mark.parametrize("method", ["load", "receipts"])
def test_a_lane_that_meets_trouble_rests_and_the_others_go_on(method: str, caplog: pytest.LogCaptureFixture) -> None:
    post = Post(Pigeons(), store=(store := Shaky()))
    post.ring("b", page("ada"))
    store.away = method
    post.step()
    store.away = ""
    assert [record.message for record in caplog.records] == ["store unavailable while delivering"]
    post.ring("c", page("bo"))
    assert post.step() == 1
    assert post.dispatcher.next_start() == NOW + TROUBLE_PAUSE
    assert post.step(TROUBLE_PAUSE - 1) == 0
    assert not post.dispatcher.waits_since(post.now)
    assert post.dispatcher.waits_since(post.now + 1)
    assert post.step(1) == 1
    assert post.pending() == {}


def test_what_arrived_before_its_lane_met_trouble_is_confirmed() -> None:
    post = Post(answering(Delivered(), Refused("no")))
    away = [True]

    def report(_: Failure) -> None:
        if away:
            raise StoreUnavailableError(f"gone {away.pop()}")

    post.dispatcher._report = report
    post.ring("b", page("ada"))
    post.ring("c", page("ada"))
    post.step()
    assert list(post.pending()) == ["r2/0"]


def test_a_store_that_is_away_before_anything_has_begun_is_told() -> None:
    post = Post(Pigeons(), store=(store := Shaky()))
    post.ring("b", page("ada"))
    store.away = "pending"
    with pytest.raises(StoreUnavailableError):
        post.step()
    assert not post.dispatcher.busy()


def test_a_failure_that_cannot_be_reported_is_not_taken_for_reported() -> None:
    post = Post(chat := answering(Refused("no")))
    reported: list[Failure] = []
    away = [True]

    def report(failure: Failure) -> None:
        if away.pop() if away else False:
            raise StoreUnavailableError("gone")
        reported.append(failure)

    post.dispatcher._report = report
    post.ring("b", page("ada"))
    post.step()
    assert (list(post.pending()), reported) == (["r1/0"], [])
    post.step(TROUBLE_PAUSE)
    assert (post.pending(), len(reported), len(chat.flights)) == ({}, 1, 2)


def test_a_bug_in_a_lane_rests_it_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Lost(Ways):
        found = False

        def ways(self, receiver: str) -> Sequence[object]:  # type: ignore[override]
            if not self.found:
                raise LookupError(receiver)
            return super().ways(receiver)

    post = Post(Pigeons())
    post.dispatcher._directory = lost = Lost("chat")  # type: ignore[assignment]
    post.ring("b", page("ada"))
    post.step()
    assert caplog.records[-1].message == "delivering failed"
    assert (post.lanes_done, post.dispatcher.busy()) == (1, False)
    lost.found = True
    post.step(TROUBLE_PAUSE)
    assert post.pending() == {}


# What is newer replaces what is under way


def test_the_newest_message_stays_pending_when_an_older_one_arrives() -> None:
    post = Post(chat := Pigeons())

    def script(address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        if jobs[0].outgoing.id == "r1/0":
            post.ring("b", show("team:ops"))
        return [Delivered({"ts": address})] * len(jobs)

    chat._script = script
    post.ring("b", show("team:ops"))
    post.step()
    assert list(post.pending()) == ["r2/0"]
    post.step()
    assert [job.receipt for job in chat.jobs] == [None, {"ts": "ops"}]
    assert [ids for _, ids in chat.flights] == [["r1/0"], ["r2/0"]]
    assert post.pending() == {}


def test_the_newest_message_is_not_postponed_with_an_older_one() -> None:
    post = Post(chat := Pigeons())

    def script(_: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        if jobs[0].outgoing.id != "r1/0":
            return [Delivered()]
        post.ring("b", show("team:ops"))
        return [Postponed("later", after=MINUTE)]

    chat._script = script
    post.ring("b", show("team:ops"))
    post.step()
    assert post.step() == 1
    assert post.pending() == {}


def test_a_message_that_waits_is_replaced_by_the_newest() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", show("team:ops"))
    post.ring("b", show("team:ops"))
    assert post.step() == 1
    assert chat.flights == [("ops", ["r2/0"])]


def test_pages_are_never_replaced() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", page("ada"))
    post.ring("b", page("ada"))
    post.step()
    assert chat.flights == [("ada", ["r1/0", "r2/0"])]


def test_a_confirmation_says_when_and_by_which_way() -> None:
    class Written(MemoryStore):
        def confirm(self, confirmations: Sequence[Confirmation]) -> None:
            written.extend(confirmations)
            super().confirm(confirmations)

    written: list[Confirmation] = []
    post = Post(Pigeons(), store=Written())
    post.ring("b", page("ada"))
    post.step(5)
    assert [(done.id, done.result, done.transport, done.at) for done in written] == [
        ("r1/0", "delivered", "chat", NOW + 5)
    ]


def test_an_effect_is_handed_over_as_it_stands_in_the_outbox() -> None:
    post = Post(chat := Pigeons())
    post.ring("b", page("ada"))
    (waiting,) = post.store.pending(NOW, per_receiver=1)
    post.step()
    assert [job.outgoing for job in chat.jobs] == [waiting]
    assert isinstance(waiting, Outgoing)


# Under way


def test_what_is_taken_stays_pending_until_an_input_says_that_it_is_done() -> None:
    post = Post(chat := answering(Taken(), Taken()))
    name = post.ring("b", page("ada"))
    for _ in range(2):
        post.step()
    assert [len(ids) for _, ids in chat.flights] == [1, 1]
    assert post.results == []
    assert list(post.pending()) != []
    done = replace(to("b", Ring(), "answer"), done=f"{name}/0")
    post.runner.handle([done], post.now)
    assert post.pending() == {}
