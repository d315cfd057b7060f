"""The parts of the console, and the pages beside each other in them."""

from __future__ import annotations

import re

import pytest

from tests.web.console_world import Stage, Visitor, World


@pytest.fixture
def ada(stage: Stage) -> Visitor:
    world = stage.play(World())
    visitor = Visitor(stage.port)
    visitor.enter(world.link("ada"))
    return visitor


@pytest.mark.parametrize(
    ("path", "part", "here", "beside"),
    [
        ("/", "", "", []),
        ("/oncall", "", "/oncall", ["/oncall", "/policies", "/people"]),
        ("/policies", "/oncall", "/policies", ["/oncall", "/policies", "/people"]),
        ("/people", "/oncall", "/people", ["/oncall", "/policies", "/people"]),
        ("/workflows", "", "/workflows", []),
        ("/silences", "", "/silences", []),
        ("/stats", "", "/stats", ["/stats", "/missed", "/noise"]),
        ("/missed", "/stats", "/missed", ["/stats", "/missed", "/noise"]),
        ("/noise", "/stats", "/noise", ["/stats", "/missed", "/noise"]),
        ("/heartbeats", "/deliveries", "/heartbeats", ["/deliveries", "/heartbeats", "/keys"]),
        ("/keys", "/deliveries", "/keys", ["/deliveries", "/heartbeats", "/keys"]),
    ],
)
def test_six_parts_lead_to_every_page(ada: Visitor, path: str, part: str, here: str, beside: list[str]) -> None:
    text = ada.get(path).text
    top = text[text.index('aria-label="Pages"') : text.index("</nav>")]
    assert re.findall('href="([^"]*)"', top) == ["/", "/oncall", "/workflows", "/silences", "/stats", "/deliveries"]
    assert re.findall('href="([^"]*)" aria-current="true"', top) == ([part] if part else [])
    rest = text.partition('<nav class="beside"')[2].partition("</nav>")[0]
    assert re.findall('href="([^"]*)"', rest) == beside
    assert not here or f'href="{here}" aria-current="page"' in text
