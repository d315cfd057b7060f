"""The fields of a cron expression: numbers, names, ranges, steps, and the special days of a month and a week.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html. Where that is silent, it is
read as Quartz does, from which the language comes: a range may run over the end of the week, the day or the hour
(`FRI-MON`, `22-2`), a step counts from the beginning of its range.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Final

import msgspec

from tocsin.timetables.refusal import TimetableError

YEAR_FIRST: Final = 1970
YEAR_LAST: Final = 2199

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SATURDAY: Final = 7
SUNDAY: Final = 1
DAYS_OF_MONTH_MAX: Final = 31
OCCURRENCES_MAX: Final = 5  # Of one weekday in a month.

_ITEM: Final = re.compile(r"(\*|[0-9]{1,4}|[A-Z]{3})(?:-([0-9]{1,4}|[A-Z]{3}))?(?:/([0-9]{1,4}))?", re.ASCII)
_WEEKDAY_NEAR: Final = re.compile(r"([0-9]{1,2})W", re.ASCII)
_BEFORE_LAST: Final = re.compile(r"L-([0-9]{1,2})", re.ASCII)
_LAST_OF: Final = re.compile(r"([1-7]|[A-Z]{3})L", re.ASCII)
_NTH: Final = re.compile(r"([0-9]{1,4}|[A-Z]{3})#([0-9]{1,4})", re.ASCII)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """What a field is called, and which numbers and names it takes."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def numbers(self, text: str) -> frozenset[int]:
        """The numbers of a list of items, or of `*`. Raises TimetableError."""
        return frozenset(number for item in text.split(",") for number in self._item(item))

    def number(self, text: str) -> int:
        """One number or name. Raises TimetableError."""
        if text in self.names:
            return self.names.index(text) + self.least
        if not text.isdecimal() or not self.least <= int(text) <= self.most:
            raise self.refused(text)
        return int(text)

    def refused(self, text: str) -> TimetableError:
        """That *text* is nothing that stands in this field."""
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        wanted = f"a value from {self.least} to {self.most}{names} is needed"
        return TimetableError("field", f"cron, {self.name}", text, wanted)

    def _item(self, text: str) -> range | frozenset[int]:
        found = _ITEM.fullmatch(text)
        if found is None:
            raise self.refused(text)
        begin, end, step = found.groups()
        if begin == "*":
            if end is not None:
                raise self.refused(text)
            low, high = self.least, self.most
        else:
            low = self.number(begin)
            high = self.number(end) if end is not None else self.most if step is not None else low
        every = self._step(step) if step is not None else 1
        if high >= low:
            return range(low, high + 1, every)
        if self.most == YEAR_LAST:
            raise TimetableError("range", f"cron, {self.name}", text, "a range that begins before it ends is needed")
        size = self.most - self.least + 1
        return frozenset((number - self.least) % size + self.least for number in range(low, high + size + 1, every))

    def _step(self, text: str) -> int:
        most = self.most - self.least + 1
        if not 0 < int(text) <= most:
            raise TimetableError("step", f"cron, {self.name}", f"/{text}", f"a step from 1 to {most} is needed")
        return int(text)


MINUTES: Final = Field(name="minutes", least=0, most=59)
HOURS: Final = Field(name="hours", least=0, most=23)
DAY_OF_MONTH: Final = Field(name="day of month", least=1, most=DAYS_OF_MONTH_MAX)
MONTH: Final = Field(name="month", least=1, most=12, names=MONTHS)
DAY_OF_WEEK: Final = Field(name="day of week", least=1, most=7, names=WEEKDAYS)
YEAR: Final = Field(name="year", least=YEAR_FIRST, most=YEAR_LAST)


class DaysOfMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Days by their number. *before_last*: so many before the last one (0 for `L`). *near*: the weekday nearest to it.

    *last_weekday*: the last weekday of the month (`LW`).
    """

    numbers: frozenset[int] = frozenset()
    before_last: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()
    last_weekday: bool = False

    def of(self, year: int, month: int) -> set[int]:
        """The days of that month."""
        last = monthrange(year, month)[1]
        found = {number for number in self.numbers if number <= last}
        found |= {last - number for number in self.before_last if number < last}
        found |= {_near(year, month, number, last) for number in self.near if number <= last}
        return found | ({_near(year, month, last, last)} if self.last_weekday else set())


class DaysOfWeek(msgspec.Struct, frozen=True, kw_only=True):
    """Days by their weekday, 1 is Sunday. *last*: only the last of it in the month. *nth*: weekday and which of it."""

    weekdays: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    nth: tuple[int, int] | None = None

    def of(self, year: int, month: int) -> set[int]:
        """The days of that month."""
        last = monthrange(year, month)[1]
        found = {day for day in range(1, last + 1) if _weekday(year, month, day) in self.weekdays}
        found |= {day for day in range(last - 6, last + 1) if _weekday(year, month, day) in self.last}
        if self.nth:
            weekday, which = self.nth
            begin = 1 + (weekday - _weekday(year, month, 1)) % 7 + 7 * (which - 1)
            found |= {begin} if begin <= last else set()
        return found


Days = DaysOfMonth | DaysOfWeek


def days(of_month: str, of_week: str) -> Days:
    """What the two fields of days say together: one of them is `?`. Raises TimetableError."""
    if of_week == "?" and of_month != "?":
        return days_of_month(of_month)
    if of_month == "?" and of_week != "?":
        return days_of_week(of_week)
    sentence = "one of the two must be '?', and only one"
    raise TimetableError("days", "cron, day of month and day of week", f"{of_month} {of_week}", sentence)


def days_of_month(text: str) -> DaysOfMonth:
    """The field `day of month`. Raises TimetableError."""
    numbers: set[int] = set()
    before_last: set[int] = set()
    near: set[int] = set()
    last_weekday = False
    for item in text.split(","):
        if item == "L":
            before_last.add(0)
        elif item == "LW":
            last_weekday = True
        elif found := _BEFORE_LAST.fullmatch(item):
            before_last.add(DAY_OF_MONTH.number(found[1]))
        elif found := _WEEKDAY_NEAR.fullmatch(item):
            near.add(DAY_OF_MONTH.number(found[1]))
        else:
            numbers |= DAY_OF_MONTH.numbers(item)
    return DaysOfMonth(
        numbers=frozenset(numbers), before_last=frozenset(before_last), near=frozenset(near), last_weekday=last_weekday
    )


def days_of_week(text: str) -> DaysOfWeek:
    """The field `day of week`. Raises TimetableError."""
    if found := _NTH.fullmatch(text):
        which = int(found[2])
        if not 0 < which <= OCCURRENCES_MAX:
            sentence = f"a number from 1 to {OCCURRENCES_MAX} is needed behind '#'"
            raise TimetableError("occurrence", "cron, day of week", text, sentence)
        return DaysOfWeek(nth=(DAY_OF_WEEK.number(found[1]), which))
    if "#" in text:
        raise TimetableError("occurrence", "cron, day of week", text, "with '#' one single day like 3#2 is needed")
    weekdays: set[int] = set()
    last: set[int] = set()
    for item in text.split(","):
        if item == "L":
            weekdays.add(SATURDAY)
        elif found := _LAST_OF.fullmatch(item):
            last.add(DAY_OF_WEEK.number(found[1]))
        else:
            weekdays |= DAY_OF_WEEK.numbers(item)
    return DaysOfWeek(weekdays=frozenset(weekdays), last=frozenset(last))


def _weekday(year: int, month: int, day: int) -> int:
    return date(year, month, day).isoweekday() % 7 + 1


def _near(year: int, month: int, day: int, last: int) -> int:
    """The weekday (Monday to Friday) nearest to *day*, in the same month."""
    match _weekday(year, month, day):
        case 7:
            return day - 1 if day > 1 else day + 2
        case 1:
            return day + 1 if day < last else day - 2
        case _:
            return day
