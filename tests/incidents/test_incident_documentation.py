"""docs/incidents.md tells what the machine does: its table is the machine's own, and no reason is missing."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec.structs import replace

from tests.incidents.laws import MACHINE, decided
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Invited,
    Lapsed,
    Muted,
    Noted,
    PageFailed,
    Passed,
    Reassigned,
    Redirected,
    Resolved,
    Restored,
    Snoozed,
    Unacknowledged,
    Unmuted,
    Withdrawn,
)
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.marks import Marks
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.reasons import IGNORED, Reason
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, SECOND

DOCUMENT = Path(__file__).parents[2] / "docs" / "incidents.md"
UPDATE = os.environ.get("UPDATE") == "1"
TABLE = re.compile(r"(?<=<!-- table: begin -->\n).*?(?=<!-- table: end -->)", re.DOTALL)

NOW = 1_700_000_000_000
PEOPLE = tuple(responder(name) for name in ("ada", "bo", "cy"))
PLAN = Plan(team="ops", policy=Policy(name="p", steps=tuple(Step((each,)) for each in PEOPLE), everyone=PEOPLE))
DISK = Alert(
    status=AlertStatus.FIRING, title="t", dedup_key="disk", group_key="g", source="s", severity=Severity.WARNING,
    expires_at=NOW, sender="prom",
)  # fmt: skip
MAIL = replace(DISK, dedup_key="mail")
FIRES = AlertReceived(DISK, PLAN, marks=Marks(mutable=("down",)))
MUTE = Mute(silence="s", by="cy", until=NOW + HOUR)
INHIBITED = Mute(silence="down", by="cy", until=NOW + HOUR, kind=MuteKind.INHIBITION)
SILENCED = AlertReceived(DISK, PLAN, mute=MUTE)
RECOVERS = AlertReceived(replace(DISK, status=AlertStatus.RESOLVED), PLAN)


def begun(*given: Input, alert: Alert = DISK) -> Incident:
    state = decided(None, AlertReceived(alert, PLAN, marks=Marks(mutable=("down",))), NOW).state
    for each in given:
        state = decided(state, each, NOW).state
    assert state is not None
    return state


STATES: dict[str, Incident | None] = {
    "nothing yet": None,
    "triggered": begun(),
    "acknowledged": begun(Acknowledged("ada")),
    "snoozed": begun(Snoozed(by="ada", until=NOW + HOUR)),
    "silenced": begun(SILENCED),
    "held": decided(None, replace(FIRES, plan=replace(PLAN, hold=3 * MINUTE)), NOW).state,
    "inhibited": begun(AlertReceived(DISK, PLAN, mute=INHIBITED, marks=Marks(mutable=("down",)))),
    "resolved": begun(RECOVERS),
    "notification": begun(alert=replace(DISK, kind=Kind.NOTIFICATION)),
}
INPUTS: dict[str, Input] = {
    "the same alert fires again": FIRES,
    "it fires, and is worse": AlertReceived(replace(DISK, severity=Severity.CRITICAL), PLAN),
    "it fires, and is silenced": SILENCED,
    "another one of the group fires": AlertReceived(MAIL, PLAN),
    "it comes as a notification": AlertReceived(replace(DISK, kind=Kind.NOTIFICATION), PLAN),
    "the last alert recovers": RECOVERS,
    "an unknown alert recovers": AlertReceived(replace(MAIL, status=AlertStatus.RESOLVED), PLAN),
    "its source acknowledges": AlertReceived(replace(DISK, status=AlertStatus.ACKNOWLEDGED), PLAN),
    "ada acknowledges (she is asked, or has it)": Acknowledged("ada"),
    "bo acknowledges": Acknowledged("bo"),
    "ada passes": Passed(by="ada"),
    "bo passes": Passed(by="bo"),
    "ada passes with an old button": Passed(by="ada", rung=-7),
    "somebody escalates": Escalated(by="cy"),
    "somebody reassigns it to bo": Reassigned(by="cy", to="bo"),
    "ada snoozes it": Snoozed(by="ada", until=NOW + HOUR),
    "ada snoozes it until yesterday": Snoozed(by="ada", until=NOW - 24 * HOUR),
    "a person resolves it": Resolved(by="bo"),
    "a person writes a note": Noted(by="bo", text="me too"),
    "somebody takes the acknowledgement back": Unacknowledged("cy"),
    "somebody changes its title": Amended(by="cy", title="full"),
    "somebody says that it is worse": Amended(by="cy", severity=Severity.CRITICAL),
    "somebody changes nothing": Amended(by="cy"),
    "somebody wants bo asked too": Invited(by="cy", receivers=PEOPLE[1:2]),
    "somebody wants ada asked too": Invited(by="cy", receivers=PEOPLE[:1]),
    "somebody gives it another ladder": Redirected(by="cy", plan=PLAN),
    "its sender wants it gone": Withdrawn("cy"),
    "ada cannot be reached": PageFailed(receiver=PEOPLE[0], rung=0, error="gone", final=True),
    "a page goes another way": PageFailed(receiver=PEOPLE[0], rung=0, error="gone", final=False),
    "people can be reached again": Restored(),
    "a silence begins": Muted(dedup_key="disk", mute=replace(MUTE, by="bo", until=NOW + 2 * HOUR)),
    "its silence is ended": Unmuted(silence="s"),
    "an alert that inhibits it fires": Muted(dedup_key="disk", mute=INHIBITED),
    "what inhibits it is over": Unmuted(silence="down"),
    "its sender lives and does not repeat it": Lapsed(dedup_key="disk", expires_at=NOW),
    "its time has come": Tick(),
    "it is woken too early": Tick(),
}


def table() -> str:
    """The machine's answers as a table."""
    rows = [["what happens", *STATES], ["---"] * (len(STATES) + 1)]
    rows += [[what, *(cell(what, state) for state in STATES.values())] for what in INPUTS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(what: str, state: Incident | None) -> str:
    due = what == "its time has come" and state is not None and state.wake_at is not None
    now = (state.wake_at if state is not None and due else None) or NOW + SECOND
    decision = decided(state, INPUTS[what], now)
    after = decision.state
    if state is not None and not MACHINE.answers(state, INPUTS[what], now):
        return "begins another"
    if after is None:
        return f"*{decision.reason}*"
    bell = " 🔔" if any(effect.kind == PAGE for effect in decision.effects) else ""
    moves = state is None or after.status is not state.status
    moved = f" → **{after.status}**" if moves and str(after.status) != decision.reason else ""
    return f"{f'*{decision.reason}*' if decision.reason in IGNORED else decision.reason}{moved}{bell}"


def test_the_table_is_what_the_machine_does() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    if UPDATE:
        DOCUMENT.write_text(text := TABLE.sub(table(), text), encoding="utf-8")
    found = TABLE.search(text)
    assert found
    assert found[0] == table(), "UPDATE=1 renews it; read the difference"


def test_every_reason_has_its_sentence_and_says_whether_it_changes_anything() -> None:
    told = re.findall(
        r"^\| ([^|]+?) \| (-?) ?\| ([A-Z][^|]+\.) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [(reason, mark == "-") for reason, mark, _ in told] == [(reason, reason in IGNORED) for reason in Reason]
