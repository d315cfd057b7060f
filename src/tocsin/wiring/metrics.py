"""The figures for Prometheus: what came in, what became of it, and how old the oldest waiting thing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tocsin.engine.ports import Commit, Delivery, Health, Outgoing
from tocsin.engine.runner import Outcome
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.kernel.time import SECOND, Instant
from tocsin.wiring.addressing import UNDECODABLE

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


_HOLDS = {Reason.HELD: "held", Reason.HELD_RECOVERED: "saved", Reason.HELD_OVER: "late"}


class Metrics:
    """All of `/metrics`."""

    def __init__(
        self,
        health: Callable[[Instant], Health],
        clock: Callable[[], Instant],
        parked: Callable[[], Mapping[str, int]] = dict,
        chats: Callable[[], Mapping[tuple[str, str], int]] = dict,
    ) -> None:
        """*health*, *parked* (deliveries by integration that wait for its rate) and *chats* are asked at each scrape.

        *chats*: how many rooms, people or workspaces of a chat are in what trouble.
        """
        self._registry = CollectorRegistry()
        self._clock = clock
        self._accepted = self._counter("deliveries_accepted", "Deliveries on the disk before their sender heard 2xx.")
        self._refused = self._counter("deliveries_refused", "Deliveries that were not accepted, by why.", ("why",))
        self._parsed = self._counter("deliveries_parsed", "Deliveries that were understood.")
        self._undecodable = self._counter("deliveries_undecodable", "Deliveries that became an alert of their own.")
        self._inputs = self._counter(
            "inputs_handled", "Inputs of machines, by the reason of the decision.", ("reason",)
        )
        self._effects = self._counter("effects", "Pages and messages by result.", ("kind", "transport", "result"))
        self._holds = self._counter("holds", "Held pages, and what came of them.", ("result",))
        self._latency = Histogram(
            "tocsin_effect_delay_seconds",
            "From the decision to the delivery of a page or message.",
            ("kind",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(_HealthCollector(health, clock))
        self._registry.register(_ParkedCollector(parked))
        self._registry.register(_ChatCollector(chats))

    def accepted(self, count: int) -> None:
        """So many deliveries are on the disk."""
        self._accepted.inc(count)

    def refused(self, why: str) -> None:
        """One was not accepted."""
        self._refused.labels(why).inc()

    def settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        """A delivery is done."""
        if delivery.channel in {"in", "sqs", "mail", "alertmanager", "opsgenie", "ping"}:
            (self._undecodable if note.startswith(UNDECODABLE) else self._parsed).inc()
        for outcome in outcomes:
            self._inputs.labels(outcome.reason).inc()

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed."""
        for commit in commits:
            for handled in commit.handled:
                if commit.machine == IncidentMachine.name and handled.reason in _HOLDS:
                    self._holds.labels(_HOLDS[Reason(handled.reason)]).inc()

    def result(self, outgoing: Outgoing, transport: str, result: str) -> None:
        """What became of an effect."""
        self._effects.labels(outgoing.kind, transport, result).inc()
        if result == "delivered":
            self._latency.labels(outgoing.kind).observe((self._clock() - outgoing.created_at) / SECOND)

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, labels: Iterable[str] = ()) -> Counter:
        return Counter(f"tocsin_{name}", text, tuple(labels), registry=self._registry)


class _HealthCollector(Collector):
    def __init__(self, health: Callable[[Instant], Health], clock: Callable[[], Instant]) -> None:
        self._health = health
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """Gauges of the store; `tocsin_store_up` alone when it cannot be read."""
        now = self._clock()
        try:
            found = self._health(now)
        except StoreUnavailableError:
            yield GaugeMetricFamily("tocsin_store_up", "Whether the store can be read.", value=0)
            return

        def age(since: Instant | None) -> float:
            return 0.0 if since is None else max(0, now - since) / SECOND

        for name, text, value in (
            ("store_up", "Whether the store can be read.", 1.0),
            ("backlog", "Deliveries that wait to be handled.", found.backlog),
            ("oldest_backlog_age_seconds", "Age of the oldest of them.", age(found.oldest_backlog_at)),
            ("oldest_due_age_seconds", "How late the most overdue timer is.", age(found.oldest_due_at)),
            ("undelivered", "Pages and messages that wait to leave.", found.pending),
            ("oldest_undelivered_age_seconds", "Age of the oldest of them.", age(found.oldest_pending_at)),
            ("open_incidents", "Incidents that are not resolved.", found.live.get("incident", 0)),
            ("broken_promises", "Incidents that owe a next action and have none.", len(found.broken)),
        ):
            yield GaugeMetricFamily(f"tocsin_{name}", text, value=value)


class _ParkedCollector(Collector):
    def __init__(self, parked: Callable[[], Mapping[str, int]]) -> None:
        self._parked = parked

    def collect(self) -> Iterable[Metric]:
        """A gauge for each integration that has been sent more than its rate."""
        found = GaugeMetricFamily(
            "tocsin_parked",
            "Deliveries that wait since their integration sends beyond its rate.",
            labels=["integration"],
        )
        for integration, count in self._parked().items():
            found.add_metric([integration], count)
        yield found


class _ChatCollector(Collector):
    def __init__(self, chats: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._chats = chats

    def collect(self) -> Iterable[Metric]:
        """A gauge for each trouble of a chat."""
        found = GaugeMetricFamily(
            "tocsin_chat_troubles",
            "Rooms, people and workspaces of a chat that cannot be written to, by why.",
            labels=("chat", "why"),
        )
        for labels, number in self._chats().items():
            found.add_metric(labels, number)
        yield found
