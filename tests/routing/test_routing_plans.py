"""Plans: who is asked, in which order, and how soon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.policy import Condition, Step
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.routing.plans import BUILT_IN, OWN_TEAM, Ladder, Rung, Team, Windows, everyone, plan, turns

OPS = Team(name="ops", members=("ada", "bo", "cy"), room=True)
NAMES = st.lists(st.sampled_from(["ada", "bo", "cy", "di"]), max_size=4).map(tuple)


def ladder(*rungs: Rung, **more: int) -> Ladder:
    return Ladder(name="mine", rungs=rungs, **more)


def test_a_team_without_a_ladder_asks_one_then_another_then_everyone() -> None:
    policy = plan(OPS, None, 0, Windows()).policy
    assert policy.name == BUILT_IN
    assert policy.steps == (Step(("responder:ada",), 5 * MINUTE), Step(("responder:bo",), 5 * MINUTE))
    assert policy.everyone == ("responder:ada", "responder:bo", "responder:cy", "team:ops")
    assert policy.everyone_delay == 15 * MINUTE


def test_each_turn_begins_with_another_member() -> None:
    first = [plan(OPS, None, turn, Windows()).policy.steps for turn in range(turns(OPS, None))]
    assert [steps[0].targets for steps in first] == [("responder:ada",), ("responder:bo",), ("responder:cy",)]
    assert [steps[1].targets for steps in first] == [("responder:bo",), ("responder:cy",), ("responder:ada",)]


def test_a_team_of_one_asks_that_one_and_then_everyone() -> None:
    policy = plan(Team(name="solo", members=("ada",), room=True), None, 0, Windows()).policy
    assert [step.targets for step in policy.steps] == [("responder:ada",)]
    assert policy.everyone == ("responder:ada", "team:solo")


def test_a_team_without_members_asks_its_room_soon_and_for_ever() -> None:
    policy = plan(Team(name="empty"), None, 0, Windows()).policy
    assert policy.steps == (Step(("team:empty",), 5 * MINUTE),)
    assert policy.everyone == ("team:empty",)


def test_a_room_that_does_not_exist_is_not_asked_when_members_are() -> None:
    assert everyone(Team(name="ops", members=("ada", "ada"))) == ("responder:ada",)


def test_a_ladder_keeps_its_steps_and_delays() -> None:
    mine = ladder(Rung(("responder:zoe",), MINUTE), Rung((OWN_TEAM,)), repeat=2, everyone_delay=HOUR, ack_timeout=DAY)
    policy = plan(OPS, mine, 7, Windows()).policy
    assert policy.steps == (Step(("responder:zoe",), MINUTE), Step(everyone(OPS), 5 * MINUTE))
    assert (policy.name, policy.repeat, policy.everyone_delay, policy.ack_timeout) == ("mine", 2, HOUR, DAY)
    assert policy.everyone == everyone(OPS)


def test_nobody_is_asked_twice_in_one_step() -> None:
    policy = plan(OPS, ladder(Rung(("responder:bo", OWN_TEAM))), 0, Windows()).policy
    assert policy.steps[0].targets == ("responder:bo", "responder:ada", "responder:cy", "team:ops")


def test_everyone_of_a_team_without_members_is_whom_its_ladder_names() -> None:
    mine = ladder(Rung(("responder:zoe",)), Rung(("responder:ada", "responder:zoe")))
    bare, roomy = Team(name="bare"), Team(name="roomy", room=True)
    assert plan(bare, mine, 0, Windows()).policy.everyone == ("responder:zoe", "responder:ada")
    assert plan(roomy, mine, 0, Windows()).policy.everyone == ("responder:zoe", "responder:ada", "team:roomy")
    assert plan(bare, ladder(Rung((OWN_TEAM,))), 0, Windows()).policy.everyone == ("team:bare",)
    assert plan(bare, ladder(), 0, Windows()).policy.everyone == ("team:bare",)


def test_a_ladder_of_its_own_has_one_turn() -> None:
    mine = ladder(Rung(("responder:zoe",)))
    assert turns(OPS, mine) == turns(Team(name="ops", members=OPS.members, ladder=mine), None) == 1


def test_the_team_s_ladder_counts_unless_another_is_given() -> None:
    own, other = ladder(Rung(("responder:own",))), ladder(Rung(("responder:other",)))
    team = Team(name="ops", members=("ada",), ladder=own)
    assert plan(team, None, 0, Windows()).policy.steps[0].targets == ("responder:own",)
    assert plan(team, other, 0, Windows()).policy.steps[0].targets == ("responder:other",)


def test_the_rest_of_a_plan_is_what_was_decided() -> None:
    made = plan(
        OPS, None, 0, Windows(alert=1, notification=2, reopen=3), Severity.INFO, Kind.NOTIFICATION, auto_resolve=False
    )
    assert (made.team, made.severity, made.kind, made.auto_resolve) == ("ops", Severity.INFO, Kind.NOTIFICATION, False)
    assert (made.alert_window, made.notification_window, made.reopen_window) == (1, 2, 3)


@given(NAMES, st.booleans(), st.integers(min_value=0, max_value=50), st.booleans())
def test_every_rung_of_every_plan_asks_somebody(members: tuple[str, ...], room: bool, turn: int, own: bool) -> None:
    team = Team(name="ops", members=members, room=room)
    policy = plan(team, ladder(Rung((OWN_TEAM,))) if own else None, turn, Windows()).policy
    for position in range(4):
        step = policy.step(position)
        assert step.targets
        assert len(set(step.targets)) == len(step.targets)
        assert step.delay > 0


def test_everyone_of_a_team_without_members_is_all_who_take_turns_in_its_schedules() -> None:
    mine = ladder(Rung(("schedule:ops", "responder:zoe")), Rung(("schedule:ops:next",)))
    assert plan(Team(name="bare"), mine, 0, Windows()).policy.everyone == ("schedule:ops:all", "responder:zoe")


def test_what_is_written_without_a_name_is_the_team_s_own() -> None:
    mine = ladder(
        *(Rung((word,)) for word in ("channel", "round-robin", "least-disturbed", "smart")), acknowledgements=2
    )
    policy = plan(OPS, mine, 0, Windows()).policy
    assert [step.targets for step in policy.steps] == [
        ("team:ops",), ("round-robin:ops",), ("least-disturbed:ops",), ("smart:ops",),
    ]  # fmt: skip
    assert policy.acknowledgements == 2
    roomless = plan(Team(name="web", members=("ada",)), mine, 0, Windows()).policy
    assert roomless.steps[0].targets == (), "nobody reads a room that is not there"


def test_a_step_keeps_its_condition_and_how_many_must_acknowledge() -> None:
    when = Condition(severities=("critical",))
    policy = plan(OPS, ladder(Rung(("smart",), MINUTE, when, 3)), 0, Windows()).policy
    assert policy.steps == (Step(("smart:ops",), MINUTE, when, 3),)


def test_everyone_of_a_team_without_members_is_whom_its_steps_choose_from() -> None:
    mine = ladder(Rung(("smart:shop",)), Rung(("round-robin:schedule:night", "schedule:night:next")))
    policy = plan(Team(name="empty"), mine, 0, Windows()).policy
    assert policy.everyone == ("members:shop", "schedule:night:all")
