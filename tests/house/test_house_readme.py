"""The README is tried, not believed: its manifest is ours, its configuration is valid, its links lead somewhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

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
    page = ROOT / "docs" / "slack-talk.md"
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
