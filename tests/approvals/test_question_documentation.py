"""docs/workflows.md explains every reason of a question."""

from __future__ import annotations

from pathlib import Path

from tocsin.approvals.reasons import ApprovalReason

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"


def test_every_reason_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [reason.value for reason in ApprovalReason if f"`{reason}`" not in text] == []
