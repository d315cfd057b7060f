"""What waits for one address of a chat, sorted: what needs a new message, what changes an old one, what needs nothing.

A receipt says where a message stands, in the chat's own words; one with `bundle` is of a message that stands for other
incidents too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tocsin.engine.ports import Job
from tocsin.incidents import ladder
from tocsin.kernel.json import Json


@dataclass(slots=True)
class Batch:
    """Jobs by what they need."""

    posts: dict[str, list[Job]] = field(default_factory=dict)
    """By incident: a new message."""
    updates: list[Job] = field(default_factory=list)
    """Their own message changes."""
    bundled: list[Job] = field(default_factory=list)
    """A line in a bundle changes."""
    nothing: list[Job] = field(default_factory=list)
    """There is nothing to show."""

    @property
    def changes(self) -> list[Job]:
        """All that change a message which is there."""
        return [*self.updates, *self.bundled]


def sort(jobs: Sequence[Job], known: Callable[[dict[str, Json]], bool], *, person: bool) -> Batch:
    """Sort *jobs* of one address; *known*: whether the lines of the bundle with this receipt are still known.

    A page needs a new message, since a change of an old one rings no bell. So does the first message in a room. Who
    was never paged is shown nothing.
    """
    batch = Batch()
    paged = {job.outgoing.aggregate for job in jobs if job.outgoing.kind == ladder.PAGE}
    for job in jobs:
        incident, receipt = job.outgoing.aggregate, job.receipt
        if incident in paged:
            batch.posts.setdefault(incident, []).append(job)
        elif receipt is not None and not is_bundle(receipt):
            batch.updates.append(job)
        elif receipt is not None and known(receipt):
            batch.bundled.append(job)
        elif person:
            batch.nothing.append(job)
        else:
            batch.posts.setdefault(incident, []).append(job)
    return batch


def is_bundle(receipt: dict[str, Json]) -> bool:
    """Whether the message stands for other incidents too."""
    return bool(receipt.get("bundle"))
