"""The preview of what Tocsin says in Slack, in a browser; with UPDATE=1 it takes the pictures of the documentation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import CONTRAST
from tocsin.slack.preview import page
from tocsin.wiring.gallery import PAYLOADS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
IMAGE_BYTES_MAX = 200_000
PICTURES = {
    "slack-room": ("room-triggered", "light"),
    "slack-room-dark": ("room-triggered", "dark"),
    "slack-page": ("page-triggered", "light"),
    "slack-page-elsewhere": ("page-elsewhere", "light"),
    "slack-page-over": ("page-over", "dark"),
    "slack-bundle": ("bundle-page", "light"),
    "slack-thread": ("thread-opening", "light"),
    "slack-welcome": ("welcome", "light"),
    "slack-home": ("home", "light"),
}


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("preview") / "index.html"
    file.write_text(page([(each.name, each.title, each.draw()) for each in PAYLOADS]), encoding="utf-8")
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_preview_is_readable_at_every_width_and_asks_nobody(chromium: Browser, html: Path, scheme: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    context = chromium.new_context(
        viewport={"width": 760, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1.25,
    )
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda line: complaints.append(line.text))
    shown = context.new_page()
    shown.goto(html.as_uri())
    for width in (320, 760, 1400):
        shown.set_viewport_size({"width": width, "height": 800})
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.evaluate(CONTRAST) == []
    shown.set_viewport_size({"width": 680, "height": 800})
    if os.environ.get("UPDATE"):
        for name, (example, wanted) in PICTURES.items():
            if wanted == scheme:
                shown.locator(f"#{example} .shot").screenshot(path=str(IMAGES / f"{name}.png"))
    context.close()
    assert asked == [html.as_uri()]
    assert complaints == []


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_of_the_documentation_is_there_and_small(name: str) -> None:
    assert 0 < (IMAGES / f"{name}.png").stat().st_size < IMAGE_BYTES_MAX
