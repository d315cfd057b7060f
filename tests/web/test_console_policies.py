"""Policies as pictures, and what happens next to an incident."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from tests.web.console_desks import BEGIN, NAMES
from tests.web.console_world import Visitor, World
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan
from tocsin.incidents.duty import nobody
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Reassigned, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Condition, Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.web.console.ladder_picture import LINES_MAX, Box, Picture, marks, picture
from tocsin.web.console.outlook import coming

MACHINE = IncidentMachine()
TEAM = ("responder:ada", "responder:bob", "team:ops")
POLICY = Policy(
    name="usual",
    steps=(Step(("responder:ada",), 5 * MINUTE), Step(("responder:bob",), 10 * MINUTE)),
    everyone=TEAM,
    repeat=1,
)


def opened(policy: Policy = POLICY, kind: Kind = Kind.ALERT, *mutes: Mute) -> Incident:
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json", kind=kind)
    given = AlertReceived(alert, Plan(team="ops", policy=policy), mute=next(iter(mutes), None))
    state = MACHINE.decide(None, given, BEGIN).state
    assert state
    return state


def after(state: Incident, given: object, now: Instant = BEGIN) -> Incident:
    found = MACHINE.decide(state, given, now).state  # type: ignore[arg-type]
    assert found
    return found


def told(state: Incident) -> list[tuple[int, str]]:
    """In how many minutes what happens."""
    return [((each.at - BEGIN) // MINUTE, each.what) for each in coming(MACHINE, state, NAMES)]


ALL = "Ada Lovelace, Bob Bemer, everyone in ops"


def test_the_future_of_an_incident_goes_to_the_end_of_the_ladder() -> None:
    assert told(opened()) == [
        (5, "asks Bob Bemer"),
        (15, "asks Ada Lovelace"),
        (20, "asks Bob Bemer"),
        (30, f"asks {ALL}"),
        (45, f"asks {ALL} again, and so on every 15m"),
    ]
    assert told(opened(replace(POLICY, repeat=0))) == [
        (5, "asks Bob Bemer"),
        (15, f"asks {ALL}"),
        (30, f"asks {ALL} again, and so on every 15m"),
    ]


def test_one_who_is_asked_again_and_again_is_told_each_time() -> None:
    alone = Policy(name="one", steps=(Step(("responder:ada",), MINUTE),), everyone=("responder:ada",), repeat=2)
    assert told(opened(alone)) == [
        (1, "asks Ada Lovelace again"),
        (2, "asks Ada Lovelace again"),
        (3, "asks Ada Lovelace again, and so on every 15m"),
    ]


def test_an_acknowledgement_a_snooze_and_a_silence_end() -> None:
    assert told(after(opened(), Acknowledged(by="bob")))[:2] == [
        (60, "asks Bob Bemer, if it is still open"),
        (65, "asks Ada Lovelace"),
    ]
    assert told(after(opened(), Snoozed(by="bob", until=BEGIN + 30 * MINUTE)))[:2] == [
        (30, "asks Bob Bemer again"),
        (35, "asks Ada Lovelace"),
    ]
    mute = Mute(silence="s", by="cy", until=BEGIN + HOUR, why="")
    assert told(opened(POLICY, Kind.ALERT, mute))[:2] == [(60, "asks Ada Lovelace"), (65, "asks Bob Bemer")]


def test_another_silence_may_go_on() -> None:
    state = opened(POLICY, Kind.ALERT, Mute(silence="s", by="cy", until=BEGIN + HOUR))
    line = state.alerts["x"]
    longer = replace(line, mute=Mute(silence="t", by="cy", until=BEGIN + 2 * HOUR))
    state = replace(state, alerts={"x": line, "y": longer})
    assert told(state)[0] == (60, "asks Ada Lovelace")
    first = Mute(silence="s", by="cy", until=BEGIN + 2 * HOUR)
    state = replace(opened(POLICY, Kind.ALERT, first), wake_at=BEGIN + HOUR, snoozed_until=BEGIN + HOUR)
    assert told(state)[:2] == [(60, "stays silent: another silence covers it"), (120, "asks Ada Lovelace")]


def test_what_is_over_has_no_future_and_a_notification_closes() -> None:
    assert told(after(opened(), Resolved(by="ada", note=""))) == []
    assert told(opened(POLICY, Kind.NOTIFICATION)) == [(1, "closes by itself")]


def test_what_only_looks_after_a_sender_is_not_told() -> None:
    state = opened()
    line = replace(state.alerts["x"], expires_at=BEGIN + MINUTE, sender="s")
    assert told(replace(state, alerts={"x": line}, look_at=BEGIN + 2 * MINUTE)) == told(state)


def drawn(policy: Policy = POLICY, state: Incident | None = None) -> Picture:
    found = marks(state, coming(MACHINE, state, NAMES), NAMES) if state else None
    return picture(policy, NAMES, nobody, BEGIN, found)


def states(found: Picture) -> list[str]:
    return [box.state for box in found.boxes]


def texts(box: Box) -> list[str]:
    return [line.text for line in box.lines]


def test_a_picture_goes_from_the_first_step_to_the_last_resort() -> None:
    found = drawn()
    assert [texts(box) for box in found.boxes] == [
        ["Step 1", "Ada Lovelace"],
        ["Step 2", "Bob Bemer"],
        ["Last resort", "Ada Lovelace", "Bob Bemer", "everyone in ops"],
    ]
    assert [edge.label for edge in found.edges] == ["no answer in 5m", "no answer in 10m"]
    assert [sentence.text for sentence in found.words] == [
        "Step 1: Ada Lovelace; no answer in 5m: the next step is asked",
        "Step 2: Bob Bemer; no answer in 10m: the ladder begins again, once more",
        f"Last resort: {ALL}; asked again every 15m, until somebody answers",
    ]
    assert found.again_label == "once more"
    for above, edge, below in zip(found.boxes, found.edges, found.boxes[1:], strict=False):
        assert (above.y + above.height, edge.until) == (edge.y, below.y)
    assert found.boxes[-1].y + found.boxes[-1].height < found.height


def test_a_ladder_that_is_walked_once_has_no_way_back() -> None:
    assert drawn(replace(POLICY, repeat=0)).again is None
    assert drawn(replace(POLICY, repeat=3)).again_label == "3 more times"


def test_many_and_long_names_stay_in_their_box() -> None:
    long = tuple(f"responder:somebody-with-a-very-long-name-indeed-{number}" for number in range(20))
    box = drawn(Policy(name="long", steps=(Step(long),), everyone=())).boxes[0]
    assert len(box.lines) == LINES_MAX + 2
    assert texts(box)[-1] == "and more, see the list"
    assert max(len(text) for text in texts(box)) <= 33
    assert texts(drawn(Policy(name="long", steps=(Step(long),), everyone=())).boxes[1]) == ["Last resort", "nobody"]


def test_schedules_are_drawn_with_whom_they_stand_for(world: World) -> None:
    steps = (Step(("schedule:ops",)), Step(("schedule:ops:next",)), Step(("schedule:shop",)))
    policy = Policy(name="duty", steps=steps, everyone=("schedule:ops:all", "channel:#shop"))
    found = picture(policy, NAMES, world.oncall.duty(), BEGIN)
    assert [texts(box)[1:] for box in found.boxes] == [
        ["on call in ops", "at present Bob Bemer"],
        ["next on call in ops", "at present Ada Lovelace"],
        ["on call in shop", "at present nobody: it is left out"],
        [
            "all who take turns in ops",
            "at present Ada Lovelace, Bob",
            "Bemer, Cy",
            "<script>alert(1)</script>",
            "channel #shop",
        ],
    ]


def test_an_incident_marks_who_is_asked_and_when_others_will_be() -> None:
    state = opened()
    found = drawn(POLICY, state)
    assert states(found) == ["now", "next", "next"]
    assert " ".join(texts(found.boxes[0])[2:]) == "asks Ada Lovelace now, round 1 of 2"
    assert [box.lines[-1].at for box in found.boxes] == [None, BEGIN + 5 * MINUTE, BEGIN + 30 * MINUTE]
    assert found.words[1].at == BEGIN + 5 * MINUTE
    assert found.words[1].text.endswith("; asks Bob Bemer at")


def test_steps_that_were_asked_are_marked_as_past() -> None:
    state = opened(replace(POLICY, repeat=0))
    for _ in range(2):
        from_machine = MACHINE.decide(state, Tick(), state.wake_at or 0).state
        assert from_machine
        state = from_machine
    assert states(drawn(state.plan.policy, state)) == ["past", "past", "now"]
    assert texts(drawn(state.plan.policy, state).boxes[2])[-2:] == ["asks Ada Lovelace and 2 more", "now"]


def test_who_is_asked_out_of_turn_is_in_no_step() -> None:
    asked = after(opened(), Reassigned(by="bob", to="cy"))
    assert "now" not in states(drawn(POLICY, asked))
    acknowledged = after(opened(), Acknowledged(by="ada"))
    assert states(drawn(POLICY, acknowledged)) == ["next", "next", "next"]
    snoozed = after(opened(), Snoozed(by="bob", until=BEGIN + HOUR))
    assert states(drawn(POLICY, snoozed)) == ["next", "next", "next"]


def test_long_names_and_many_people_are_cut_where_it_says_when() -> None:
    steps = (Step(("responder:ada",), MINUTE), Step(("responder:" + "long name " * 9, "responder:cy"), MINUTE))
    state = opened(Policy(name="long", steps=steps, everyone=("responder:ada",)))
    box = drawn(state.plan.policy, state).boxes[1]
    assert texts(box)[-3:] == ["asks long name long name…", "and 1 more", "at"]
    assert box.lines[-1].at == BEGIN + MINUTE


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def test_the_page_of_policies_draws_each_for_its_team(ada: Visitor) -> None:
    answer = ada.get("/policies")
    assert answer.status == 200
    assert [plain(each) for each in re.findall(r"<h2.*?</h2>", answer.text, re.DOTALL)] == [
        "usual for team ops",
        "quiet for team shop",
        'loud for team shop , for alerts of the route "the shop is down"',
    ]
    pictures = re.findall(r"<svg.*?</svg>", answer.text, re.DOTALL)
    assert len(pictures) == 3
    for each in pictures:
        read = ET.fromstring(each)  # noqa: S314 - our own.
        assert read.find("title") is not None
        assert read.find("desc") is not None
        assert read.attrib["role"] == "img"
    words = plain(answer.text)
    assert "Step 1: on call in ops (at present Bob Bemer); no answer in 5m: the next step is asked" in words
    assert "asked again after 1h" in words
    assert "style=" not in answer.text  # Our policy of content would not let it through.


def test_an_incident_shows_what_happens_next_and_its_policy(ada: Visitor, world: World) -> None:
    name = world.ring()
    words = plain(ada.get(f"/incidents/{name}").text)
    assert "What happens next, unless somebody acts 21 Nov 03:05 UTC ( in 5 min ) asks Bob Bemer" in words
    assert "Step 1 Ada Lovelace asks Ada Lovelace now" in words
    assert "Step 2 Bob Bemer asks Bob Bemer at 21 Nov 03:05 UTC" in words
    world.give(Resolved(by="ada", note=""), name)
    over = ada.get(f"/incidents/{name}").text
    assert "What happens next" not in over
    assert "<svg" not in over


def test_the_picture_says_when_a_step_counts_and_how_many_must_acknowledge() -> None:
    policy = Policy(
        name="careful",
        steps=(
            Step(("smart:ops",), 5 * MINUTE, when=Condition(severities=("critical", "high"), team="working")),
            Step(("round-robin:ops",), when=Condition(hours=("working", "off", "sat"))),
            Step(("responder:bob",), when=Condition(alerts=10, within=5 * MINUTE, team="off"), acknowledgements=3),
            Step(("responder:ada",), when=Condition(alerts=2)),
        ),
        everyone=TEAM,
        acknowledgements=2,
    )
    found = picture(policy, NAMES, nobody, BEGIN)
    words = [line.text for line in found.words]
    assert words[0].startswith(
        "Step 1: whom it is best to ask in ops; only if critical or high; only when somebody of the team is at work; "
        "after 10m at most: the next step is asked"
    )
    assert "only those for whom it is working time, time off or sat; no answer in 5m" in words[1]
    assert "only when nobody of the team is at work; only after 10 alerts within 5m; 3 must acknowledge" in words[2]
    assert "only after 2 alerts; no answer" in words[3]
    assert words[5] == "2 people must acknowledge"
    assert [edge.label for edge in found.edges][:2] == ["after 10m at most", "no answer in 5m"]
    assert "only if critical or high" in [line.text for line in found.boxes[0].lines]
