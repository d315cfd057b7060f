"""What people press, say and fill in comes through the receiver and the queue, and is answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lambdas.slack_http import gateway
from tests.lambdas.world import QUEUE, World
from tocsin.incidents.state import Status
from tocsin.lambdas.slack import Receiver


@pytest.fixture
def talking(world: World) -> Iterator[World]:
    receiver = Receiver({"TOCSIN_INBOX_URL": QUEUE, "SLACK_SIGNING_SECRET": world.slack.signing_secret}, world.aws)
    with gateway(receiver.take) as url:
        world.slack.deliver_to(f"{url}/slack/interactions")
        yield world


def test_a_press_acknowledges(talking: World) -> None:
    talking.alarm()
    talking.run()
    (message,) = talking.pages(talking.ada)
    talking.slack.click(message, "tocsin:acknowledge", talking.ada)
    talking.run()
    assert [each.status for each in talking.incidents()] == [Status.ACKNOWLEDGED]
    talking.clock.ahead += 6 * 60 * 1000
    talking.run()
    assert not talking.pages(talking.grace)


def test_a_press_that_is_sent_again_counts_once(talking: World) -> None:
    talking.alarm()
    talking.run()
    (message,) = talking.pages(talking.ada)
    pressed = talking.slack.click(message, "tocsin:acknowledge", talking.ada)
    talking.slack.replay(pressed)
    talking.run()
    (incident,) = talking.incidents()
    assert incident.status is Status.ACKNOWLEDGED


def test_words_are_answered(talking: World) -> None:
    talking.slack.tell("who is on call?", talking.ada)
    talking.run()
    talking.slack.wait_for(lambda: len(talking.pages(talking.ada)) >= 2)


def test_a_slash_command_is_answered(talking: World) -> None:
    talking.slack.slash("/tocsin", "help", talking.ada, talking.room)
    talking.run()
    assert talking.slack.wait_for(talking.slack.ephemerals)


def test_a_form_stays_open_and_shows_what_came_of_it(talking: World) -> None:
    talking.alarm()
    talking.run()
    (message,) = talking.pages(talking.ada)
    more, note = next(
        (element["action_id"], option["value"])
        for block in message.layout
        for element in block.get("elements", [])
        for option in element.get("options", [])
        if option["text"]["text"].startswith("Add a note")
    )
    talking.slack.click(message, more, talking.ada, note)
    talking.run()
    (form,) = talking.slack.wait_for(lambda: talking.slack.views(talking.ada))
    (field,) = [block["element"]["action_id"] for block in form.layout if block["type"] == "input"]
    answer = talking.slack.submit(form, talking.ada, {field: "looking at it"})
    assert "One moment" in str(answer.response)
    talking.run()
    (stays,) = talking.slack.views(talking.ada)
    assert "Noted" in str(stays.layout)
    (incident,) = talking.table.inner.listing("incident", live_only=True, limit=9)
    assert any("looking at it" in line.story for line in talking.table.inner.timeline(incident.id, 9))


def test_what_the_room_is_told_of_somebody_who_joins_changes_nothing(talking: World) -> None:
    eve = talking.slack.add_user("eve")
    talking.slack.invite(eve, talking.room)
    talking.run()
    assert not talking.incidents()
