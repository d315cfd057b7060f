"""The whole way with Teams: an alert, a card, a page, a press, and what everybody sees then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.teams.teams_world import World, world
from tests.wiring.serving import ask, until
from tocsin.conversing.replies import Answer, Reply
from tocsin.conversing.wishes import Said, Wish
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND
from tocsin.saying.message import Paragraph, Saying
from tocsin.testing.fake_teams import FakeTeams
from tocsin.testing.fake_teams.records import actions
from tocsin.testing.fake_teams.signing import Forge


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with FakeTeams() as teams, world(tmp_path, teams) as made:
        yield made


def test_an_alert_is_a_card_in_the_channel_and_a_page_and_a_press_changes_both(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    card = here.shown(here.channel, "Disk full")
    assert "Asking Ada" in card.text
    assert here.teams.messages(here.bo) == []
    heard = here.teams.press(here.ada, page, "Acknowledge")
    assert (heard.status, heard.document["statusCode"]) == (200, 200)
    assert heard.told.startswith("Taken.")
    here.follows(card, "Ada is on it")
    here.follows(page, "is on it")
    assert "Resolve" in card.titles
    here.teams.press(here.bo, card, "Resolve")
    here.follows(card, "Bo resolved it")
    here.follows(page, "Bo resolved it")
    assert "Resolve" not in card.titles
    here.teams.assert_clean()


def test_a_snooze_counts_from_the_press_and_a_late_press_does_no_harm(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    former = dict(page.action("Escalate"))
    assert here.teams.press(here.ada, page, "2 hours").status == 200
    here.follows(page, "Ada snoozed it until")
    here.teams.press(here.ada, page, "Resolve")
    here.follows(page, "Ada resolved it")
    late = here.teams.activity(here.ada, page.conversation, type="message", value=former["data"])
    assert here.teams.send(late).status == 200
    until(lambda: here.runtime.store.health(here.runtime.clock()).backlog == 0)
    assert "Ada resolved it" in page.text
    here.teams.assert_clean()


def test_the_story_is_told_below_the_message(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    card = here.shown(here.channel, "Disk full")
    here.teams.press(here.ada, page, "Acknowledge")
    here.follows(card, "is on it")
    here.jump(6 * SECOND)
    story = here.shown(here.channel, "ada acknowledged")
    assert story.conversation == card.conversation
    here.teams.assert_clean()


def test_who_passes_is_left_alone_and_the_next_one_is_asked(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    here.teams.press(here.ada, page, "Pass")
    here.shown(here.bo, "Disk full")
    here.follows(page, "Goes on in a newer message")
    here.teams.assert_clean()


@pytest.mark.parametrize("forge", ["no token", "public key as secret", "another audience"])
def test_a_forged_press_is_refused_and_changes_nothing(here: World, forge: Forge) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    heard = here.teams.press(here.ada, page, "Acknowledge", forge=forge)
    assert heard.status == 403
    assert heard.text.startswith("refused: ")
    assert here.teams.press(here.bo, page, "Acknowledge").status == 200
    here.follows(page, "Bo has had it")
    assert b'tocsin_deliveries_refused_total{why="signature"} 1.0' in ask(f"{here.url}/metrics")[1]


def test_the_house_answers_words_and_opens_forms_from_a_card(here: World) -> None:
    here.alert()
    page = here.shown(here.ada, "Disk full")
    here.teams.say(here.ada, "open")
    until(lambda: len(here.teams.messages(here.ada)) == 2)
    assert "Disk full" in here.teams.messages(here.ada)[-1].text
    opened = here.teams.press(here.ada, page, "Add a note …")
    content = opened.document["task"]["value"]["card"]["content"]
    [action] = actions(content)
    fields = [each["id"] for each in content["body"] if each["type"] == "Input.Text"]
    sent = action["data"] | dict.fromkeys(fields, "it was the log of the shop")
    assert here.teams.submit(here.ada, page.conversation, sent).status == 200
    here.jump(6 * SECOND)
    here.shown(here.channel, "it was the log of the shop")
    here.teams.assert_clean()


def test_words_are_answered_and_the_bot_greets_with_the_channels_id(here: World) -> None:
    class Concierge:
        def answer(self, wish: Wish) -> Reply:
            assert isinstance(wish, Said)
            text = f"You said: {wish.text}"
            return Answer(saying=Saying(summary=text, parts=(Paragraph(text),)))

    [chat] = here.runtime._chats
    chat.attend(Concierge())
    here.teams.say(here.ada, "who is on call?")
    here.shown(here.ada, "You said: who is on call?")
    here.teams.add_bot(here.ada, here.channel)
    assert here.channel in here.shown(here.channel, "Hello, this is Tocsin").text
    here.teams.add_bot(here.bo)
    here.shown(here.bo, "I page you here")
    here.teams.assert_clean()


def test_while_teams_is_down_nothing_is_lost(here: World) -> None:
    here.teams.go_down()
    here.alert()
    until(lambda: here.runtime.store.health(here.runtime.clock()).pending > 0)
    here.teams.come_back()
    page = here.shown(here.ada, "Disk full")
    here.shown(here.channel, "Disk full")
    assert here.teams.press(here.ada, page, "Acknowledge").status == 200
    here.follows(page, "is on it")


def test_a_press_that_cannot_be_stored_is_not_taken(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    here.alert()
    page = here.shown(here.ada, "Disk full")
    monkeypatch.setattr(here.runtime.store, "accept", refuse)
    assert here.teams.press(here.ada, page, "Acknowledge").status == 503
    monkeypatch.undo()
    assert here.teams.press(here.ada, page, "Acknowledge").status == 200
    here.follows(page, "Ada is on it")


def test_what_is_too_large_is_not_read(here: World) -> None:
    assert ask(f"{here.url}/teams/messages", b"x" * (1024 * 1024 + 1))[0] == 413
    assert ask(f"{here.url}/teams/messages")[0] in {404, 405}


def test_a_person_without_the_app_is_reached_by_the_next_step_and_an_alert_tells_of_it(here: World) -> None:
    here.teams.remove(here.ada.aad)
    here.alert()
    here.shown(here.bo, "Disk full")
    here.shown(here.channel, "teams does not deliver")
