"""A night with something of everything, for pages that are to be looked at."""

from __future__ import annotations

import msgspec

from tests.browser.furnished_silences import furnish_silences
from tests.web.console_desks import BEGIN
from tests.web.console_world import World, due
from tocsin.changes.change import Change
from tocsin.changes.change import Link as ChangeLink
from tocsin.engine.ports import Received
from tocsin.heartbeats.ping import Ping, PingKind
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Noted, Resolved, Snoozed
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.web.ports import WrongKey


def furnished(world: World) -> str:
    """A night with something of everything; the incident that is shown."""
    stranger = WrongKey(
        shown="x7fq… (26 characters)", integration="", path="/v1/in", peer="2001:db8:1234:5678:9abc:def0:1234:5678",
        agent="Prometheus-Alertmanager/0.28.1 (linux; with a rather long name)", first_at=BEGIN, last_at=BEGIN, count=3,
    )  # fmt: skip
    lost = msgspec.structs.replace(stranger, shown="…wxyz", integration="prod", agent="curl/8.5", count=1204)
    world.desk.found = [lost, stranger]
    world.now -= 3 * HOUR
    world.give(Resolved(by="bob", note="Restarted it"), world.ring("API answers slowly", severity=Severity.HIGH))
    world.ping(Ping(name="nightly-backup", every=HOUR, text="42 GB in 11 minutes"))
    world.ping(Ping(name="certificate-renewal-of-every-customer", every=10 * HOUR))
    world.ping(Ping(name="report", kind=PingKind.FAIL, text="ORA-00942: table or view does not exist"))
    world.pass_time(HOUR)
    world.change(
        Change(
            title="Deploy orders-api 4f2c9e1",
            source="github",
            what="example/orders-api",
            by="ada",
            links=(ChangeLink("Look at it", "https://github.example/orders-api"),),
        )
    )
    world.give(Snoozed(by="ada", until=BEGIN + 5 * HOUR), world.ring("Certificate expires in 12 days", team="shop"))
    world.give(Acknowledged(by="bob"), world.ring("Queue orders grows", severity=Severity.WARNING, team="shop"))
    world.now += HOUR + 52 * MINUTE
    world.ring("Nightly backup is done", kind=Kind.NOTIFICATION, severity=Severity.INFO)
    incident = world.ring(
        "Database prod-orders: free storage below 2 GB for 15 minutes",
        severity=Severity.CRITICAL,
        description="Threshold crossed: 3 datapoints were below 2000000000.",
        account="111122223333",
        region="eu-west-1",
        resource="prod-orders",
        labels={"AlarmName": "prod-orders-free-storage", "Stage": "production"},
        links=(
            Link("Alarm in the console", "https://console.example/alarm"),
            Link("Runbook", "https://wiki.example/x"),
        ),
    )
    plan = world.state(incident).plan
    for name, status in (("read latency", AlertStatus.FIRING), ("write latency", AlertStatus.RESOLVED)):
        alert = Alert(status=AlertStatus.FIRING, title=name, dedup_key=name, source="json", severity=Severity.WARNING)
        world.give(AlertReceived(alert, plan), incident)
        changed = Alert(status=status, title=name, dedup_key=name, source="json", severity=Severity.WARNING)
        world.give(AlertReceived(changed, plan), incident)
    world.now += 3 * MINUTE
    due(world, incident)
    world.give(Noted(by="bob", text="Looking at the slow query log now."), incident)
    world.ring("Disk /var is 91 % full on i-0abc", severity=Severity.WARNING)
    furnish_silences(world)
    world.now += 2 * MINUTE
    for key, outcome, body in (
        (
            "prod",
            "",
            b'{"AlarmName": "prod-orders-free-storage", "NewStateValue": "ALARM", "Trigger": {"Period": 300}}',
        ),
        ("prod", "undecodable: not JSON, form or text", bytes(range(256))),
        ("", "", b'{"verb": "acknowledge"}'),
    ):
        head = b"content-type: application/json\nuser-agent: Amazon Simple Notification Service Agent"
        channel = "in" if key else "console"
        names = world.store.accept([Received(received_at=world.now, channel=channel, key=key, head=head, body=body)])
        world.store.settle(dict.fromkeys(names, outcome))
    return incident
