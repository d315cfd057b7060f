"""Five minutes to the first alert: no file, two tokens, an invitation; with `tocsin serve` in a process of its own."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.served import Served
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User

CURL = re.compile(r"`(curl .*?)`")
PATIENCE_S = 30.0


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake
        fake.assert_clean()


@pytest.fixture
def served(tmp_path: Path, slack: FakeSlack) -> Iterator[Served]:
    environ = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "TOCSIN_SLACK_API": slack.base_url,
    }
    server = Served(tmp_path, None, environ)
    yield server
    server.stop()


def text_of(message: Message) -> str:
    return "\n".join(block["text"]["text"] for block in message.blocks if "text" in block)


def newest(slack: FakeSlack, channel: Channel, words: str) -> Message:
    """The message with *words*, as soon as there is one."""
    return slack.wait_for(
        lambda: next((each for each in slack.messages(channel) if words in text_of(each)), None), PATIENCE_S
    )  # type: ignore[return-value]


def page(slack: FakeSlack, people: list[User], words: str) -> tuple[User, Message]:
    """Who is asked with *words*, and by which message."""

    def asked() -> tuple[User, Message] | None:
        found = [(who, each) for who in people for each in slack.messages(slack.direct_channel(who))]
        return next(((who, each) for who, each in found if words in text_of(each)), None)

    return slack.wait_for(asked, PATIENCE_S)  # type: ignore[return-value]


def action(message: Message, verb: str) -> str:
    return next(name for name in message.action_ids if name.startswith(f"tocsin:{verb}"))


def test_from_an_invitation_to_an_acknowledged_alert(slack: FakeSlack, served: Served) -> None:
    people = [slack.add_user("ada", tz="Europe/Berlin"), slack.add_user("bo", tz="Europe/Berlin")]
    ops = slack.add_channel("ops", people, with_bot=False)
    served.start()
    slack.wait_for(lambda: slack.sockets, PATIENCE_S)

    assert slack.invite(slack.bot, ops).ok
    welcome = newest(slack, ops, "Send alerts to")
    line = CURL.search(text_of(welcome))
    assert line
    # What stands in the message is what Slack shows: pasted into a terminal it must work as it is.
    done = subprocess.run(
        [*shlex.split(line[1]), "-s", "-o", "/dev/null", "-w", "%{http_code}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert done.stdout == "202"

    shown = newest(slack, ops, "*High*")  # The welcome has the title too.
    who, asked = page(slack, people, "Is anybody there?")
    assert slack.click(asked, action(asked, "acknowledge"), who).ok
    slack.wait_for(lambda: f"{who.name} is on it" in text_of(slack.message(shown)), PATIENCE_S)
    others = [each for each in people if each != who]
    assert not [each for other in others for each in slack.messages(slack.direct_channel(other))]


def test_who_was_invited_while_the_server_was_down_finds_it_at_the_start(slack: FakeSlack, served: Served) -> None:
    ada = slack.add_user("ada")
    ops = slack.add_channel("ops", [ada])
    served.start()
    welcome = newest(slack, ops, "Send alerts to")
    slack.wait_for(lambda: slack.sockets, PATIENCE_S)

    assert slack.click(welcome, action(welcome, "room:test"), ada).ok
    who, asked = page(slack, [ada], "Test alert for #ops")
    assert who == ada
    newest(slack, ops, "Test alert for #ops")
    [private] = slack.wait_for(lambda: slack.ephemerals(ops), PATIENCE_S)
    assert private.ephemeral_to == ada.id
    assert slack.click(asked, action(asked, "resolve"), ada).ok

    served.kill()
    served.start()
    slack.wait_for(lambda: slack.sockets, PATIENCE_S)
    listed = served.command("keys", "list")
    assert "ops" in listed.stdout
    assert len([each for each in slack.messages(ops) if "Send alerts to" in text_of(each)]) == 1
