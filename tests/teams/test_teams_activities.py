"""Activities, as they are stored, read into commands."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.incidents.commands import Command
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, Instant
from tocsin.saying.mornings import morning
from tocsin.teams.activities import TEXT_MAX, Activity, commands, read

NOW: Instant = int(datetime(2026, 11, 27, 23, 30, tzinfo=UTC).timestamp()) * 1000
ADA = {"id": "29:1ada", "aadObjectId": "AAAAAAAA-0000-0000-0000-000000000001", "name": "Ada"}


def pressed(verb: str, sender: dict[str, str] | None = None, **value: Any) -> bytes:  # noqa: ANN401 - JSON.
    data = {"tocsin": verb, "value": {"i": "7"} | value}
    return json.encode(
        {
            "type": "invoke",
            "name": "adaptiveCard/action",
            "id": "f:1",
            "from": ADA if sender is None else sender,
            "conversation": {"id": "a:1"},
            "localTimezone": "America/New_York",
            "value": {"action": {"type": "Action.Execute", "verb": verb, "data": data}},
        }
    )


def told(body: bytes, **responders: str) -> tuple[Command, ...] | str:
    return commands(body, received_at=NOW, responders=responders, zones={"ada": "Europe/Berlin"})


def only(found: tuple[Command, ...] | str) -> Command:
    assert isinstance(found, tuple), found
    [command] = found
    return command


@pytest.mark.parametrize("verb", ["acknowledge", "pass", "escalate", "resolve"])
def test_a_press_is_a_command(verb: str) -> None:
    assert told(pressed(verb, r=2)) == (Command(verb=verb, incident="7", by="teams:Ada", rung=2),)


@pytest.mark.parametrize("name", ["aaaaaaaa-0000-0000-0000-000000000001", "29:1ada"])
def test_who_presses_is_found_by_either_id(name: str) -> None:
    found = commands(pressed("acknowledge"), received_at=NOW, responders={name: "ada"})
    assert found == (Command(verb="acknowledge", incident="7", by="ada"),)


def test_who_has_no_name_goes_by_their_id() -> None:
    command = only(told(pressed("acknowledge", {"id": "29:1x"})))
    assert command.by == "teams:29:1x"


def test_a_snooze_has_a_length_or_is_until_the_morning_by_the_clock_of_who_pressed() -> None:
    short = only(told(pressed("snooze", d=HOUR)))
    assert short.until == NOW + HOUR
    morrow = only(told(pressed("snooze", u="morning")))
    assert morrow.until == int(datetime(2026, 11, 28, 14, tzinfo=UTC).timestamp()) * 1000
    known = only(
        commands(
            pressed("snooze", u="morning"),
            received_at=NOW,
            responders={"29:1ada": "ada"},
            zones={"ada": "Europe/Berlin"},
        )
    )
    assert known.until == int(datetime(2026, 11, 28, 8, tzinfo=UTC).timestamp()) * 1000


def test_the_morning_of_who_is_still_awake_is_the_one_that_comes() -> None:
    night = int(datetime(2026, 11, 28, 3, tzinfo=UTC).timestamp()) * 1000
    for zone in ("", "no/zone", "UTC"):
        assert morning(night, zone) == int(datetime(2026, 11, 28, 9, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "the activity is not JSON"),
        (b"{}", "not an activity"),
        (pressed("dance"), "the activity presses no button"),
        (pressed("snooze"), "a snooze without a length"),
        (pressed("snooze", d=-5), "a snooze without a length"),
        (pressed("snooze", d=10**12), "a snooze without a length"),
        (pressed("acknowledge", i=7), "the value of 'acknowledge' cannot be read"),
        (pressed("acknowledge", r="x"), "the value of 'acknowledge' cannot be read"),
    ],
)
def test_what_asks_for_nothing_says_why(body: bytes, why: str) -> None:
    assert str(told(body)).startswith(why)


@pytest.mark.parametrize(
    ("chosen", "incident"),
    [('{"i":"9"}', "9"), ("{", "7"), ("[1]", "7")],
)
def test_what_was_chosen_from_a_list_counts(chosen: str, incident: str) -> None:
    value = {"tocsin": "escalate", "value": {"i": "7"}, "choice.1": chosen}
    body = json.encode({"type": "message", "id": "1", "conversation": {"id": "a"}, "from": ADA, "value": value})
    command = only(told(body))
    assert command.incident == incident


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<at>Tocsin</at> who is on call?", "who is on call?"),
        ('  <at id="0">Toc sin</at>&nbsp;silence   disk &amp; cpu\n', "silence disk & cpu"),
        ("<p>status</p>", "status"),
        (None, ""),
    ],
)
def test_words_are_what_is_left_of_mentions_and_mark_up(text: str | None, words: str) -> None:
    found = read(json.encode({"type": "message", "id": "1", "conversation": {"id": "a"}, "text": text}))
    assert isinstance(found, Activity)
    assert found.words == words
    assert (found.tenants, found.channel) == (("",), "a")


def test_words_that_are_all_mark_up_cost_no_time() -> None:
    for text in ("<at>" * 7000, "<at " * 7000, "<at></at" * 3500):
        found = read(json.encode({"type": "message", "id": "1", "conversation": {"id": "a"}, "text": text}))
        assert isinstance(found, Activity)
        begun = time.process_time()
        assert len(found.words) <= TEXT_MAX
        assert time.process_time() - begun < 0.3
