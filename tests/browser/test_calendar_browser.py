"""The calendar and the policies in a real headless Chromium: without a script, on a phone, in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import CONTRAST, SCREENSHOTS, entered, flash
from tests.web.console_desks import BEGIN
from tests.web.console_world import World
from tocsin.kernel.time import DAY, HOUR
from tocsin.wiring.calendars import RECORD, name_of


def furnish(world: World) -> None:
    """Everything that a calendar can show."""
    desk = world.oncall
    away = [[BEGIN + 7 * DAY, BEGIN + 11 * DAY, False]]
    world.store.put_record(RECORD, name_of("https://calendars.example/ada.ics"), {"at": BEGIN, "events": away})
    desk.override(schedule="ops", who="cy", start=BEGIN + DAY, until=BEGIN + 2 * DAY, by="ada")
    taken, _ = desk.ask(schedule="ops", by="bob", to="ada", start=BEGIN + 4 * DAY, until=BEGIN + 6 * DAY)
    desk.accept(taken.id, "ada")
    back = (BEGIN + 12 * DAY, BEGIN + 14 * DAY)
    desk.ask(schedule="ops", by="bob", to="ada", start=BEGIN + 9 * DAY, until=BEGIN + 11 * DAY, back=back)
    desk.make_feed("schedule:ops", "ada")
    desk.make_token("ada")


def test_the_calendar_works_without_a_script(open_context: Callable[..., BrowserContext], world: World) -> None:
    page = entered(open_context(400, java_script_enabled=False), world)
    page.get_by_role("link", name="On call", exact=True).click()
    page.locator("select[name=schedule]").select_option("shop")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.locator("select[name=view]").select_option("week")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="shop: Week of 16 November 2026")).to_be_visible()
    page.get_by_role("link", name="Later").click()
    expect(page.get_by_role("heading", name="shop: Week of 23 November 2026")).to_be_visible()
    page.get_by_text("Put somebody on call").click()
    page.locator("select[name=who]").select_option("ada")
    page.locator("input[name=ends]").first.fill("2026-11-21T22:00")
    page.get_by_role("button", name="Put them on call").click()
    assert flash(page) == "Ada Lovelace is on call then, whatever else is planned."
    [made] = world.oncall.schedules()["shop"].overrides
    assert (made.start, made.until) == (BEGIN, BEGIN + 10 * HOUR)  # 22:00 in Tokyo is 13:00 by UTC.
    expect(page.get_by_role("heading", name="shop: Week of 23 November 2026")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_calendar_and_policies_fit_and_can_be_read(
    open_context: Callable[..., BrowserContext], world: World, width: int, scheme: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    furnish(world)
    page = entered(open_context(width, color_scheme=scheme, reduced_motion="reduce"), world)

    def look(name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        assert page.evaluate(CONTRAST) == [], name

    for name, path in (("oncall-gaps", "/oncall?schedule=shop&view=week"), ("policies", "/policies")):
        page.goto(path)
        look(name)
    page.goto("/oncall")
    is_a_table(page)
    page.get_by_text("Ask for a swap").click()
    page.get_by_text("Put somebody on call").click()
    look("oncall-forms")
    page.get_by_role("button", name="An address for my shifts").click()
    expect(page.get_by_label("Address")).to_have_value(re.compile(r"http://bell\.example/calendars/\w+\.ics"))


def is_a_table(page: Page) -> None:
    """For those who listen it is one, also where its days lie below each other."""
    table = page.get_by_role("table", name="Who is on call in ops, November 2026")
    assert table.get_by_role("columnheader").count() == 7
    assert table.get_by_role("cell").filter(has_text="today").get_attribute("aria-current") == "date"


def test_the_calendar_is_live_and_a_choice_needs_no_second_press(
    open_context: Callable[..., BrowserContext], world: World
) -> None:
    page = entered(open_context(1280), world)
    page.goto("/oncall")
    page.get_by_label("Time zone").select_option("UTC")
    page.wait_for_url("**zone=UTC*")
    expect(page.locator("#standings")).to_contain_text("Bob Bemer until Sat 21 Nov 08:00")
    world.oncall.override(schedule="ops", who="ada", start=BEGIN, until=BEGIN + HOUR, by="ada")
    page.evaluate("refresh()")
    expect(page.locator("#standings")).to_contain_text("Ada Lovelace until Sat 21 Nov 04:00")
    expect(page.locator("#grid")).to_contain_text("◆ Ada Lovelace override")
