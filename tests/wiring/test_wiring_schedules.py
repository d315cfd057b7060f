"""Schedules from the file, the records and the calendars, down to whom a page goes to."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.engine.ports import Records
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR, Instant
from tocsin.schedules.schedule import Absent, Holidays, Override, Swap
from tocsin.schedules.windows import Span, Window
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.calendars import RECORD, Calendars, _fetch, name_of, spans
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside
from tocsin.wiring.schedules import (
    OVERRIDE,
    SWAP,
    Agreed,
    agreed,
    document,
    duty,
    duty_lately,
    duty_now,
    hours,
    schedules,
)
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_schedules import parse_length, parse_wall

NOW: Instant = 1_800_000_000_000  # 2027-01-15T08:00Z, a Friday.
FEED = "https://calendar.example.com/bo.ics"
FILE = """
responders:
  ada: {time_zone: America/New_York, working_hours: mon-fri 09:00-17:00}
  bo: {absences: "URL"}
  cy:
schedules:
  ops:
    layers:
      - responders: [ada, bo]
        start: 2027-01-04 08:00
        rotate: weekly
        changes: [{from: 2027-02-01, responders: [cy]}]
      - name: feast
        responders: [cy]
        start: 2027-01-04
        rotate: 2 months
        only: [sat, "fri 20:00-24:00"]
        until: 2028-01-01
        time_zone: Asia/Tokyo
        holidays: only
        absent: nobody
    needed: mon-fri
    holidays: https://example.com/holidays.ics
