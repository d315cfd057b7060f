"""How the pages are looked at: the browser and its flags, the sizes, the contrast of what is read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.web.console_world import World

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
CHROMIUM = os.environ.get("TOCSIN_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "narrow": (320, 640)}

# WCAG 2.1, "contrast ratio": every text against what is painted behind it.
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${ratio.toFixed(2)} ${node.className || node.tagName}: ${node.textContent.trim()}`);
  }
  return bad;
}"""


def entered(context: BrowserContext, world: World, as_: str = "ada") -> Page:
    page = context.new_page()
    page.goto(world.link(as_))
    page.get_by_role("button", name="Sign in here").click()
    page.wait_for_url("**/")
    return page


def flash(page: Page) -> str:
    return page.locator("#flash").inner_text()
