"""The console's page of noise: the report, one button for each remedy, and the button that undoes it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from msgspec.structs import replace

from tests.web.console_world import Visitor, World
from tocsin.incidents.alerts import AlertStatus, Kind, Link, Remedied, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Noted, Resolved
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.noise.keys import By, Key
from tocsin.web.console.noise import SHOWN_MAX
from tocsin.web.console.visits import FRAGMENT

CPU = Key(integration="", by=By.KEY, value="cpu")
ALARM = Link("Alarm", "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/cpu")
HOSTILE = "<script>alert(1)</script>\x00\u202egnp"


def noisy(
    world: World, times: int = 20, *, key: str = "cpu", title: str = "CPU of web-1 above 90 %", **facts: object
) -> None:
    """So many incidents of a key, the last of which a person solves, and the one before of which a person had."""
    for number in range(times):
        incident = world.ring(title, key=key, links=(ALARM,), **facts)  # type: ignore[arg-type]
        world.now += 2 * MINUTE
        if number == times - 1:
            world.give(Resolved(by="bob", note="Added a second machine."), incident)
        else:
            if number == times - 2:
                world.give(Acknowledged("bob"), incident)
            state = world.state(incident)
            world.give(AlertReceived(replace(state.face, status=AlertStatus.RESOLVED), state.plan), incident)
        world.now += HOUR


def named(key: Key) -> str:
    return f'["{key.integration}", "{key.by}", "{key.value}"]'


def test_without_incidents_there_is_no_noise(ada: Visitor) -> None:
    text = ada.get("/noise").text
    assert "No incidents in this time." in text
    assert "Remedies in force" not in text
    assert 'href="/noise" aria-current="page"' in text


def test_the_costliest_key_stands_first_with_its_figures_and_its_proposal(ada: Visitor, world: World) -> None:
    noisy(world)
    world.ring("Once")
    text = " ".join(ada.get("/noise").text.split())
    assert text.index("CPU of web-1") < text.index("Once")
    assert 'data-label="Incidents">20<' in text
    assert re.search(r'data-label="Pages">20 <br><span class="soft">\d+ asleep<', text)
    assert 'data-label="Closed by itself">19 of 20 <br><span class="soft">1 acknowledged<' in text
    assert 'data-label="Median">2m<' in text
    assert "Closed by itself 19 of 20 times within 2m" in text
    assert "Last solved by <bdi>bob</bdi>" in text
    assert "<q><bdi>Added a second machine.</bdi></q>" in text
    assert 'alarm/cpu" class="button" rel="noopener noreferrer nofollow" target="_blank">Raise its' in text
    buttons = re.findall(r'name="do" value="([^"]+)"( class="primary")?>', text)
    assert buttons[:4] == [
        ("hold 2m", ' class="primary"'),
        ("notification", ""),
        ("threshold 3 in 10m", ""),
        ("silence 7d", ""),
    ]
    assert "21 incidents since" in text


def test_what_somebody_wrote_a_note_about_did_not_close_by_itself(ada: Visitor, world: World) -> None:
    for number in range(2):
        incident = world.ring("Disk is full")
        world.give(Acknowledged("bob"), incident)
        if number:
            world.give(Noted(by="bob", text="Made room."), incident)
        state = world.state(incident)
        world.give(AlertReceived(replace(state.face, status=AlertStatus.RESOLVED), state.plan), incident)
        world.now += HOUR
    assert 'data-label="Closed by itself">1 of 2 <br><span class="soft">1 acknowledged<' in ada.get("/noise").text


def test_one_click_sets_a_remedy_and_another_one_undoes_it(ada: Visitor, world: World) -> None:
    noisy(world)
    page = ada.press("/noise", do="hold 2m", why="closed by itself", title="CPU", **{"for": named(CPU)})
    assert page.flash.startswith("Done: hold 2m. What is critical asks all the same.")
    assert page.flash.endswith('<button form="undo-last" name="do" value="undo">Undo</button>')
    text = " ".join(page.text.split())
    assert "Remedies in force" in text
    assert '<b><bdi>CPU</bdi></b>: hold 2m <span class="soft">by <bdi>ada</bdi>' in text
    assert ": <bdi>closed by itself</bdi>" in text
    assert "In force: hold 2m" in text
    at = re.search(r'id="undo-last".*?name="key" value="(\w+)".*?name="at" value="(\d+)"', text)
    assert at
    assert ada.press("/noise", do="undo", key=at[1], at=at[2]).flash == "Undone: it asks as it did before."
    assert ada.press("/noise", do="undo", key=at[1], at=at[2]).flash.startswith("Nothing to undo")
    assert "Remedies in force" not in ada.get("/noise").text


def test_undoing_tells_what_is_in_force_again(ada: Visitor, world: World) -> None:
    ada.press("/noise", do="notification", **{"for": named(CPU)})
    world.now += MINUTE
    ada.press("/noise", do="hold 3m", **{"for": named(CPU)})
    assert ada.press("/noise", do="undo", key=CPU.id).flash == "Undone: again make it a notification."


def test_a_click_while_the_engine_sleeps_is_stored(ada: Visitor, world: World) -> None:
    ada.press("/noise", do="hold 3m", **{"for": named(CPU)})
    world.asleep = True
    assert "stored" in ada.press("/noise", do="notification", **{"for": named(CPU)}).flash
    assert "stored" in ada.press("/noise", do="undo", key=CPU.id).flash


def test_what_asks_nobody_has_no_button(ada: Visitor, world: World) -> None:
    world.ring("Backup is done", kind=Kind.NOTIFICATION)
    text = ada.get("/noise").text
    assert "Backup is done" in text
    assert 'name="do"' not in text


def test_an_emergency_has_no_button(ada: Visitor, world: World) -> None:
    noisy(world, severity=Severity.CRITICAL)
    text = ada.get("/noise").text
    assert "was critical: not made quieter" in text
    assert 'name="do"' not in text


def test_titles_that_differ_in_a_number_are_gathered_and_have_no_threshold(ada: Visitor, world: World) -> None:
    for number in range(3):
        world.ring(f"Backup {number} is late")
    text = ada.get("/noise").text
    assert "all with titles like <bdi>Backup # is late</bdi>" in text
    assert 'value="silence 7d"' in text
    assert "threshold 3" not in text


def test_what_a_sender_writes_is_shown_and_comes_back_as_it_was(ada: Visitor, world: World) -> None:
    for _ in range(2):
        incident = world.ring(HOSTILE, key=HOSTILE, name="")
        world.give(Resolved(by="bob", note=HOSTILE), incident)
    text = ada.get("/noise").text
    assert "<script>alert" not in text
    form = re.search(r'name="for" value="([^"]+)"', text)
    assert form
    ada.press("/noise", do="notification", **{"for": unescape(form[1])})
    [state] = world.noise.treatments()
    assert state.key.value == HOSTILE


def test_the_page_looks_back_as_far_as_one_likes_and_at_one_team(ada: Visitor, world: World) -> None:
    world.ring("Long ago")
    world.now += 40 * DAY
    ada.enter(world.link("ada"))
    world.ring("Shop is closed", team="shop")
    text = ada.get("/noise?days=90").text
    assert "Long ago" in text
    assert "Shop is closed" in text
    assert "Long ago" not in ada.get("/noise").text
    assert "Long ago" not in ada.get("/noise?days=1000000").text
    found = ada.get("/noise?days=90&team=shop").text
    assert "Long ago" not in found
    assert "<option selected>shop</option>" in found


def test_many_keys_are_cut_and_that_is_said(ada: Visitor, world: World) -> None:
    for number in range(SHOWN_MAX + 1):
        name = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        world.ring(f"Trouble {name}")
    assert "and 1 more, which cost less" in ada.get("/noise").text


def test_the_script_does_not_have_the_report_computed(ada: Visitor, world: World) -> None:
    world.ring("Disk is full")
    answer = ada.get("/noise", **{FRAGMENT: "1"})
    assert answer.status == 200
    assert "Disk is full" not in answer.text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"do": "hold 3m"}, 400),
        ({"do": "hold 3m", "for": "[]"}, 400),
        ({"do": "hold 3m", "for": '["", "smell", "cpu"]'}, 400),
        ({"do": "hold 11m", "for": named(CPU)}, 400),
        ({"do": "shout", "for": named(CPU)}, 400),
        ({"for": named(CPU)}, 400),
        ({"do": "undo", "key": "0123456789"}, 404),
        ({"do": "undo", "key": "../../etc"}, 404),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(ada: Visitor, form: dict[str, str], status: int) -> None:
    assert ada.post("/noise", {"csrf": ada.get("/people").csrf, **form}).status == status


def test_the_incident_says_whose_remedy_it_is_until_it_is_undone(ada: Visitor, world: World) -> None:
    told = Remedied(CPU.id, "held 2m by a remedy of ada")
    incident = world.ring("CPU", key="cpu", plan_remedy=told)
    page = ada.get(f"/incidents/{incident}").text
    assert "Held 2m by a remedy of ada, which is not in force any more." in page
    ada.press("/noise", do="hold 2m", why="too <b>loud</b>", **{"for": named(CPU)})
    page = ada.get(f"/incidents/{incident}").text
    assert "(<bdi>too &lt;b&gt;loud&lt;/b&gt;</bdi>)" in page
    assert "Undo it for the next ones" in page
