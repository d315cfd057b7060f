"""Forms as cards, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.kernel.time import Instant
from tocsin.saying.forms import Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import Option, Paragraph
from tocsin.teams.forms import Values, filled, form_card
from tocsin.testing.fake_teams.adaptive_cards import problems
from tocsin.testing.fake_teams.records import JsonObject, actions, texts

AT: Instant = int(datetime(2026, 11, 27, 13, 30, tzinfo=UTC).timestamp()) * 1000
PEOPLE = (Option(label="Ada", value={"id": "ada"}), Option(label="Bo, of ops", value={"id": "bo,ops"}))
FORM = Form(
    name="silence",
    title="Silence",
    submit="Mute it",
    fields=(
        Words(name="why", label="Why", hint="in a word", lines=True, most=200),
        Pick(name="who", label="Who", options=PEOPLE, initial="ada"),
        Moments(name="until", label="Until", initial=AT),
        Ticks(name="whom", label="Whom to tell", options=PEOPLE, initial=("bo,ops",)),
    ),
    intro=(Paragraph("It asks nobody until then."),),
    facts={"i": "inc-1"},
)


def inputs(card: JsonObject) -> dict[str, JsonObject]:
    assert problems(card) == []
    return {each["id"]: each for each in card["body"] if each["type"].startswith("Input.")}


def sent(card: JsonObject, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what was filled in.
    [action] = actions(card)
    known = {name: each["value"] for name, each in inputs(card).items() if "value" in each}
    return dict(action["data"]) | known | more


def test_a_form_is_drawn_in_the_readers_own_zone() -> None:
    found = inputs(form_card(FORM, zone="Europe/Berlin"))
    assert list(found) == ["field.why", "field.who", "field.until", "field.until.time", "field.whom"]
    assert (found["field.until"]["value"], found["field.until.time"]["value"]) == ("2026-11-27", "14:30")
    assert found["field.why"]["isMultiline"]
    assert found["field.why"]["maxLength"] == 200
    assert not found["field.whom"]["isRequired"]


def test_what_was_filled_in_comes_back_as_it_was_meant() -> None:
    card = form_card(FORM, zone="Europe/Berlin")
    given = sent(card, **{"field.why": " noise "})
    assert given["form"] == "silence"
    assert given["value"] == {"i": "inc-1"}
    assert filled(given, "Europe/Berlin") == {"why": "noise", "who": "ada", "until": AT, "whom": ("bo,ops",)}


@pytest.mark.parametrize(
    ("more", "until"),
    [
        ({"field.until": "no date"}, None),
        ({"field.until": ""}, None),
        ({"field.until": "0001-01-01"}, None),
        ({"field.until.time": 5}, int(datetime(2026, 11, 27, tzinfo=UTC).timestamp()) * 1000),
    ],
)
def test_a_moment_that_is_none_is_left_out(more: dict[str, Any], until: Instant | None) -> None:
    found = filled(sent(form_card(FORM, zone="no/zone"), **more), "../etc/passwd")
    assert found["until"] == until


def test_what_was_not_filled_in_is_none() -> None:
    given = sent(form_card(FORM), **{"field.why": "", "field.whom": "", "field.who": 7})
    assert filled(given, "") == {"why": None, "who": None, "until": AT, "whom": ()}


def test_without_kinds_nothing_is_read() -> None:
    assert filled({"field.why": "x"}, "") == {}


def test_a_form_that_is_wrong_is_shown_again_with_what_was_given() -> None:
    given: Values = {"why": "again", "who": "bo,ops", "until": AT + 3_600_000, "whom": ("ada",)}
    card = form_card(FORM, errors={"until": "That is over.", "": "Try again."}, given=given)
    found = inputs(card)
    assert (found["field.why"]["value"], found["field.who"]["value"]) == ("again", "bo%2Cops")
    assert (found["field.until.time"]["value"], found["field.whom"]["value"]) == ("14:30", "ada")
    assert list(texts(card)) == ["It asks nobody until then.", "Try again.", "That is over."]


def test_fields_may_begin_empty() -> None:
    bare = Form(
        name="f",
        title="F",
        submit="Go",
        fields=(
            Pick(name="who", label="Who", options=PEOPLE),
            Moments(name="at", label="When", optional=True),
            Ticks(name="all", label="All", options=PEOPLE),
        ),
    )
    assert all("value" not in each for each in inputs(form_card(bare)).values())
