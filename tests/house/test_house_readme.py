"""The README is tried, not believed: its manifest is ours, its configuration is valid, its links lead somewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.house.test_house_senders import slug
from tocsin.slack.manifest import scopes
from tocsin.wiring.settings_file import parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def _block(language: str) -> str:
    found = re.search(rf"   ```{language}\n(.*?)   ```", README, re.DOTALL)
    assert found
    return "\n".join(line.removeprefix("   ") for line in found[1].splitlines())


def test_the_scopes_are_told_with_their_uses() -> None:
    page = ROOT / "docs" / "slack.md"
    head, begin, rest = page.read_text(encoding="utf-8").partition("| scope | for |\n|---|---|\n")
    told, end, tail = rest.partition("<!-- end -->")
    right = "".join(f"| `{scope}` | {use} |\n" for scope, use in sorted(scopes().items()))
    if os.environ.get("UPDATE"):
        page.write_text(head + begin + right + end + tail, encoding="utf-8")
        told = right
    assert told == right, "UPDATE=1 renews it"


def test_the_configuration_to_paste_is_valid() -> None:
    environ = {"SLACK_BOT_TOKEN": "test-token", "SLACK_APP_TOKEN": "test-token"}
    settings = parse(_block("yaml").encode(), environ).settings
    assert settings.teams["ops"].members == ("ada", "bo")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} names {target}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_a_place_on_a_page_find_it(page: Path) -> None:
    for target, place in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        there = page.parent / target if target else page
        heads = {slug(head) for head in re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)}
        assert place in heads, f"{page.name} names {target}#{place}, which is not there"


def test_every_picture_is_shown_somewhere() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = set(re.findall(r"\(\S*images/([\w-]+\.(?:png|svg))\)", text))
    assert shown == {path.name for path in (ROOT / "docs" / "images").iterdir()}
