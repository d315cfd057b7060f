"""A browser is made to ring, in a real headless Chromium; only the push service of its maker is played."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import entered
from tests.web.console_world import World
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


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], world: World) -> Page:
    context = open_context()
    context.add_init_script(PLAYED)
    opened = entered(context, world)
    opened.goto("/people")
    return opened


def test_ring_in_this_browser(page: Page, world: World) -> None:
    page.get_by_role("button", name="Ring in this browser").click()
    expect(page.locator("#flash")).to_contain_text("This browser rings for Ada Lovelace now.")
    assert world.browsers.subscriptions("ada") == [SUBSCRIPTION.subscription]
    worker = page.evaluate("navigator.serviceWorker.ready.then((found) => [found.active.scriptURL, found.scope])")
    assert [each.removeprefix(page.url.removesuffix("/people")) for each in worker] == ["/worker.js", "/"]
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#flash")).to_contain_text("That browser rings no more.")
    assert world.browsers.of("ada") == []
