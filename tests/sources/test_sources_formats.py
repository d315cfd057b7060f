"""What the stories do not tell: wrong types, missing fields and lookalikes of each format."""

from __future__ import annotations

import base64

import pytest

from tests.sources import bodies
from tests.sources.bodies import NOW, encoded
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Problem, Reading, read, sns


def reading(body: Json, headers: dict[str, str] | None = None) -> Reading:
    return read(headers or {}, encoded(body), received_at=NOW)


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


def trouble(found: Reading) -> Problem:
    assert found.alerts == ()
    (problem,) = found.problems
    return problem


# CloudWatch


@pytest.mark.parametrize("state", ["UNKNOWN", None, 7, ["ALARM"], {}])
def test_an_alarm_in_no_known_state_is_a_problem(state: Json) -> None:
    assert trouble(reading(bodies.alarm(NewStateValue=state))).place == "NewStateValue"
    event = bodies.alarm_event()
    event["detail"]["state"]["value"] = state
    assert trouble(reading(event)).place == "detail.state.value"


@pytest.mark.parametrize("name", [None, "", 7, {}])
def test_what_only_looks_like_an_alarm_is_read_as_any_json(name: Json) -> None:
    assert only(reading(bodies.alarm(AlarmName=name))).source == "json"
    event = bodies.alarm_event()
    event["detail"]["alarmName"] = name
    assert only(reading(event)).source == "eventbridge"


def test_an_old_message_without_its_arn_has_the_key_that_the_arn_would_be() -> None:
    assert only(reading(bodies.sns(bodies.alarm(AlarmArn=None)))).dedup_key == bodies.ALARM_ARN
    assert only(reading(bodies.sns(bodies.alarm(AlarmArn=None, AWSAccountId=None)))).dedup_key == bodies.ALARM_ARN


def test_an_alarm_without_arn_and_topic_still_has_a_key() -> None:
    found = only(reading(bodies.alarm(AlarmArn=None)))
    assert found.dedup_key == "cloudwatch:111122223333:EU (Ireland):api-5xx"
    assert (found.region, found.links) == ("", ())


def test_an_alarms_event_without_resources_has_the_same_key() -> None:
    assert only(reading({**bodies.alarm_event(), "resources": None})).dedup_key == bodies.ALARM_ARN
    lost = only(reading({**bodies.alarm_event(), "resources": [7, "x"], "region": "?", "account": None}))
    assert lost.dedup_key == "cloudwatch::api-5xx"


@pytest.mark.parametrize("wrong", [None, 7, "x", [], [7], {"Dimensions": 7}, {"Metrics": {}}, {"Metrics": [7, {}]}])
def test_an_alarm_with_a_broken_trigger_is_still_an_alarm(wrong: Json) -> None:
    found = only(reading(bodies.alarm(Trigger=wrong)))
    assert (found.dedup_key, found.status) == (bodies.ALARM_ARN, AlertStatus.FIRING)


def test_an_expression_may_have_no_label_and_a_metric_no_expression() -> None:
    metric = {"Metric": {"MetricName": "Errors", "Namespace": "AWS/Lambda"}, "Stat": "Sum"}
    trigger = {"ComparisonOperator": "LessThanLowerThreshold", "Metrics": [{"MetricStat": metric}]}
    assert "AWS/Lambda Errors Sum below the band" in only(reading(bodies.alarm(Trigger=trigger))).description
    own: Json = {"ComparisonOperator": "ItsOwn", "Metrics": [{"Expression": "m1 + m2"}], "Threshold": 3}
    assert "m1 + m2 ItsOwn 3" in only(reading(bodies.alarm(Trigger=own))).description


def test_a_composite_alarm_may_lack_its_parts() -> None:
    value = bodies.composite_alarm()
    assert (
        "other is OK"
        in only(reading({**value, "TriggeringChildren": [{"Arn": "other", "State": {"Value": "OK"}}]})).description
    )
    assert only(reading({**value, "AlarmRule": None, "TriggeringChildren": 7})).title == "shop down"


