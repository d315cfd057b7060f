"""What a thread says when there is little to say."""

from __future__ import annotations

from tests.slack.slack_examples import alert, incident
from tocsin.incidents.alerts import Link
from tocsin.saying.message import Paragraph
from tocsin.saying.text import moment
from tocsin.saying.thread import Line, helps, thread_saying


def test_the_instants_of_a_story_are_each_readers_own() -> None:
    line = Line(0, "ada snoozed until 2026-11-19T09:00:00.000Z, not until 2026-99-19T09:00:00Z")
    said = thread_saying(incident(), (line,), (), opening=False)
    at = moment(1_795_078_800_000)
    assert said.summary == f"ada snoozed until {at}, not until 2026-99-19T09:00:00Z"
    assert said.parts == (Paragraph(f"{moment(0)}: {said.summary}"),)


def test_a_thread_without_a_story_says_what_helps() -> None:
    state = incident(first=alert(links=(Link("Runbook", "https://wiki.example/cpu"),)))
    said = thread_saying(state, (), (), opening=True)
    assert [type(part) for part in said.parts] == [Paragraph]
    assert said.summary == "What is known about it."
    assert helps(state)
    assert not helps(incident())
