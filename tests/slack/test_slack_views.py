"""Forms become views within Slack's limits, whatever stands in them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.slack.slack_talk_world import FORM, choice, said
from tocsin.kernel import json
from tocsin.saying.forms import Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import Paragraph, Saying
from tocsin.saying.text import bold
from tocsin.slack.views import (
    Facts,
    facts_of,
    form_view,
    home_view,
    loading_view,
    saying_view,
    values_of,
    working_view,
)
from tocsin.testing.fake_slack.blocks import problems_of_view

TEXT = st.text(max_size=200)
NAME = st.text("abcdefgh-", min_size=1, max_size=12)
OPTIONS = st.lists(st.builds(choice, st.text(max_size=200), TEXT), max_size=12).map(tuple)
FIELD = st.one_of(
    st.builds(Words, name=NAME, label=TEXT, hint=TEXT, initial=TEXT, most=st.integers(-1, 9999), lines=st.booleans()),
    st.builds(Pick, name=NAME, label=TEXT, options=OPTIONS, hint=TEXT, initial=TEXT, optional=st.booleans()),
    st.builds(Moments, name=NAME, label=TEXT, hint=TEXT, initial=st.none() | st.integers(0, 10**15)),
    st.builds(Ticks, name=NAME, label=TEXT, options=OPTIONS, initial=st.lists(TEXT, max_size=3).map(tuple)),
)
FORMS = st.builds(
    Form,
    name=NAME,
    title=TEXT,
    submit=TEXT,
    fields=st.lists(FIELD, max_size=6, unique_by=lambda field: field.name).map(tuple),
    intro=st.lists(st.builds(Paragraph, TEXT), max_size=3).map(tuple),
)


def drawn(form: Form) -> dict[str, Any]:
    view = form_view(form, Facts(form=""))
    assert view is not None
    return view


@given(FORMS)
def test_slack_takes_every_form(form: Form) -> None:
    assert problems_of_view(drawn(form), ["modal"]) == []


@given(st.builds(Saying, summary=TEXT, parts=st.lists(st.builds(Paragraph, TEXT), max_size=130).map(tuple)))
def test_slack_takes_every_answer_and_every_home(saying: Saying) -> None:
    assert problems_of_view(saying_view(saying), ["modal"]) == []
    assert problems_of_view(home_view(saying), ["home"]) == []


def test_slack_takes_what_is_shown_meanwhile() -> None:
    for view in (loading_view(), working_view(), saying_view(said(""))):
        assert problems_of_view(view, ["modal"]) == []


def test_a_form_carries_its_facts_and_its_place() -> None:
    place = Facts(form="", channel="C1", thread="1.2", incident="7", response_url="https://x", home=True)
    view = form_view(FORM, place)
    assert view is not None
    found = facts_of(view)
    assert (found.form, found.facts, found.channel, found.incident, found.home) == (
        "silence",
        {"key": "disk"},
        "C1",
        "7",
        True,
    )
    assert facts_of({"private_metadata": "[]"}).form == ""


def test_what_is_chosen_to_begin_with_is_shown() -> None:
    options = (choice("a", bold("A")), choice("b", "B"), choice("b", "again"), choice("", "nobody"))
    form = Form(
        name="f",
        title="F",
        submit="Go",
        fields=(
            Pick(name="p", label="P", options=options, initial="b"),
            Ticks(name="t", label="T", options=options, initial=("a",)),
            Moments(name="m", label="M", initial=1_795_000_000_001),
            Words(name="w", label="W", initial="x", most=10, lines=True, hint="H"),
        ),
    )
    pick, ticks, moments, words = (block["element"] for block in drawn(form)["blocks"])
    assert [option["text"]["text"] for option in pick["options"]] == ["A", "B"]
    assert pick["initial_option"]["value"] == "b"
    assert [option["value"] for option in ticks["initial_options"]] == ["a"]
    assert moments["initial_date_time"] == 1_795_000_001
    assert (words["initial_value"], words["multiline"], words["max_length"]) == ("x", True, 10)
    assert drawn(form)["blocks"][3]["hint"]["text"] == "H"


def test_many_boxes_are_a_menu() -> None:
    options = tuple(choice(str(number), str(number)) for number in range(11))
    form = Form(name="f", title="F", submit="Go", fields=(Ticks(name="t", label="T", options=options),))
    assert drawn(form)["blocks"][0]["element"]["type"] == "multi_static_select"


def test_a_field_with_nothing_to_choose_is_left_out_and_an_empty_form_asks_only_for_consent() -> None:
    form = Form(
        name="f",
        title="",
        submit="",
        fields=(Pick(name="p", label="P", options=()), Ticks(name="t", label="T", options=())),
    )
    assert [block["type"] for block in drawn(form)["blocks"]] == ["section"]
    assert drawn(form)["title"]["text"] == "Tocsin"


def test_what_was_left_empty_is_none() -> None:
    state = {
        "a": {"x": {"type": "plain_text_input", "value": None}},
        "b": {"x": {"type": "static_select", "selected_option": None}},
        "c": {"x": {"type": "datetimepicker"}},
        "d": {"x": {"type": "multi_static_select", "selected_options": [{"value": "1"}]}},
        "e": {"x": {"type": "plain_text_input", "value": "hi"}},
    }
    assert values_of({"state": {"values": state}}) == {"a": None, "b": None, "c": None, "d": ("1",), "e": "hi"}
    assert json.encode(form_view(FORM, Facts(form="")))
