"""Questions in Slack and in a terminal, with the whole server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approvals.asking_world import asking
from tests.conversations.stage import Stage, stage
from tocsin.kernel.time import HOUR, SECOND
from tocsin.testing.fake_slack import Message
from tocsin.wiring import runs, workflows


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path, {"people": "ada, bo, cy", "rooms": "ops"}) as made:
        yield made


def start(here: Stage, *, by: str = "", **payload: object) -> str:
    assert here.runtime
    runtime = here.runtime
    kept = runtime.automation.definitions.keep("deploy", json.dumps(asking(**payload)))
    [delivery] = runtime.store.accept([workflows.ordered(workflows.start("deploy", kept, {}, by=by), here.clock())])
    runtime.wake()
    return f"run-{delivery}"


def status(here: Stage, run: str) -> str:
    assert here.runtime
    found = runs.find(here.runtime.store, run)
    return found.execution.status.value if found else ""


def output(here: Stage, run: str) -> dict[str, object]:
    here.settle()
    assert here.runtime
    found = runs.find(here.runtime.store, run)
    assert found
    assert found.execution.status.value == "SUCCEEDED"
    told: dict[str, object] = found.execution.output
    return told


def last(here: Stage, place: str) -> Message:
    """The newest message there that everybody sees."""
    channel = here.channel(place).id
    return [message for message in here.slack.messages() if message.channel == channel][-1]


def press(here: Stage, message: Message, label: str, who: str) -> None:
    element = next(
        each
        for block in message.blocks
        for each in block.get("elements", ())
        if each.get("text", {}).get("text") == label
    )
    moments_later(here)
    here.slack.click(message, element["action_id"], here.people[who])
    here.settle()


def moments_later(here: Stage) -> None:
    """A channel takes a message a second."""
    assert here.runtime
    here.clock.advance(5 * SECOND)
    here.runtime.wake()
    here.settle()


def test_a_press_in_the_room_answers_and_a_late_one_is_told_so(here: Stage) -> None:
    run = start(here)
    here.settle()
    asked = last(here, "#ops")
    assert "May it go on?" in asked.text
    assert last(here, "@bo").text == asked.text
    press(here, asked, "Approve", "bo")
    assert {name: output(here, run)[name] for name in ("choice", "by")} == {"choice": "approve", "by": ["bo"]}
    assert "bo said 'Approve' at" in last(here, "#ops").text
    for place in ("#ops", "@ada", "@bo", "@cy"):  # Nobody is offered any more what is decided.
        told = [message for message in here.slack.messages() if message.channel == here.channel(place).id]
        assert [message.text.partition(" · ")[0] for message in told] == ["May it go on? Approve"] * len(told)
        assert len(told) == 1 + (place == "#ops")
        assert '"actions"' not in json.dumps([message.blocks for message in told])
    press(here, asked, "Reject", "cy")
    assert "Nothing has changed. bo said 'Approve'" in here.slack.ephemerals()[-1].text
    assert output(here, run)["choice"] == "approve"


def test_a_press_by_somebody_who_may_not_changes_nothing(here: Stage) -> None:
    run = start(here, by="ada", approvers=["ada", "bo"])
    here.settle()
    asked = last(here, "#ops")
    press(here, asked, "Approve", "cy")
    assert "does not ask you" in here.slack.ephemerals()[-1].text
    press(here, asked, "Approve", "ada")
    assert "You have started this run yourself" in here.slack.ephemerals()[-1].text
    assert status(here, run) == "RUNNING"
    press(here, asked, "Reject", "ada")
    assert output(here, run)["choice"] == "reject"


def test_two_presses_of_two_people(here: Stage) -> None:
    run = start(here, needed=2)
    here.settle()
    asked = last(here, "#ops")
    press(here, asked, "Approve", "ada")
    press(here, asked, "Approve", "ada")
    assert "You have answered so already" in here.slack.ephemerals()[-1].text
    assert status(here, run) == "RUNNING"
    press(here, last(here, "@cy"), "Approve", "cy")
    assert output(here, run)["by"] == ["ada", "cy"]


def test_a_form_takes_the_comment(here: Stage) -> None:
    run = start(here, comment=True)
    here.settle()
    press(here, last(here, "#ops"), "Reject", "bo")
    moments_later(here)
    [view] = here.slack.views()
    [field] = [block["element"]["action_id"] for block in view.layout if block["type"] == "input"]
    here.slack.submit(view, here.people["bo"], {field: "tests are red"})
    here.settle()
    assert output(here, run)["comment"] == "tests are red"
    assert "Comment: tests are red" in json.dumps(last(here, "#ops").blocks)


def test_a_deadline_passes(here: Stage) -> None:
    run = start(here, deadline_seconds=3600, otherwise="reject")
    here.settle()
    list(here.pass_until(here.clock() + HOUR + 1000))
    assert output(here, run)["by"] == []
    assert "it counts as 'Reject'" in last(here, "#ops").text


def test_nobody_answers_for_a_run_that_is_over(here: Stage) -> None:
    assert here.runtime
    run = start(here)
    here.settle()
    asked = last(here, "#ops")
    moments_later(here)
    here.runtime.store.accept([workflows.ordered(workflows.Order(stop=run), here.clock())])
    here.runtime.wake()
    here.settle()
    moments_later(here)
    for place in ("#ops", "@ada", "@bo", "@cy"):
        told = [message for message in here.slack.messages() if message.channel == here.channel(place).id]
        assert [message.text.partition(" · ")[0] for message in told] == ["No answer is needed: May it go on?"] * len(
            told
        )
        assert '"actions"' not in json.dumps([message.blocks for message in told])
    press(here, asked, "Approve", "bo")  # Where it was not drawn anew yet.
    assert "It was withdrawn at 2026-11-18 10:00 UTC, for its run was stopped." in here.slack.ephemerals()[-1].text


def test_where_the_question_was_deleted_its_end_is_told_anew(here: Stage) -> None:
    run = start(here)
    here.settle()
    here.slack.fail("chat.update", "message_not_found", times=4)  # All four messages of the question.
    press(here, last(here, "#ops"), "Approve", "bo")
    moments_later(here)
    assert output(here, run)["by"] == ["bo"]
    assert "bo said 'Approve'" in last(here, "@ada").text


def test_words_below_a_question_are_about_no_incident(here: Stage) -> None:
    assert here.runtime
    start(here)
    here.settle()
    asked = last(here, "#ops")
    assert here.runtime.store.shown("slack", asked.channel, asked.ts).startswith("question-")
    assert here.runtime._door.slack().shown(asked.channel, asked.ts) == ""
