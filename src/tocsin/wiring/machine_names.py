"""The names of machines that are loaded later than their names are needed; a test holds that they are the machines'."""

from __future__ import annotations

from typing import Final

APPROVAL: Final = "approval"
DIGEST: Final = "digest"
EXECUTION: Final = "execution"
NOTICE: Final = "notice"
QUESTION: Final = "question"
RULE: Final = "rule"
