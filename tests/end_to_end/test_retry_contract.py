"""What each sender hears when all is well, when we are in trouble, and when it can never succeed.

Our own trouble must give the code on which that sender tries again (Amazon SNS, Alertmanager and Datadog, for instance,
repeat on 5xx and drop on 4xx), and nothing that was not stored may hear 2xx.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest

from tests.sns.signing import HEADERS, NOW, Web, encoded, notification, signed
from tests.sources import bodies
from tests.wiring.serving import ask, serving
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

KEY = "test-key-0123456789"
CONFIG = f"""
integrations: {{default: {{key: {KEY}}}}}
mail_in: {{port: 0, domain: tocsin.example.com}}
"""
JSON = {"content-type": "application/json"}
GENIE = {**JSON, "authorization": f"GenieKey {KEY}"}


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a sender. *good* and *wrong*: what it hears with the right key, and with a wrong one."""

    name: str
    path: str
    good: int
    wrong: int
    method: str = "POST"
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: JSON)
    body: bytes | None = b"{}"


def encode(value: object) -> bytes:
    return json.encode(value)


def event(name: str) -> bytes:
    return encode(
        {name: KEY, "event_action": "resolve", "event_type": "resolve", "dedup_key": "7", "incident_key": "7"}
    )


CHANGE = encode({"routing_key": KEY, "payload": {"summary": "v7 is deployed"}})
ALERTS = encode([{"labels": {"alertname": "Down"}, "generatorURL": "http://prometheus:9090/graph"}])
SENDERS = (
    Sender(name="Amazon SNS", path=f"/v1/in/{KEY}", good=200, wrong=403, headers=HEADERS, body=b""),
    Sender(
        name="EventBridge API destination",
        path="/v1/in",
        good=202,
        wrong=403,
        headers={**JSON, "x-api-key": KEY},
        body=bodies.encoded(bodies.alarm_event()),
    ),
    Sender(name="Alertmanager", path=f"/v1/in/{KEY}", good=202, wrong=403, body=encode(bodies.group(bodies.member()))),
    Sender(name="Prometheus", path=f"/am/{KEY}/api/v2/alerts", good=200, wrong=403, body=ALERTS),
    Sender(name="Prometheus, version 1", path=f"/am/{KEY}/api/v1/alerts", good=200, wrong=403, body=ALERTS),
    Sender(name="Grafana", path=f"/v1/in/{KEY}", good=202, wrong=403, body=encode(bodies.grafana_group())),
    Sender(name="Datadog", path=f"/v1/in/{KEY}/datadog", good=202, wrong=403, body=encode({"title": "x", "id": "7"})),
    Sender(
        name="GitHub",
        path=f"/v1/in/{KEY}/github",
        good=202,
        wrong=403,
        headers={**JSON, "x-github-event": "ping"},
        body=encode({"zen": "z", "hook_id": 7}),
    ),
    Sender(name="PagerDuty Events v2", path="/v2/enqueue", good=202, wrong=400, body=event("routing_key")),
    Sender(name="PagerDuty change events", path="/v2/change/enqueue", good=202, wrong=400, body=CHANGE),
    Sender(
        name="PagerDuty Events v1",
        path="/generic/2010-04-15/create_event.json",
        good=200,
        wrong=400,
        body=event("service_key"),
    ),
    Sender(name="PagerDuty integration", path=f"/integration/{KEY}/enqueue", good=202, wrong=403),
    Sender(name="PagerDuty event routing", path=f"/x-ere/{KEY}", good=202, wrong=403),
    Sender(
        name="Opsgenie", path="/v2/alerts", good=202, wrong=401, headers=GENIE, body=encode({"message": "Disk full"})
    ),
    Sender(
        name="Opsgenie, by Alertmanager",
        path="/opsgenie/v2/alerts/a/close?identifierType=alias",
        good=202,
        wrong=401,
        headers=GENIE,
    ),
    Sender(
        name="Jira Service Management",
        path="/jsm/ops/integration/v2/alerts",
        good=202,
        wrong=401,
        headers=GENIE,
        body=encode({"message": "Disk full"}),
    ),
    Sender(
        name="Opsgenie heartbeat",
        path="/v2/heartbeats/nightly/ping",
        method="GET",
        good=202,
        wrong=401,
        headers=GENIE,
        body=None,
    ),
    Sender(name="Grafana OnCall", path=f"/integrations/v1/formatted_webhook/{KEY}/", good=200, wrong=403),
    Sender(
        name="CloudEvents",
        path=f"/v1/in/{KEY}",
        good=202,
        wrong=403,
        headers={"content-type": "application/cloudevents+json"},
        body=encode(bodies.cloud_event()),
    ),
    Sender(
        name="UptimeRobot",
        path=f"/v1/in/{KEY}/uptimerobot?monitorID=7&alertType=1",
        method="GET",
        good=202,
        wrong=403,
        headers={},
        body=None,
    ),
    Sender(
        name="healthchecks.io",
        path=f"/ping/{KEY}/nightly",
        method="GET",
        good=200,
        wrong=404,
        headers={},
        body=None,
    ),
    Sender(name="curl", path=f"/v1/in/{KEY}", good=202, wrong=403, headers={}, body=b"The cellar is flooded"),
)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    web = Web()
    outside = Outside(clock=lambda: NOW, sns_fetch=web)
    with serving(tmp_path_factory.mktemp("contract") / "tocsin.db", CONFIG, outside) as (found, _):
        yield found


