"""`tocsin pattern test`: whether events match an event pattern, and if not, why."""

from __future__ import annotations

import argparse

from tocsin import patterns
from tocsin.cli.files import file_text, text_of
from tocsin.cli.printing import plain, say, say_json
from tocsin.errors import TocsinError


def pattern(given: argparse.Namespace) -> int:
    """0 when all events match. Raises TocsinError (a PatternError too), OSError."""
    compiled = patterns.compile(text_of(given.pattern))
    found = []
    for name in given.event:
        try:
            mismatch = compiled.explain(file_text(name))
        except patterns.EventError as problem:
            raise TocsinError("event-invalid", f"{name}: {problem}") from None
        found.append((name, mismatch))
    if given.json:
        say_json(
            [
                {"event": name, "matches": mismatch is None, "why": "" if mismatch is None else str(mismatch)}
                for name, mismatch in found
            ]
        )
    else:
        for name, mismatch in found:
            verdict = "matches" if mismatch is None else f"does not match: {plain(str(mismatch))}"
            say(f"{plain(name)} {verdict}\n")
    return int(any(mismatch is not None for _, mismatch in found))
