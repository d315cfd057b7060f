"""Opsgenie's query language for alerts, as far as its fields have a meaning here.

    status: open AND (priority: P1 OR tag: (shop and paid)) AND NOT message: "dry run*" AND createdAt > 1470394841148

A term is a field, an operator (`:` `=` `!=` `<` `>` `<=` `>=`) and a value, or a value alone, which is looked for in
all texts. Values are words or stand in quotation marks; `*` stands for anything; `null` for nothing. Terms side by side
must all hold. Letters count the same in both cases. Source: "Alerts search query help" in Opsgenie's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Final, TypeAlias

from tocsin.kernel.json import Json
from tocsin.sources import bounds

QUERY_MAX: Final = 2000  # Characters.
DEPTH_MAX: Final = 20  # Parentheses and NOTs within each other.
WILDCARDS_MAX: Final = 10  # In one value: each is one more pass over a text.

Facts: TypeAlias = Mapping[str, Sequence[Json]]  # What is known of an alert, by field; a field may have many values.
Test: TypeAlias = Callable[[Facts], bool]
_Judge: TypeAlias = Callable[[Json], bool]


class QueryError(ValueError):
    """The query cannot be read; the text says what is wrong and where."""


class _Kind(Enum):
    TEXT = auto()  # A value is looked for within it.
    WORD = auto()  # A value is all of it.
    NUMBER = auto()
    INSTANT = auto()
    FLAG = auto()


FIELDS: Final = {
    "message": _Kind.TEXT,
    "description": _Kind.TEXT,
    **dict.fromkeys(
        (
            "id", "alertid", "tinyid", "alias", "entity", "source", "status", "priority", "tag", "actions", "owner",
            "acknowledgedby", "closedby", "teams", "responders", "recipients", "integration.id", "integration.name",
            "integration.type", "details.key", "details.value", "detailspair",
        ),
        _Kind.WORD,
    ),
    "count": _Kind.NUMBER,
    **dict.fromkeys(("createdat", "updatedat", "lastoccurredat", "snoozeduntil"), _Kind.INSTANT),
    **dict.fromkeys(("acknowledged", "snoozed", "isseen"), _Kind.FLAG),
}  # fmt: skip
"""The fields, in lower case, and how they are compared."""

ALIASES: Final = {"tags": "tag", "team": "teams", "ownerteam": "teams", "responder": "responders", "alertid": "id"}

_ANYWHERE: Final = ("message", "description", "alias", "entity", "source", "tag", "details.value")
_TERM: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.]*)\s*(>=|<=|!=|:|=|>|<)\s*")
_PAIR: Final = re.compile(r"detailsPair\s*\(\s*([^():=]+?)\s*[:=]\s*([^()]*?)\s*\)", re.IGNORECASE)
_KEYWORD: Final = re.compile(r"(AND|OR|NOT)(?![^\s()])", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD: Final = re.compile(r'[^\s()"]+')
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)-(\d\d)-(\d{4})", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,15}", re.ASCII)


def parse(query: str) -> Test:
    """What a query asks of an alert; an empty one nothing. Raises QueryError."""
    if len(query) > QUERY_MAX:
        raise QueryError(f"the query has {len(query)} characters; {QUERY_MAX} are read")
    return _Parser(query).whole() if query.strip() else _anything


class _Parser:
    """Reads from left to right; *field* is (name, operator) within `tag: (...)`, and None where a term has its own."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        test = self._any(None)
        if self._at < len(self._text):
            raise self._problem("a closing parenthesis has no opening one")
        return test

    def _any(self, field: tuple[str, str] | None) -> Test:
        tests = [self._all(field)]
        while self._keyword("OR"):
            tests.append(self._all(field))
        return tests[0] if len(tests) == 1 else lambda facts: any(test(facts) for test in tests)

    def _all(self, field: tuple[str, str] | None) -> Test:
        tests = [self._not(field)]
        while self._keyword("AND") or not (self._ends() or self._peek("OR")):
            tests.append(self._not(field))
        return tests[0] if len(tests) == 1 else lambda facts: all(test(facts) for test in tests)

    def _not(self, field: tuple[str, str] | None) -> Test:
        if not self._keyword("NOT"):
            return self._one(field)
        self._deeper()
        test = self._not(field)
        self._depth -= 1
        return lambda facts: not test(facts)

    def _one(self, field: tuple[str, str] | None) -> Test:
        if self._ends() or self._peek("AND") or self._peek("OR"):
            raise self._problem("something is missing")
        if self._text[self._at] == "(":
            return self._group(field)
        if field is not None:
            return self._value(*field)
        if pair := self._take(_PAIR):
            return _words("detailspair", "=", f"{pair[1]}:{pair[2]}", self._problem)
        start = self._at
        term = self._take(_TERM)
        if term is None:
            return self._value("", ":")
        name = term[1].lower()
        name = ALIASES.get(name, name)
        if name not in FIELDS:
            self._at = start
            raise self._problem(f"there is no field {bounds.quoted(term[1])}")
        if not self._ends() and self._text[self._at] == "(":
            return self._group((name, term[2]))
        return self._value(name, term[2])

    def _group(self, field: tuple[str, str] | None) -> Test:
        start = self._at
        self._at += 1
        self._deeper()
        test = self._any(field)
        self._depth -= 1
        if self._at >= len(self._text):
            self._at = start
            raise self._problem("an opening parenthesis has no closing one")
        self._at += 1
        return test

    def _value(self, name: str, operator: str) -> Test:
        start = self._at
        if self._ends():
            raise self._problem("a value is missing")
        quoted = self._take(_QUOTED)
        word = quoted or self._take(_WORD)
        if word is None:
            raise self._problem("a quotation mark has no partner")
        value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else word[0]
        end, self._at = self._at, start  # A problem with the value is told where it begins.
        test = _test(name, operator, value, self._problem, null=not quoted and value.lower() == "null")
        self._at = end
        return test

    def _ends(self) -> bool:
        """Whether nothing more comes on this level; blanks are passed."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._at >= len(self._text) or self._text[self._at] == ")"

    def _peek(self, word: str) -> bool:
        found = _KEYWORD.match(self._text, self._at)
        return found is not None and found[1].upper() == word

    def _keyword(self, word: str) -> bool:
        if self._ends() or not self._peek(word):
            return False
        self._at += len(word)
        return True

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._problem(f"more than {DEPTH_MAX} levels within each other")

    def _problem(self, what: str) -> QueryError:
        return QueryError(f"at character {self._at + 1}: {what}")


_Problem: TypeAlias = Callable[[str], QueryError]


def _test(name: str, operator: str, value: str, problem: _Problem, *, null: bool) -> Test:
    if null:
        if operator not in {":", "=", "!="}:
            raise problem("null is neither more nor less than anything")
        return lambda facts: any(found not in {None, ""} for found in facts.get(name, ())) is (operator == "!=")
    kind = FIELDS.get(name, _Kind.TEXT)
    if kind in {_Kind.TEXT, _Kind.WORD}:
        return _words(name, operator, value, problem)
    wanted = _scalar(kind, value, problem)
    if kind is _Kind.FLAG and operator not in {":", "=", "!="}:
        raise problem("true and false are neither more nor less than each other")
    compare = _COMPARE[operator]
    return lambda facts: any(compare(found, wanted) for found in facts.get(name, ()) if found is not None)


def _words(name: str, operator: str, value: str, problem: _Problem) -> Test:
    """A test of texts; a priority can also be more or less urgent than another, P1 being the first of them."""
    wanted = value.lower()
    if operator not in {":", "=", "!="}:
        if name != "priority":
            raise problem(f"a text is neither more nor less than {bounds.quoted(value)}")
        compare = _COMPARE[operator]
        return lambda facts: any(compare(str(found).lower(), wanted) for found in facts.get(name, ()))
    judge = _judge(wanted, problem, whole=FIELDS.get(name) is _Kind.WORD)
    names = (name,) if name else _ANYWHERE
    positive = operator != "!="
    return lambda facts: any(judge(found) for each in names for found in facts.get(each, ())) is positive


def _judge(wanted: str, problem: _Problem, *, whole: bool) -> _Judge:
    """Whether a text is (*whole*) or contains *wanted*, in which `*` stands for anything."""
    pieces = wanted.split("*")
    if len(pieces) > WILDCARDS_MAX + 1:
        raise problem(f"more than {WILDCARDS_MAX} wildcards in one value")

    def judge(found: Json) -> bool:
        text = str(found).lower()
        if not whole:
            return _has(text, pieces)
        if len(pieces) == 1:
            return text == wanted
        first, *inner, last = pieces
        fits = text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)
        return fits and _has(text[len(first) : len(text) - len(last)], inner)

    return judge


def _has(text: str, pieces: Sequence[str]) -> bool:
    """Whether all *pieces* stand in *text*, one after the other."""
    at = 0
    for piece in pieces:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _scalar(kind: _Kind, value: str, problem: _Problem) -> Json:
    if kind is _Kind.FLAG:
        if value.lower() not in {"true", "false"}:
            raise problem(f"{bounds.quoted(value)} is neither true nor false")
        return value.lower() == "true"
    if kind is _Kind.NUMBER:
        if not _NUMBER.fullmatch(value):
            raise problem(f"{bounds.quoted(value)} is no whole number")
        return int(value)
    number = int(value) if _NUMBER.fullmatch(value) else value
    if found := _DATE.fullmatch(value):
        year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        number = f"{year}-{month}-{day}T00:00Z"
    instant = bounds.instant(number)
    if instant is None:
        raise problem(f"{bounds.quoted(value)} is no time: write milliseconds since 1970, or 2026-11-21T10:00:00Z")
    return instant


_COMPARE: Final[dict[str, Callable[[Json, Json], bool]]] = {
    ":": lambda found, wanted: bool(found == wanted),
    "=": lambda found, wanted: bool(found == wanted),
    "!=": lambda found, wanted: bool(found != wanted),
    ">": lambda found, wanted: bool(found > wanted),
    "<": lambda found, wanted: bool(found < wanted),
    ">=": lambda found, wanted: bool(found >= wanted),
    "<=": lambda found, wanted: bool(found <= wanted),
}


def _anything(_: Facts) -> bool:
    return True
