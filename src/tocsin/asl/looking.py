"""What paths have looked at: a hostile path, or a small one in a large value, ends."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.json import Json

VISITS_MAX: Final = 2_000_000  # Values that the paths of one move of a run may look at.


class PathNotFoundError(LookupError):
    """A definite path leads nowhere; the message says where it ends, in the words of Step Functions."""


class Visits:
    """How many values paths have looked at."""

    __slots__ = ("root", "spent")

    def __init__(self) -> None:
        """None yet."""
        self.spent = 0
        self.root: Json = None
        """Where the path that is followed now begins, for filters that ask for it."""

    def spend(self, value: Json) -> None:
        """Charge a look at all members of *value*. Raises PathNotFoundError when there are no more."""
        self.charge(1 + len(value) if isinstance(value, dict | list) else 1)

    def charge(self, looks: int) -> None:
        """Charge so many *looks*. Raises PathNotFoundError when there are no more."""
        self.spent += looks
        if self.spent > VISITS_MAX:
            raise PathNotFoundError(f"it looks at more than {VISITS_MAX} values")
