"""What the stories of AWS do not tell: templates, lookalikes, fields that are missing, bodies in other envelopes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import alarm_bodies, bodies
from tests.sources.aws_events import aws_events
from tests.sources.test_sources_hostile import checked
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.aws import places, table

SAMPLES = dict(aws_events())
FIELDS = ("Message", "Environment", "Application", "Timestamp", "StackId", "Budget Name", "Resource ARN", "Alert Type")
BEGINNINGS = ("AWS Budget Notification", "An AWS Backup job failed. ", "Timestamp: ", "StackId='", "Timestamp='")


def reading(body: Json, headers: dict[str, str] | None = None) -> Reading:
    raw = body if isinstance(body, bytes) else bodies.encoded(body)
    return read(headers or {}, raw, received_at=bodies.NOW)


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


def call(**more: Json) -> dict[str, Json]:
    detail = {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", **more}
    return bodies.event("AWS API Call via CloudTrail", "aws.cloudtrail", detail)


# Places and templates

SCENE = {
    "a": {"b": "x", "list": [{"n": "1"}, {"n": "2"}, 7], "empty": " ", "null": "null", "truth": True},
    "word": "CacheNodeREPLACED",
    "arn": "arn:aws:ecs:eu-west-1:111122223333:service/shop/web",
    "number": 7,
}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("a.b", ["x"]),
        ("a.c", []),
        ("a.b.c", []),
        ("a.list.*.n", ["1", "2"]),
        ("a.list.1.n", ["2"]),
        ("a.list.9.n", []),
        ("a.list.n", []),
        ("a.*.n", []),
        ("a.empty", []),
        ("a.null", []),
        ("a.truth", ["true"]),
        ("number", ["7"]),
        ("a", []),
        ("a.c|a.b", ["x"]),
        ("a.b|number", ["x"]),
        ("a.list.*.n+a.b", ["1 x", "2 x"]),
        ("a.c+a.b|number", ["7"]),
    ],
)
def test_a_place_says_what_stands_there(place: str, found: list[str]) -> None:
    assert places.texts(SCENE, place) == found


@pytest.mark.parametrize(
    ("template", "title", "page"),
    [
        ("on {a.b}", "on x", "on x"),
        ("on {nothing}", "on ?", ""),
        ("on[ {nothing}] all[ of {a.b}]", "on all of x", "on all of x"),
        ("{nothing|a.b}", "x", "x"),
        ("{arn}", "web", "arn%3Aaws%3Aecs%3Aeu-west-1%3A111122223333%3Aservice%2Fshop%2Fweb"),
        ("{arn!short}", "web", "web"),
        ("{arn!parent}/{arn!name}", "shop/web", "shop/web"),
        ("{arn!path}", "web", "arn:aws:ecs:eu-west-1:111122223333:service/shop/web"),
        ("{a.b!parent}", "x", "x"),
        ("{word!plain}", "cache node replaced", "CacheNodeREPLACED"),
        ("", "?", ""),
    ],
)
def test_a_template_is_filled(template: str, title: str, page: str) -> None:
    assert places.title(SCENE, template) == title
    assert places.page(SCENE, template) == page


def test_an_address_quotes_what_it_is_filled_with() -> None:
    scene = {"name": "/a b?c#d"}
    assert places.page(scene, "x/{name}") == "x/%2Fa%20b%3Fc%23d"
    assert places.page(scene, "x/{name!path}") == "x//a%20b%3Fc%23d"
    assert places.page(scene, "x/{name!twice}") == "x/%252Fa%2520b%253Fc%2523d"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("TIMED_OUT", "timed out"),
        ("TimedOut", "timed out"),
        ("Execution Timed Out", "execution timed out"),
        ("in-alarm", "in-alarm"),
        ("ECSDeployment", "ecs deployment"),
    ],
)
def test_a_word_of_aws_is_told_as_people_would(word: str, told: str) -> None:
    assert places.plain(word) == told


# Rows


@pytest.mark.parametrize("source", ["com.example", "awsome", "partner"])
def test_only_aws_speaks_for_aws(source: str) -> None:
    assert table.find(source, "GuardDuty Finding") is None
    assert table.find("aws.guardduty", "GuardDuty Finding") is not None


def test_an_unknown_outcome_is_judged_by_its_words() -> None:
    for state, severity, kind in (
        ("PARTLY_FAILED", Severity.HIGH, Kind.ALERT),
        ("SUSPENDED", Severity.WARNING, Kind.ALERT),
        ("DREAMING", Severity.INFO, Kind.NOTIFICATION),
    ):
        detail = {"pipeline": "shop", "state": state}
        found = only(reading(bodies.event("CodePipeline Pipeline Execution State Change", "aws.codepipeline", detail)))
        assert (found.severity, found.kind) == (severity, kind)


def test_a_type_that_says_nothing_is_still_told() -> None:
    for name, row in table.BY_TYPE.items():
        found = reading(bodies.event(name, row.source, {}))
        assert found.problems == ()
        assert found.alerts[0].title
        assert found.alerts[0].links, name


def test_what_is_only_news_never_has_the_key_of_an_alert() -> None:
    begun, failed = (reading(SAMPLES[told]).alerts[0].dedup_key for told in ("pipeline starts", "pipeline fails"))
    assert begun == failed + "|news"


def test_what_is_over_and_waited_for_is_told_too() -> None:
    over, told = reading(SAMPLES["pipeline succeeds"]).alerts
    assert (over.status, told.status) == (AlertStatus.RESOLVED, AlertStatus.FIRING)
    assert (told.kind, told.title, told.group_key) == (Kind.NOTIFICATION, over.title, "")
    canary = only(reading(SAMPLES["canary passes"]))
    assert canary.status is AlertStatus.RESOLVED


def test_a_pipeline_its_stage_and_its_action_are_one_incident() -> None:
    groups = {
        only(reading(SAMPLES[told])).group_key
        for told in ("pipeline fails", "pipeline fails, by a notification rule", "stage fails", "action fails")
    }
    assert len(groups) == 1
    assert only(reading(SAMPLES["approval needed"])).group_key == ""


def test_the_sender_may_ask_for_a_key() -> None:
    header = {"x-alert-key": "mine"}
    assert only(reading(SAMPLES["pipeline fails"], header)).dedup_key == "mine"
    assert only(reading(SAMPLES["pipeline starts"], header)).dedup_key == "mine"
    assert [alert.dedup_key for alert in reading(SAMPLES["pipeline succeeds"], header).alerts] == ["mine", "mine|news"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("launch unsuccessful", "launch unsuccessful, on a topic"),
        ("database fails over", "database fails over, on a topic"),
        ("stack rolled back", "stack rolled back, as text"),
        ("resource fails", "resource fails, as text"),
        ("not compliant", "not compliant, on a topic"),
        ("environment is ill", "environment is ill, as text"),
        ("backup fails", "backup fails, as text"),
        ("function fails", "function fails, as an event"),
        ("pipeline fails", "pipeline fails, by a notification rule"),
        ("health issue", "health issue, from the second region"),
        ("bounce", "bounce, as an event"),
        ("insight of the guru", "insight of the guru, worse"),
        ("anomaly", "anomaly, as an event"),
    ],
)
def test_one_matter_has_one_key_by_every_way(one: str, other: str) -> None:
    mine, theirs = (only(reading(SAMPLES[told])) for told in (one, other))
    if "resource" not in one:  # They are two resources of one stack.
        assert mine.dedup_key == theirs.dedup_key
    assert mine.dedup_key.rpartition("|")[0] == theirs.dedup_key.rpartition("|")[0]


def test_an_alarm_on_a_band_and_a_composite_one_have_one_key_by_every_way() -> None:
    ways = (alarm_bodies.band_alarm(), bodies.sns(alarm_bodies.band_alarm("OK")), alarm_bodies.band_event())
    assert {only(reading(way)).dedup_key for way in ways} == {alarm_bodies.BAND_ARN}
    ways = (bodies.composite_alarm(), bodies.sns(bodies.composite_alarm("OK")), alarm_bodies.composite_event())
    assert {only(reading(way)).dedup_key for way in ways} == {alarm_bodies.DOWN_ARN}


def test_a_band_is_told_by_the_metric_that_leaves_it() -> None:
    told = "AWS/EC2 CPUUtilization Average above the band for 2 of 3 periods of 300 s"
    assert told in only(reading(alarm_bodies.band_alarm())).description
    assert "expected" in only(reading(alarm_bodies.band_alarm(ThresholdMetricId="m1"))).description


def test_a_restart_does_not_resolve_that_the_storage_is_full() -> None:
    full, restarted = (only(reading(SAMPLES[told])) for told in ("database is full", "database restarts"))
    assert restarted.status is AlertStatus.RESOLVED
    assert full.dedup_key != restarted.dedup_key


def test_a_task_that_exits_with_zero_is_finished_and_one_whose_exit_is_unknown_is_not() -> None:
    def task(containers: Json) -> Alert:
        detail = {"group": "family:x", "stopCode": "EssentialContainerExited", "containers": containers}
        return only(reading(bodies.event("ECS Task State Change", "aws.ecs", detail)))

    assert task([{"exitCode": 0}, {"exitCode": 0}]).kind is Kind.NOTIFICATION
    assert task([{"exitCode": 0}, {"exitCode": 1}]).kind is Kind.ALERT
    assert task([{}]).kind is Kind.ALERT
    assert task("x").kind is Kind.ALERT


@pytest.mark.parametrize("counts", [None, 7, [], {}, {"HIGH": 0}, {"HIGH": "1"}, {"HIGH": True}, {"TOTAL": 3}])
def test_a_scan_that_counts_nothing_is_news(counts: Json) -> None:
    detail = {"scan-status": "COMPLETE", "repository-name": "shop", "finding-severity-counts": counts}
    found = only(reading(bodies.event("ECR Image Scan", "aws.ecr", detail)))
    assert (found.kind, found.title) == (Kind.NOTIFICATION, "Image scan of shop: complete")


@pytest.mark.parametrize("grade", [None, "", True, [], {}, {"a": 1}])
def test_a_grade_that_is_none_leaves_the_rows_own(grade: Json) -> None:
    found = only(reading(bodies.event("GuardDuty Finding", "aws.guardduty", {"id": "7", "severity": grade})))
    assert (found.severity, found.kind) == (Severity.HIGH, Kind.ALERT)


def test_a_refused_call_has_changed_nothing() -> None:
    done, refused = reading(call(requestParameters={"name": "main"})), reading(call(errorCode="AccessDenied"))
    assert len(done.changes) == 1
    assert refused.changes == ()
    assert only(refused).severity is Severity.WARNING
    assert only(reading(call(eventName="StartLogging", errorCode="AccessDenied"))).status is AlertStatus.FIRING


@pytest.mark.parametrize(("read_only", "changes"), [(True, 0), (False, 1), ("true", 1), (None, 1)])
def test_only_what_says_that_it_reads_is_no_change(read_only: Json, changes: int) -> None:
    assert len(reading(call(eventName="X", readOnly=read_only)).changes) == changes


def test_changes_come_out_of_a_batch() -> None:
    found = reading([SAMPLES["pipeline succeeds"], SAMPLES["pipeline fails"], SAMPLES["rollout completes"]])
    assert [change.title for change in found.changes] == ["Pipeline shop succeeded", "ECS deployment of web completed"]


def test_a_sentence_that_stands_in_two_places_is_told_once() -> None:
    detail = {"findingArn": "a", "severity": "HIGH", "title": "openssl", "description": "Inspector: openssl"}
    assert only(reading(bodies.event("Inspector2 Finding", "aws.inspector2", detail))).description == ""
    phases = [{"phase-context": ["[: ]", "make: exit status 2", "make: exit status 2", ": "]}]
    build = {"project-name": "shop", "build-status": "FAILED", "additional-information": {"phases": phases}}
    found = only(reading(bodies.event("CodeBuild Build State Change", "aws.codebuild", build)))
    assert found.description == "make: exit status 2"
    unknown = bodies.event("New", "aws.new", {"message": "It broke.", "description": "It broke.", "reason": " "})
    assert only(reading(unknown)).description == "It broke."


def test_an_account_that_nothing_names_is_that_of_the_topic() -> None:
    found = only(reading(SAMPLES["budget exceeded"]))
    assert (found.account, found.region) == ("111122223333", "eu-west-1")
    cache = reading(bodies.sns({"ElastiCache:SnapshotFailed": "shop"}, TopicArn="?"))
    assert (only(cache).account, only(cache).region) == ("", "")


def test_the_console_of_china_and_govcloud_is_theirs() -> None:
    detail = {"instance-id": "i-7", "state": "stopped"}
    for region, host in (
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
    ):
        found = only(reading(bodies.event("EC2 Instance State-change Notification", "aws.ec2", detail, region=region)))
        assert found.links[0].href.startswith(f"https://{host}/ec2/home?region={region}#")


def test_there_is_a_link_in_any_case() -> None:
    named = ["cluster 7", "arn:aws:opsworks:eu-west-1:111122223333:stack/7"]
    for resources, text in ((named, "7 in the console"), (["cluster 7"], "OpsWorks in the console")):
        found = only(reading(bodies.event("OpsWorks Alert", "aws.opsworks", {"type": "x"}, resources)))
        assert [link.text for link in found.links] == [text]
    guru = {"messageType": "NEW_INSIGHT", "insightId": "7", "insightUrl": "javascript:alert()", "region": "eu-west-1"}
    assert [link.text for link in only(reading(guru)).links] == ["DevOps Guru in the console"]


# Bodies without an envelope


@pytest.mark.parametrize(
    "body",
    [
        {"Records": 7},
        {"Records": []},
        {"Records": [7, {"eventSource": "aws:kinesis"}]},
        {"Event": "x"},
        {"Event Source": "x", "Source ID": "y"},
        {"requestContext": {"http": {}}, "version": "2.0", "timestamp": 7},
        {"approval": "x", "region": "y"},
        {"notificationType": "Bounce", "mail": 7},
        {"detailType": 7, "notificationRuleArn": "x"},
        {"Service": "x", "Event": "y", "Bucket": {}},
        {"ElastiCache": "x"},
    ],
)
def test_what_only_looks_like_a_body_of_aws_is_any_json(body: Json) -> None:
    found = reading(body)
    assert found.source == "json"
    assert found.changes == ()


def test_mail_that_ses_has_received_is_no_news_of_mail() -> None:
    mail = {"source": "ada@example.com", "messageId": "7"}
    assert only(reading({"notificationType": "Received", "mail": mail, "content": "x"})).source == "json"


def test_a_record_of_another_service_costs_that_record_only() -> None:
    body = json.loads(str(SAMPLES["objects created"]["Message"]))
    found = reading({"Records": [*body["Records"], {"eventSource": "aws:kinesis"}, 7]}, {"x-alert-key": "mine"})
    assert [problem.place for problem in found.problems] == ["Records[2].eventSource", "Records[3].eventSource"]
    assert len(found.alerts) == 2
    assert "mine" not in {alert.dedup_key for alert in found.alerts}
    alone = reading({"Records": body["Records"][:1]}, {"x-alert-key": "mine"})
    assert only(alone).dedup_key == "mine"


def test_a_body_is_read_alike_with_and_without_its_envelope() -> None:
    for told in ("launched, on a topic", "database is full", "audit", "bounce", "node is replaced"):
        envelope = SAMPLES[told]
        raw = reading(json.loads(envelope["Message"]))
        assert [alert.title for alert in raw.alerts] == [alert.title for alert in reading(envelope).alerts]
        assert raw.source == "aws"


def test_the_event_of_a_body_is_the_body() -> None:
    for told in ("audit", "node is replaced", "pipeline fails, by a notification rule", "objects created"):
        assert reading(SAMPLES[told]).event == json.loads(SAMPLES[told]["Message"])
    assert reading(SAMPLES["budget exceeded"]).event == SAMPLES["budget exceeded"]["Message"].strip()


# Text


@pytest.mark.parametrize(
    "text",
    [
        "Timestamp: Tue Nov 14\nMessage: hello",
        "Timestamp: now",
        "StackId='x'\nStackName='y'",
        "StackId=''\nwhat='",
        "Timestamp='2023'\nResourceStatus='x'\nStackName='y'",
        "An AWS engineer",
        "An AWS Backup vault is locked.",
        "AWS Budgets",
    ],
)
def test_what_only_looks_like_text_of_aws_is_any_text(text: str) -> None:
    assert only(reading(bodies.sns(text, "subject"))).title == "subject"
    assert only(reading(text.encode())).source == "text"


def test_text_of_aws_is_read_without_an_envelope_too() -> None:
    letter = SAMPLES["budget exceeded"]["Message"].encode()
    found = only(reading(letter, {"content-type": "text/plain"}))
    assert (found.source, found.account) == ("aws", "111122223333")


def test_a_budget_without_its_figures_is_still_told() -> None:
    found = only(reading(bodies.sns("AWS Budget Notification\nBudget Name: Monthly\n")))
    assert found.title == "Budget Monthly has crossed its threshold"
    assert found.description == "AWS Budget Notification\nBudget Name: Monthly"


def test_text_of_backup_may_name_no_resource() -> None:
    assert only(reading(b"An AWS Backup job failed.")).title == "Backup of ? failed"
    assert only(reading(b"An AWS Backup copy job failed.")).title == "Copy of the backup of ? failed"
    assert only(reading(b"An AWS Backup restore job was aborted.")).title == "Restore of ? aborted"
    arn = "arn:aws:backup:eu-west-1:111122223333:recovery-point:1"
    found = only(reading(f"An AWS Backup restore job failed. Recovery point ARN: {arn}. More".encode()))
    assert found.resource == arn


def test_a_stack_is_told_apart_from_what_it_holds() -> None:
    whole, part = (only(reading(SAMPLES[t])) for t in ("stack rolled back, as text", "resource fails, as text"))
    assert whole.title.startswith("Stack shop")
    assert part.title.startswith("Queue in stack shop")
    assert whole.group_key == part.group_key


@given(
    st.sampled_from(BEGINNINGS),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from([": ", "='", " : "]), st.text(max_size=20))),
    st.booleans(),
)
def test_any_text_that_begins_like_one_of_aws_is_read(
    beginning: str, fields: list[tuple[str, str, str]], enveloped: bool
) -> None:
    told = beginning + "\n".join(f"{name}{mark}{value}'" for name, mark, value in fields)
    checked({}, bodies.encoded(bodies.sns(told)) if enveloped else told.encode("utf-8", "replace"))


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_long_text_costs_no_more_than_its_size(beginning: str) -> None:
    for filler in ("a: b\n", "a='", "x", "Resource ARN : arn:", ": ", "\n"):
        checked({}, (beginning + filler * (200_000 // len(filler))).encode())