@contextmanager
def trouble(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts nothing can be stored."""

    def broken(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    with patch.context() as patched:
        patched.setattr(SqliteStore, "accept", broken)
        yield


def sent(runtime: Embedded, sender: Sender, key: str = KEY) -> tuple[int, dict[str, str]]:
    body = encoded(signed(notification())) if sender.name == "Amazon SNS" else sender.body
    body = body.replace(KEY.encode(), key.encode()) if body is not None else None
    headers = {name: value.replace(KEY, key) for name, value in sender.headers.items()}
    status, _, told = ask(f"{runtime.url}{sender.path.replace(KEY, key)}", body, headers, sender.method)
    return status, told


def stored(runtime: Embedded) -> int:
    return max((int(row.id) for row in runtime.store.deliveries(1)), default=0)


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_what_is_on_the_disk_hears_what_its_sender_expects(runtime: Embedded, sender: Sender) -> None:
    before = stored(runtime)
    assert sent(runtime, sender)[0] == sender.good
    assert stored(runtime) > before


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_our_own_trouble_is_told_so_that_the_sender_comes_again(
    runtime: Embedded, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trouble(monkeypatch):
        status, headers = sent(runtime, sender)
    assert (status, headers.get("retry-after")) == (503, "5")
    assert sent(runtime, sender)[0] == sender.good, "the next try must get through, without a restart"


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.name)
def test_a_wrong_key_can_never_succeed_and_is_counted(runtime: Embedded, sender: Sender) -> None:
    def refused() -> float:
        line = next(row for row in runtime.metrics.text().decode().splitlines() if 'refused_total{why="key"}' in row)
        return float(line.rpartition(" ")[2])

    sent(runtime, sender, "wrong-key-987654321")
    before = refused()
    assert sent(runtime, sender, "wrong-key-987654321")[0] == sender.wrong
    assert refused() == before + 1


def test_a_mail_server_hears_250_or_451(runtime: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtime.mail_in is not None
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "nagios@example.com", f"{KEY}@tocsin.example.com", "Disk full"
    mail.set_content("97 %")
    with smtplib.SMTP("127.0.0.1", runtime.mail_in.port, timeout=30) as server:
        assert server.send_message(mail) == {}
        with trouble(monkeypatch), pytest.raises(smtplib.SMTPDataError) as told:
            server.send_message(mail)
        assert told.value.smtp_code == 451
        assert server.send_message(mail) == {}


def test_the_table_is_what_the_page_of_senders_tells() -> None:
    page = (Path(__file__).parents[2] / "docs" / "senders.md").read_text(encoding="utf-8")
    for place in ("/v1/in/KEY", "/v2/enqueue", "/opsgenie/", "/am/KEY", "/integrations/v1/", "/ping/KEY"):
        assert place in page
