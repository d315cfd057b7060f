"""What is seen while a stack changes: one line for each resource that is done, and a question before."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Final

from tocsin.aws.stacks import STACK, Event, explain
from tocsin.cli.printing import plain
from tocsin.errors import TocsinError

_ENDS: Final = {
    "CREATE_COMPLETE": "made",
    "UPDATE_COMPLETE": "changed",
    "DELETE_COMPLETE": "deleted",
    "DELETE_SKIPPED": "kept",
    "IMPORT_COMPLETE": "taken in",
}


class Screen:
    """Where people read. *quiet*: standard output belongs to a script, so they read standard error."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._out = sys.stderr if quiet else sys.stdout

    def say(self, text: str) -> None:
        """Print *text*, at once: what follows may take minutes."""
        self._out.write(text)
        self._out.flush()

    def ask(self, question: str) -> bool:
        """Whether people say yes. Raises TocsinError where nobody can be asked."""
        if not sys.stdin.isatty():
            raise TocsinError("nobody-asked", "nobody can be asked here; --yes says that it may be done")
        self.say(question)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def ask_for(self, question: str) -> str:
        """What people answer; empty where nobody can be asked."""
        if not sys.stdin.isatty():
            return ""
        self.say(question)
        return sys.stdin.readline().strip()


def progress(screen: Screen, events: Iterable[Event], names: Collection[str]) -> None:
    """Show *events* as they come, those of the resources *names*; and every failure."""
    done: set[str] = set()
    for event in events:
        if event.kind == STACK:
            continue
        if event.failed:
            screen.say(f"  FAILED   {event.name}  {event.kind}: {plain(explain(event.reason))}\n")
        elif event.status in _ENDS and event.name in names and event.name not in done:
            done.add(event.name)
            count = f"{len(done)}/{len(names)}"
            screen.say(f"  {count:>7}  {event.name}  {event.kind} {_ENDS[event.status]}\n")
