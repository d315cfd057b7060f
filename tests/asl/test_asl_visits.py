"""Histories read state by state, and painted on pictures."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.asl.workflow_examples import CATCHES, LOOP, NESTED, task
from tocsin import asl
from tocsin.asl import picture
from tocsin.asl import step as stepping
from tocsin.asl.execution import Names, Passed, Redriven, Stopped, TaskFailed, TaskSucceeded
from tocsin.asl.history import Event
from tocsin.asl.picture.marks import Mark, marks, utc, walked
from tocsin.asl.showing import TOO_LARGE, shown
from tocsin.asl.visits import Outcome, Visit, by_state, events, read, visits
from tocsin.kernel.time import HOUR, MINUTE

NOW = 1_764_237_600_000  # 2025-11-27T10:00Z


class Run:
    """A run that is stepped by hand."""

    def __init__(self, definition: dict[str, Any], given: Any = None) -> None:  # noqa: ANN401 - JSON.
        self.definition = asl.parse(definition)
        self.now = NOW
        first = stepping.begin(self.definition, given or {}, names=Names(), seed="s", now=NOW)
        self.execution = first.execution
        self.events = list(first.events)
        self.tasks = list(first.tasks)

    def take(self, given: Any) -> None:  # noqa: ANN401 - any input.
        made = stepping.step(self.definition, self.execution, given, self.now)
        self.execution = made.execution
        self.events += made.events
        self.tasks += made.tasks

    def wake(self) -> None:
        self.now = self.execution.wake_at or self.now
        self.take(Passed())

    def succeed(self, output: Any, task: int = -1) -> None:  # noqa: ANN401 - JSON.
        self.take(TaskSucceeded(task=self.tasks[task].task, output=output))

    def fail(self, error: str = "Busy", task: int = -1) -> None:
        self.take(TaskFailed(task=self.tasks[task].task, error=error, cause="c"))

    def marks(self) -> dict[str, Mark]:
        return marks(visits(self.events), self.execution)

    def outcomes(self) -> list[tuple[str, str]]:
        return [(visit.state, visit.outcome.value) for visit in visits(self.events)]


def each_visit(name: str, found: tuple[Visit, ...]) -> tuple[Visit, ...]:
    return by_state(found)[name]


def nested(sizes: list[int], limit: int = 500) -> asl.Result:
    def backup(given: Any) -> Any:  # noqa: ANN401 - JSON.
        if given["size"] > limit:
            raise asl.Failure("TooLarge", "it is")
        return given

    items = [{"size": size, "x": 1, "pause": 5} for size in sizes]
    functions = {"createBackup": backup, "sendMessage": lambda _: {}, "tocsin-ask": lambda _: {}, "tell": lambda _: {}}
    return asl.run(asl.parse(NESTED), {"tables": items}, functions=functions)


# ── Visits ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_visits_have_their_input_output_times_and_events() -> None:
    run = Run(LOOP, {"a": 1})
    run.succeed({"status": "RUNNING"})
    run.wake()
    [first] = each_visit("Start job", visits(run.events))
    assert (first.input, first.output, first.outcome) == ({"a": 1}, {"status": "RUNNING"}, Outcome.DONE)
    assert (first.entered_at, first.ended_at, first.type, first.tries) == (NOW, NOW, "Task", 1)
    assert [event.type for event in first.events] == [
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
    ]
    waits = each_visit("Wait a little", visits(run.events))
    assert [visit.outcome for visit in waits] == [Outcome.DONE, Outcome.AT_WORK]
    assert [visit.after for visit in waits] == [first.id, each_visit("Is it done?", visits(run.events))[0].id]


def test_both_shapes_of_a_history_give_the_same_visits() -> None:
    result = nested([10, 200])
    again = [*events(result.history)]
    assert next(each for each in again if each.type == "MapStateEntered").details["input"]["tables"][0]["size"] == 10
    assert visits(again) == visits(result.history)


def test_branches_and_iterations_at_once_are_told_apart() -> None:
    found = visits(nested([10, 200]).history)
    [whole] = each_visit("Everything", found)
    [each] = each_visit("Each table", found)
    backups = each_visit("Backup", found)
    assert (each.within, each.items, each.succeeded, each.broken) == (whole.id, 2, 2, 0)
    assert [(visit.within, visit.index, visit.after) for visit in backups] == [(each.id, 0, 0), (each.id, 1, 0)]
    [pause] = each_visit("Pause", found)
    assert (pause.index, pause.within) == (1, each.id)
    assert [visit.outcome for visit in (whole, *each_visit("Ask", found))] == [Outcome.AT_WORK] * 2


def test_what_fails_within_is_failed_and_what_it_ends_is_stopped() -> None:
    found = visits(nested([10, 900]).history)
    outcomes = {visit.state: visit.outcome for visit in found}
    assert outcomes == {
        "Everything": Outcome.CAUGHT,
        "Each table": Outcome.FAILED,
        "Ask": Outcome.STOPPED,
        "Queue": Outcome.DONE,
        "Backup": Outcome.FAILED,
        "Wait": Outcome.STOPPED,
        "Large?": Outcome.DONE,
        "Next one": Outcome.DONE,
        "Tell": Outcome.DONE,
    }
    [whole] = each_visit("Everything", found)
    assert (whole.error, whole.cause) == ("TooLarge", "it is")
    assert each_visit("Tell", found)[0].after == whole.id


def test_a_failure_that_is_tried_again_is_one_visit() -> None:
    run = Run(LOOP)
    run.fail()
    assert run.marks()["Start job"] == Mark(kind="waits", text="failed, tries again at 2025-11-27 10:00:01 UTC")
    run.wake()
    assert run.marks()["Start job"] == Mark(kind="now", text="at work")
    run.succeed({"status": "FAILED"})
    run.wake()
    assert run.marks()["Start job"] == Mark(kind="done", text="done, tried twice")
    assert run.marks()["Give up"] == Mark(kind="failed", text="failed: JobFailed")


def test_a_map_that_is_begun_again_stops_what_was_within() -> None:
    machine = {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "End": True,
                "Retry": [{"ErrorEquals": ["Busy"]}],
                "ItemProcessor": {"StartAt": "One", "States": {"One": task()}},
            }
        },
    }
    run = Run(machine, [1, 2])
    assert run.marks()["Each"].text == "at work, 0 of 2 items done, 2 at work"
    assert run.marks()["One"].text == "at work, and 1 more here"
    run.fail(task=0)
    run.wake()
    assert run.outcomes() == [
        ("Each", "at work"),
        ("One", "failed"),
        ("One", "stopped"),
        ("One", "at work"),
        ("One", "at work"),
    ]
    run.succeed(1, task=2)
    assert marks(visits(run.events))["One"].text == "at work"
    run.succeed(2, task=3)
    assert run.marks()["Each"] == Mark(kind="done", text="done, 2 of 2 items done")
    assert run.marks()["One"] == Mark(kind="failed", text="done twice, failed, stopped")
    assert each_visit("Each", visits(run.events))[0].tries == 2


def test_iterations_that_fail_are_counted() -> None:
    found = marks(visits(nested([10, 900]).history))
    assert found["Each table"].text == "failed: TooLarge, 1 of 2 items done, 1 failed"
    assert found["Everything"] == Mark(kind="caught", text="caught: TooLarge")


def test_an_evaluation_that_fails_belongs_to_its_state() -> None:
    state = {"Type": "Pass", "Output": "{% $nothing.at.all %}", "End": True}
    result = asl.run(asl.parse({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": state}}))
    reading = read(result.history)
    [visit] = reading.visits
    assert [event.type for event in visit.events] == ["PassStateEntered", "EvaluationFailed"]
    assert (visit.outcome, visit.error) == (Outcome.FAILED, "States.QueryEvaluationError")
    assert [event.type for event in reading.run] == ["ExecutionStarted", "ExecutionFailed"]


def test_a_run_that_fails_without_telling_why_in_its_state_tells_it_all_the_same() -> None:
    machine = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "D"}]},
            "D": {"Type": "Succeed"},
        },
    }
    found = visits(asl.run(asl.parse(machine), {"a": 1}).history)
    assert (found[0].outcome, found[0].error) == (Outcome.FAILED, "States.NoChoiceMatched")


def test_a_run_that_is_stopped_stops_its_states_and_a_redriven_one_visits_them_again() -> None:
    run = Run(CATCHES)
    run.take(Stopped(error="Enough"))
    assert run.outcomes() == [("Reserve the hotel room", "stopped")]
    assert run.marks() == {"Reserve the hotel room": Mark(kind="stopped", text="stopped")}
    run.take(Redriven())
    assert run.outcomes() == [("Reserve the hotel room", "stopped"), ("Reserve the hotel room", "at work")]


def test_a_run_that_takes_too_long_fails_where_it_is() -> None:
    run = Run(LOOP | {"TimeoutSeconds": 60})
    run.now += MINUTE
    run.take(Passed())
    assert run.outcomes() == [("Start job", "failed")]
    assert run.marks()["Start job"].text == "failed: States.Timeout"


def test_histories_that_are_not_whole_are_read_as_far_as_they_go() -> None:
    strange: list[dict[str, Any]] = [
        {"type": "TaskSucceeded", "id": 7, "previousEventId": 6, "taskSucceededEventDetails": {"output": "{no json"}},
        {"type": "EvaluationFailed", "evaluationFailedEventDetails": {"state": "Gone"}},
        {"type": "MapIterationFailed", "id": 9, "previousEventId": 7},
        {"type": "PassStateExited", "id": 10, "previousEventId": 9, "stateExitedEventDetails": {"name": "Gone"}},
        {},
    ]
    reading = read(strange)
    assert reading.visits == ()
    assert len(reading.run) == 5
    assert reading.run[0].details == {"output": "{no json"}


def test_a_failure_that_is_told_twice_ends_a_visit_once() -> None:
    found = [
        Event(1, 0, 0, "MapStateEntered", {"name": "M"}),
        Event(2, 1, 0, "MapStateStarted", {"length": 1}),
        Event(3, 2, 0, "MapIterationStarted", {"name": "M", "index": 0}),
        Event(4, 3, 5, "PassStateEntered", {"name": "P"}),
        Event(5, 4, 6, "MapIterationFailed", {"name": "M", "index": 0}),
        Event(6, 4, 7, "MapIterationFailed", {"name": "M", "index": 0}),
    ]
    assert [(visit.outcome, visit.ended_at) for visit in visits(found)] == [
        (Outcome.AT_WORK, None),
        (Outcome.FAILED, 6),
    ]


# ── Marks ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_wait_says_until_when_in_the_words_of_whoever_asks() -> None:
    run = Run(LOOP)
    run.succeed({"status": "RUNNING"})
    assert run.marks()["Wait a little"] == Mark(kind="waits", text="waits until 2025-11-27 10:00:30 UTC")
    told = marks((), run.execution, lambda at: f"{at - NOW} ms")
    assert told == {"Wait a little": Mark(kind="waits", text="waits until 30000 ms")}
    assert utc(NOW) == "2025-11-27 10:00 UTC"


@pytest.mark.parametrize(("limit", "text"), [({}, ""), ({"TimeoutSeconds": 7200}, " until 2025-11-27 12:00 UTC")])
def test_a_question_says_until_when_it_is_awaited(limit: dict[str, Any], text: str) -> None:
    ask = task("", "arn:aws:states:::sqs:sendMessage.waitForTaskToken", **limit)
    run = Run({"StartAt": "Ask", "States": {"Ask": ask}})
    assert run.marks()["Ask"] == Mark(kind="waits", text=f"waits for an answer{text}")
    run.now += 2 * HOUR
    run.succeed({}, -1)
    assert run.marks()["Ask"] == Mark(kind="done", text="done")


def test_a_parallel_says_how_many_branches_are_done() -> None:
    branches = [{"StartAt": f"B{number}", "States": {f"B{number}": task()}} for number in range(2)]
    run = Run({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}})
    run.succeed({}, 0)
    assert run.marks()["P"] == Mark(kind="now", text="at work, 1 of 2 branches done")


def test_without_a_history_a_run_that_has_failed_shows_where() -> None:
    run = Run(CATCHES)
    run.fail("States.Runtime")
    assert marks((), run.execution) == {"Reserve the hotel room": Mark(kind="failed", text="States.Runtime")}
    run.execution.error = None
    assert marks((), run.execution)["Reserve the hotel room"].text == "ended here"


def test_visits_at_work_at_once_are_counted() -> None:
    running = [Visit(id=number, state="A", type="Task", entered_at=0) for number in (1, 2)]
    assert marks(running) == {"A": Mark(kind="now", text="2 at work")}


def test_a_loop_says_how_often_and_a_failure_has_a_name() -> None:
    done = [Visit(id=number, state="A", type="Pass", entered_at=0, outcome=Outcome.DONE) for number in range(1, 4)]
    assert marks(done)["A"].text == "done 3 times"
    failed = Visit(id=1, state="A", type="Fail", entered_at=0, outcome=Outcome.FAILED)
    assert marks([failed])["A"].text == "failed"


def test_the_ways_that_a_run_has_gone_are_heavier() -> None:
    run = Run(LOOP)
    run.succeed({"status": "RUNNING"})
    assert walked(visits(run.events)) == {("", "Start job", False), ("Start job", "Wait a little", False)}
    drawing = picture.draw(run.definition, execution=run.execution, history=run.events).svg
    assert drawing.count(" walked") == 2
    assert "waits until 2025-11-27" in drawing
    assert "It is marked: waits until 2025-11-27 10:00:30 UTC." in drawing


# ── What a page shows ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_gets_pictures_states_with_visits_and_the_history_of_the_run() -> None:
    result = nested([10, 900])
    found = shown(asl.parse(NESTED), title="nested", history=iter(result.history))
    assert "<title>nested</title>" in found.desktop
    assert found.desktop != found.phone
    assert [state.name for state in found.states][:4] == ["Everything", "Each table", "Backup", "Large?"]
    backup = found.states[2]
    assert (backup.type, backup.within, backup.details) == ("Task", "Each table", ("dynamodb:createBackup",))
    assert backup.mark == Mark(kind="failed", text="done, failed")
    assert [visit.index for visit in backup.visits] == [0, 1]
    pause = next(state for state in found.states if state.name == "Pause")
    assert (pause.mark, pause.visits) == (None, ())
    assert [event.type for event in found.run] == ["ExecutionStarted", "ExecutionSucceeded"]
    owned = sum(len(visit.events) for state in found.states for visit in state.visits)
    assert owned + len(found.run) == len(result.history)


def test_a_page_gets_the_table_where_a_picture_would_be_too_large() -> None:
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(401)}
    found = shown(asl.parse({"StartAt": "S0", "States": {**states, "S401": {"Type": "Succeed"}}}))
    assert (found.desktop, found.phone, found.sentences, len(found.states)) == ("", "", (TOO_LARGE,), 402)


def test_of_two_ways_between_the_same_states_the_one_that_was_gone_is_heavier() -> None:
    machine = {
        "StartAt": "A",
        "States": {"A": task("B", Catch=[{"ErrorEquals": ["Busy"], "Next": "B"}]), "B": {"Type": "Succeed"}},
    }
    for fails, heavy in ((False, "way next walked"), (True, "way catch walked")):
        run = Run(machine)
        if fails:
            run.fail()
        else:
            run.succeed({})
        drawing = picture.draw(run.definition, history=run.events).svg
        assert re.findall('class="(way (?:next|catch) walked)"', drawing) == [heavy]
