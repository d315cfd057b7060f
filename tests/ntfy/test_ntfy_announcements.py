"""Announcements by push notification: quiet ones."""

from __future__ import annotations

from msgspec.structs import replace

from tests.ntfy.push_server import push_server
from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, Job, Refused
from tocsin.kernel.announcement import Announcement
from tocsin.ntfy.transport import QUIET_PRIORITY, NtfyTransport

URL = "https://tocsin.example"


def transport() -> NtfyTransport:
    return NtfyTransport(now=lambda: NOW, names=SETTING.names, url=URL)


def announce(*lines: str) -> Job:
    made = job("announce", ADA, object(), None, "digest-1")
    return Job(replace(made.outgoing, facts=Announcement("ops: the last day", lines).facts()), made.state, made.receipt)


def test_an_announcement_is_pushed_without_a_sound() -> None:
    with push_server() as server:
        shown = job("show", ADA, incident())
        assert transport().deliver(server.topic, [announce("1 alert.", "None missed."), shown]) == [Delivered()] * 2
        [request] = server.requests
        assert request.body == {
            "topic": "test-topic",
            "title": "ops: the last day",
            "message": "1 alert.\nNone missed.",
            "priority": QUIET_PRIORITY,
            "click": URL,
        }


def test_a_line_adds_no_other_line() -> None:
    with push_server() as server:
        transport().deliver(server.topic, [announce("Fired: disk\nSign in at https://evil.example", "None missed.")])
        message = server.requests[0].body["message"]
    assert message.splitlines() == ["Fired: disk Sign in at https://evil.example", "None missed."]


def test_an_announcement_without_lines_has_a_body_all_the_same() -> None:
    with push_server() as server:
        assert transport().deliver(server.topic, [announce()]) == [Delivered()]
        assert server.requests[0].body["message"] == "-"


def test_an_address_that_names_no_topic_is_refused() -> None:
    [result] = transport().deliver("https://ntfy.example", [announce()])
    assert isinstance(result, Refused)
