"""Messages between machines, and the channels of the Alertmanager API: what each delivery means."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Commit, Delivered, Delivery, Job, Outgoing, Postponed, Received
from tocsin.engine.worker import Interpretation
from tocsin.errors import StoreUnavailableError
from tocsin.heartbeats.inputs import Expired, Pinged
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.history_machine import Closed
from tocsin.incidents.inputs import AlertReceived, Lapsed, Muted, Unmuted
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.occurrences import Closer, Occurrence, Outcome
from tocsin.incidents.silence_machine import Muting, SilenceEnded, SilenceMachine, SilenceSet, Silencing
from tocsin.incidents.silences import Mute, Order, Phase, Silence
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.silences import SilenceBook

NOW = 1_795_000_000_000
SILENCE = Silence(
    id="s-1",
    integration="prom",
    matchers=(Matcher(name="alertname", value="Disk"),),
    starts_at=NOW,
    ends_at=NOW + HOUR,
    created_by="cy",
    comment="why",
)
INTERPRETER = Interpreter(routes(parse(b"", {}).settings), {}, mute=lambda *_: SILENCE.mute())


def delivery(body: Json, channel: str = "machine", head: str = f"{ONCE}: 9/0/1") -> Delivery:
    raw = body if isinstance(body, bytes) else json.encode(body)
    return Delivery(id="7", received_at=NOW, channel=channel, key="prom", head=head.encode(), body=raw)


def meaning(body: Json, channel: str = "machine") -> Interpretation:
    return INTERPRETER.interpret(delivery(body, channel))


MUTE = {"silence": "s-1", "by": "cy", "until": NOW, "why": ""}
MESSAGES: list[tuple[dict[str, Json], str, str, object]] = [
    (
        {"what": "lapsed", "incident": "3", "dedup_key": "d", "expires_at": 5},
        "incident",
        "3",
        Lapsed(dedup_key="d", expires_at=5),
    ),
    (
        {"what": "muting", "from": "3", "silence": "s-1", "dedup_key": "d", "until": 5},
        "silence",
        "s-1",
        Muting(incident="3", dedup_key="d", until=5),
    ),
    (
        {"what": "muted", "incident": "3", "dedup_key": "d", "mute": MUTE},
        "incident",
        "3",
        Muted(dedup_key="d", mute=Mute(silence="s-1", by="cy", until=NOW)),
    ),
    (
        {"what": "unmuted", "incident": "3", "dedup_key": "d", "silence": "s-1", "instead": None},
        "incident",
        "3",
        Unmuted(silence="s-1", dedup_key="d"),
    ),
]


@pytest.mark.parametrize(("told", "machine", "aggregate", "given"), MESSAGES)
def test_a_message_is_an_input_of_another_machine(
    told: dict[str, Json], machine: str, aggregate: str, given: object
) -> None:
    [item] = meaning(told).inputs
    assert (item.machine, item.aggregate, item.given, item.input_id) == (machine, aggregate, given, "prom/9/0/1/0")


def test_who_does_not_repeat_is_asked_after_under_the_name_of_its_heartbeat() -> None:
    told = {
        "what": "expired",
        "from": "3",
        "integration": "prom",
        "sender": "http://p",
        "dedup_key": "d",
        "expires_at": 5,
    }
    [item] = meaning(told).inputs
    assert (item.machine, item.keys, item.fresh) == ("heartbeat", ("prom/h/http://p",), "7-h")
    assert item.given == Expired(incident="3", dedup_key="d", expires_at=5, integration="prom", name="http://p")


def test_what_was_closed_is_told_to_the_history_of_its_key() -> None:
    told = {
        "what": "closed", "from": "3", "of": "prom", "dedup_key": "d", "closed_by": "source", "duration": 5,
        "severity": "high", "closed_at": 9, "held": "saved",
    }  # fmt: skip
    [item] = meaning(told).inputs
    assert (item.machine, item.keys, item.fresh) == ("history", ("prom/o/d",), "7-o")
    occurrence = Occurrence(
        incident="3", closed_by=Closer.SOURCE, duration=5, severity=Severity.HIGH, closed_at=9, held=Outcome.SAVED
    )
    assert item.given == Closed(integration="prom", dedup_key="d", occurrence=occurrence)


def test_a_batch_is_its_alerts_and_one_sign_of_life_of_each_sender() -> None:
    alerts = [
        {"labels": {"alertname": "Disk", "n": n}, "generatorURL": url}
        for n, url in (("1", "http://p/g"), ("2", "http://p/h"), ("3", ""))
    ]
    *found, first, second = meaning(alerts, "alertmanager").inputs
    assert [isinstance(item.given, AlertReceived) and item.given.mute for item in found] == [SILENCE.mute()] * 3
    assert [(item.given, item.keys) for item in (first, second)] == [
        (Pinged(integration="prom", ping=Ping(name=name), watched=True, at=NOW), (f"prom/h/{name}",))
        for name in ("http://p", "prometheus")
    ]


def test_what_resolves_needs_no_silence() -> None:
    item, _ = meaning([{"labels": {"a": "b"}, "endsAt": "2020-01-01T00:00:00Z"}], "alertmanager").inputs
    assert item.given.mute is None


def test_a_batch_that_nobody_can_read_is_an_alert_of_its_own() -> None:
    found = meaning(b"[", "alertmanager")
    assert found.outcome.startswith("undecodable: body: this is not JSON")
    assert [item.given.alert.title for item in found.inputs] == ["Undecodable delivery from prom"]


def test_an_order_makes_a_silence_and_ends_another_one() -> None:
    made, ended = meaning(Order(make=SILENCE, end="s-0"), "silence").inputs
    assert (made.given, made.aggregate, made.fresh) == (SilenceSet(SILENCE), "s-1", "s-1")
    assert (ended.given, ended.aggregate, ended.machine) == (SilenceEnded(), "s-0", "silence")
    assert meaning(Order(), "silence") == Interpretation(())
    assert meaning(b"7", "silence").outcome.startswith("not a silence")


def job(**facts: Json) -> Job:
    outgoing = Outgoing(
        id="9/0/1", aggregate="s-1", machine="silence", receiver="machine:incident", kind="tell", facts=facts,
        coalesce="", urgent=False, created_at=NOW, not_before=NOW,
    )  # fmt: skip
    return Job(outgoing, Silencing(SILENCE, Phase.ACTIVE), None)


def test_a_silence_is_told_incident_by_incident_each_once() -> None:
    stored: list[Received] = []
    incidents = [{"what": "muted", "incident": "3"}, {"what": "unmuted", "incident": "4"}]
    transport = MessageTransport(stored.extend, lambda: NOW, lambda *_: incidents)
    assert transport.deliver("machine:incident", [job(what="silence"), job(what="lapsed")]) == [Delivered()] * 2
    assert [each.header(ONCE) for each in stored] == ["9/0/1/3", "9/0/1/4", "9/0/1"]
    assert json.decode(stored[0].body) == {"to": "machine:incident", "from": "s-1", "what": "muted", "incident": "3"}


def test_a_silence_that_concerns_nobody_is_told_to_nobody() -> None:
    transport = MessageTransport(lambda _: pytest.fail("nothing is to be stored"), lambda: NOW)
    assert transport.deliver("machine:incident", [job(what="silence")]) == [Delivered()]


def test_a_store_that_is_away_keeps_the_message_in_the_outbox() -> None:
    def away(*_: object) -> list[dict[str, Json]]:
        raise StoreUnavailableError("gone for a walk")

    later = Postponed("gone for a walk", counts=False)
    assert MessageTransport(away, lambda: NOW).deliver("machine:incident", [job(what="lapsed")]) == [later]
    transport = MessageTransport(lambda _: None, lambda: NOW, away)
    assert transport.deliver("machine:incident", [job(what="lapsed"), job(what="silence")]) == [later, later]


def commit(state: Silencing, name: str = "s-1", machine: str = "silence") -> Commit:
    standing = SilenceMachine().standing(state)
    return Commit(
        aggregate=name, machine=machine, expected=0, state=SilenceMachine().encode(state), wake_at=standing.wake_at,
        live=standing.live, owes=standing.owes, rank=standing.rank,
    )  # fmt: skip


def test_the_book_knows_what_was_committed_last() -> None:
    store = MemoryStore()
    store.commit([commit(Silencing(SILENCE, Phase.ACTIVE))])
    book = SilenceBook(store)
    disk = Alert(status=AlertStatus.FIRING, title="Disk", dedup_key="d", source="s")
    assert book.mute(disk, "prom") == SILENCE.mute()
    assert book.mute(disk, "web") is None
    assert book.covering(disk, "prom", NOW) == SILENCE.mute()
    assert book.covering(disk, "prom", NOW + HOUR) is None
    book.committed([commit(Silencing(SILENCE, Phase.ACTIVE), machine="incident", name="9")])
    longer = replace(SILENCE, id="s-2", ends_at=NOW + 2 * HOUR)
    later = replace(SILENCE, id="s-3", starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR)
    book.committed([commit(Silencing(longer, Phase.ACTIVE), "s-2"), commit(Silencing(later, Phase.PENDING), "s-3")])
    assert book.mute(disk, "prom") == longer.mute()
    book.committed([commit(Silencing(longer, Phase.EXPIRED), "s-2"), commit(Silencing(SILENCE, Phase.EXPIRED))])
    assert book.mute(disk, "prom") is None
