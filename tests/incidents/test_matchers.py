"""Matchers as people and programs write them, and which alerts a silence covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.incidents.matchers import VALUE_MAX, Matcher, MatcherError, check, match_all, parse
from tocsin.incidents.silences import Phase, Silence, covers_all, labels, silenced_by

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("text", "name", "value", "regex", "equal"),
    [
        ('alertname="Disk"', "alertname", "Disk", False, True),
        ("alertname=Disk", "alertname", "Disk", False, True),
        (' job != "a b" ', "job", "a b", False, False),
        ('instance=~"db-[0-9]+"', "instance", "db-[0-9]+", True, True),
        (r'path!~"\\d+\.x"', "path", r"\d+\.x", True, False),
        (r'a="say \"hi\"\n"', "a", 'say "hi"\n', False, True),
        ('{a="b",}', "a", "b", False, True),
        ("{a=b}", "a", "b", False, True),
        ('"the name"="x"', "the name", "x", False, True),
        ('"a\\"b"=x', 'a"b', "x", False, True),
        ("größe=1", "größe", "1", False, True),
        ("a=", "a", "", False, True),
        ('a=""', "a", "", False, True),
        ("a=b=c", "a", "b=c", False, True),
        ("a=~b|c", "a", "b|c", True, True),
    ],
)
def test_every_way_to_write_a_matcher(text: str, name: str, value: str, regex: bool, equal: bool) -> None:
    matcher = parse(text)
    assert matcher == Matcher(name=name, value=value, regex=regex, equal=equal)
    if name.isidentifier() and name.isascii():
        assert parse(str(matcher)) == matcher


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not like"),
        ("alertname", "is not like"),
        ("=x", "is not like"),
        ('a="b', "is not like"),
        ('a=b"c', "is not like"),
        ('""=x', "names no label"),
        ("a b=x", "is not like"),
        ('a=~"("', "the matcher of 'a': a group does not end"),
        ("a=" + "x" * (VALUE_MAX + 1), "longer than 1000"),
        ("a=" + "x" * 5000, "too long"),
    ],
)
def test_what_is_no_matcher_is_told(text: str, why: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse(text)
    assert why in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        matcher = parse(text)
    except MatcherError:
        return
    assert check(matcher) is matcher


def test_a_label_that_is_not_there_is_empty() -> None:
    assert match_all([parse('a=""'), parse("b!=x"), parse("c!~.+"), parse("d=~.*")], {})
    assert not match_all([parse("a=x")], {})
    assert not match_all([parse("a=~.+")], {})
    assert not match_all([parse('a!=""')], {})
    assert match_all([parse("a=~x|y"), parse("a!=x")], {"a": "y"})


ALERT = Alert(
    status=AlertStatus.FIRING,
    title="Disk full",
    dedup_key="d",
    source="generic",
    account="123456789012",
    labels={"job": "node", "severity": "page"},
)


def test_matchers_see_what_is_known_of_an_alert_under_the_names_that_no_label_has() -> None:
    assert labels(ALERT, "prom") == {
        "alertname": "Disk full",
        "severity": "page",
        "source": "generic",
        "integration": "prom",
        "account": "123456789012",
        "title": "Disk full",
        "dedup_key": ALERT.dedup_key,
        "job": "node",
    }


def silence(text: str, *, start: int = 0, end: int = 60, integration: str = "prom", name: str = "s") -> Silence:
    return Silence(
        id=name,
        integration=integration,
        matchers=(parse(text),),
        starts_at=NOW + start,
        ends_at=NOW + end,
        created_by="cy" * 99,
        comment="why " * 999,
    )


def test_of_the_silences_that_cover_an_alert_the_longest_counts() -> None:
    found = [
        silence("job=node", end=10, name="short"),
        silence("job=~n.*", end=50, name="long"),
        silence("job=node", start=5, end=90, name="later"),
        silence("job=node", start=-9, end=0, name="over"),
        silence("job=other", end=70, name="else"),
        silence("job=node", end=80, integration="web", name="foreign"),
    ]
    assert silenced_by(ALERT, "prom", found, NOW) == found[1]
    assert silenced_by(ALERT, "prom", found[4:], NOW) is None
    assert silence("job=node", integration="").matches(ALERT, "prom")


def test_a_silence_has_three_phases_and_what_it_leaves_is_short() -> None:
    found = silence("a=b", start=10, end=20)
    assert [found.phase(NOW + at) for at in (9, 10, 19, 20)] == [
        Phase.PENDING,
        Phase.ACTIVE,
        Phase.ACTIVE,
        Phase.EXPIRED,
    ]
    mute = found.mute()
    assert (mute.silence, mute.until, len(mute.by), len(mute.why)) == ("s", NOW + 20, 100, 500)


def test_what_would_silence_everything_is_recognised() -> None:
    assert covers_all([parse("a!=x"), parse("b=~.*")])
    assert not covers_all([parse("a!=x"), parse("b=x")])


@pytest.mark.parametrize("value", ["(", "a" * 1001])
@pytest.mark.parametrize("equal", [True, False])
def test_a_matcher_that_was_stored_unchecked_silences_nothing(value: str, equal: bool) -> None:
    assert not Matcher(name="title", value=value, regex=True, equal=equal).matches({"title": "a"})
