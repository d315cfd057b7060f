"""The page for those who switch is tried, not believed: its words are known, its bodies read, its links lead there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.sources.known import known_sources
from tests.sources.life_rows import LIVES
from tocsin.incidents.alerts import AlertStatus
from tocsin.sources import formats, read

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "senders.md").read_text(encoding="utf-8")
QUOTED = frozenset(re.findall(r"`([^`\n]+)`", PAGE))
NOBODY_SENDS = {
    "tocsin": "what Tocsin says of a delivery that nobody could read",
    "unknown": "what is no format at all",
}
CURL = re.compile(r"^    curl (.*?)(https://\S+)$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]*)#([^)]+)\)")


def test_every_format_that_an_address_can_name_is_on_the_page() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.partition("## Formats by name")[2]))
    assert formats._BY_FORM.keys() - told == set()


def test_every_source_is_on_the_page() -> None:
    assert known_sources() - QUOTED - NOBODY_SENDS.keys() == set()


def promises() -> list[tuple[str, str]]:
    """Each source in the tables, with what is said of its end."""
    lines = [line for line in PAGE.partition("## All senders")[2].splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(source, end) for sender, _, _, end, _ in rows for source in re.findall(r"\(`([\w.-]+)`\)", sender)]


@pytest.mark.parametrize("source", sorted({life.source for life in LIVES if not life.own}))
def test_what_the_page_says_of_an_end_is_what_the_lives_show(source: str) -> None:
    told = [end for found, end in promises() if found == source]
    lives = [life for life in LIVES if life.source == source]
    ending = [life for life in lives if life.resolves is not None]
    assert told, "it has no row"
    for end in told:
        assert bool(re.search(r"\bno$", end)) is not bool(ending), end
        assert bool(re.search(r"\btime\b", end)) is any(life.timed for life in ending), end


@pytest.mark.parametrize("found", CURL.findall(PAGE), ids=lambda found: found[1].removeprefix("https://"))
def test_what_the_page_has_people_try_rings(found: tuple[str, str]) -> None:
    words, url = found
    body = re.search(r"-d '(\{.*\})'", words, re.DOTALL)
    assert body, words
    assert isinstance(json.loads(body[1]), dict)
    assert "KEY" in words + url
    form = re.search(r"/integrations/v1/(\w+)/", url)
    head = {"x-tocsin-form": form[1]} if form else {}
    reading = read({"content-type": "application/x-www-form-urlencoded", **head}, body[1].encode(), received_at=0)
    [alert] = reading.alerts
    assert not reading.problems
    assert alert.status is (AlertStatus.RESOLVED if '"ok"' in words else AlertStatus.FIRING)
    assert alert.dedup_key.endswith("hello") or "alias" in words


def test_every_address_of_ours_has_a_placeholder_for_the_key() -> None:
    keyless = {"", "/v1/in", "/v2/enqueue", "/v2/change/enqueue", "/opsgenie/", "/v2/alerts"}
    for path in re.findall(r"https://tocsin\.example\.com([^\s`\"'),]*)", PAGE):
        known = "KEY" in path or path in keyless or path.startswith(("/generic/", "/opsgenie/v2/", "/jsm/"))
        assert known, f"{path} has no key"


def test_the_places_on_other_pages_are_there() -> None:
    for target, place in LINK.findall(PAGE):
        text = (DOCS / target).read_text(encoding="utf-8") if target else PAGE
        heads = {slug(head) for head in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        assert place in heads, f"{target}#{place}"


def slug(head: str) -> str:
    """As the places of a page are named where it is shown."""
    return re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
