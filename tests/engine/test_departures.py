"""One effect may leave as several, each at its time and by its own ways."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tests.engine.bells import MACHINE, NOW, End, Pigeons, Post, Ring, Ways, page, to
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Departure, Outgoing, Refused, Way
from tocsin.engine.runner import Runner
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import Instant
from tocsin.testing.memory import MemoryStore
from tocsin.testing.simulator import Inline


def twice(effect: Effect, state: object, now: Instant) -> Sequence[Departure]:
    del state, now
    return (Departure(effect), Departure(replace(effect, facts={"by": "sms"}), 60))


def rung(store: MemoryStore) -> Runner:
    runner = Runner(store, [MACHINE], spread=twice)
    runner.handle([to("a", Ring(effects=(page("ada"), page("bo"))))], NOW)
    return runner


def test_each_departure_has_an_id_of_its_own_and_its_time() -> None:
    store = MemoryStore()
    rung(store)
    found = store.pending(NOW + 60, per_receiver=9)
    assert [(item.id, item.receiver, item.not_before, item.created_at) for item in found] == [
        ("i/0", "responder:ada", NOW, NOW),
        ("i/0.1", "responder:ada", NOW + 60, NOW + 60),
        ("i/1", "responder:bo", NOW, NOW),
        ("i/1.1", "responder:bo", NOW + 60, NOW + 60),
    ]
    assert [item.id for item in store.pending(NOW, per_receiver=9)] == ["i/0", "i/1"]


def test_what_is_no_longer_wanted_when_its_time_comes_is_dropped() -> None:
    chat = Pigeons()
    post = Post(chat)
    runner = rung(post.store)
    post.dispatcher.step(post.now)
    runner.handle([to("a", End(), "end")], NOW)
    post.now += 60
    post.dispatcher.step(post.now)
    assert [effect for _, effects in chat.flights for effect in effects] == ["i/0", "i/1"]
    assert [result for effect, _, result in post.results if effect.endswith(".1")] == ["dropped", "dropped"]
    assert post.store.health(NOW).pending == 0


def test_each_effect_tries_the_ways_in_its_own_order() -> None:
    chat, sms = Pigeons("chat"), Pigeons("sms", lambda _, jobs: [Refused("no")] * len(jobs))
    store, failures = MemoryStore(), list[tuple[str, bool]]()

    def preferred(outgoing: Outgoing, ways: Sequence[Way]) -> Sequence[Way]:
        return ways[::-1] if outgoing.facts.get("by") == "sms" else ways

    dispatcher = Dispatcher(
        store,
        [MACHINE],
        [chat, sms],
        Ways("chat", "sms"),
        executor=Inline(),
        clock=lambda: NOW + 60,
        chance=lambda: 0.0,
        report=lambda failure: failures.append((failure.transport, failure.final)),
        preferred=preferred,
    )
    rung(store)
    for _ in range(3):
        dispatcher.step(NOW + 60)
    assert sorted(effect for _, effects in sms.flights for effect in effects) == ["i/0.1", "i/1.1"]
    assert sorted(effect for _, effects in chat.flights for effect in effects) == ["i/0", "i/0.1", "i/1", "i/1.1"]
    assert failures == [("sms", False)] * 2
