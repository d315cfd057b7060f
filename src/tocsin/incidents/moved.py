"""Which alerts of an incident an input has moved: one, as a rule, and an incident may have very many."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, compress, repeat
from operator import is_not
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.incidents.state import AlertLine


def moved(before: Mapping[str, AlertLine], after: Mapping[str, AlertLine]) -> list[str]:
    """The keys whose line is not the one of *before*, and perhaps some more: a line that changes is another object.

    They are compared place by place, since that takes half the time of looking each of them up: keys keep their places.
    """
    if after is before:
        return []
    return list(compress(after, map(is_not, after.values(), chain(before.values(), repeat(None)))))
