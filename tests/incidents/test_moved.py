"""Which alerts an input has moved."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.incidents.moved import moved
from tocsin.incidents.state import AlertLine

LINE = AlertLine(
    title="disk full",
    status=AlertStatus.FIRING,
    severity=Severity.HIGH,
    count=1,
    first_at=0,
    last_at=0,
    occurred_at=None,
)


def _line() -> AlertLine:
    return replace(LINE)


def test_what_did_not_change_has_not_moved() -> None:
    lines = {"a": _line(), "b": _line()}
    assert moved(lines, lines) == []
    assert moved(lines, {**lines}) == []


def test_one_that_is_told_of_again_and_one_that_joins_have_moved() -> None:
    lines = {"a": _line(), "b": _line(), "c": _line()}
    assert moved(lines, {**lines, "b": _line(), "d": _line()}) == ["b", "d"]


def test_in_another_order_all_that_moved_is_found() -> None:
    a, b = _line(), _line()
    assert set(moved({"a": a, "b": b}, {"b": _line(), "a": a})) >= {"b"}
