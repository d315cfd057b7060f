"""Forms as values: whatever they are made of, every chat can show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.concierge.forms_world import check, options
from tocsin.conversing import forms, forms_duty, forms_raise, forms_silence
from tocsin.conversing.forms import About, Person
from tocsin.conversing.forms_duty import Turn, read_turn, turn_id
from tocsin.kernel.time import DAY, HOUR
from tocsin.saying.forms import Words
from tocsin.saying.message import Aside

NOON = 1_767_614_400_000  # 2026-01-05T12:00Z
ABOUT = About(once="0123456789abcdef", incident="17", title="disk full", rung=2)
TEXT = st.text(max_size=400)
MANY = [Person(id=f"person-{number}", name=f"Person {number}") for number in range(130)]


@given(TEXT)
def test_whatever_an_incident_is_called_its_forms_can_be_shown(title: str) -> None:
    about = About(once=ABOUT.once, incident="17", title=title, rung=1)
    for form in (
        forms.note_form(about),
        forms.resolve_form(about),
        forms.snooze_form(about, NOON, "Europe/Berlin"),
        forms.reassign_form(about, MANY),
        forms.pass_form(about),
    ):
        check(form)
        assert form.facts == {"once": ABOUT.once, "i": "17", "r": 1}
        assert form.intro


def test_of_very_many_people_the_first_are_listed_and_the_rest_is_counted() -> None:
    form = forms.reassign_form(ABOUT, MANY)
    assert len(options(form, "to")) == 100
    assert Aside(("30 more people are not listed here; the console has them all.",)) in form.intro
    assert len(forms.reassign_form(ABOUT, MANY[:100]).intro) == 1


@given(TEXT, TEXT, st.sampled_from(["", "17"]), st.text(max_size=2000), st.lists(st.text(min_size=1), unique=True))
def test_whatever_is_silenced_the_form_can_be_shown(
    title: str, resource: str, incident: str, matchers: str, teams: list[str]
) -> None:
    subject = forms_silence.Subject(incident=incident, title=title, resource=resource, matchers=matchers)
    named = [team for team in teams if team != forms_silence.ALL]
    form = forms_silence.silence_form(
        ABOUT.once, subject, teams=named, team="ops", remind={"me": "Me"}, length="9 years"
    )
    check(form)
    assert options(form, "for") == forms_silence.LENGTHS
    check(forms_silence.silence_form(ABOUT.once, subject, remind={}))


@given(st.lists(st.text(alphabet="abcdefgh-", min_size=1, max_size=40), min_size=1, max_size=150, unique=True))
def test_however_many_schedules_and_people_there_are_duty_can_be_changed(schedules: list[str]) -> None:
    check(
        forms_duty.override_form(
            ABOUT.once, schedules=schedules, schedule="x", found=MANY, start=NOON, until=NOON + HOUR
        )
    )
    turns = [Turn(schedule=name, start=NOON, until=NOON + DAY) for name in schedules]
    others = [Turn(schedule=name, start=NOON, until=NOON + DAY, who="Bo") for name in schedules]
    check(
        forms_duty.swap_form(
            ABOUT.once, mine=turns, others=others, found=MANY, zone="Asia/Tokyo", schedule=schedules[-1]
        )
    )
    alone = forms_duty.swap_form(ABOUT.once, mine=turns, others=(), found=MANY, zone="UTC")
    assert "back" not in {field.name for field in alone.fields}


@given(st.integers(0, 10**14), st.integers(0, 10**14), st.text(min_size=1))
def test_a_shift_comes_back_as_it_was(start: int, until: int, schedule: str) -> None:
    turn = Turn(schedule=schedule, start=start, until=until)
    assert read_turn(turn_id(turn)) == turn


@given(st.text())
def test_what_is_no_shift_is_none(text: str) -> None:
    found = read_turn(text)
    assert found is None or read_turn(turn_id(found)) == found


@pytest.mark.parametrize("text", ["", "1/2", "1/2/", "a/2/ops", "1/-2/ops", f"{10**16}/2/ops", "²/2/ops"])
def test_a_shift_needs_two_instants_and_a_schedule(text: str) -> None:
    assert read_turn(text) is None


@given(st.text(max_size=5000), st.text(max_size=200), st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_whatever_a_message_says_it_can_be_raised(text: str, author: str, teams: list[str]) -> None:
    known = forms_raise.draft(text, author=author)
    form = forms_raise.raise_form(ABOUT.once, known, teams=teams, team="ops", found=MANY)
    check(form)
    words = {field.name: field.initial for field in form.fields if isinstance(field, Words)}
    assert "\n" not in words["title"]


def test_what_a_message_of_one_line_says_is_not_said_twice() -> None:
    assert forms_raise.draft("disk full") == forms_raise.Draft(title="disk full")
    assert forms_raise.draft("a\nb", author="Bo").description == "a\nb\n\nFrom a message of Bo."
