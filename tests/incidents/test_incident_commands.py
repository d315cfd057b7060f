"""The verbs as JSON: what is read, and what a bad document is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.incidents.laws import decided
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.commands import VERBS, Command, CommandError, command, to_input
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Escalated,
    Input,
    Noted,
    Passed,
    Reassigned,
    Resolved,
    Snoozed,
)
from tocsin.incidents.policy import Policy
from tocsin.kernel.json import Json

ACK = {"verb": "acknowledge", "incident": "7", "by": "ada"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"verb": "acknowledge"}, Acknowledged(by="ada")),
        ({"verb": "pass"}, Passed(by="ada")),
        ({"verb": "pass", "rung": 3, "text": "on a train"}, Passed(by="ada", rung=3, why="on a train")),
        ({"verb": "escalate", "rung": 0}, Escalated(by="ada", rung=0)),
        ({"verb": "reassign", "to": "bo"}, Reassigned(by="ada", to="bo")),
        ({"verb": "snooze", "until": 1_700_000_000_000}, Snoozed(by="ada", until=1_700_000_000_000)),
        ({"verb": "snooze", "until": 0}, Snoozed(by="ada", until=0)),
        ({"verb": "resolve", "text": "rebooted"}, Resolved(by="ada", note="rebooted")),
        ({"verb": "note", "text": "me too"}, Noted(by="ada", text="me too")),
        ({"verb": "note"}, Noted(by="ada", text="")),
    ],
)
def test_a_command_becomes_an_input(more: dict[str, Json], expected: Input) -> None:
    found = command({**ACK, **more})
    assert found.incident == "7"
    assert to_input(found) == expected


def test_every_verb_has_its_input() -> None:
    read = {type(to_input(Command(verb=verb, incident="7", by="ada", to="bo", until=1))) for verb in VERBS}
    assert len(read) == len(VERBS)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (None, "Expected `object`, got `null`"),
        ([ACK], "Expected `object`, got `array`"),
        ("acknowledge", "Expected `object`, got `str`"),
        ({}, "Object missing required field `verb`"),
        ({"verb": "acknowledge", "by": "ada"}, "Object missing required field `incident`"),
        ({**ACK, "by": 7}, "Expected `str`, got `int` - at `$.by`"),
        ({**ACK, "by": ""}, "'by' is empty; it says who wants it"),
        ({**ACK, "rung": "0"}, "Expected `int | null`, got `str` - at `$.rung`"),
        ({**ACK, "rung": 1.5}, "Expected `int | null`, got `float` - at `$.rung`"),
        (
            {**ACK, "verb": "close"},
            "unknown verb 'close'; there are acknowledge, pass, escalate, reassign, snooze, resolve, note",
        ),
        ({**ACK, "verb": "reassign"}, "reassign needs 'to', the responder"),
        ({**ACK, "verb": "snooze"}, "snooze needs 'until', milliseconds since 1970 UTC"),
        ({**ACK, "verb": "snooze", "until": "1h"}, "Expected `int | null`, got `str` - at `$.until`"),
    ],
)
def test_a_bad_document_is_told_what_is_wrong(document: Json, sentence: str) -> None:
    with pytest.raises(CommandError) as raised:
        command(document)
    assert str(raised.value) == sentence


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
documents = values | st.fixed_dictionaries(
    {"verb": st.sampled_from(VERBS) | values, "incident": st.text() | values, "by": st.text() | values},
    optional={"rung": values, "to": values, "until": st.integers() | values, "text": values},
)


@given(documents)
def test_any_document_is_a_command_that_can_be_done_or_an_error_that_says_why(document: Json) -> None:
    try:
        found = command(document)
    except CommandError as problem:
        assert str(problem)  # noqa: PT017 - the other way out is as good.
        return
    plan = Plan(team="ops", policy=Policy(name="p", steps=(), everyone=("team:ops",)))
    alert = Alert(status=AlertStatus.FIRING, title="t", dedup_key="k", source="s")
    state = decided(None, AlertReceived(alert, plan), 1_700_000_000_000).state
    decided(state, to_input(found), 1_700_000_000_000)
