"""Answers that are lost, and services that do not answer: what was written is found out, and never written twice."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError  # type: ignore[import-untyped]

from tests.dynamo.moments import fake, moments_of, opened
from tests.dynamo.test_dynamo_moments import COMMITTED, CONFLICT, FULL, SEEN, check, committed, prepared
from tests.dynamo.test_dynamo_simulation import small
from tests.dynamo.worlds import TABLE
from tocsin.dynamo import requests
from tocsin.dynamo.requests import ATTEMPTS_MAX, UnknownResultError
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Outgoing
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.testing import dynamo_faults
from tocsin.testing.conformance.subject import NOW, commit, handled, outgoing, received
from tocsin.testing.dynamo_faults import FaultyDynamo, Trouble
from tocsin.testing.dynamo_memory import FakeDynamo, cancelled, error

Work = Callable[..., Any]


class Losing:
    """A client that loses the answers of some requests, after they were done."""

    def __init__(self, client: FakeDynamo, loses: Callable[[int, str], bool], after: Callable[[], None]) -> None:
        self.count = 0
        self._client = client
        self._loses = loses
        self._after = after

    def __getattr__(self, name: str) -> Work:
        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            self.count += 1
            number = self.count
            done = getattr(self._client, name)(**request)
            if self._loses(number, name):
                self._after()
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
            return done

        return call


class Refusing:
    """A client that refuses requests of some kinds."""

    def __init__(self, client: FakeDynamo, refuses: Callable[[str, int], Exception | None]) -> None:
        self.count = 0
        self._client = client
        self._refuses = refuses

    def __getattr__(self, name: str) -> Work:
        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            self.count += 1
            problem = self._refuses(name, self.count)
            if problem is not None:
                raise problem
            return getattr(self._client, name)(**request)

        return call


def nothing() -> None:
    """Nobody comes by."""


@pytest.mark.parametrize("whole", [True, False])
def test_an_answer_that_is_lost_at_any_moment_changes_nothing(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        small(monkeypatch)
    for moment in range(1, moments_of(committed(FULL), prepared) + 1):
        client = fake()
        prepared(opened(client))
        losing = Losing(client, lambda number, _, moment=moment: number == moment, nothing)  # type: ignore[misc]
        assert opened(losing).commit([FULL])[0] is COMMITTED, moment
        check(client, full=True)


@pytest.mark.parametrize("whole", [True, False])
def test_what_others_build_on_an_unheard_commit_does_not_hide_it(whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        small(monkeypatch)
    built = 0
    for moment in range(1, moments_of(committed(FULL), prepared) + 1):
        client = fake()
        prepared(opened(client))

        def build(client: FakeDynamo = client) -> None:
            nonlocal built
            client._tokens.clear()  # As the service does, after ten minutes.
            store = opened(client)
            version = store.load(["a"])["a"].version
            if version == 2:
                built += 1
                assert store.commit([commit("a", 2, handled=handled("later"))])[0] is COMMITTED

        losing = Losing(client, lambda number, _, moment=moment: number == moment, build)  # type: ignore[misc]
        assert opened(losing).commit([FULL])[0] is COMMITTED, moment
        assert opened(client).seen(["i1", "i2"]) == {"i1": "a", "i2": "a"}
    assert built


def test_a_commit_whose_answers_never_come_is_found_by_reading() -> None:
    client = fake()
    prepared(opened(client))
    losing = Losing(client, lambda _, name: name == "transact_write_items", client._tokens.clear)
    assert opened(losing).commit([FULL])[0] is COMMITTED
    check(client, full=True)


def test_a_commit_of_which_nothing_is_heard_is_not_told_as_done() -> None:
    client = fake()
    prepared(opened(client))
    written: list[str] = []

    def loses(_: int, name: str) -> bool:
        written.extend([name] if name == "transact_write_items" else [])
        return bool(written)

    store = opened(Losing(client, loses, nothing))
    with pytest.raises(UnknownResultError):
        store.commit([FULL])
    assert opened(client).commit([FULL])[0] is SEEN
    check(client, full=True)


def test_a_service_that_refuses_all_writes_leaves_nothing_behind() -> None:
    client = fake()
    throttled = error("ProvisionedThroughputExceededException")
    refusing = Refusing(client, lambda name, _: throttled if name == "transact_write_items" else None)
    store = opened(refusing)
    with pytest.raises(StoreUnavailableError, match="ProvisionedThroughputExceeded"):
        store.commit([commit("a", state=bytes(range(256)) * 9, handled=handled("i"))])
    with pytest.raises(StoreUnavailableError):
        store.accept([received()])
    assert refusing.count > 2 * ATTEMPTS_MAX
    assert client._items == {}


def test_of_a_batch_that_could_be_written_in_part_the_rest_is_to_be_decided_again() -> None:
    client = fake()

    def refuses(name: str, number: int) -> Exception | None:
        return error("ThrottlingException") if name == "transact_write_items" and number > 1 else None

    assert list(opened(Refusing(client, refuses)).commit([commit("a"), commit("b")])) == [COMMITTED, CONFLICT]
    assert set(opened(client).load(["a", "b"])) == {"a"}


def test_what_no_patience_helps_against_is_told_at_once() -> None:
    client = fake()
    refusing = Refusing(client, lambda *_: error("AccessDeniedException"))
    with pytest.raises(StoreUnavailableError, match="AccessDenied"):
        opened(refusing).load(["a"])
    assert refusing.count == 1
    refusing = Refusing(client, lambda *_: cancelled([{"Code": "ValidationError"}]))
    with pytest.raises(StoreUnavailableError, match="ValidationError"):
        opened(refusing).accept([received()])


def test_deliveries_whose_answers_never_come_are_found_by_reading() -> None:
    client = fake()
    losing = Losing(client, lambda _, name: name == "transact_write_items", client._tokens.clear)
    store = opened(losing)
    (name,) = store.accept([received(b"1")])
    assert [(found.id, found.body) for found in opened(client).backlog(9)] == [(name, b"1")]


def test_deliveries_of_which_nothing_is_heard_are_not_told_as_stored() -> None:
    client = fake()
    with pytest.raises(UnknownResultError):
        opened(Losing(client, lambda *_: True, nothing)).accept([received(b"1")])


def test_settling_and_taking_survive_lost_answers() -> None:
    def prepare(store: DynamoStore) -> None:
        store.put_record("link", "x", {"who": "ada"})

    def work(store: DynamoStore) -> tuple[Json, list[str]]:
        ids = store.accept([received(), received(), received()])
        store.settle({ids[0]: "undecodable"})
        store.settle({ids[1]: "", ids[0]: "late"})
        return store.take_record("link", "x"), [row.outcome for row in store.deliveries(9)]

    for moment in range(1, moments_of(work, prepare) + 1):
        client = fake()
        prepare(opened(client))
        losing = Losing(client, lambda number, _, moment=moment: number == moment, nothing)  # type: ignore[misc]
        assert work(opened(losing)) == ({"who": "ada"}, ["", "handled", "undecodable"]), moment


def test_pauses_grow_and_are_drawn() -> None:
    pauses: list[float] = []
    asked = requests.Requests(
        Refusing(fake(), lambda *_: error("InternalServerError", 500)),
        "simulated",
        threads=0,
        chance=lambda: 1.0,
        sleep=pauses.append,
    )
    with pytest.raises(UnknownResultError):
        asked.one(("A=a", "A"))
    assert pauses == sorted(pauses)
    assert len(pauses) == ATTEMPTS_MAX - 1
    assert max(pauses) == requests.PAUSE_MAX


def torn(client: FakeDynamo) -> FaultyDynamo:
    """Plain reads see a part of each transaction late."""
    return FaultyDynamo(client, TABLE, Random(5), Trouble(torn=1.0))


def test_the_state_is_never_older_than_an_effect_that_was_seen() -> None:
    faulty = torn(fake())
    writer, reader = opened(faulty), opened(faulty)
    late = 0
    for version in range(40):
        step = commit("a", version, state=b"%d" % version, handled=handled(f"i{version}"), outbox=(shown(version),))
        assert writer.commit([step])[0] is COMMITTED
        for item in reader.pending(NOW, per_receiver=1):
            late += ("A=a", "A") in faulty._behind and item.id == f"e{version}"
            assert int(reader.load(["a"])["a"].state) >= int(item.id[1:])
    assert late > 2, "nothing was late that mattered"


def test_an_aggregate_that_was_forgotten_and_begun_anew_may_have_a_lower_version() -> None:
    client = fake()
    store = opened(client)
    for version in range(2):
        store.commit([commit("a", version, live=False, outbox=(shown(version),))])
    assert store.pending(NOW, per_receiver=1)
    opened(client).prune(deliveries_before=0, aggregates_before=NOW + 1, limit=1)
    assert store.load(["a"]) == {}
    opened(client).commit([commit("a")])
    assert store.load(["a"])["a"].version == 1


def test_who_follows_the_backlog_waits_for_what_is_half_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo_faults, "CATCHES_UP", 0.001)
    faulty = torn(fake())
    chance = Random(2).random
    writer, reader = (DynamoStore(faulty, "simulated", threads=0, chance=chance) for _ in range(2))
    given: list[str] = []
    seen: list[str] = []
    for _ in range(40):
        given += writer.accept([received()])
        given += writer.accept([received(), received()])
        found = reader.backlog(9, seen[-1] if seen else "")
        seen += [delivery.id for delivery in found]
    faulty._behind.clear()
    seen += [delivery.id for delivery in reader.backlog(99, seen[-1])]
    assert seen == given


def shown(version: int) -> Outgoing:
    return outgoing(f"e{version}", coalesce="a/show")
