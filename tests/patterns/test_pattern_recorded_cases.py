"""The answers that AWS gave are ours; the recordings lie beside the repository, or nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tocsin.patterns import Matcher, PatternError, compile  # noqa: A004 - The verb.

RECORDED = Path(__file__).parents[2].parent / "shared" / "conformance" / "pattern-cases.jsonl"

# Cases in which we differ by choice, by id, each with its reason: none.
KNOWN_DIFFERENCES: dict[str, str] = {}


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded cases are not here")
def test_recorded_answers_are_ours() -> None:
    cases = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    different = {case["id"] for case in cases if answer(case["pattern"], case["event"]) != case["expected"]}
    assert different == set(KNOWN_DIFFERENCES)
    assert len(cases) > 1000


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded cases are not here")
def test_matcher_gives_the_recorded_answers_for_all_patterns_at_once() -> None:
    cases = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    texts = {case["pattern"] for case in cases if case["expected"] != "invalid"}
    matcher = Matcher({text: compile(text) for text in texts})
    missing = [
        case["id"] for case in cases if case["expected"] is True and case["pattern"] not in matcher.match(case["event"])
    ]
    wrong = [
        case["id"] for case in cases if case["expected"] is False and case["pattern"] in matcher.match(case["event"])
    ]
    assert (missing, wrong) == ([], [])


def answer(pattern: str, event: str) -> bool | str:
    try:
        return compile(pattern).matches(event)
    except PatternError:
        return "invalid"
