"""The page of noise in a real headless Chromium: it fits, can be read, and its buttons work without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.looking import CONTRAST, SCREENSHOTS, SIZES, entered, flash
from tests.web.console_world import World
from tests.web.test_console_noise import noisy
from tocsin.incidents.alerts import Severity


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_remedy_is_one_click_and_its_end_another_without_a_script(
    open_context: Callable[..., BrowserContext], world: World, scheme: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    noisy(world)
    noisy(world, 2, key="disk", title="Disk is full", severity=Severity.CRITICAL)
    context = open_context(java_script_enabled=False, color_scheme=scheme)
    page = entered(context, world)
    page.get_by_role("link", name="Figures").click()
    page.get_by_role("link", name="Noise").click()
    page.get_by_role("button", name="Hold 2m").click()
    expect(page.locator("#flash")).to_contain_text("Done: hold 2m.")
    expect(page.get_by_role("heading", name="Remedies in force")).to_be_visible()
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=SCREENSHOTS / f"noise-{name}-{scheme}.png", full_page=True)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        assert page.evaluate(CONTRAST) == [], name
    page.locator("#flash").get_by_role("button", name="Undo").click()
    assert flash(page) == "Undone: it asks as it did before."
    expect(page.get_by_role("heading", name="Remedies in force")).to_have_count(0)
