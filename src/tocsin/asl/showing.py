"""What a page shows of a workflow and one run of it: pictures, the states with all their visits, the history by state.

No HTML here, and nothing that knows of a web server: values, for whatever shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.asl import picture
from tocsin.asl.execution import Execution
from tocsin.asl.history import Event
from tocsin.asl.picture.graph import END, START, Graph, graph
from tocsin.asl.picture.marks import Mark, Tell, marks, utc
from tocsin.asl.program import Definition
from tocsin.asl.visits import History, Visit, by_state, events, read

TOO_LARGE: Final = "This workflow is too large for a picture; the table of its states has all of it."


class StateShown(msgspec.Struct, frozen=True, kw_only=True):
    """A state: what it does, within which Map or Parallel (empty: none), how it stands, each visit with its events."""

    name: str
    type: str
    details: tuple[str, ...]
    within: str = ""
    mark: Mark | None = None
    visits: tuple[Visit, ...] = ()


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. *desktop* and *phone* are SVG texts, empty where *sentences* say that there is no picture.

    *run*: the events that are about the run as a whole.
    """

    desktop: str
    phone: str
    sentences: tuple[str, ...]
    states: tuple[StateShown, ...]
    run: tuple[Event, ...] = ()


def shown(
    definition: Definition,
    *,
    title: str = "Workflow",
    execution: Execution | None = None,
    history: History = (),
    tell: Tell = utc,
) -> Shown:
    """What there is to show of *definition*, and of a run of it where *execution* or *history* is given."""
    told = tuple(events(history))
    found = read(told)
    visited = by_state(found.visits)
    marked = marks(found.visits, execution, tell)
    states = tuple(
        msgspec.structs.replace(state, mark=marked.get(state.name), visits=visited.get(state.name, ()))
        for state in _states(graph(definition.source))
    )
    try:
        desktop, phone = (
            picture.draw(definition, title=title, execution=execution, history=told, width=width, tell=tell)
            for width in (picture.DESKTOP, picture.PHONE)
        )
    except picture.TooLarge:
        return Shown(desktop="", phone="", sentences=(TOO_LARGE,), states=states, run=found.run)
    return Shown(desktop=desktop.svg, phone=phone.svg, sentences=desktop.sentences, states=states, run=found.run)


def _states(found: Graph, within: str = "") -> Iterator[StateShown]:
    for node in found.nodes:
        if node.type in {START, END}:
            continue
        yield StateShown(name=node.name, type=node.type, details=node.details, within=within)
        for inner in node.inner:
            yield from _states(inner, node.name)