teams: {web: }
policies: {default: {steps: [{ask: "schedule:ops"}, {ask: "schedule:ops:next"}]}}
integrations: {default: {key: test-key-0123456789}}
"""


def read(url: str = FEED) -> Settings:
    return parse(FILE.replace("URL", url).encode(), {}).settings


def put(store: Records, *found: Agreed) -> None:
    for each in found:
        made = each.override or each.swap
        assert made is not None
        store.put_record(OVERRIDE if each.override else SWAP, made.id, document(each))


def override(name: str, who: str, at: Instant, schedule: str = "ops") -> Agreed:
    return Agreed(at=at, override=Override(id=name, schedule=schedule, who=who, start=NOW, until=NOW + HOUR))


def test_the_file_says_who_takes_turns() -> None:
    made = schedules(read(), None)["ops"]
    week, feast = made.layers
    assert (made.zone, made.needed) == ("UTC", tuple(Window(day, 0, DAY) for day in range(5)))
    assert (week.name, week.zone, week.rotation.length, week.rotation.months) == ("1", "UTC", 7 * DAY, 0)
    assert [crew.responders for crew in week.rotation.crews] == [("ada", "bo"), ("cy",)]
    assert (week.holidays, week.absent, week.until) == (Holidays.AS_USUAL, Absent.NEXT, None)
    assert (feast.name, feast.zone, feast.rotation.months) == ("feast", "Asia/Tokyo", 2)
    assert (feast.holidays, feast.absent, feast.until) == (Holidays.ONLY, Absent.NOBODY, parse_wall("2028-01-01"))
    assert feast.only == (Window(5, 0, DAY), Window(4, 20 * HOUR, 24 * HOUR))


@pytest.mark.parametrize(
    ("text", "length"),
    [("hourly", (HOUR, 0)), ("daily", (DAY, 0)), ("monthly", (0, 1)), ("36h", (36 * HOUR, 0)), ("2 w", (14 * DAY, 0))],
)
def test_a_rotation_has_a_length(text: str, length: tuple[int, int]) -> None:
    assert parse_length(text) == length


def test_overrides_and_swaps_count_in_the_order_in_which_they_were_made() -> None:
    store = MemoryStore()
    swap = Agreed(at=3, swap=Swap(id="s", schedule="ops", by="ada", to="bo", start=1, until=2))
    put(store, override("b", "cy", 2), override("a", "bo", 1), override("c", "bo", 3, "web"), swap)
    store.put_record(OVERRIDE, "old", {"of": "another version"})
    made = schedules(read(), store)["ops"]
    assert [each.id for each in made.overrides] == ["a", "b"]
    assert [each.id for each in made.swaps] == ["s"]
    assert len(agreed(store, OVERRIDE)) == 3


def test_schedules_stand_for_receivers() -> None:
    store = MemoryStore()
    settings = read()
    now = duty_now(settings, store)
    before = duty(settings, store)
    assert now("schedule:ops", NOW) == before("schedule:ops", NOW) == ("responder:bo",)
    assert now("schedule:ops:next", NOW) == ("responder:ada",)
    assert now("schedule:ops:all", NOW) == ("responder:ada", "responder:bo", "responder:cy")
    assert now("schedule:gone", NOW) == ()
    assert now("schedule:ops", 0) == ()
    put(store, override("a", "cy", 1))
    assert now("schedule:ops", NOW) == ("responder:cy",)
    assert before("schedule:ops", NOW) == ("responder:bo",)  # A value: it does not change.


def test_who_looks_sees_what_was_a_moment_ago() -> None:
    store, ticks = MemoryStore(), [0.0]
    lately = duty_lately(read(), store, lambda: ticks[0])
    assert lately("schedule:ops", NOW) == ("responder:bo",)
    put(store, override("a", "cy", 1))
    assert lately("schedule:ops", NOW) == ("responder:bo",)
    ticks[0] += 1
    assert lately("schedule:ops", NOW) == ("responder:cy",)


def test_working_hours_are_by_the_responder_s_own_clock() -> None:
    found = hours(read())
    assert (found["ada"].zone, len(found["ada"].windows)) == ("America/New_York", 5)
    assert (found["bo"].zone, found["bo"].windows) == ("UTC", ())


AWAY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20270115
SUMMARY:Away
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def calendars(store: Records, pages: dict[str, bytes | OSError]) -> Calendars:
    def fetch(url: str) -> bytes:
        page = pages[url]
        if isinstance(page, OSError):
            raise page
        return page

    return Calendars(read(), store, lambda: NOW, fetch)


HOLIDAYS = "https://example.com/holidays.ics"


def test_calendars_are_absences_and_holidays() -> None:
    store = MemoryStore()
    assert calendars(store, {FEED: AWAY.encode(), HOLIDAYS: AWAY.encode()}).refresh() == 2
    day: Span = (NOW - 8 * HOUR, NOW + 16 * HOUR)
    made = schedules(read(), store)["ops"]
    assert made.absences == {"bo": (day,)}
    assert made.holidays == (day,)
    assert spans(store, FEED, "Asia/Tokyo") == [(day[0] - 9 * HOUR, day[1] - 9 * HOUR)]
    assert duty_now(read(), store)("schedule:ops", NOW) == ("responder:ada",)
    assert FEED not in json.encode(store.records(RECORD)).decode()


def test_a_calendar_that_cannot_be_read_keeps_its_events(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    calendars(store, {FEED: AWAY.encode(), HOLIDAYS: AWAY.encode()}).refresh()
    assert calendars(store, {FEED: b"<html>", HOLIDAYS: OSError("no route")}).refresh() == 0
    assert spans(store, FEED, "UTC")
    assert len(caplog.records) == 2
    assert FEED not in caplog.text


def test_a_store_that_does_not_work_is_no_end(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryStore):
        def put_record(self, kind: str, name: str, document: Json) -> None:  # noqa: ARG002 - it fails for all.
            raise StoreUnavailableError("disk full")

    assert calendars(Broken(), {FEED: AWAY.encode(), HOLIDAYS: AWAY.encode()}).refresh() == 0
    assert "cannot be stored" in caplog.text


@pytest.mark.parametrize("stored", [None, [], {}, {"events": 1}, {"events": [[1, 2]]}, {"events": [["a", 2, True]]}])
def test_a_damaged_record_of_a_calendar_is_as_none(stored: Json) -> None:
    store = MemoryStore()
    store.put_record(RECORD, name_of(FEED), stored)
    assert spans(store, FEED, "UTC") == []


def test_without_calendars_nothing_runs() -> None:
    idle = Calendars(parse(b"teams: {ops: }", {}).settings, MemoryStore(), lambda: NOW)
    idle.start()
    idle.stop()
    assert not idle._rounds.running


def test_a_calendar_that_breaks_us_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    broken = calendars(MemoryStore(), {})  # A KeyError.
    broken.start()
    until(lambda: "calendars stumbled; it goes on" in caplog.text)
    broken.stop()
    assert not broken._rounds.running


@contextmanager
def feed(status: int = 200) -> Iterator[str]:
    """A server of one calendar."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(AWAY.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/bo.ics"
        finally:
            server.shutdown()
            thread.join()


