"""A browser is made to ring, in a real headless Chromium; only the push service of its maker is played."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.test_console_browser import CHROMIUM, FLAGS
from tests.web.console_world import Stage, World, staged
from tests.webpush.browser import FakeBrowser

SUBSCRIPTION = FakeBrowser("https://push.example/1")
# What a browser would ask its maker for. The key must be ours, as 65 bytes.
PLAYED = f"""
window.asked = null;
Notification.requestPermission = async () => "granted";
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {{
  window.asked = options.applicationServerKey.length;
  if (options.applicationServerKey.length !== 65 || !options.userVisibleOnly) throw new Error("wrong key");
  return {SUBSCRIPTION.written};
}};
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def page(stage: Stage) -> Iterator[tuple[Page, World]]:
    world = stage.play(World())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(base_url=f"http://127.0.0.1:{stage.port}")
        context.set_default_timeout(15_000)
        context.add_init_script(PLAYED)
        wrong: list[str] = []
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", lambda line: wrong.append(line.text) if "Content Security" in line.text else None)
        opened = context.new_page()
        opened.goto(world.link("ada"))
        opened.get_by_role("button", name="Sign in here").click()
        opened.wait_for_url("**/")
        opened.goto("/people")
        yield opened, world
        browser.close()
        assert wrong == []


def test_ring_in_this_browser(page: tuple[Page, World]) -> None:
    opened, world = page
    opened.get_by_role("button", name="Ring in this browser").click()
    expect(opened.locator("#flash")).to_contain_text("This browser rings for Ada Lovelace now.")
    assert world.browsers.subscriptions("ada") == [SUBSCRIPTION.subscription]
    worker = opened.evaluate("navigator.serviceWorker.ready.then((found) => [found.active.scriptURL, found.scope])")
    assert [each.removeprefix(opened.url.removesuffix("/people")) for each in worker] == ["/worker.js", "/"]
    opened.get_by_role("button", name="Remove").click()
    expect(opened.locator("#flash")).to_contain_text("That browser rings no more.")
    assert world.browsers.of("ada") == []