def test_an_event_tells_the_rule_of_a_composite_alarm() -> None:
    event = bodies.alarm_event()
    event["detail"]["configuration"] = {"alarmRule": "ALARM(a)", "metrics": [{"id": "e1", "expression": "a"}]}
    assert "Rule: ALARM(a)" in only(reading(event)).description


# EventBridge


@pytest.mark.parametrize("more", [{"source": 7}, {"detail-type": None}, {"detail-type": " "}])
def test_what_only_looks_like_an_event_is_read_as_any_json(more: Json) -> None:
    event = bodies.event("Backup Job State Change", "aws.backup", {"state": "FAILED"})
    assert only(reading({**event, **more})).source == "json"


def test_an_events_key_does_not_know_how_it_went() -> None:
    keys = {
        only(reading(bodies.event("X State Change", "aws.x", {"name": "a", "state": state}, resources))).dedup_key
        for state in ("FAILED", "RUNNING", "SUCCEEDED", "OK", None)
        for resources in (["arn:aws:x:::b", "arn:aws:x:::a"], ["arn:aws:x:::a", "arn:aws:x:::b"])
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("more"),
    [{"source": "aws.y"}, {"detail-type": "Y"}, {"account": "9"}, {"region": "us-east-1"}, {"resources": ["r"]}],
)
def test_an_event_of_another_origin_or_thing_has_another_key(more: Json) -> None:
    event = bodies.event("X State Change", "aws.x", {"state": "FAILED"}, ["arn:aws:x:::a"])
    assert only(reading(event)).dedup_key != only(reading({**event, **more})).dedup_key


def test_an_event_may_be_given_its_key() -> None:
    event = bodies.event("tick", "com.example", {})
    assert only(reading(event, {"x-alert-key": "mine"})).dedup_key == "mine"


@pytest.mark.parametrize(
    ("score", "severity", "kind"),
    [
        (9.5, Severity.CRITICAL, Kind.ALERT),
        (7, Severity.HIGH, Kind.ALERT),
        (5.0, Severity.WARNING, Kind.ALERT),
        (1, Severity.INFO, Kind.NOTIFICATION),
    ],
)
def test_a_finding_is_as_bad_as_its_score(score: float, severity: Severity, kind: Kind) -> None:
    found = only(reading(bodies.event("GuardDuty Finding", "aws.guardduty", {"id": "7", "severity": score})))
    assert (found.severity, found.kind) == (severity, kind)


@pytest.mark.parametrize("detail", [None, 7, "text", [], {"state": {"a": 1}}, {"findings": []}, {"findings": 7}])
def test_an_event_with_a_strange_detail_is_still_told(detail: Json) -> None:
    found = only(reading(bodies.event("Security Hub Findings - Imported", "aws.securityhub", detail)))
    assert "Security Hub Findings - Imported" in found.title


# Alertmanager, Grafana, Prometheus


@pytest.mark.parametrize(
    ("item", "place"),
    [
        (7, "alerts[0]"),
        ({"status": "firing"}, "alerts[0].labels"),
        ({"status": "firing", "labels": {"a": "b"}, "annotations": [1]}, "alerts[0].annotations"),
        ({"status": "weird", "labels": {"a": "b"}}, "alerts[0].status"),
        ({"status": ["firing"], "labels": {"a": "b"}}, "alerts[0].status"),
        ({"status": "firing", "labels": {"a": ""}}, "alerts[0].labels"),
    ],
)
def test_a_bad_alert_of_a_group_costs_that_alert_only(item: Json, place: str) -> None:
    found = reading(bodies.group(item, bodies.member()))
    assert len(found.alerts) == 1
    assert [problem.place for problem in found.problems] == [place]


