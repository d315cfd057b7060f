"""Activities: workers ask over HTTP, wait for work, answer it with its token, and nobody hears of what is over."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.executions.durable_world import World, outcome
from tests.wiring.serving import ask, serving, until
from tocsin.asl.execution import TaskSucceeded
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, SECOND
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions
from tocsin.web import activities as web
from tocsin.wiring import leftovers, runs
from tocsin.wiring.activities import Activities
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.tasks import ACTIVITY, TOKEN, Tokens
from tocsin.wiring.tokens import API, make_token
from tocsin.wiring.workflows import Order, ordered, start

PAINT = "arn:aws:states:eu-west-1:111122223333:activity:paint"


def machine(**more: Json) -> dict[str, Any]:
    return {"StartAt": "Paint", "States": {"Paint": {"Type": "Task", "Resource": PAINT, "End": True, **more}}}


# ── On a store ───────────────────────────────────────────────────────────────────────────────────────────────────────
class Shop:
    """Runs whose activities are offered to workers."""

    def __init__(self, path: Path) -> None:
        self.world = World(path / "tocsin.db")
        self.activities = self.made()
        doing = Doing(Functions({}), {"activity": self.activities.offer(self.clock)}, lambda _: None)
        self.world.aws = lambda _: (doing, lambda _: None)

    def clock(self) -> int:
        return self.world.now

    def made(self) -> Activities:
        """As the next process has them."""
        return Activities(self.world.store, Tokens(self.world.store, self.world.store.accept, self.clock))

    def begin(self, given: Json = None, **more: Json) -> str:
        run = self.world.start(machine(**more), given)
        self.world.play(until=self.world.now)
        return run


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.world.close()


def test_work_is_taken_in_order_once_each_and_answered_with_its_token(shop: Shop) -> None:
    first, second = shop.begin({"n": 1}), shop.begin({"n": 2})
    shop.activities = shop.made()  # Another process goes on.
    taken = [shop.activities.take("paint") for _ in range(3)]
    assert [work and (work.run, work.workflow, work.input) for work in taken] == [
        (first, "test", {"n": 1}),
        (second, "test", {"n": 2}),
        None,
    ]
    assert not shop.activities.has("paint")
    assert shop.activities.take("sing") is None
    assert taken[0] is not None
    assert taken[1] is not None
    assert shop.activities.succeed(taken[0].token, {"red": True})
    assert shop.activities.fail(taken[1].token, "NoPaint", "empty")
    assert not shop.activities.succeed(taken[0].token, 5)
    shop.world.play()
    assert outcome(shop.world.run(first))[:2] == ("SUCCEEDED", {"red": True})
    assert outcome(shop.world.run(second)) == ("FAILED", None, "NoPaint", "empty")
    types = [event["type"] for event in shop.world.history(first)]
    assert types[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]


def test_work_that_nobody_waits_for_any_more_is_given_to_nobody(shop: Shop) -> None:
    run = shop.begin()
    shop.world.accept(ordered(Order(stop=run), shop.world.now))
    shop.world.play()
    assert shop.activities.take("paint") is None
    assert shop.world.store.records(ACTIVITY) == {}


def test_a_worker_that_is_silent_loses_its_work(shop: Shop) -> None:
    run = shop.begin(HeartbeatSeconds=30, TimeoutSeconds=3600)
    work = shop.activities.take("paint")
    assert work is not None
    for _ in range(3):
        shop.world.play(until=shop.world.now + 20 * SECOND)
        shop.world.now += 20 * SECOND
        assert shop.activities.beat(work.token)
        shop.world.play(until=shop.world.now)
    assert shop.world.run(run).execution.status == "RUNNING"
    shop.world.play()
    assert outcome(shop.world.run(run))[2] == "States.HeartbeatTimeout"


def test_of_two_who_take_the_same_one_has_it(shop: Shop) -> None:
    shop.begin()
    other = shop.made()
    assert shop.activities.take("paint") is not None
    assert other.has("paint")
    assert other.take("paint") is None


def test_who_loses_the_race_for_it_leaves_no_token(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.begin()
    store = shop.world.store
    taken = store.take_record
    monkeypatch.setattr(store, "take_record", lambda kind, name: None if kind == ACTIVITY else taken(kind, name))
    assert shop.activities.take("paint") is None
    assert store.records(TOKEN) == {}


def test_trouble_with_the_store_leaves_the_work_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.begin()
    with monkeypatch.context() as patch:

        def away(*_: object) -> None:
            raise StoreUnavailableError("away")

        patch.setattr(shop.world.store, "record", away)
        with pytest.raises(StoreUnavailableError):
            shop.activities.take("paint")
    assert shop.activities.take("paint") is not None


@pytest.mark.parametrize("page", [1, 200])
def test_what_runs_have_left_is_forgotten_with_them(page: int, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PAGE", page)
    old, new = shop.begin(), shop.begin(Comment="another definition")
    assert shop.activities.take("paint") is not None  # Its token is never answered.
    store = shop.world.store
    assert leftovers.forget(store, ()) == 0
    assert len(store.records("workflow-definition")) == 2
    shop.world.accept(ordered(Order(stop=old), shop.world.now))
    shop.world.play(until=shop.world.now)
    while store.prune(deliveries_before=shop.world.now + HOUR, aggregates_before=shop.world.now + HOUR, limit=100):
        pass
    assert runs.find(store, old) is None
    assert leftovers.forget(store, ()) == 2
    assert (len(store.records(TOKEN)), len(store.records(ACTIVITY))) == (0, 1)
    (kept,) = store.records("workflow-definition")
    assert kept == shop.world.run(new).definition
    assert leftovers.forget(store, ()) == 0


# ── Over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Served:
    """A server with a workflow that wants something painted."""

    def __init__(self, runtime: Embedded, url: str, kept: str) -> None:
        self.runtime, self.url, self.kept = runtime, url, kept
        self.token = make_token(runtime.store, API, "responder:ada", runtime.clock(), "ada")

    def begin(self, given: Json) -> str:
        order = ordered(start("paint", self.kept, given), self.runtime.clock())
        (delivery,) = self.runtime.store.accept([order])
        self.runtime.wake()
        return f"run-{delivery}"

    def ask(self, path: str, body: Json = None, token: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        status, raw, _ = ask(f"{self.url}/api/v1{path}", json.dumps(body).encode(), headers)
        return status, json.loads(raw) if raw else None

    def run(self, name: str) -> Any:  # noqa: ANN401 - a run, or None.
        return runs.find(self.runtime.store, name)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "paint.asl.json").write_text(json.dumps(machine()))
    config = f"responders:\n  ada: {{}}\nworkflows:\n  paint: {tmp_path / 'paint.asl.json'}\n"
    with serving(tmp_path / "tocsin.db", config) as (runtime, ready):
        kept = runtime.automation.definitions.keep("paint", json.dumps(machine()))
        yield Served(runtime, ready.url, kept)


def test_a_worker_waits_for_work_and_answers_it(served: Served) -> None:
    found: list[tuple[int, Any]] = []
    worker = threading.Thread(target=lambda: found.append(served.ask("/activities/paint/next?wait=30")))
    worker.start()
    run = served.begin({"n": 1})
    worker.join(30)
    ((status, work),) = found
    assert (status, work["run"], work["workflow"], work["input"]) == (200, run, "paint", {"n": 1})
    assert served.ask("/tasks/beat", {"token": work["token"]}) == (204, None)
    large = "x" * 100_000  # More than other bodies of our API may have.
    assert served.ask("/tasks/succeed", {"token": work["token"], "output": large}) == (204, None)
    until(lambda: served.run(run).execution.status != "RUNNING")
    assert served.run(run).execution.output == large
    status, told = served.ask("/tasks/succeed", {"token": work["token"], "output": 1})
    assert (status, told["code"] if "code" in told else told["error"]["code"]) == (404, "task-unknown")


def test_a_worker_may_fail(served: Served) -> None:
    run = served.begin({})
    status, work = served.ask("/activities/paint/next")
    assert status == 200
    assert served.ask("/tasks/fail", {"token": work["token"], "error": "NoPaint", "cause": "empty"}) == (204, None)
    until(lambda: served.run(run).execution.status == "FAILED")
    assert (served.run(run).execution.error, served.run(run).execution.cause) == ("NoPaint", "empty")


def test_without_work_nobody_waits_for_ever_and_strangers_do_not_wait(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.ask("/activities/paint/next?wait=0") == (204, None)
    for wait in ("61", "-1", "x", "9" * 30):
        assert served.ask(f"/activities/paint/next?wait={wait}")[0] == 400
    assert served.ask("/activities/paint/next?wait=60", token="strange")[0] == 401
    assert served.ask("/tasks/beat", {"token": "x", "more": 1})[0] == 400
    monkeypatch.setattr(web, "WAITERS_MAX", 0)
    assert served.ask("/activities/paint/next?wait=60") == (204, None)


def test_an_answer_names_its_task_by_the_token_only(shop: Shop) -> None:
    tokens = Tokens(shop.world.store, shop.world.store.accept, shop.clock)
    assert not tokens.answer("none", TaskSucceeded(task="1.3.0", output=1))
