"""What people write in Slack, in plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.slack.unmarked import unmarked


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6"),
        ("&amp;lt;", "&lt;"),
        ("ask <@U123|ada> or <@U456>", "ask @ada or @somebody"),
        ("in <#C1|ops> or <#C2|>", "in #ops or #channel"),
        ("<!channel> <!subteam^S1|@oncall> <!subteam^S1> <!date^1^{date}|Monday>", "@channel @oncall @subteam Monday"),
        ("see <https://a.example/x|the page>", "see the page (https://a.example/x)"),
        ("see <https://a.example|https://a.example>", "see https://a.example"),
        ("<mailto:a@b.example>", "mailto:a@b.example"),
        ("a <b", "a <b"),
    ],
)
def test_marks_become_words(written: str, words: str) -> None:
    assert unmarked(written) == words


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert len(unmarked(text)) <= 12 * len(text)
