"""The pages of workflows in a real headless Chromium: they fit, can be read, and a run is painted as it happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import CONTRAST, SCREENSHOTS, SIZES, entered, flash
from tests.web.console_desks import BEGIN
from tests.web.console_world import World
from tocsin.approvals.question import Choice, Question
from tocsin.engine.ports import Received
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.wiring import questions, rules
from tocsin.wiring.settings_file import parse

RELEASE: dict[str, Any] = {
    "Comment": "Waits for the night, checks every region, then opens the gate.",
    "StartAt": "Wait for the night",
    "States": {
        "Wait for the night": {"Type": "Wait", "Seconds": 600, "Next": "Check regions"},
        "Check regions": {
            "Type": "Map",
            "ItemsPath": "$.regions",
            "ItemProcessor": {
                "StartAt": "Is it calm?",
                "States": {
                    "Is it calm?": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$", "StringMatches": "eu-*", "Next": "Calm"}],
                        "Default": "Busy",
                    },
                    "Calm": {"Type": "Pass", "End": True},
                    "Busy": {"Type": "Fail", "Error": "RegionBusy", "Cause": "Somebody works there."},
                },
            },
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell why not"}],
            "Next": "Open the gate",
        },
        "Tell why not": {"Type": "Pass", "Next": "Not tonight"},
        "Not tonight": {"Type": "Fail", "Error": "NotTonight"},
        "Open the gate": {"Type": "Succeed"},
    },
}


QUESTION = Question(
    id="",
    title="May version 4.2 of the shop go to production?",
    text="All tests are green.\nThe last deployment was yesterday.",
    run="",
    task="",
    choices=(
        Choice(value="approve", label="Approve", style="good"),
        Choice(value="reject", label="Reject", style="bad"),
    ),
    approvers=("ada", "bob"),
    names={"ada": "Ada Lovelace", "bob": "Bob Bemer"},
    deadline=BEGIN + HOUR,
    needed=2,
    workflow="release",
)


@pytest.fixture(autouse=True)
def configured(world: World, tmp_path: Path) -> None:
    (tmp_path / "release.asl.json").write_bytes(json.encode(RELEASE))
    text = b"""
workflows: {release: {file: release.asl.json}}
rules:
  tonight: {schedule: "cron(0 22 ? * MON-FRI *)", time_zone: Europe/Berlin, workflow: release, mode: single}
  merged: {event: {"detail-type": [CodeCommit Pull Request State Change]}, workflow: release, dry_run: true}
"""
    world.flows = parse(text, {}, str(tmp_path / "tocsin.yaml")).settings


def started(page: Page, given: str) -> None:
    """Start a run as a person does."""
    page.get_by_role("link", name="Workflows", exact=True).click()
    page.get_by_role("link", name="release").first.click()
    page.get_by_text("Start a run").click()
    page.get_by_label("Input").fill(given)
    page.get_by_role("button", name="Start").click()
    assert flash(page) == "Started."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_workflows_fit_and_can_be_read(
    open_context: Callable[..., BrowserContext], world: World, scheme: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = entered(open_context(java_script_enabled=False, color_scheme=scheme), world)
    started(page, '{"regions": ["eu-west-1", "us-east-1"]}')
    run = page.url
    world.pass_time(10 * MINUTE)
    started(page, '{"regions": ["eu-west-1"]}')
    waiting = page.url
    for name, address in (
        ("workflows", "/workflows"),
        ("workflow", "/workflows/release"),
        ("run", run),
        ("at-work", waiting),
    ):
        page.goto(address)
        if name == "run":
            for drawer in page.locator("#states > ul > li > details > summary").all():
                drawer.click()
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png", full_page=True)
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{name} {size} is too wide"
            assert page.evaluate(CONTRAST) == [], (name, size)
            assert page.locator(".flow:visible").count() == (0 if name == "workflows" else 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_questions_and_rules_fit_and_can_be_read(
    open_context: Callable[..., BrowserContext], world: World, scheme: str
) -> None:
    order = rules.configuration(world.flows, world.store, world.now)
    assert order is not None
    world.told(order)
    body = b'{"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}'
    world.store.accept([Received(received_at=world.now, channel="in", key="prod", head=b"", body=body)])
    path = f"/questions/question-{world.told(questions.asked(QUESTION, '', world.now))}"
    page = entered(open_context(java_script_enabled=False, color_scheme=scheme), world)
    page.goto(path)
    page.get_by_label("Comment").fill("I looked at the canary.")
    page.get_by_role("button", name="Approve").click()
    assert flash(page) == "The run that has asked waits for no answer any more."
    for name, address in (("question", path), ("rule", "/rules/merged"), ("rules", "/workflows")):
        page.goto(address)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png", full_page=True)
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{name} {size} is too wide"
            assert page.evaluate(CONTRAST) == [], (name, size)


def test_a_run_is_painted_as_it_happens_and_an_open_drawer_stays_open(ada: Page, world: World) -> None:
    started(ada, '{"regions": ["eu-west-1"]}')
    expect(ada.locator(".flow.large g.state.waits > title")).to_contain_text("Wait for the night")
    drawer = ada.locator("#states details").first
    drawer.locator("> summary").click()
    world.pass_time(10 * MINUTE)
    expect(ada.locator("#run")).to_contain_text("SUCCEEDED")
    expect(ada.locator(".flow.large g.state.waits")).to_have_count(0)
    expect(ada.locator(".flow.large g.state.done > title").last).to_contain_text("Open the gate")
    assert drawer.evaluate("each => each.open")


def test_a_failed_run_is_redriven_and_a_running_one_stopped(ada: Page, world: World) -> None:
    started(ada, '{"regions": ["us-east-1"]}')
    world.pass_time(10 * MINUTE)
    expect(ada.locator("#run")).to_contain_text("NotTonight")
    ada.get_by_role("button", name="Redrive").click()
    assert flash(ada) in {"It goes on where it failed.", "Done."}
    started(ada, '{"regions": []}')
    ada.get_by_label("Why").fill("the shop is open")
    ada.get_by_role("button", name="Stop").click()
    assert flash(ada) == "Stopped."
    expect(ada.locator("#run")).to_contain_text("Stopped by Ada Lovelace in the console: the shop is open")
