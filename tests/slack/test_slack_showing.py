"""What cannot be shown in one way is shown in another; nobody waits for ever, and nothing goes to strangers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slack.slack_talk_world import Talk, said, talking
from tocsin.slack import showing as showing_module
from tocsin.slack.drawing import draw
from tocsin.slack.showing import Screen, Showing

HELLO = draw(said("Hello."))


@pytest.fixture
def talk() -> Iterator[Talk]:
    with talking() as world:
        yield world


def showing(talk: Talk) -> Showing:
    return talk.conversation._showing


def screen(talk: Talk, **changes: str) -> Screen:
    return Screen(**{"user": talk.ada.id, "channel": talk.room.id, "thread": "", "response_url": ""} | changes)


def direct(talk: Talk) -> list[str]:
    return [message.text for message in talk.slack.messages(talk.slack.direct_channel(talk.ada))]


def test_without_any_room_it_is_a_direct_message(talk: Talk) -> None:
    talk.loop.run(showing(talk).privately(screen(talk, channel=""), HELLO))
    talk.loop.run(showing(talk).publicly(screen(talk, channel="C0NOWHERE0"), HELLO))
    assert talk.slack.wait_for(lambda: direct(talk) == ["Hello.", "Hello."], 20)


def test_an_address_of_answers_that_is_used_up_is_not_the_end(talk: Talk) -> None:
    url = talk.slack.base_url.removesuffix("api/") + "response/unknown"
    talk.loop.run(showing(talk).privately(screen(talk, response_url=url), HELLO))
    assert [message.text for message in talk.slack.ephemerals(talk.room)] == ["Hello."]
    talk.slack.assert_clean(allow=["invalid_url"])


def test_an_address_that_cannot_be_reached_is_not_the_end(talk: Talk) -> None:
    found = Showing(talk.transport.api, talk.transport.reply, base_url="http://127.0.0.1:9/api/", now=lambda: 0)
    unreached = screen(talk, response_url="http://127.0.0.1:9/response/x")
    talk.loop.run(found.privately(unreached, HELLO))
    talk.loop.run(found.close())
    assert [message.text for message in talk.slack.ephemerals(talk.room)] == ["Hello."]


def test_a_layout_that_an_address_of_answers_refuses_comes_as_text(talk: Talk) -> None:
    answer = talk.slack.slash("/tocsin", "", talk.ada, talk.room)
    talk.slack.fail("response_url", "invalid_blocks")
    talk.loop.run(showing(talk).privately(screen(talk, response_url=answer.response_url), HELLO))
    found = talk.slack.ephemerals(talk.room)
    assert [(message.text, message.blocks) for message in found] == [("Hello.", ())]


def test_who_cannot_be_written_to_is_not_written_to(talk: Talk) -> None:
    talk.slack.fail("conversations.open", "user_disabled")
    talk.loop.run(showing(talk).privately(screen(talk, channel=""), HELLO))
    assert direct(talk) == []


def test_a_direct_message_that_fails_is_in_the_log(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.slack.fail("chat.postMessage", "restricted_action")
    talk.loop.run(showing(talk).privately(screen(talk, channel=""), HELLO))
    assert "an answer could not be shown in Slack" in caplog.text


def test_nobody_waits_longer_than_a_moment(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing_module, "WAIT_MAX", 10)
    talk.slack.rate_limit("chat.postEphemeral", 60)
    talk.slack.rate_limit("chat.postMessage", 60)
    talk.loop.run(showing(talk).privately(screen(talk), HELLO))
    assert talk.slack.ephemerals(talk.room) == ()


def test_a_question_in_a_room_is_settled_once_where_it_was_asked(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing_module, "QUESTIONS_MAX", 1)
    for about in ("swap/1", "swap/2"):
        talk.loop.run(showing(talk).publicly(screen(talk), draw(said(f"Who takes {about}?")), about=about))
    for about in ("swap/1", "swap/2", "swap/2", "swap/3"):
        talk.loop.run(showing(talk).settle(about, draw(said("Bo takes it."))))
    texts = [message.text for message in talk.slack.messages(talk.room)]
    assert texts == ["Who takes swap/1?", "Bo takes it."], "of the oldest nobody knows any more"
    assert [call.method for call in talk.slack.calls].count("chat.update") == 1


def test_a_question_that_cannot_be_posted_comes_by_the_address_of_answers(talk: Talk) -> None:
    answer = talk.slack.slash("/tocsin", "", talk.ada, talk.room)
    talk.slack.fail("chat.postMessage", "restricted_action")
    asked = screen(talk, response_url=answer.response_url)
    talk.loop.run(showing(talk).publicly(asked, HELLO, about="swap/1"))
    talk.loop.run(showing(talk).settle("swap/1", draw(said("Bo takes it."))))
    assert [message.text for message in talk.slack.messages(talk.room)] == ["Hello."]
