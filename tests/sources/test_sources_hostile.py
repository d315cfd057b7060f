"""Whatever comes: an answer in a bounded time, values within their bounds, and never an exception."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import alarm_bodies, bodies, monitoring_bodies
from tests.sources import app_bodies as apps
from tests.sources import code_bodies as code
from tests.sources.aws_events import aws_events
from tocsin.changes.change import Change
from tocsin.incidents.alerts import DESCRIPTION_MAX, KEY_MAX, LABELS_MAX, TAGS_MAX, TITLE_MAX, Alert
from tocsin.kernel.json import Json
from tocsin.sources import Reading, monitors, pagerduty, read, sns, undecodable
from tocsin.sources.bounds import LABEL_MAX, LINK_MAX, LINKS_MAX, NAME_MAX, TAG_MAX


def inner(body: Json) -> Json:
    """The message in an envelope, as raw delivery brings it."""
    return json.loads(body["Message"])


def is_json(body: Json) -> bool:
    return str(body.get("Message", "")).startswith("{")


REAL = [
    bodies.sns(bodies.alarm(), "ALARM"),
    bodies.sns(bodies.math_alarm()),
    bodies.sns(bodies.composite_alarm()),
    bodies.sns(bodies.event("Backup Job State Change", "aws.backup", {"state": "FAILED"})),
    bodies.confirmation(),
    bodies.confirmation("UnsubscribeConfirmation"),
    bodies.alarm(),
    bodies.alarm_event(),
    alarm_bodies.band_alarm(),
    alarm_bodies.band_event(),
    *[event for _, event in aws_events()],
    *[inner(event) for _, event in aws_events() if is_json(event)],
    bodies.group(bodies.member(), bodies.member("b")),
    bodies.grafana_group(bodies.grafana_member()),
    [bodies.posted(), bodies.posted("b")],
    bodies.pagerduty(),
    bodies.custom_notification(),
    bodies.cloud_event(),
    {"title": "x", "labels": {"a": "b"}, "url": "https://host.example", "status": "ok", "timestamp": 1},
    *monitoring_bodies.REAL,
    code.workflow_run("failure", "2023-11-14T22:10:00Z"),
    code.check_suite("failure"),
    code.deployment_status("failure"),
    code.push(),
    code.release(),
    code.dependabot("created"),
    code.secret("created"),
    code.weakness("created"),
    code.pipeline("failed"),
    code.job("failed"),
    code.gitlab_deployment("failed"),
    code.gitlab_push(),
    code.gitlab_matter("vulnerability", title="Injection", severity="high", state="detected"),
    code.build_state("FAILED"),
    code.bitbucket_push("main"),
    code.jenkins("COMPLETED", "FAILURE"),
    apps.sentry("triggered", event=apps.sentry_event()),
    apps.sentry("created", issue=apps.sentry_issue()),
    apps.metric_alert("critical"),
    apps.sentry_plugin(),
    apps.slack("danger"),
    apps.pagerduty_v1(),
    apps.pagerduty_change(),
]
NAMED: dict[str, list[str]] = {
    "x-github-event": [
        *("workflow_run", "check_suite", "status", "deployment", "deployment_status", "push", "release", "ping"),
        *("dependabot_alert", "secret_scanning_alert", "code_scanning_alert", "meta", "issues", "x", ""),
    ],
    "x-gitlab-event": ["Pipeline Hook", ""],
    "x-event-key": ["repo:push", "repo:refs_changed", "repo:commit_status_created", "pr:opened", "x", ""],
    "sentry-hook-resource": ["event_alert", "metric_alert", "issue", "error", "activity_alert", "comment", "x", ""],
    "x-tocsin-form": [
        *("github", "gitlab", "bitbucket", "jenkins", "sentry", "slack", "pagerduty_v1", "pagerduty_changes", "x"),
    ],
}
CHECKED_MAX = 100  # Of a batch: more say nothing new.
MEDIA = ["", "application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud800", "0" * 600, 10**25, -(10**25), "2023-11-14T22:13:20Z", "ALARM", "firing"])
)
names = st.sampled_from(sorted({name for body in REAL if isinstance(body, dict) for name in body})) | st.text(
    max_size=5
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6), max_leaves=8
)


def checked(headers: dict[str, str], body: bytes) -> Reading:
    """The reading of *body*, and that it is one that everything behind can live with."""
    found = read(headers, body, received_at=bodies.NOW)
    assert found.alerts or found.changes or found.problems or found.fact
    for change in found.changes[:CHECKED_MAX]:
        check_change(change)
    for alert in found.alerts[:CHECKED_MAX]:
        check(alert)
    told = undecodable("prod", "7", found.problems)
    check(told)
    return found


def check_change(change: Change) -> None:
    assert 0 < len(change.title) <= TITLE_MAX
    assert len(change.description) <= DESCRIPTION_MAX
    assert len(change.key) <= KEY_MAX
    assert len(change.what) + len(change.by) <= 2 * LABEL_MAX
    assert len(change.links) <= LINKS_MAX
    assert all(link.href.lower().startswith(("http://", "https://")) for link in change.links)
    assert msgspec.json.decode(msgspec.json.encode(change), type=Change) == change


def check(alert: Alert) -> None:
    assert 0 < len(alert.title) <= TITLE_MAX
    assert "\n" not in alert.title
    assert len(alert.description) <= DESCRIPTION_MAX
    assert 0 < len(alert.dedup_key) <= KEY_MAX
    assert len(alert.group_key) <= KEY_MAX
    assert len(alert.labels) <= LABELS_MAX
    assert all(len(name) <= NAME_MAX for name in alert.labels)
    assert all(0 < len(value) <= LABEL_MAX for value in alert.labels.values())
    assert len(alert.tags) <= TAGS_MAX
    assert all(0 < len(tag) <= TAG_MAX for tag in alert.tags)
    assert len(alert.links) <= LINKS_MAX
    assert all(link.href.lower().startswith(("http://", "https://")) for link in alert.links)
    assert all(len(link.href) <= LINK_MAX * 3 and link.text for link in alert.links)
    assert len(alert.resource) <= LABEL_MAX
    assert len(alert.tags) <= TAGS_MAX
    assert all(0 < len(tag) <= NAME_MAX for tag in alert.tags)
    assert len(alert.account) + len(alert.region) <= 2 * NAME_MAX
    assert msgspec.json.decode(msgspec.json.encode(alert), type=Alert) == alert


@given(st.binary(max_size=200), st.sampled_from(MEDIA))
def test_any_bytes_are_read(body: bytes, media: str) -> None:
    found = checked({"content-type": media}, body)
    assert found == read({"content-type": media}, body, received_at=bodies.NOW)


@given(st.text(max_size=200), st.sampled_from(MEDIA), st.text(max_size=20))
def test_any_text_is_read(body: str, media: str, key: str) -> None:
    checked({"content-type": media, "x-alert-key": key}, body.encode("utf-8", "surrogatepass"))


@given(values, st.sampled_from(MEDIA))
def test_any_json_is_read(value: Json, media: str) -> None:
    checked({"content-type": media}, json.dumps(value).encode())


@given(st.dictionaries(st.sampled_from(["ce-id", "ce-type", "ce-source", "ce-specversion"]), st.text()), values)
def test_any_binary_cloud_event_is_read(headers: dict[str, str], value: Json) -> None:
    checked(headers, json.dumps(value).encode())


@given(st.sampled_from(REAL), st.data())
def test_a_real_body_with_anything_in_any_place_is_read(body: Json, data: st.DataObject) -> None:
    found = checked({}, json.dumps(mutated(body, data)).encode())
    assert isinstance(found.source, str)


@given(st.sampled_from(REAL), st.data())
def test_a_real_body_under_any_name_is_read(body: Json, data: st.DataObject) -> None:
    header = data.draw(st.sampled_from(sorted(NAMED)))
    checked({header: data.draw(st.sampled_from(NAMED[header]))}, json.dumps(mutated(body, data)).encode())


@given(st.sampled_from(REAL), st.data())
def test_a_real_message_with_anything_in_any_place_is_read(body: Json, data: st.DataObject) -> None:
    checked({}, json.dumps(bodies.sns(mutated(body, data))).encode())


@given(st.sampled_from(REAL), st.data())
def test_a_real_body_cut_or_garbled_is_read(body: Json, data: st.DataObject) -> None:
    raw = bytearray(bodies.encoded(body))
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    checked({}, bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@given(values | st.sampled_from(REAL))
def test_pagerdutys_answer_never_fails(value: Json) -> None:
    answer = pagerduty.answer(json.dumps(value).encode(), new_key="new")
    assert answer.status in {202, 400}
    assert isinstance(json.loads(answer.body), dict)
    assert bool(answer.dedup_key) == bool(answer.routing_key) == (answer.status == 202)


@given(st.dictionaries(st.sampled_from(sorted(bodies.confirmation())), scalars))
def test_the_signed_text_of_anything_is_bytes_or_none(envelope: dict[str, Json]) -> None:
    assert isinstance(sns.canonical(envelope), bytes | None)


@given(st.sampled_from(REAL), st.data(), st.sampled_from(sorted(monitors.BY_FORM)))
def test_any_body_at_an_address_that_names_a_format_is_read(body: Json, data: st.DataObject, word: str) -> None:
    checked({"x-tocsin-form": word}, json.dumps(mutated(body, data)).encode())


@given(st.dictionaries(names, st.text(max_size=20), max_size=8), st.text(max_size=60))
def test_any_query_and_any_form_is_read(fields: dict[str, str], query: str) -> None:
    text = urlencode({name: item.encode("utf-8", "surrogatepass") for name, item in fields.items()}, errors="replace")
    for told in (text, query):
        checked({"x-tocsin-query": told}, b"")
        checked({"content-type": MEDIA[3]}, told.encode("utf-8", "surrogatepass"))


@given(st.dictionaries(names, st.text(max_size=20), max_size=8), st.text(max_size=5))
def test_any_form_in_parts_is_read(fields: dict[str, str], boundary: str) -> None:
    parts = [f'form-data; name="{name}"\r\n\r\n{item}\r\n' for name, item in fields.items()]
    body = "".join(f"--{boundary}\r\nContent-Disposition: {part}" for part in parts)
    checked({"content-type": f"multipart/form-data; boundary={boundary}"}, body.encode("utf-8", "surrogatepass"))


def mutated(body: Json, data: st.DataObject) -> Json:
    """*body* with another value in one place."""
    if isinstance(body, dict) and body and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(body)))
        return {**body, name: mutated(body[name], data)}
    if isinstance(body, list) and body and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(body) - 1))
        return [*body[:place], mutated(body[place], data), *body[place + 1 :]]
    return data.draw(values)


@pytest.mark.parametrize("body", REAL)
def test_every_real_body_is_understood(body: Json) -> None:
    assert checked({}, bodies.encoded(body)).problems == ()


def nested(opening: str, value: str, closing: str, depth: int) -> bytes:
    return (opening * depth + value + closing * depth).encode()


@pytest.mark.parametrize(
    "body",
    [
        nested('{"a":', "1", "}", 90),
        nested('{"a":', "1", "}", 200),
        nested('{"a":', "1", "}", 200_000),
        nested("[", "1", "]", 200_000),
        nested('{"alerts":[', "1", "]}", 60),
        b'{"title":"x","title":"y","a":1e999,"b":-1e999,"c":' + b"9" * 4000 + b"}",
        b'{"title":' + b"9" * 5000 + b"}",
        b'{"title":"\\ud800\\u0000","labels":{"\\ud800":"\\udfff"},"a":1}',
        b'{"title":NaN}',
        b'{"title":"x"} trailing',
        b"\x00" * 1000,
        b"\xff\xfe{\x00}\x00",
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_a_monstrous_body_is_read(body: bytes) -> None:
    for media in MEDIA:
        checked({"content-type": media}, body)


def test_of_two_equal_names_the_last_counts() -> None:
    assert checked({}, b'{"title":"x","title":"y"}').alerts[0].title == "y"


MEGABYTE = 1_000_000
LARGE: dict[str, Callable[[int], bytes]] = {
    "text": lambda size: b"x" * size,
    "lines": lambda size: b"x\n" * (size // 2),
    "blanks": lambda size: b"x" + b" " * size + b"x",
    "title": lambda size: bodies.encoded({"title": "x" * size, "a": 1}),
    "fields": lambda size: bodies.encoded({f"f{number}": number for number in range(size // 14)}),
    "deep names": lambda size: nested('{"' + "n" * (size // 50) + '":', "1", "}", 50),
    "list": lambda size: b'{"title":"x","list":[' + b"1," * (size // 2) + b"1]}",
    "list of lists": lambda size: b'{"note":[' + b"[]," * (size // 3) + b"1]}",
    "numbers": lambda size: b"[" + b"1," * (size // 2) + b"1]",
    "objects": lambda size: b"[" + b'{"a":1},' * (size // 8) + b"{}]",
    "group": lambda size: bodies.encoded(bodies.group(*[bodies.member(str(n)) for n in range(size // 500)])),
    "labels": lambda size: bodies.encoded([bodies.posted(labels={f"l{n}": "v" for n in range(size // 12)})]),
    "form": lambda size: b"a=" + b"x" * size + b"&a=y" * 900,
    "escapes": lambda size: b"a=" + b"%41" * (size // 3),
    "event": lambda size: bodies.encoded(
        bodies.event("X", "aws.x", {f"f{number}": "v" for number in range(size // 14)}, ["r"] * 1000)
    ),
    "message": lambda size: bodies.encoded(bodies.sns({"alerts": ["x" * size]})),
    "open brackets": lambda size: b"[" * size,
    "parts": lambda size: b"--b\r\nContent-Disposition: form-data; name=" * (size // 44),
    "brackets": lambda size: bodies.encoded(monitoring_bodies.datadog_default(title="[P1] " * (size // 5))),
    "fields of a monitor": lambda size: bodies.encoded(
        monitoring_bodies.uptimerobot(**{f"f_{number}": number for number in range(size // 14)})
    ),
    "tags": lambda size: bodies.encoded(monitoring_bodies.datadog(tags="a," * (size // 2))),
    "colons": lambda size: bodies.encoded(bodies.sns("x", TopicArn="arn:aws:sns:" + ":" * size)),
}


KINDS = {"form": MEDIA[3], "escapes": MEDIA[3], "parts": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_body_costs_no_more_than_its_size(name: str) -> None:
    media = {"content-type": KINDS.get(name, "")}
    body = LARGE[name](MEGABYTE)
    began = time.process_time()
    checked(media, body)
    # A quadratic reader would need minutes, so a slow machine does not matter.
    assert time.process_time() - began < 10


def test_shuffled_labels_are_the_same_alert() -> None:
    labels = list(bodies.posted()["labels"].items())
    keys = set()
    for seed in range(10):
        random.Random(seed).shuffle(labels)
        keys.add(checked({}, bodies.encoded([bodies.posted(labels=dict(labels))])).alerts[0].dedup_key)
    assert len(keys) == 1
