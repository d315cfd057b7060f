"""Graphs of metrics from CloudWatch, with the SDK's own stub, which knows the requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import ANY, Stubber  # type: ignore[import-untyped]

from tests.aws.cloud import REGION, Cloud
from tests.slack.slack_examples import alert, incident
from tocsin.aws.graphs import BYTES_MAX, CLIENTS_MAX, KEPT_MAX, CloudWatchGraphs, widget
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Metric
from tocsin.incidents.state import Incident
from tocsin.kernel.time import HOUR
from tocsin.posting.graphs import NoGraphs
from tocsin.wiring import graphs as wired
from tocsin.wiring.settings_file import parse

ACCOUNT = "123456789012"
PNG = b"\x89PNG\r\n\x1a\nrest"
METRIC = Metric(
    namespace="AWS/EC2",
    name="CPUUtilization",
    dimensions=(("InstanceId", "i-0abc"), ("Stage", "prod")),
    statistic="Maximum",
    period=60,
    threshold=80.0,
)


def watched(metric: Metric | None = METRIC, **parts: Any) -> Incident:  # noqa: ANN401 - the parts of an alert.
    return incident(first=alert(metric=metric, **parts))


class Stubbed:
    """Graphs whose two clients are stubs."""

    def __init__(self) -> None:
        self.graphs = CloudWatchGraphs()
        clients = {name: boto3.client(name, region_name=REGION) for name in ("cloudwatch", "sts")}
        self.graphs._clients.update({(name, REGION): client for name, client in clients.items()})
        self.cloudwatch, self.sts = Stubber(clients["cloudwatch"]), Stubber(clients["sts"])

    def account(self, number: str = ACCOUNT) -> None:
        self.sts.add_response("get_caller_identity", {"Account": number})

    def image(self, content: bytes = PNG, described: object = ANY) -> None:
        asked = {"MetricWidget": described, "OutputFormat": "png"}
        self.cloudwatch.add_response("get_metric_widget_image", {"MetricWidgetImage": content}, asked)


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubbed]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test-secret")
    found = Stubbed()
    with found.cloudwatch, found.sts:
        yield found
        found.cloudwatch.assert_no_pending_responses()
        found.sts.assert_no_pending_responses()


def test_a_metric_of_our_account_is_drawn_once_for_an_incident(stubbed: Stubbed) -> None:
    state = watched()
    stubbed.account()
    stubbed.image(described=widget(METRIC, state.face, 3 * HOUR))
    assert stubbed.graphs.has(state)
    assert stubbed.graphs.graph("1", state) == PNG
    assert stubbed.graphs.graph("1", state) == PNG
    stubbed.image()
    assert stubbed.graphs.graph("2", state) == PNG


def test_the_widget_says_what_the_alarm_reads() -> None:
    assert json.loads(widget(METRIC, watched().face, HOUR)) == {
        "metrics": [
            [
                *("AWS/EC2", "CPUUtilization", "InstanceId", "i-0abc", "Stage", "prod"),
                {"stat": "Maximum", "period": 60},
            ]
        ],
        "region": "eu-west-1",
        "title": "CPU is high",
        "view": "timeSeries",
        "width": 720,
        "height": 360,
        "start": "-PT60M",
        "end": "PT0H",
        "annotations": {"horizontal": [{"label": "threshold", "value": 80.0}]},
    }
    bare = json.loads(widget(Metric(namespace="n", name="m"), watched().face, HOUR))
    assert bare["metrics"] == [["n", "m", {"stat": "Average", "period": 300}]]
    assert "annotations" not in bare


def test_a_metric_of_another_account_would_be_empty_and_is_not_drawn(stubbed: Stubbed) -> None:
    stubbed.account("999999999999")
    assert stubbed.graphs.graph("1", watched()) is None


def test_an_alert_without_an_account_is_taken_for_ours(stubbed: Stubbed) -> None:
    stubbed.image()
    assert stubbed.graphs.graph("1", watched(account="")) == PNG


@pytest.mark.parametrize("state", [watched(metric=None), watched(source="datadog"), watched(region="")])
def test_what_is_no_metric_of_cloudwatch_is_not_asked_for(stubbed: Stubbed, state: Incident) -> None:
    assert not stubbed.graphs.has(state)
    assert stubbed.graphs.graph("1", state) is None


def test_a_refusal_is_no_graph_and_its_code_alone_is_logged(stubbed: Stubbed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    stubbed.account()
    stubbed.cloudwatch.add_client_error("get_metric_widget_image", "AccessDenied", "not for test-secret")
    assert stubbed.graphs.graph("1", watched()) is None
    assert "AccessDenied" in caplog.text
    assert "test-secret" not in caplog.text


@pytest.mark.parametrize("content", [b"<html>", PNG + b"x" * BYTES_MAX])
def test_what_is_no_picture_or_vast_is_no_graph(stubbed: Stubbed, content: bytes) -> None:
    stubbed.account()
    stubbed.image(content)
    assert stubbed.graphs.graph("1", watched()) is None


def test_aws_away_is_no_graph(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    del cloud
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert CloudWatchGraphs().graph("1", watched()) is None


def test_few_pictures_are_kept(stubbed: Stubbed) -> None:
    for number in range(KEPT_MAX):
        stubbed.graphs._kept[f"{number}"] = PNG
    stubbed.account()
    stubbed.image()
    stubbed.graphs.graph("new", watched())
    assert len(stubbed.graphs._kept) == KEPT_MAX
    assert "0" not in stubbed.graphs._kept


def test_without_the_section_nobody_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = wired.graphs(parse(b"{}", {}).settings)
    assert isinstance(nobody, NoGraphs)
    assert not nobody.has(watched())
    assert nobody.graph("1", watched()) is None
    wanted = parse(b"graphs: {span: 1h}", {}).settings
    found = wired.graphs(wanted)
    assert isinstance(found, CloudWatchGraphs)
    assert found._span == HOUR

    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(TocsinError, match="section `graphs`"):
        wired.graphs(wanted)


@pytest.mark.parametrize(
    "region", ["", "attacker.example/", "us-east-1.attacker.example", "a" * 60, "US-EAST-1", "us-1\n"]
)
def test_a_region_that_is_none_is_never_asked(region: str) -> None:
    assert not CloudWatchGraphs().has(watched(region=region))


def test_senders_who_name_many_regions_do_not_fill_the_memory() -> None:
    graphs = CloudWatchGraphs()
    for number in range(CLIENTS_MAX + 3):
        graphs._client("cloudwatch", f"us-east-{number}")
    assert len(graphs._clients) == CLIENTS_MAX
