"""Why an event does not match: the first field of the pattern that it fails."""

from __future__ import annotations

import pytest

from tocsin.patterns import Mismatch, Why, compile  # noqa: A004 - The verb.

PATTERN = {
    "source": ["aws.ec2"],
    "detail": {"tags": {"key": ["team"], "value": [{"prefix": "blue"}]}, "error": [{"exists": False}]},
}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "source: the event has no such field"),
        ({"source": ["aws.s3", 1, 1.5, True]}, 'source: no value that is asked for, but "aws.s3", 1, 1.5'),
        ({"source": "aws.ec2", "detail": {}}, "detail.tags.key: the event has no such field"),
        (
            {"source": "aws.ec2", "detail": {"tags": [{"key": "team", "value": None}]}},
            "detail.tags.value: no value that is asked for, but null",
        ),
        (
            {"source": "aws.ec2", "detail": {"tags": [{"key": "team", "value": "x"}, {"key": "y", "value": "blue"}]}},
            "detail.tags.value: has a value that is asked for, but not in the array element of the fields before it",
        ),
        (
            {"source": "aws.ec2", "detail": {"tags": {"key": "team", "value": "blue"}, "error": [2**70 + 1]}},
            "detail.error: the event must not have this field, and has 1180591620717411303425",
        ),
    ],
)
def test_the_first_field_that_fails_is_named(event: dict[str, object], sentence: str) -> None:
    pattern = compile(PATTERN)
    assert not pattern.matches(event)
    assert str(pattern.explain(event)) == sentence


def test_a_match_needs_no_explanation() -> None:
    assert compile(PATTERN).explain({"source": "aws.ec2", "detail": {"tags": {"key": "team", "value": "blue"}}}) is None


def test_the_branch_that_comes_furthest_is_explained() -> None:
    pattern = compile({"$or": [{"a": [1], "b": [2]}, {"c": [3], "d": [4], "e": [5]}]})
    assert pattern.explain({"c": 3, "d": 4}) == Mismatch(path="e", why=Why.MISSING)
    assert pattern.explain({"a": 1, "b": "x"}) == Mismatch(path="b", why=Why.DIFFERENT, found=('"x"',))
