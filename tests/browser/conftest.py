"""What the tests in a browser begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from tests.browser.looking import CHROMIUM, FLAGS, SIZES, entered
from tests.web.console_world import Stage, World, staged


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def world(stage: Stage) -> World:
    return stage.play(World())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser, stage: Stage) -> Iterator[Callable[..., BrowserContext]]:
    """Makes contexts, of a named size or a width; fails the test if a page asked a foreign host or broke the policy."""
    opened: list[BrowserContext] = []
    wrong: list[str] = []

    def make(size: str | int = "desktop", **options: object) -> BrowserContext:
        width, height = SIZES[size] if isinstance(size, str) else (size, 800)
        context = chromium.new_context(
            base_url=f"http://127.0.0.1:{stage.port}",
            viewport={"width": width, "height": height},
            timezone_id="Europe/Berlin",
            locale="en-GB",
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        context.on("request", lambda request: foreign(request.url))
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("dialog", refuse)
        context.on("console", lambda line: wrong.append(line.text) if "Content Security" in line.text else None)
        opened.append(context)
        return context

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def foreign(url: str) -> None:
        if not url.startswith(f"http://127.0.0.1:{stage.port}/"):
            wrong.append(url)

    yield make
    for context in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def ada(open_context: Callable[..., BrowserContext], world: World) -> Page:
    return entered(open_context(), world)
