"""`tocsin workflow state`: one state, tried alone with a mocked answer, as TestState does."""

from __future__ import annotations

import argparse

from tocsin import asl
from tocsin.cli.files import file_text, json_of, text_of
from tocsin.cli.printing import plain, say, say_json
from tocsin.errors import TocsinError

SHOWN_MAX = 400  # Characters of a value in a terminal.


def tried(given: argparse.Namespace) -> int:
    """`tocsin workflow state`. Raises TocsinError, OSError."""
    if len(given.path) > 1:
        raise TocsinError("workflow-one", f"state takes one file, not {len(given.path)}")
    mock = json_of(text_of(given.mock), "the mock") if given.mock else {}
    if not isinstance(mock, dict):
        raise TocsinError("workflow-mock-invalid", "the mock is an object with a result or an errorOutput")
    found = asl.test_state(
        file_text(given.path[0]),
        text_of(given.input),
        state_name=given.state,
        variables=text_of(given.variables),
        mock=mock,
        level=given.level,
    )
    if given.json:
        say_json(found)
    else:
        _show(found)
    return int(found.status == "FAILED")


def _show(found: asl.Tested) -> None:
    following = f", then {plain(found.next_state)}" if found.next_state else ""
    say(f"{found.status}{following}\n")
    for label, value in (("error", found.error), ("cause", found.cause), ("output", found.output)):
        if value is not None:
            say(f"{label}: {plain(value)[:SHOWN_MAX]}\n")
    for label, value in (found.inspection_data or {}).items():
        say(f"  {label}: {plain(str(value))[:SHOWN_MAX]}\n")
