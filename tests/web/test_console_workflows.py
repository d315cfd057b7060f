"""The console's pages of workflows: pictures, runs painted on them, and the buttons to start, stop and redrive."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.web.console_world import Visitor, World
from tests.web.test_console_pages import plain
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE
from tocsin.web.console.visits import FRAGMENT
from tocsin.web.console.workflows import RUNS_MAX, VALUE_MAX
from tocsin.wiring import runs, workflow_desk
from tocsin.wiring.settings_file import parse

HOSTILE = "<script>alert(1)</script>"
CLOSE: dict[str, Any] = {
    "Comment": f"Closes the shop {HOSTILE}",
    "StartAt": "Note",
    "States": {
        "Note": {"Type": "Pass", "Result": {"noted": HOSTILE}, "ResultPath": "$.note", "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 300, "Next": "Sum"},
        "Sum": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.a, 1)"}, "End": True},
    },
}
EACH: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$",
            "ItemProcessor": {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}},
            "End": True,
        }
    },
}


@pytest.fixture(autouse=True)
def configured(world: World, tmp_path: Path) -> Path:
    for name, definition in (("close", CLOSE), ("each", EACH)):
        (tmp_path / f"{name}.asl.json").write_bytes(json.encode(definition))
    text = b"workflows: {close: {file: close.asl.json}, each: {file: each.asl.json}}"
    world.flows = parse(text, {}, str(tmp_path / "tocsin.yaml")).settings
    return tmp_path


def started(ada: Visitor, workflow: str = "close", given: str = '{"a": 1}', name: str = "") -> str:
    """Start one; the path of its page."""
    csrf = ada.get(f"/workflows/{workflow}").csrf
    answer = ada.post(f"/workflows/{workflow}", {"csrf": csrf, "input": given, "name": name})
    assert answer.status == 303, answer.text
    return answer.location


def pressed(ada: Visitor, path: str, action: str, **more: str) -> str:
    """Press a button of a run; what is said then."""
    answer = ada.post(path, {"csrf": ada.get(path).csrf, "action": action, **more})
    assert answer.status == 303, answer.text
    return ada.get(answer.location).flash


def test_every_workflow_is_listed_with_what_it_is_for(ada: Visitor) -> None:
    text = ada.get("/workflows").text
    assert '<a href="/workflows/close"><bdi>close</bdi></a>' in text
    assert HOSTILE not in text
    assert "Closes the shop &lt;script&gt;" in text
    assert text.count("It has not run yet.") == 2
    assert 'href="/workflows" aria-current="page"' in text


def test_without_workflows_the_page_says_how_to_have_some(ada: Visitor, world: World) -> None:
    world.flows = parse(b"", {}).settings
    assert "No workflow is configured." in ada.get("/workflows").text
    assert ada.get("/workflows/close").status == 404


def test_a_workflow_has_a_picture_for_large_and_for_small_screens_and_in_words(ada: Visitor) -> None:
    text = ada.get("/workflows/close").text
    assert text.count('<svg xmlns="http://www.w3.org/2000/svg" class="tocsin-flow"') == 2
    assert "Starts with Note." in text
    assert "&#34;StartAt&#34;" in text
    assert HOSTILE not in text


def test_a_run_is_started_waits_goes_on_and_its_page_tells_each_state(ada: Visitor, world: World) -> None:
    path = started(ada)
    answer = ada.get(path)
    assert answer.flash == "Started."
    text = plain(answer)
    assert "RUNNING" in text
    assert "Pause (waits)" in text
    assert "Goes on" in text
    assert 'class="state done"' in answer.text
    assert 'class="state waits"' in answer.text
    world.pass_time(5 * MINUTE)
    answer = ada.get(path)
    assert "SUCCEEDED" in answer.text
    assert "Output of the run" in answer.text
    assert '"sum": 2' in unescape(answer.text)
    assert '"noted": "<script>alert(1)</script>"' in unescape(answer.text)
    assert HOSTILE not in answer.text
    assert "took 5m" in plain(answer)
    assert "PassStateEntered" in answer.text
    assert 'name="action"' not in answer.text


def test_live_parts_come_alone_so_that_a_run_is_painted_as_it_happens(ada: Visitor, world: World) -> None:
    path = started(ada)
    headers = {FRAGMENT.replace("-", "_"): "1"}
    before = ada.get(path, **headers).text
    world.pass_time(5 * MINUTE)
    after = ada.get(path, **headers).text
    for part in ("run", "picture", "values", "states"):
        assert f'id="{part}" data-live' in after
    assert "<nav" not in after
    assert 'class="state waits"' in before
    assert 'class="state waits"' not in after


def test_a_run_that_failed_says_why_and_goes_on_when_it_is_redriven(ada: Visitor, world: World) -> None:
    path = started(ada, given='{"a": "one"}')
    world.pass_time(5 * MINUTE)
    text = plain(ada.get(path))
    assert "FAILED" in text
    assert "States.Runtime" in text or "States.IntrinsicFailure" in text
    assert "States.MathAdd" in text
    assert pressed(ada, path, "redrive") in {"It goes on where it failed.", "Done."}
    run = runs.find(world.store, path.removeprefix("/runs/"))
    assert run is not None
    assert run.execution.redrives == 1


def test_a_run_is_stopped_by_a_button_with_who_and_why(ada: Visitor, world: World) -> None:
    path = started(ada)
    assert pressed(ada, path, "stop", cause="Not today") == "Stopped."
    text = plain(ada.get(path))
    assert "ABORTED" in text
    assert "Stopped by Ada Lovelace in the console: Not today" in text
    assert pressed(ada, path, "stop") == "It is over already: nothing was done."
    world.asleep = True
    assert pressed(ada, path, "redrive").startswith("It is stored")


def test_what_has_succeeded_cannot_be_redriven(ada: Visitor, world: World) -> None:
    path = started(ada)
    world.pass_time(5 * MINUTE)
    answer = ada.post(path, {"csrf": ada.get("/workflows/close").csrf, "action": "redrive"})
    assert ada.get(answer.location).flash == "This run cannot be redriven: nothing was done."


def test_a_name_is_started_once(ada: Visitor) -> None:
    assert started(ada, name="nightly-1").startswith("/runs/")
    assert started(ada, name="nightly-1") == "/workflows/close"
    answer = ada.get("/workflows/close")
    assert answer.flash == "There is a run of that name: nothing was started."
    assert answer.text.count("<bdi>nightly-1</bdi>") == 1


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"input": "{"}, "The input is no JSON"),
        ({"input": "{}", "name": "a/b"}, "cannot be the name of a run"),
        ({"input": f'"{"x" * 60_000}"'}, ""),
    ],
)
def test_what_cannot_be_started_says_why(ada: Visitor, form: dict[str, str], says: str) -> None:
    csrf = ada.get("/workflows/close").csrf
    answer = ada.post("/workflows/close", {"csrf": csrf, **form})
    assert answer.status == (400 if says else 303)
    assert says in unescape(answer.text)


def test_unknown_workflows_runs_and_actions_are_told(ada: Visitor) -> None:
    csrf = ada.get("/workflows/close").csrf
    assert ada.post("/workflows/gone", {"csrf": csrf, "input": "{}"}).status == 404
    assert ada.get("/runs/run-0").status == 404
    assert ada.post("/runs/run-0", {"csrf": csrf, "action": "stop"}).status == 404
    assert ada.post(started(ada), {"csrf": csrf, "action": "explode"}).status == 400


def test_a_file_that_is_gone_is_told_and_hides_nothing_else(ada: Visitor, configured: Path) -> None:
    path = started(ada)
    (configured / "close.asl.json").unlink()
    assert "close.asl.json cannot be read" in ada.get("/workflows").text
    answer = ada.get("/workflows/close")
    assert "cannot be read" in answer.text
    assert "Start a run" not in answer.text
    assert "RUNNING" in ada.get(path).text
    csrf = ada.get("/keys").csrf
    assert ada.post("/workflows/close", {"csrf": csrf, "input": "{}"}).status == 400


def test_a_broken_definition_is_told(ada: Visitor, configured: Path) -> None:
    (configured / "close.asl.json").write_text('{"StartAt": "Nowhere", "States": {}}')
    assert "Invalid State Machine Definition" in ada.get("/workflows").text


def test_runs_can_be_seen_by_status_and_the_newest_come_first(ada: Visitor, world: World) -> None:
    done = started(ada)
    world.pass_time(5 * MINUTE)
    at_work = started(ada)
    found = re.findall(r'<th scope="row"><a href="(/runs/[^"]+)"', ada.get("/workflows").text)
    assert found == [at_work, done]
    for status, path in (("SUCCEEDED", done), ("RUNNING", at_work)):
        assert re.findall(r'<th scope="row"><a href="([^"]+)"', ada.get(f"/workflows?status={status}").text) == [path]
    assert "No runs." in ada.get("/workflows?status=FAILED").text


def test_a_page_has_its_limits(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(RUNS_MAX + 2):
        started(ada)
    assert ada.get("/workflows").text.count('<th scope="row">') == RUNS_MAX
    items = json.encode(list(range(40))).decode()
    text = plain(ada.get(started(ada, "each", items)))
    assert "40 of 40" in text
    assert "and 15 visits before these" in text
    big = started(ada, given=json.encode({"a": 1, "b": "x" * VALUE_MAX}).decode())
    assert "more characters" in ada.get(big).text
    monkeypatch.setattr(workflow_desk, "EVENTS_MAX", 3)
    assert "Only the beginning of the history is shown" in ada.get(big).text


def test_a_run_whose_definition_is_gone_is_still_shown(
    ada: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = started(ada)
    monkeypatch.setattr(world.workflows, "_definitions", lambda _: None)
    text = ada.get(path).text
    assert "The definition of this run is not kept any more." in text
    assert "RUNNING" in text


def test_too_large_an_input_is_refused_by_the_desk(world: World) -> None:
    with pytest.raises(Exception, match="more than 262144 bytes"):
        world.workflows.start("close", "x" * 300_000)


def test_while_the_engine_rests_an_order_is_stored(ada: Visitor, world: World) -> None:
    world.asleep = True
    assert started(ada) == "/workflows/close"
    assert ada.get("/workflows/close").flash.startswith("It is stored")