def test_an_alert_without_its_own_status_has_the_groups() -> None:
    group = bodies.group({"labels": {"alertname": "X"}}, status="resolved")
    found = only(reading(group))
    assert (found.status, found.occurred_at, found.title) == (AlertStatus.RESOLVED, None, "X")


def test_an_alert_is_known_by_its_fingerprint_at_its_alertmanager() -> None:
    one = only(reading(bodies.group(bodies.member())))
    moved = only(reading(bodies.group(bodies.member(), externalURL="http://other.example")))
    regrouped = only(reading(bodies.group(bodies.member(), groupKey="{}:{}")))
    assert one.dedup_key != moved.dedup_key
    assert one.group_key != moved.group_key
    assert one.dedup_key == regrouped.dedup_key


def test_without_a_fingerprint_the_labels_identify() -> None:
    labels = {"alertname": "X", "instance": "a", "n": 7, "empty": ""}
    turned = dict(reversed([*labels.items(), ("none", None)]))
    keys = [
        only(reading(bodies.group({"status": "firing", "labels": found}))).dedup_key
        for found in (labels, turned, {**labels, "instance": "b"})
    ]
    assert keys[0] == keys[1] != keys[2]


def test_numbers_of_any_size_are_labels() -> None:
    found = [only(reading([bodies.posted(labels={"a": number})])) for number in (10**30, 10**30, 10**30 + 1)]
    assert found[0] == found[1] != found[2]


def test_a_body_from_a_template_is_read_as_any_json() -> None:
    assert only(reading({"alerts": "two", "receiver": "x"})).source == "json"
    assert only(reading({"alerts": [1], "title": "x"})).source == "json"


def test_an_alert_without_any_name_has_a_title() -> None:
    assert only(reading([bodies.posted(labels={"severity": "info"}, annotations=None)])).title == "Alert without a name"
    assert only(reading([bodies.posted(labels={"instance": "a"}, annotations={})])).title == "Alert on a"


@pytest.mark.parametrize(
    ("ends_at", "status"),
    [
        (None, AlertStatus.FIRING),
        ("2023-11-14T22:13:21Z", AlertStatus.FIRING),
        ("2023-11-14T22:13:20Z", AlertStatus.RESOLVED),
        ("0001-01-01T00:00:00Z", AlertStatus.FIRING),
        ("soon", AlertStatus.FIRING),
        (["x"], AlertStatus.FIRING),
    ],
)
def test_a_posted_alert_is_over_when_its_end_has_passed(ends_at: Json, status: AlertStatus) -> None:
    assert only(reading([bodies.posted(endsAt=ends_at)])).status is status


def test_a_posted_alert_with_broken_annotations_is_a_problem() -> None:
    assert trouble(reading([bodies.posted(annotations="x")])) == Problem("[0].annotations", '"x" is not an object')


def test_labels_beside_other_fields_are_any_json() -> None:
    assert only(reading({"labels": {"env": "prod"}, "title": "x"})).labels == {"env": "prod"}


# CloudEvents, Chatbot


def test_a_binary_cloud_event_is_read_from_its_headers() -> None:
    headers = {
        "CE-SpecVersion": "1.0",
        "ce-id": "7",
        "ce-source": "/shop",
        "ce-type": "com.example.p%C3%A4yment",
        "content-type": "application/json",
    }
    found = only(read(headers, b'{"severity": "critical", "id": "order-7"}', received_at=NOW))
    assert found.title == "com.example.päyment"
    assert (found.severity, found.dedup_key) == (Severity.CRITICAL, "order-7")
    assert only(read(headers, b"", received_at=NOW)).resource == "/shop"
    assert only(read(headers, b"plain words", received_at=NOW)).description == "plain words"
    assert read(headers, b"{}", received_at=NOW).event["data"] == {}


