"""Executions that rules have started: what Step Functions and the store may answer, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.lambdas.world import TIMER, Aws, Life
from tocsin.engine.ports import Delivered, Delivery, DeliveryResult, Job, Outgoing, Postponed, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.json import Json
from tocsin.sources import Reading
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.serverless_flows import RUN, Flows, FlowTransport

NOW = 1_800_000_000_000
TOLD: dict[str, Json] = {"what": "rule-start", "run": "run-r-1", "workflow": "chore", "input": {}, "rule": "r"}


class Inner:
    """The transport of messages."""

    name = "machine"

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        del address
        self.jobs += jobs
        return [Delivered()] * len(jobs)


class Stand:
    """All of it, without a runtime."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.aws = Aws(Life())
        self.inner = Inner()
        self.accepted: list[Received] = []
        self.away = False
        self.flows = Flows(self.store, self.aws, TIMER, lambda: NOW)
        self.transport = FlowTransport(self.inner, self.flows, {"chore": ""}, self.accept, lambda: NOW)

    def accept(self, received: Sequence[Received]) -> None:
        if self.away:
            raise StoreUnavailableError("away")
        self.accepted += received

    def deliver(self, *told: dict[str, Json]) -> list[DeliveryResult]:
        return list(self.transport.deliver("rule", [job(each) for each in told]))


def job(facts: dict[str, Json]) -> Job:
    outgoing = Outgoing(
        id="i/0",
        aggregate="rule-r",
        machine="rule",
        receiver="machine:rule",
        kind="tell",
        facts=facts,
        coalesce="",
        urgent=False,
        created_at=NOW,
        not_before=NOW,
    )
    return Job(outgoing, None, None)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_what_is_not_for_step_functions_goes_where_it_always_went_in_order(stand: Stand) -> None:
    others: list[dict[str, Json]] = [{"what": "rule-alert"}, TOLD | {"workflow": "gone"}]
    assert stand.deliver(others[0], TOLD, others[1]) == [Delivered()] * 3
    assert [each.outgoing.facts for each in stand.inner.jobs] == others
    assert len(stand.aws.flows) == 1


def test_started_twice_it_is_one(stand: Stand) -> None:
    assert stand.deliver(TOLD, TOLD) == [Delivered()] * 2
    assert list(stand.store.records(RUN)) == ["r-1"]


@pytest.mark.parametrize("what", ["rule-stop", "rule-redrive"])
def test_what_runs_here_is_ordered_here(what: str, stand: Stand) -> None:
    assert stand.deliver({"what": what, "run": "run-other"}) == [Delivered()]
    assert not stand.aws.orders
    assert [each.outgoing.facts["what"] for each in stand.inner.jobs] == [what]


@pytest.mark.parametrize(("code", "result"), [("ExecutionDoesNotExist", "delivered"), ("status 500", "postponed")])
def test_a_stop_is_tried_until_there_is_nothing_to_stop(code: str, result: str, stand: Stand) -> None:
    stand.deliver(TOLD)
    stand.aws.trouble["StopExecution"] = code
    (found,) = stand.deliver({"what": "rule-stop", "run": "run-r-1"})
    assert found == (Delivered() if result == "delivered" else Postponed("StopExecution: status 500", counts=False))


@pytest.mark.parametrize("what", ["rule-start", "rule-stop", "rule-redrive"])
def test_while_the_store_is_away_it_waits(what: str, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(stand.store, "record", away)
    assert stand.deliver(TOLD | {"what": what}) == [Postponed("away", counts=False)]
    assert not stand.aws.flows


def test_a_failure_that_cannot_be_told_waits(stand: Stand) -> None:
    stand.away = True
    stand.aws.trouble["StartExecution"] = "InvalidExecutionInput"
    assert stand.deliver(TOLD) == [Postponed("away", counts=False)]
    stand.away = False
    assert stand.deliver(TOLD) == [Delivered()]
    (told,) = stand.accepted
    assert b"InvalidExecutionInput" in told.body


def test_what_cannot_be_looked_at_is_looked_at_again(stand: Stand) -> None:
    stand.deliver(TOLD)
    later = Flows(stand.store, stand.aws, TIMER, lambda: NOW + 600_000)
    stand.aws.trouble["DescribeExecution"] = "ThrottlingException"
    assert list(later.ends()) == []
    assert list(stand.store.records(RUN)) == ["r-1"]
    stand.aws.trouble.clear()
    assert list(later.ends()) == [], "It is at work, though no rule waits for it any more."
    assert list(stand.store.records(RUN)) == ["r-1"]
    (run,) = stand.aws.flows
    stand.aws.flows[run]["status"] = "SUCCEEDED"
    assert list(later.ends()) == []
    assert not stand.store.records(RUN)


def test_an_event_that_is_none_tells_nothing(stand: Stand) -> None:
    event: Any = {"detail-type": "Step Functions Execution Status Change", "source": "aws.states", "detail": {}}
    told = Delivery(received_at=NOW, channel="sqs", key="web", head=b"", body=b"{", id="1")
    assert stand.flows.attend(told, Reading(source="x", event=event)) is None
