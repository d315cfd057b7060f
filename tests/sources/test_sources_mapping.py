"""Mappings: what a team says about a sender's events, field by field, and never at the cost of an alert."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import bodies
from tests.sources import code_bodies as code
from tests.sources.test_sources_hostile import MEDIA, REAL, check, values
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.mapped import NAMES
from tocsin.sources.mapping import MappingError
from tocsin.sources.mapping import compile as compiled

EVENT: Json = {
    "monitor": {"name": "Disk", "host": "db-1"},
    "state": "CRITICAL",
    "ok": False,
    "level": "sev1",
    "url": "https://x.example/7",
    "at": 1_700_000_000,
    "tags": ["prod", "disk"],
    "jobs": [{"host": "a", "state": "bad"}, {"host": "b", "state": "ok"}, {"host": "c", "state": "bad"}],
}


def mapped(body: Json, headers: dict[str, str] | None = None, /, **expressions: str) -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(headers or {}, raw, received_at=bodies.NOW, mapping=compiled(expressions))


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


def test_each_field_is_what_its_expression_says() -> None:
    found = only(
        mapped(
            EVENT,
            title="monitor.name & ' of ' & monitor.host",
            description="{'state': state, 'level': level}",
            status="$not(ok)",
            severity="level",
            kind="'alert'",
            dedup_key="monitor.host & '/' & monitor.name",
            group_key="monitor.host",
            resource="monitor.host",
            account="111122223333",
            region="'eu-west-1'",
            links="{'Monitor': url}",
            labels="{'host': monitor.host}",
            tags="tags",
            occurred_at="at",
        )
    )
    assert found == Alert(
        status=AlertStatus.FIRING,
        title="Disk of db-1",
        description="state: CRITICAL\nlevel: sev1",
        severity=Severity.CRITICAL,
        dedup_key="db-1/Disk",
        group_key="db-1",
        source="json",
        resource="db-1",
        account="111122223333",
        region="eu-west-1",
        links=(Link("Monitor", "https://x.example/7"),),
        labels={"host": "db-1"},
        tags=("prod", "disk"),
        occurred_at=1_700_000_000_000,
    )


@pytest.mark.parametrize(
    ("field", "expression", "expected"),
    [
        ("title", "['a', 'b', 7]", "a, b, 7"),
        ("title", "'  '", "(ordinary)"),
        ("title", "missing", "(ordinary)"),
        ("description", "['a', {'b': 1}]", 'a\n{"b": 1}'),
        ("description", "''", ""),
        ("status", "'up'", AlertStatus.RESOLVED),
        ("status", "false", AlertStatus.RESOLVED),
        ("status", "'ack'", AlertStatus.ACKNOWLEDGED),
        ("status", "'whatever'", AlertStatus.FIRING),
        ("severity", "'P3'", Severity.WARNING),
        ("severity", "'whatever'", Severity.HIGH),
        ("kind", "' Notification '", Kind.NOTIFICATION),
        ("dedup_key", "7", "7"),
        ("dedup_key", "''", "(ordinary)"),
        ("group_key", "''", ""),
        ("links", "url", (Link("Link", "https://x.example/7"),)),
        (
            "links",
            "[{'text': 'A', 'href': url}, 'https://y.example']",
            (Link("A", "https://x.example/7"), Link("Link", "https://y.example")),
        ),
        ("links", "{'text': 'A', 'href': url}", (Link("A", "https://x.example/7"),)),
        ("links", "[]", ()),
        ("tags", "'one'", ("one",)),
        ("occurred_at", "'2023-11-14T22:13:20Z'", bodies.NOW),
    ],
)
def test_a_field_is_lenient_where_the_meaning_is_plain(field: str, expression: str, expected: object) -> None:
    ordinary = only(mapped(EVENT))
    found = getattr(only(mapped(EVENT, **{field: expression})), field)
    assert found == (getattr(ordinary, field) if expected == "(ordinary)" else expected)


@pytest.mark.parametrize(
    ("field", "expression", "message"),
    [
        ("title", "{'a': 1}", '{"a": 1} is not a title'),
        ("resource", "[[1]]", "[1] is not a resource"),
        ("status", "[1, 2]", "[1, 2] is not a status"),
        ("severity", "{}", "{} is not a severity"),
        ("kind", "'alarm'", '"alarm" is neither alert nor notification'),
        ("dedup_key", "[1, 2]", "[1, 2] is not a key"),
        ("group_key", "{}", "{} is not a key"),
        ("account", "[1, 2]", "[1, 2] is not an account or a region"),
        ("links", "'ftp://x.example'", '"ftp://x.example" has no address that begins with http:// or https://'),
        ("labels", "'a=b'", '"a=b" is no object of labels by their names'),
        ("occurred_at", "'soon'", '"soon" is no time: ISO 8601, or seconds or milliseconds since 1970'),
        ("title", "1 + 'x'", "The right side of the + operator must evaluate to a number"),
        ("title", "($f := function() { $f() }; $f())", "it was stopped: it takes more than 50000 steps"),
    ],
)
def test_what_fails_costs_its_field_only(field: str, expression: str, message: str) -> None:
    found = mapped(EVENT, **{field: expression, "tags": "'still'"})
    assert [(problem.place, problem.message) for problem in found.problems] == [(f"mapping.{field}", message)]
    (alert,) = found.alerts
    assert alert.tags == ("still",)
    assert getattr(alert, field) == getattr(only(mapped(EVENT)), field)


def test_the_ordinary_alert_and_the_headers_are_at_hand() -> None:
    found = mapped(
        bodies.pagerduty(),
        {"X-Env": "prod", "Authorization": "Bearer test-secret"},
        title="$headers.`x-env` & ': ' & $found.title",
        description="$string($headers)",
        labels="$merge([$found.labels, {'env': 'prod'}])",
    )
    alert = only(found)
    assert alert.title == "prod: Disk of db-1 is 97 % full"
    assert "test-secret" not in alert.description
    assert (alert.labels["env"], alert.labels["mount"]) == ("prod", "/var")


def test_each_item_is_an_alert() -> None:
    found = mapped(EVENT, items="[jobs[state = 'bad']]", title="host & ' of ' & $event.monitor.name", dedup_key="host")
    assert [(alert.title, alert.dedup_key) for alert in found.alerts] == [("a of Disk", "a"), ("c of Disk", "c")]
    assert found.event == EVENT


def test_one_item_may_have_the_key_that_the_sender_asks_for() -> None:
    one = mapped(EVENT, {"x-alert-key": "mine"}, items="jobs[host = 'a']")
    two = mapped(EVENT, {"x-alert-key": "mine"}, items="jobs", title="host")
    assert [alert.dedup_key for alert in one.alerts] == ["mine"]
    assert len({alert.dedup_key for alert in two.alerts}) == 3


def test_what_is_called_otherwise_is_another_matter() -> None:
    one, two = mapped(EVENT, items="[jobs[state = 'bad']]", title="host").alerts
    assert one.dedup_key != two.dedup_key
    assert only(mapped({"title": "x", "id": 7}, title="'y'")).dedup_key == "7"


def test_an_empty_list_of_items_is_nothing_to_do() -> None:
    found = mapped(EVENT, items="[jobs[state = 'worse']]")
    assert (found.alerts, found.problems, found.fact) == ((), (), "the mapping finds no items in it")


def test_items_that_are_not_there_are_told_and_the_event_is_read_as_one() -> None:
    found = mapped(EVENT, items="alerts", title="state")
    assert [alert.title for alert in found.alerts] == ["CRITICAL"]
    assert [problem.place for problem in found.problems] == ["items"]
    failed = mapped(EVENT, items="1 + 'x'", title="state")
    assert len(failed.alerts) == 1
    assert [problem.place for problem in failed.problems] == ["mapping.items", "items"]


def test_an_item_that_cannot_be_read_costs_itself() -> None:
    found = mapped({"list": [{"title": "x"}, 7, {}, "words"]}, items="list")
    assert [alert.title for alert in found.alerts] == ["x", "words"]
    assert [problem.place for problem in found.problems] == ["items[1].body", "items[2].body"]


def test_what_is_wrong_with_every_item_is_told_once() -> None:
    found = mapped(EVENT, items="jobs", severity="{}")
    assert len(found.alerts) == 3
    assert len(found.problems) == 1


def test_more_items_than_can_be_read_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.sources.batches.ITEMS_MAX", 2)
    found = mapped(EVENT, items="jobs")
    assert len(found.alerts) == 2
    assert found.problems[0].message == "of 3 items only the first 2 were read"


def test_no_more_problems_are_told_than_anybody_reads() -> None:
    found = mapped({"list": [7] * 500}, items="list")
    assert len(found.problems) == 100


def test_what_is_to_be_ignored_is_a_fact() -> None:
    found = mapped(EVENT, items="jobs", ignore="state = 'ok'")
    assert (len(found.alerts), found.fact) == (2, "the mapping ignores 1 of 3")
    assert mapped(EVENT, ignore="true").alerts == ()


@pytest.mark.parametrize("expression", ["'true'", "1", "missing", "jobs", "1 + 'x'"])
def test_only_true_ignores(expression: str) -> None:
    assert len(mapped(EVENT, ignore=expression).alerts) == 1


def test_a_mapping_may_know_better_than_a_format() -> None:
    body = {"event_action": "explode", "routing_key": "test-key", "said": "Boom"}
    assert mapped(body).alerts == ()
    assert only(mapped(body, title="said")).title == "Boom"
    assert [problem.place for problem in mapped(body, severity="'high'").problems] == ["event_action"]
    assert [problem.place for problem in mapped(body, title="missing").problems] == ["event_action"]
    assert mapped(b'{"broken', title="'x'").alerts == ()
    assert mapped([], title="'x'").fact == "an empty list: no alert in it"
    assert mapped({}, title="'x'").alerts == ()


def test_changes_and_facts_stay_what_they_are() -> None:
    found = mapped(code.push(), title="'x'")
    assert (len(found.changes), found.alerts) == (1, ())
    assert mapped(code.ping(), title="'x'").fact.startswith("the webhook")


def test_each_alert_of_a_group_is_mapped_for_itself() -> None:
    found = mapped(bodies.group(bodies.member(), bodies.member("db-2:9100")), title="$found.resource & '!'")
    assert [alert.title for alert in found.alerts] == ["db-1:9100!", "db-2:9100!"]


def test_text_and_forms_are_mapped_too() -> None:
    assert only(mapped(b"disk full\non db-1", title="$substringAfter($, ' ')")).title == "full on db-1"
    form = {"content-type": MEDIA[3]}
    assert only(mapped(b"a=x&b=y", form, title="a & b")).title == "xy"


@pytest.mark.parametrize(
    ("expressions", "field", "position", "message"),
    [
        ({"title": "a["}, "title", 2, "Expected ] before end of expression"),
        ({"titel": "a"}, "titel", 0, "there is no such field; there are title, description"),
        ({"title": "a", "tags": "$x"}, "tags", 2, "there is no $x here"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(
    expressions: dict[str, str], field: str, position: int, message: str
) -> None:
    with pytest.raises(MappingError) as caught:
        compiled(expressions)
    assert (caught.value.field, caught.value.position) == (field, position)
    assert caught.value.message.startswith(message)
    assert str(caught.value).startswith(f"{field}: {message}")


def test_mappings_are_compared_by_what_they_say() -> None:
    assert compiled({"title": "a"}) == compiled({"title": "a"})
    assert len({compiled({"title": "a"}), compiled({"title": "a"}), compiled({"title": "b"})}) == 2
    assert NAMES[-2:] == ("items", "ignore")


EXPRESSIONS = [
    "$",
    "**",
    "*",
    "$[0]",
    "$string($)",
    "$found",
    "missing",
    "title",
    "labels",
    "1",
    "null",
    "'x'",
    "[]",
    "true",
    "$error('x')",
]


@given(values | st.sampled_from(REAL), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(EXPRESSIONS)))
def test_any_mapping_of_anything_is_an_answer(body: Json, expressions: dict[str, str]) -> None:
    found = mapped(body, **expressions)
    for alert in found.alerts[:20]:
        check(alert)
    ordinary = read({}, json.dumps(body).encode(), received_at=bodies.NOW)
    assert found.alerts or found.problems or found.fact or found.changes
    if not {"items", "ignore", "title"} & expressions.keys():
        assert len(found.alerts) == len(ordinary.alerts)
