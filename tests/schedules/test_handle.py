"""A handle is who is on call and never nobody; of a topic only our part changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.schedules.handle import BETWEEN, OURS, TOPIC_MAX, Handle, Wanted, topic, wanted

ACCOUNTS = {"ada": "U0ADA", "bo": "U0BO", "cy": ""}


def test_a_handle_that_is_right_is_left_alone_in_whatever_order() -> None:
    assert wanted(["ada", "bo"], ACCOUNTS, ["U0BO", "U0ADA"]).what is Handle.RIGHT


def test_another_one_on_call_replaces_the_list() -> None:
    assert wanted(["bo"], ACCOUNTS, ["U0ADA"]) == Wanted(what=Handle.PUT, users=("U0BO",))
    assert wanted(["bo"], ACCOUNTS, ["U0BO"], disabled=True) == Wanted(what=Handle.PUT, users=("U0BO",), enable=True)


def test_a_handle_is_never_empty() -> None:
    assert wanted([""], ACCOUNTS, ["U0ADA"]) == Wanted(what=Handle.NOBODY)
    assert wanted(["cy", "dee"], ACCOUNTS, ["U0ADA"]) == Wanted(what=Handle.STRANGER)


people = st.lists(st.sampled_from(["ada", "bo", "cy", "dee", ""]), max_size=5)


@given(people, st.lists(st.sampled_from(["U0ADA", "U0BO", "U0OLD"])), st.booleans())
def test_what_was_done_needs_not_be_done_again(on_call: list[str], present: list[str], disabled: bool) -> None:
    first = wanted(on_call, ACCOUNTS, present, disabled=disabled)
    if first.what is Handle.PUT:
        assert first.users
        assert set(first.users) <= {"U0ADA", "U0BO"}
        assert wanted(on_call, ACCOUNTS, first.users).what is Handle.RIGHT


def test_only_our_part_of_a_topic_changes() -> None:
    assert topic("", "Ada", "Fri 18:00") == "On call: Ada until Fri 18:00"
    assert topic("Ops room", "Ada", "Fri 18:00") == "Ops room | On call: Ada until Fri 18:00"
    before = "Ops room | On call: Ada until Fri 18:00 | Runbooks: wiki"
    assert topic(before, "Bo", "Sat 18:00") == "Ops room | On call: Bo until Sat 18:00 | Runbooks: wiki"
    assert topic(before, "Ada", "Fri 18:00") is None
    assert topic(before, "", "") == "Ops room | On call: nobody | Runbooks: wiki"
    assert topic("", "a | b", "") == "On call: a / b"


def test_a_long_topic_of_people_is_never_cut() -> None:
    assert topic("x" * 225, "Ada", "Fri 18:00") == "x" * 225 + " | On call: Ada"
    assert topic("x" * 240, "Ada", "Fri 18:00") is None


texts = st.text(st.characters(codec="utf-8"), max_size=120)


@given(st.lists(texts, max_size=4), texts, texts)
def test_what_people_wrote_stays_and_the_second_time_nothing_changes(parts: list[str], who: str, until: str) -> None:
    former = BETWEEN.join(parts)
    made = topic(former, who, until.replace("|", "/"))
    if made is not None:
        assert len(made) <= TOPIC_MAX
        if former.strip():
            kept = [part for part in former.split(BETWEEN) if not part.startswith(OURS)]
            assert [part for part in made.split(BETWEEN) if not part.startswith(OURS)] == kept
        assert topic(made, who, until.replace("|", "/")) is None
