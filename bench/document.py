"""Keeps the measured parts of docs/benchmarks.md, each between two comments; the rest is written by hand. Pure."""

from __future__ import annotations

import re

END = "<!-- end -->"


def rewritten(page: str, name: str, content: str) -> str:
    """*page* with *content* as its measured part *name*. Raises ValueError when the page has no such part, or two."""
    begin = f"<!-- measured: {name} -->"
    part = re.compile(rf"({re.escape(begin)}\n).*?({re.escape(END)})", re.DOTALL)
    changed, count = part.subn(lambda found: f"{found[1]}{content.strip()}\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"the page needs one part between {begin!r} and {END!r}, and has {count}")
    return changed