def test_a_binary_cloud_event_without_its_attributes_is_a_problem() -> None:
    found = trouble(read({"ce-specversion": "1.0", "ce-type": "x"}, b"{}", received_at=NOW))
    assert found == Problem("headers", "these attributes of a CloudEvent are missing: ce-id, ce-source")


def test_a_cloud_event_may_be_incomplete_or_broken() -> None:
    assert only(reading(bodies.cloud_event(id=None))).source == "json"
    assert trouble(reading(bodies.cloud_event(data=None, data_base64="?"))).place == "data_base64"
    told = base64.b64encode(b'{"title": "from bytes"}').decode()
    assert only(reading(bodies.cloud_event(data=None, data_base64=told))).title == "from bytes"
    assert only(reading(bodies.cloud_event(data=None, data_base64=7))).description


def test_the_key_of_a_cloud_event_is_its_subject_or_what_its_data_names() -> None:
    one, again = reading(bodies.cloud_event(id="1")), reading(bodies.cloud_event(id="2", data={"status": "ok"}))
    assert only(one).dedup_key == only(again).dedup_key
    assert only(reading(bodies.cloud_event(subject="order/8"))).dedup_key != only(one).dedup_key
    assert only(reading(bodies.cloud_event(data={"alias": "mine"}))).dedup_key == "mine"
    assert only(reading(bodies.cloud_event(), {"x-alert-key": "theirs"})).dedup_key == "theirs"


@pytest.mark.parametrize(
    "more", [{"source": "other"}, {"content": "x"}, {"content": {}, "metadata": None}, {"content": {"title": " "}}]
)
def test_what_only_looks_like_a_custom_notification_is_any_json(more: Json) -> None:
    assert only(reading({**bodies.custom_notification(), **more, "metadata": None})).source == "json"


def test_a_custom_notification_without_a_thread_merges_by_its_title() -> None:
    keys = [
        only(reading(bodies.custom_notification(threadId=None, additionalContext=context))).dedup_key
        for context in (None, {"a": 1})
    ]
    assert keys[0] == keys[1]
    assert keys[0].startswith("chatbot:")


# SNS


def test_an_envelope_without_a_message_is_a_problem() -> None:
    assert trouble(reading(bodies.sns("x", Message=7))) == Problem("Message", "7 is not a text")
    assert trouble(reading(bodies.sns(" "))) == Problem("body", "the message is empty")


def test_an_empty_message_with_a_subject_is_an_alert() -> None:
    assert only(reading(bodies.sns("", "It is on fire"))).title == "It is on fire"


@pytest.mark.parametrize("message", ['{"a": ', "[FIRING] x", "{oops}", "[1,"])
def test_a_message_that_is_nearly_json_is_text(message: str) -> None:
    assert only(reading(bodies.sns(message))).title == message.strip()


def test_a_message_may_be_a_batch() -> None:
    assert [alert.source for alert in reading(bodies.sns([bodies.posted(), bodies.alarm()])).alerts] == [
        "prometheus",
        "cloudwatch",
    ]


def test_an_envelope_in_an_envelope_is_not_opened() -> None:
    assert only(reading(bodies.sns(bodies.sns("inner")))).source == "sns"


@pytest.mark.parametrize("attributes", [None, 7, {}, {"X-Alert-Key": 7}, {"X-Alert-Key": {"Value": 7}}])
def test_broken_attributes_of_a_message_are_ignored(attributes: Json) -> None:
    assert only(reading(bodies.sns("x", MessageAttributes=attributes))).title == "x"


def test_an_envelope_of_an_unknown_type_is_any_json() -> None:
    assert only(reading(bodies.sns("x", Type="Surprise"))).source == "json"


def test_a_strange_topic_names_no_account() -> None:
    found = only(reading(bodies.sns("x", TopicArn="my topic")))
    assert (found.account, found.region) == ("", "")
    lost = only(reading({**bodies.confirmation("UnsubscribeConfirmation"), "TopicArn": "my topic"}))
    assert lost.title == "Source unsubscribed: monitoring by my topic is being lost"


