"""Opsgenie's query language: what finds an alert and what does not, and where a query cannot be read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.sources.opsgenie_query import FIELDS, QUERY_MAX, Facts, QueryError, parse

ALERT: Facts = {
    "id": ("7-a",),
    "message": ("The disk of db-1 is full",),
    "description": ("since noon",),
    "alias": ("db-1/disk",),
    "entity": ("db-1",),
    "source": ("",),
    "status": ("open",),
    "priority": ("P2",),
    "tag": ("db", "Disk"),
    "owner": ("",),
    "teams": ("ops",),
    "count": (3,),
    "createdat": (1_500_000_000_000,),
    "snoozeduntil": (None,),
    "acknowledged": (False,),
    "snoozed": (False,),
    "isseen": (True,),
    "details.key": ("host",),
    "details.value": ("db-1",),
    "detailspair": ("host:db-1",),
}
FOUND = [
    "",
    "  ",
    "status: open",
    "status : OPEN",
    "status=open",
    "status != closed",
    "message: disk",
    'message: "DISK of"',
    "message: disk*full",
    "disk",
    "db-1",
    '"is full"',
    "noon",
    "alias: db-1/disk",
    "alias: db-1*",
    "alias: *disk",
    "alias: *-1*",
    "alias: *",
    "entity: d*-*1",
    "tag: disk",
    "tags: db",
    "tag: (db and disk)",
    "tag: (nothing or disk)",
    "tag: (not nothing)",
    'tag: ("db")',
    "team: ops",
    "owner: null",
    "owner = null",
    "alias != null",
    'owner: ""',
    "snoozedUntil: null",
    "count: 3",
    "count > 2",
    "count >= 3",
    "count < 4",
    "count<=3",
    "count != 4",
    "createdAt: 1500000000000",
    "createdAt: 1500000000",
    "createdAt > 2017-07-13",
    "createdAt < 15-07-2017",
    "createdAt >= 2017-07-14T02:40:00Z",
    'createdAt <= "2017-07-14T02:40:00Z"',
    "acknowledged: false",
    "acknowledged != true",
    "isSeen: TRUE",
    "priority: P2",
    "priority <= P2",
    "priority > p1",
    "details.key: host",
    "details.value: db*",
    "detailsPair(host: db-1)",
    "detailsPair(host:db*)",
    'detailsPair: "host:db-1"',
    "NOT status: closed",
    "not not status: open",
    "status: open AND message: disk",
    "status: open message: disk",
    "status: closed OR message: disk",
    "status: closed or (status: open and tag: db)",
    "(status: open)",
    "NOT (status: closed OR tag: nothing)",
    "status: (open)",
    "andy OR disk",
    r'"of db\-1"',
    "closedBy: null",
]
LOST = [
    "status: closed",
    "status != open",
    "message: disks",
    "message: full*disk",
    "alias: db",
    "alias: d*b-1/diskk",
    "alias: db-1/dis*isk",
    "tag: (db and nothing)",
    "tag: null",
    "alias: null",
    "owner != null",
    'owner: "null"',
    "count: 4",
    "count != 3",
    "createdAt > 2017-07-15",
    "snoozedUntil > 1",
    "acknowledged: true",
    "priority < P2",
    "detailsPair(host:web)",
    "NOT disk",
    "status: open AND noise",
    "status: open NOT disk",
    "ops",
]
REFUSED = [
    ("colour: red", 1, 'there is no field "colour"'),
    ("status: open AND colour: red", 18, 'there is no field "colour"'),
    ("status:", 8, "a value is missing"),
    ("(status: open", 1, "an opening parenthesis has no closing one"),
    ("tag: (a or", 11, "something is missing"),
    ("status: open)", 13, "a closing parenthesis has no opening one"),
    ("status: open AND", 17, "something is missing"),
    ("OR", 1, "something is missing"),
    ("disk AND OR noise", 10, "something is missing"),
    ("NOT", 4, "something is missing"),
    ('message: "disk', 10, "a quotation mark has no partner"),
    ("count: many", 8, '"many" is no whole number'),
    ("createdAt > yesterday", 13, '"yesterday" is no time'),
    ("createdAt > 2017-13-99", 13, '"2017-13-99" is no time'),
    ("acknowledged: maybe", 15, '"maybe" is neither true nor false'),
    ("acknowledged > true", 16, "true and false are neither more nor less than each other"),
    ("message > a", 11, 'a text is neither more nor less than "a"'),
    ("owner > null", 9, "null is neither more nor less than anything"),
    ("alias: " + "*" * 11, 8, "more than 10 wildcards in one value"),
    ("(" * 30 + "a", 22, "more than 20 levels within each other"),
    ("NOT " * 30 + "a", 84, "more than 20 levels within each other"),
    ("tag: (db)) OR status: open", 10, "a closing parenthesis has no opening one"),
    ("()", 2, "something is missing"),
]


@pytest.mark.parametrize("query", FOUND)
def test_what_finds_the_alert(query: str) -> None:
    assert parse(query)(ALERT)


@pytest.mark.parametrize("query", LOST)
def test_what_does_not_find_it(query: str) -> None:
    assert not parse(query)(ALERT)


@pytest.mark.parametrize(("query", "place", "what"), REFUSED)
def test_a_query_that_cannot_be_read_names_the_place(query: str, place: int, what: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(query)
    assert str(raised.value).startswith(f"at character {place}: ")
    assert what in str(raised.value)


def test_a_query_has_an_end() -> None:
    with pytest.raises(QueryError, match="the query has 2001 characters"):
        parse("a" * (QUERY_MAX + 1))


words = st.sampled_from(
    [
        "(",
        ")",
        ":",
        "=",
        ">",
        "<=",
        "!=",
        "AND",
        "or",
        "NOT",
        '"',
        "\\",
        "*",
        "null",
        "a",
        "P1",
        "12",
        "true",
        " ",
        "\x00",
    ]
) | st.sampled_from(sorted(FIELDS))


@given(st.lists(words, max_size=40).map(" ".join) | st.lists(words, max_size=40).map("".join) | st.text(max_size=60))
def test_whatever_is_asked_there_is_an_answer_or_a_place(query: str) -> None:
    with suppress(QueryError):
        assert parse(query)(ALERT) in {True, False}
        assert parse(query)({}) in {True, False}
