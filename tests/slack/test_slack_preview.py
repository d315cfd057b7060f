"""The preview: everything is drawn, nothing of it can reach out of its place, and nothing is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli.main import main
from tocsin.slack.drawing import Message
from tocsin.slack.preview import drawn, page, words
from tocsin.wiring.gallery import PAYLOADS


class Tags(HTMLParser):
    """Every tag, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


def test_the_page_shows_every_example_and_fetches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slack", "preview", "--out", str(tmp_path / "there")]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{len(PAYLOADS)} examples")
    assert told.endswith("index.html\n")
    html = (tmp_path / "there" / "index.html").read_text(encoding="utf-8")
    found = tags(html)
    assert {attrs["id"] for _, attrs in found if "id" in attrs} == {example.name for example in PAYLOADS}
    assert {tag for tag, _ in found} & {"script", "img", "link", "iframe", "form", "object"} == set()
    assert not any(name in attrs for _, attrs in found for name in ("src", "srcset", "style", "onclick"))
    assert "url(" not in html
    assert "<pre>" not in html  # Nothing in the examples is unknown to it.


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "*a <https://x.example/?a=1&amp;b=2|b> c*",
            '<b>a <a href="https://x.example/?a=1&amp;b=2" rel="noreferrer">b</a> c</b>',
        ),
        ("<!channel> <@U012AB3CD>", '<span class="mention">@channel</span> <span class="mention">@U012AB3CD</span>'),
        ("<!date^1795000000^{time}|2026-11-18 11:06 UTC>", "<time>11:06</time>"),
        ("at <!date^1795000000^{time} {date_short_pretty}|then>", "at <time>11:06 today</time>"),
        ("<!date^1795086400^{time} {date_short_pretty}|then>", "<time>11:06 tomorrow</time>"),
        ("<!date^1795259200^{time} {date_short_pretty}|then>", "<time>11:06 Nov 21, 2026</time>"),
        ("`a&lt;b`\n2 * 3 * 4", "<code>a&lt;b</code><br>2 * 3 * 4"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"),
        ("\N{LARGE RED CIRCLE}", '<span class="sign red" role="img" aria-label="red circle"></span>'),
    ],
)
def test_mark_up_is_drawn_and_all_else_is_words(text: str, html: str) -> None:
    assert words(text) == html


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def test_forms_are_drawn() -> None:
    option = {"text": plain("One"), "value": "1"}
    elements: list[dict[str, Any]] = [
        {"type": "plain_text_input", "multiline": True, "placeholder": plain("why")},
        {"type": "plain_text_input", "initial_value": "<b>"},
        {"type": "static_select", "placeholder": plain("Choose"), "options": [option]},
        {"type": "static_select", "initial_option": option, "options": [option]},
        {"type": "checkboxes", "options": [option]},
        {"type": "datetimepicker", "initial_date_time": 1_795_000_000},
        {"type": "datetimepicker"},
    ]
    blocks: list[dict[str, Any]] = [
        {"type": "input", "label": plain("Why"), "element": each, "hint": plain("short"), "optional": True}
        for each in elements
    ]
    html = drawn({"type": "modal", "title": plain("Note"), "submit": plain("Save"), "blocks": blocks})
    text = re.sub(r"<[^>]*>", "|", html)
    for said in ("Note", "Save", "why", "&lt;b&gt;", "Choose", "One", "2026-11-18 11:06", "Date and time", "short"):
        assert f"|{said}|" in text
    assert drawn({"type": "home", "blocks": [{"type": "divider"}]}) == '<div class="home"><hr></div>'


def test_what_is_not_known_is_shown_as_it_is() -> None:
    blocks = ({"type": "video", "title": "<x>"}, {"type": "image", "title": plain("T"), "alt_text": "<i>"})
    accessory = {"type": "section", "text": plain("a"), "accessory": {"type": "image", "alt_text": "x"}}
    html = page([("a", "A <title>", Message("<!here> b", (*blocks, accessory)))])
    assert "&quot;title&quot;: &quot;&lt;x&gt;&quot;" in html
    assert "<figcaption>&lt;i&gt;</figcaption>" in html
    assert "<h2>A &lt;title&gt;</h2>" in html