def test_the_signed_text_holds_the_signed_fields_in_order() -> None:
    signed = sns.canonical(bodies.sns("hello\nworld", "Greeting", MessageId="1", Timestamp="t", TopicArn="a"))
    told = ["Message", "hello", "world", "MessageId", "1", "Subject", "Greeting", "Timestamp", "t", "TopicArn", "a"]
    assert signed == "\n".join([*told, "Type", "Notification", ""]).encode()
    for kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        envelope = dict.fromkeys(bodies.confirmation(), "x") | {"Type": kind}
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
        told = [line for name in names for line in (name, "x")]
        assert sns.canonical(envelope) == "\n".join([*told, "Type", kind, ""]).encode()


def test_an_absent_subject_is_not_signed() -> None:
    signed = sns.canonical(bodies.sns("x"))
    assert signed is not None
    assert signed == sns.canonical(bodies.sns("x", Subject=None))
    assert b"Subject" not in signed
    assert b"Subject\n\n" in (sns.canonical(bodies.sns("x", "")) or b"")


@pytest.mark.parametrize("more", [{"Type": "Other"}, {"Type": None}, {"Type": []}, {"Message": None}, {"Subject": 7}])
def test_what_lacks_a_signed_field_has_no_signed_text(more: Json) -> None:
    assert sns.canonical(bodies.sns("x", **more)) is None


# Any JSON


def test_the_names_of_fields_may_be_written_in_any_case() -> None:
    found = only(reading({"Title": "x", "Severity": "LOW", "STATUS": "Closed", "Key": "k"}))
    assert (found.title, found.severity, found.status, found.dedup_key) == (
        "x",
        Severity.INFO,
        AlertStatus.RESOLVED,
        "k",
    )


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("notification", Kind.NOTIFICATION),
        (" Notification", Kind.NOTIFICATION),
        ("alert", Kind.ALERT),
        ("Pod", Kind.ALERT),
        (["notification"], Kind.ALERT),
        (None, Kind.ALERT),
    ],
)
def test_only_who_says_that_it_is_a_notification_asks_nobody(said: Json, kind: Kind) -> None:
    assert only(reading({"title": "x", "kind": said})).kind is kind


def test_a_title_tells_alerts_of_one_shape_apart() -> None:
    titles = {only(reading({"title": title, "value": 1})).dedup_key for title in ("disk full", "queue long")}
    hosts = {only(reading({"title": "disk full", "host": host})).dedup_key for host in ("a", "b")}
    assert (len(titles), len(hosts)) == (2, 2)


def test_without_a_title_the_names_of_the_fields_identify() -> None:
    one, again, other = ({"a": 1, "b": {"c": [1]}}, {"b": {"c": [1, 2]}, "a": 2}, {"a": 1, "b": {"d": 1}})
    assert only(reading(one)).dedup_key == only(reading(again)).dedup_key != only(reading(other)).dedup_key


def test_one_field_identifies_by_its_value() -> None:
    keys = [only(reading({"note": note})).dedup_key for note in ("a", "a", "b")]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("value", [None, "", [], {}, True])
def test_a_title_that_says_nothing_is_none(value: Json) -> None:
    assert only(reading({"title": value, "summary": "the real one", "a": 1})).title == "the real one"


def test_a_single_field_without_a_value_is_told_by_its_name() -> None:
    assert only(reading({"heartbeat": None})).title == "heartbeat"


def test_only_the_first_of_very_many_fields_are_looked_at() -> None:
    many = {f"f{number}": number for number in range(5000)}
    assert only(reading(many)).title == "f0: 0, f1: 1, f2: 2"


def test_an_envelope_of_one_name_is_opened() -> None:
    found = only(reading({"event": {"alert": {"title": "x", "status": "resolved"}}}))
    assert (found.title, found.status) == ("x", AlertStatus.RESOLVED)
