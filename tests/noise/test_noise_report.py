"""The report: what counts for which key, in which order, and what an incident tells."""

from __future__ import annotations

from msgspec.structs import replace

from tests.noise.noisy import BEGUN, CPU, ONE, TITLE, solved, some
from tocsin.choosing.hours import HourClass
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Resolved, Withdrawn
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.noise.keys import By, Key
from tocsin.noise.occurrences import Closed, Occurrence, may_be_noted, occurrence
from tocsin.noise.report import Solved, rows

ALERT = Alert(status=AlertStatus.FIRING, title="Disk 1 is full", dedup_key="disk-1", source="probe")
PLAN = Plan(
    team="ops",
    policy=Policy(name="usual", steps=(Step(("responder:ada",)), Step(("responder:bo",))), everyone=("team:ops",)),
)
FIRES = AlertReceived(ALERT, PLAN, "prod")
RECOVERS = AlertReceived(replace(ALERT, status=AlertStatus.RESOLVED), PLAN, "prod")


def lived(*inputs: Input, plan: Plan = PLAN) -> Incident:
    """An incident that *inputs* have happened to, a minute apart."""
    machine = IncidentMachine()
    state = machine.decide(None, replace(FIRES, plan=plan), BEGUN).state
    for number, given in enumerate(inputs, 1):
        assert state is not None
        state = machine.decide(state, given, BEGUN + number * MINUTE).state
    assert state is not None
    return state


def hour_of(receiver: str, instant: Instant) -> HourClass | None:
    assert instant == BEGUN
    return {"responder:ada": HourClass.SLEEP, "responder:bo": HourClass.WORKING}.get(receiver)


def told(state: Incident, *, noted: bool = False) -> Occurrence:
    return occurrence("7", state, hour_of, noted=noted)


def test_an_incident_tells_what_it_cost_and_how_it_ended() -> None:
    found = told(lived(FIRES, RECOVERS))
    assert found.key == Key(integration="prod", by=By.KEY, value="disk-1")
    assert found.title_key == Key(integration="prod", by=By.TITLE, value="Disk # is full")
    assert (found.closed, found.lasted, found.fired) == (Closed.SOURCE, 2 * MINUTE, 2)
    assert (found.pages, found.sleep_pages, found.weight) == (1, 1, 10.0)
    assert (found.by_itself, found.solved, found.alarm) == (True, False, "")
    assert not told(lived(RECOVERS), noted=True).by_itself


def test_each_way_to_end_is_told_apart() -> None:
    assert told(lived()).closed is Closed.OPEN
    assert told(lived()).lasted == 0
    assert told(lived(Resolved(by="bo", note="Made room."))).solved
    assert not told(lived(Resolved(by="bo"))).solved
    assert told(lived(Withdrawn("prod"))).closed is Closed.PERSON
    quiet = told(lived(Tick(), plan=replace(PLAN, kind=Kind.NOTIFICATION)))
    assert (quiet.closed, quiet.pages, quiet.sleep_pages, quiet.weight) == (Closed.TIME, 0, None, 0)


def test_a_note_matters_where_a_person_had_it_and_its_source_closed_it() -> None:
    assert may_be_noted(lived(Acknowledged("bo"), RECOVERS))
    assert not may_be_noted(lived(RECOVERS))
    assert not may_be_noted(lived(Acknowledged("bo")))


def test_whose_hours_nobody_knows_counts_once() -> None:
    late = [Tick()] * 9
    machine, state = IncidentMachine(), lived()
    for each in late:
        assert state.wake_at
        after = machine.decide(state, each, state.wake_at).state
        assert after is not None
        state = after
    found = told(state)
    assert (found.pages, found.sleep_pages, found.weight) == (3, 1, 12.0)


def test_the_alarms_page_is_found_among_the_links() -> None:
    page = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/disk"
    state = lived()
    face = replace(state.face, links=(Link("Runbook", "https://wiki.example/disk"), Link("Alarm", page)))
    assert told(replace(state, face=face)).alarm == page


def test_an_incident_counts_for_the_alert_that_opened_it() -> None:
    worse = replace(ALERT, title="Disk 2 burns", dedup_key="disk-2", severity=Severity.CRITICAL)
    found = told(lived(AlertReceived(worse, PLAN, "prod")))
    assert (found.key.value, found.title, found.severity, found.fired) == (
        "disk-1",
        "Disk 1 is full",
        Severity.CRITICAL,
        1,
    )


def test_a_row_has_the_figures_of_its_key() -> None:
    all_ = [
        *some(3, pages=2, sleep_pages=1, weight=11.0, fired=4),
        *some(1, acknowledged=True, lasted=9 * MINUTE),
        *some(1, kind=Kind.NOTIFICATION, closed=Closed.TIME, pages=0, weight=0.0),
        *some(1, closed=Closed.OPEN, severity=Severity.INFO),
        replace(solved(1)[0], opened_at=BEGUN + HOUR),
        replace(solved(1)[0], opened_at=BEGUN, note="Long ago."),
    ]
    [row] = rows(all_)
    assert (row.key, row.title, row.team, row.severity) == (CPU, "CPU is high", "ops", Severity.HIGH)
    assert (row.fired, row.incidents, row.pages, row.sleep_pages) == (17, 8, 10, 3)
    assert (row.closed, row.by_itself, row.median, row.unattended) == (6, 4, 2 * MINUTE, 1)
    assert row.solved == Solved(BEGUN + HOUR + 2 * MINUTE, "bo", "Restarted it.", "0")
    assert row.cost == 34.4
    assert row.last_at == BEGUN + 2 * HOUR


def test_nobody_knows_what_nobody_was_asked_for() -> None:
    [row] = rows(some(2, closed=Closed.OPEN))
    assert (row.median, row.sleep_pages, row.solved, row.cost) == (None, None, None, 0)


def test_the_costliest_noise_stands_first_and_not_what_people_solve() -> None:
    other = Key(integration="prod", by=By.KEY, value="disk")
    found = rows([*some(2, weight=5.0), *solved(9, key=other, weight=50.0, title="Disk")])
    assert [row.key.value for row in found] == ["cpu", "disk"]


def test_keys_that_come_once_are_gathered_by_their_title() -> None:
    alone = [replace(ONE, key=replace(CPU, value=f"cpu-{number}")) for number in range(3)]
    single = replace(ONE, key=replace(CPU, value="x"), title_key=replace(TITLE, value="Other"))
    found = {row.key: row.incidents for row in rows([*alone, *some(2), single])}
    assert found == {TITLE: 3, CPU: 2, single.key: 1}
