"""The answers that AWS gave are ours; the recordings lie beside the repository, or nowhere."""

from __future__ import annotations

import pytest

from tests.conformance import __main__ as conformance
from tests.conformance import recorded


@pytest.mark.skipif(not recorded.WORKFLOWS.exists(), reason="the recorded cases are not here")
def test_every_target_is_reached_on_the_recorded_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("expected", "ours", "verdict"),
    [
        ({"a": "timestamp"}, {"a": "2025-01-01T00:00:00.000Z"}, True),
        ({"a": 1, "requestId": "x"}, {"a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("[1, 2]", [1, 2], True),
        ("arn:<partition>:lambda:<region>:1", "arn:aws:lambda:us-east-1:1", True),
        ("arn:<partition>:lambda:<region>:1", "arn:aws:lambda:us-east-1:2", False),
        ("<uuid:1>", 5, True),
        ("word", "other", False),
        (None, None, True),
        ([1, 2], [2, 1], False),
    ],
)
def test_the_judge_compares_what_does_not_differ_from_run_to_run(expected: object, ours: object, verdict: bool) -> None:
    assert recorded.same(expected, ours) is verdict