LAYER = "{responders: [ada], start: 2027-01-04}"


def test_a_calendar_is_fetched_and_redirects_are_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    with feed() as url:
        assert _fetch(url) == AWAY.encode()
    with feed(302) as url:
        file = f"responders: {{ada: }}\nschedules: {{ops: {{layers: [{LAYER}], holidays: '{url}'}}}}"
        settings = parse(file.encode(), {}).settings
        assert Calendars(settings, MemoryStore(), lambda: NOW).refresh() == 0
    assert [record.__dict__["problem"] for record in caplog.records] == ["HTTP 302"]


def asked(runtime: Embedded) -> list[tuple[str, ...]]:
    machine = IncidentMachine()
    rows = runtime.store.listing("incident", live_only=False, limit=100)
    return [machine.decode(row.state).asked for row in reversed(rows)]


def test_a_running_server_asks_who_is_on_call_now(tmp_path: Path) -> None:
    clock = Outside(clock=lambda: NOW)
    with feed() as url, serving(tmp_path / "tocsin.db", read(url), clock) as (runtime, ready):
        until(lambda: runtime.store.record(RECORD, name_of(url)))

        def ring(title: str) -> tuple[str, ...]:
            before = len(asked(runtime))
            assert ask(ready.ingest_url, json.encode({"title": title}))[0] == 202
            until(lambda: len(asked(runtime)) > before)
            return asked(runtime)[-1]

        assert ring("disk") == ("responder:ada",)  # Bo is away today.
        put(runtime.store, override("a", "cy", NOW))
        assert ring("cpu") == ("responder:cy",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_zone: Europe/Berln", 'schedules.s.time_zone: "Europe/Berln" is no time zone of the IANA database'),
        ("time_zone: Europe/Berln", 'did you mean "Europe/Berlin"?'),
        ("needed: mon 9-17", 'schedules.s.needed: "mon 9-17" is not a window like'),
        ("holidays: ftp://x", 'schedules.s.holidays: "ftp://x" is not an address'),
        ("layers: []", "schedules.s.layers: is empty, and must have at least 1"),
        ("layers: [{responders: [ad], start: 2026-01-05}]", 'there is no responder "ad"; did you mean "ada"?'),
        ("layers: [{responders: [ada]}]", 'schedules.s.layers[0]: the key "start" is missing'),
        ("layers: [{responders: [ada], start: 2026-02-30}]", '"2026-02-30" is no day of the calendar'),
        ("layers: [{responders: [ada], start: 2026-01-05 9:00}]", "is not a time like 2026-01-05 09:00"),
        ("layers: [{responders: [ada], start: 2026-01-05, rotate: 0d}]", '"0d" is not `hourly`, `daily`'),
        ("layers: [{responders: [ada], start: 2026-01-05, absent: all}]", '"all" is none of next, nobody'),
    ],
)
def test_mistakes_are_told_with_their_places(text: str, message: str) -> None:
    layers = "" if "layers" in text else ", layers: [{responders: [ada], start: 2026-01-05}]"
    file = f"responders: {{ada: }}\nschedules:\n  s: {{{text}{layers}}}\n"
    with pytest.raises(SettingsError) as raised:
        parse(file.encode(), {})
    assert "tocsin.yaml:3:" in raised.value.message
    assert message in raised.value.message


def test_a_target_that_is_no_schedule_is_told() -> None:
    file = "schedules: {ops: {layers: [{responders: [ada], start: 2026-01-05}]}}\nresponders: {ada: }\n"
    with pytest.raises(SettingsError) as raised:
        parse(f"{file}policies: {{p: {{steps: [{{ask: 'schedule:op'}}]}}}}".encode(), {})
    assert 'there is no schedule "op"; did you mean "schedule:ops"?' in raised.value.message
