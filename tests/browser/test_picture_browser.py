"""Pictures of workflows in a browser: no text is cut off or sticks out of its box, and all of it can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.asl.workflow_examples import LOOP, NESTED, WORKFLOWS
from tests.browser.looking import SCREENSHOTS
from tocsin import asl
from tocsin.asl import picture

PAGE = """<!doctype html><html style="color-scheme: light dark; color: CanvasText; background: Canvas">
<body style="margin: 8px; font-family: sans-serif"><div style="overflow-x: auto">{}</div></body></html>"""

# Every text within the picture, and those of a state within its outline.
SPILLED = """() => {
  const bad = [];
  for (const svg of document.querySelectorAll('svg')) {
    const { width, height } = svg.viewBox.baseVal;
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBBox();
      const out = (x, y, w, h) => box.x < x || box.y < y || box.x + box.width > x + w || box.y + box.height > y + h;
      if (out(0, 0, width, height)) bad.push('cut off: ' + text.textContent);
      if (!text.parentNode.classList.contains('state')) continue;
      const shapes = [...text.parentNode.querySelectorAll(':scope > rect, :scope > path')];
      const [whole] = shapes.map((each) => each.getBBox()).sort((a, b) => b.width * b.height - a.width * a.height);
      if (out(whole.x, whole.y, whole.width, whole.height)) bad.push('sticks out: ' + text.textContent);
    }
  }
  return bad;
}"""


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("wide", [picture.PHONE, picture.DESKTOP])
def test_no_text_is_cut_off_or_sticks_out(page: Page, wide: int) -> None:
    drawn = [picture.draw(asl.parse(each), title=name, width=wide).svg for name, each in WORKFLOWS.items()]
    page.set_content(PAGE.format("\n".join(drawn)))
    assert page.evaluate(SPILLED) == []
    assert page.get_by_role("img").count() == len(WORKFLOWS)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"workflows-{wide}.png", full_page=True)


def test_a_phone_shows_a_picture_without_scrolling_and_in_letters_that_can_be_read(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    for each in (LOOP, NESTED):
        page.set_content(PAGE.format(picture.draw(asl.parse(each), width=picture.PHONE).svg))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        box = page.locator("svg").bounding_box()
        assert box is not None
        assert box["width"] <= 344
        sizes = page.eval_on_selector_all(
            "text", "all => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
        )
        assert min(sizes) >= 11


def test_letters_have_the_colour_of_the_page_also_where_a_run_is_painted(page: Page) -> None:
    history = asl.run(asl.parse(LOOP)).history
    page.set_content(PAGE.format(picture.draw(asl.parse(LOOP), history=history).svg))
    fills = page.eval_on_selector_all("text", "all => [...new Set(all.map((each) => getComputedStyle(each).fill))]")
    assert fills == [page.evaluate("getComputedStyle(document.documentElement).color")]
    outline = page.locator("g.failed > rect").first.evaluate("each => getComputedStyle(each).stroke")
    assert outline == "rgb(214, 41, 62)"


def test_a_picture_that_stands_alone_is_dark_on_light_and_light_on_dark(page: Page) -> None:
    page.set_content(f"<!doctype html>{picture.draw(asl.parse(LOOP), alone=True).svg}")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    colour, behind = page.locator("svg").evaluate(
        "each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"
    )
    brightness = [sum(int(part) for part in each[4:-1].split(", ")) for each in (colour, behind)]
    assert (brightness[0] > brightness[1]) is dark


def test_who_does_not_see_it_is_told_the_same(page: Page) -> None:
    drawn = picture.draw(asl.parse(LOOP), title="The job")
    page.set_content(PAGE.format(drawn.svg))
    image = page.get_by_role("img", name="The job")
    assert image.locator("desc").first.text_content() == " ".join(drawn.sentences)
