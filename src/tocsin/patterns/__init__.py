"""EventBridge event patterns: compile one, ask whether an event matches, or ask many at once.

    >>> pattern = compile({"source": ["aws.ec2"], "detail": {"state": [{"anything-but": "running"}]}})
    >>> pattern.matches({"source": "aws.ec2", "detail": {"state": "stopped"}})
    True

The language is Amazon's: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from tocsin.patterns.matcher import Matcher
from tocsin.patterns.pattern import Mismatch, Pattern, Why, compile  # noqa: A004 - the verb, as in `re.compile`.
from tocsin.patterns.reading import EventError
from tocsin.patterns.refusal import PatternError

__all__ = ["EventError", "Matcher", "Mismatch", "Pattern", "PatternError", "Why", "compile"]
