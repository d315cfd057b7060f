"""Alerts as they are posted to Alertmanager's API: they expire, their sender is known, and nothing hostile raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import AlertStatus
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, format_instant
from tocsin.sources.prometheus import RESOLVE_TIMEOUT, SENDER, fingerprint, posted

NOW = 1_767_571_200_000


def item(**more: Json) -> dict[str, Json]:
    return {"labels": {"alertname": "Disk", "instance": "db-1"}, **more}


def test_what_fires_expires_and_what_ended_does_not() -> None:
    found = posted(
        [
            item(),
            item(endsAt=format_instant(NOW + MINUTE), startsAt=format_instant(NOW - MINUTE)),
            item(endsAt=format_instant(NOW)),
            item(endsAt=format_instant(NOW - MINUTE)),
        ],
        NOW,
    )
    told = [(alert.status, alert.began_at, alert.expires_at) for alert in found.alerts]
    assert told == [
        (AlertStatus.FIRING, NOW, NOW + RESOLVE_TIMEOUT),
        (AlertStatus.FIRING, NOW - MINUTE, NOW + MINUTE),
        (AlertStatus.RESOLVED, NOW, None),
        (AlertStatus.RESOLVED, NOW - MINUTE, None),
    ]
    assert all(alert.occurred_at is None for alert in found.alerts)
    assert len({alert.dedup_key for alert in found.alerts}) == 1


@pytest.mark.parametrize(
    ("generator", "sender"),
    [
        ("http://prom:9090/graph?g0.expr=up", "http://prom:9090"),
        ("HTTPS://user:secret@Prom.Example/x", "https://prom.example"),
        ("http://[::1]:9090/g", "http://[::1]:9090"),
        ("http://prom", "http://prom"),
        ("ftp://prom/g", SENDER),
        ("http:///graph", SENDER),
        ("", SENDER),
        (None, SENDER),
        (["http://prom"], SENDER),
        (f"http://{'x' * 999}/", f"http://{'x' * 200}"),
    ],
)
def test_a_sender_is_where_the_alert_was_generated(generator: Json, sender: str) -> None:
    [alert] = posted([item(generatorURL=generator)], NOW).alerts
    assert alert.sender == sender


def test_annotations_are_kept_within_bounds() -> None:
    many = {f"a{number}": "x" * 5000 for number in range(200)}
    [alert] = posted([item(annotations=many)], NOW).alerts
    assert len(alert.annotations) == 64
    assert {len(value) for value in alert.annotations.values()} == {500}
    [alert] = posted([item(annotations={"summary": "it is full", "n": 7})], NOW).alerts
    assert alert.annotations == {"summary": "it is full", "n": "7"}


def test_a_batch_that_is_none_is_one_problem() -> None:
    values: list[Json] = [{}, None, 7, "x"]
    for value in values:
        found = posted(value, NOW)
        assert (found.alerts, [problem.place for problem in found.problems]) == ((), ["body"])


def test_the_fingerprint_does_not_depend_on_the_order() -> None:
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"a": "b", "c": "d"}) == fingerprint({"c": "d", "a": "b"}) != fingerprint({"a": "b"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("labels", "annotations", "startsAt", "endsAt", "generatorURL")


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), json_values) | json_values, max_size=4))
def test_whatever_stands_in_a_batch_is_an_alert_or_a_problem(value: list[Json]) -> None:
    found = posted(value, NOW)
    assert len(found.alerts) + len(found.problems) == len(value)
    for alert in found.alerts:
        assert (alert.expires_at is None) is (alert.status is AlertStatus.RESOLVED)
        assert alert.sender
