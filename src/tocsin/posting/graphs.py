"""The port to where metrics are drawn: an incident in, the picture of its metric out, if there is one."""

from __future__ import annotations

from typing import Protocol

from tocsin.incidents.state import Incident


class Graphs(Protocol):
    """Knows where the metrics of alerts are. Any thread."""

    def has(self, incident: Incident) -> bool:
        """Whether there may be a graph; at once, without asking anybody."""
        ...

    def graph(self, name: str, incident: Incident) -> bytes | None:
        """The metric of the incident *name* as a PNG, or None. Blocks for some seconds at most, and raises nothing."""
        ...


class NoGraphs:
    """Nobody draws."""

    def has(self, incident: Incident) -> bool:  # noqa: ARG002 - the port's.
        """See the port."""
        return False

    def graph(self, name: str, incident: Incident) -> bytes | None:  # noqa: ARG002 - the port's.
        """See the port."""
        return None
