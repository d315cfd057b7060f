"""The README is tried, not believed: its manifest is ours, its configuration is valid, its links lead somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tocsin.slack.manifest import manifest
from tocsin.wiring.settings_file import parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def _block(language: str) -> str:
    found = re.search(rf"   ```{language}\n(.*?)   ```", README, re.DOTALL)
    assert found
    return "\n".join(line.removeprefix("   ") for line in found[1].splitlines())


def test_the_manifest_to_paste_is_the_one_we_make() -> None:
    assert json.loads(_block("json")) == manifest("Tocsin")


def test_the_configuration_to_paste_is_valid() -> None:
    environ = {"SLACK_BOT_TOKEN": "test-token", "SLACK_APP_TOKEN": "test-token"}
    settings = parse(_block("yaml").encode(), environ).settings
    assert settings.teams["ops"].members == ("ada", "bo")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} names {target}, which is not there"
