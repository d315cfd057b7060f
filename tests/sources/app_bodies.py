"""Bodies of apps that tell of errors, of what speaks Slack, and of old clients of PagerDuty, with invented names."""

from __future__ import annotations

from tocsin.kernel.json import Json


def sentry(action: str, **data: Json) -> dict[str, Json]:
    return {
        "action": action,
        "actor": {"id": "sentry", "name": "Sentry", "type": "application"},
        "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
        "data": data,
    }


def sentry_event(**more: Json) -> dict[str, Json]:
    return {
        "title": "ReferenceError: cart is not defined",
        "culprit": "pay(cart)",
        "level": "error",
        "platform": "javascript",
        "issue_id": "1117540176",
        "event_id": "e4874d664c3540c1a32eab185f12c5ab",
        "project": 1,
        "project_slug": "shop",
        "datetime": "2023-11-14T22:10:00.677000Z",
        "received": 1_699_999_810.5,
        "web_url": "https://sentry.example/organizations/shop/issues/1117540176/events/e4874d66/",
        "metadata": {"type": "ReferenceError", "value": "cart is not defined"},
        "tags": [["browser", "Chrome 75.0"], ["level", "error"], ["release", "7"], 7, ["x"]],
        **more,
    }


def sentry_issue(**more: Json) -> dict[str, Json]:
    return {
        "id": "1117540176",
        "shortId": "SHOP-Y",
        "title": "ReferenceError: cart is not defined",
        "culprit": "pay(cart)",
        "level": "error",
        "status": "unresolved",
        "project": {"id": "1", "name": "Shop", "slug": "shop"},
        "permalink": "https://sentry.example/organizations/shop/issues/1117540176/",
        **more,
    }


def metric_alert(action: str) -> dict[str, Json]:
    return sentry(
        action,
        description_title=f"{action.title()}: Too many errors",
        description_text="1000 events in the last 10 minutes",
        web_url="https://sentry.example/organizations/shop/alerts/rules/details/7/",
        metric_alert={
            "id": "4",
            "identifier": "1",
            "title": "Too many errors",
            "projects": ["shop"],
            "alert_rule": {"id": "7", "name": "Too many errors", "aggregate": "count()", "query": "level:error"},
        },
    )


def sentry_plugin() -> dict[str, Json]:
    return {
        "id": "1117540176",
        "project": "shop",
        "project_name": "Shop",
        "project_slug": "shop",
        "logger": None,
        "level": "error",
        "culprit": "pay(cart)",
        "message": "cart is not defined",
        "url": "https://sentry.example/organizations/shop/issues/1117540176/?referrer=webhooks_plugin",
        "triggering_rules": ["Page the shop"],
        "event": {"title": "ReferenceError: cart is not defined", "platform": "javascript", "tags": [["release", "7"]]},
    }


def slack(color: str | None, title: str = "[FIRING:1] HighLoad (db-1 97.3 %)", **more: Json) -> dict[str, Json]:
    """What Alertmanager's Slack receiver sends."""
    attachment = {
        "title": title,
        "title_link": "http://alertmanager.example:9093/#/alerts?receiver=slack",
        "text": "*db-1* is under <https://wiki.example/load|high load> &amp; slow\n<!channel> <@U1> <#C1|ops>",
        "fallback": title,
        "fields": [{"title": "Severity", "value": "`critical`", "short": True}],
        **({} if color is None else {"color": color}),
    }
    return {"channel": "#ops", "username": "alertmanager", "attachments": [attachment], **more}


def pagerduty_v1(event_type: str = "trigger", **more: Json) -> dict[str, Json]:
    return {
        "service_key": "test-key",
        "event_type": event_type,
        "incident_key": "disk/db-1",
        "description": "Disk of db-1 is 97 % full",
        "details": {"free": "3 GB"},
        "client": "Nagios",
        "client_url": "https://nagios.example",
        "contexts": [
            {"type": "link", "href": "https://wiki.example/disk", "text": "Runbook"},
            {"type": "image", "src": "https://graph.example/disk.png"},
        ],
        **more,
    }


def pagerduty_change(**more: Json) -> dict[str, Json]:
    return {
        "routing_key": "test-key",
        "payload": {
            "summary": "Build 7 deployed to production",
            "source": "shop/api",
            "timestamp": "2023-11-14T22:00:00Z",
            "custom_details": {"build": 7, "user": "ada"},
        },
        "links": [{"href": "https://ci.example/7", "text": "Build"}],
        **more,
    }
