"""A workflow as a picture: states as boxes, ways between them, and a run painted on it; the same in, the same out.

    >>> from tocsin import asl
    >>> machine = asl.parse({"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "End": True}}})
    >>> draw(machine).sentences
    ('Starts with Hello.', 'Hello (Pass): goes on with the end.')

A definition becomes a graph (`graph`, its words in `condition_words` and `state_words`), the graph rows (`layering`),
the rows places in pixels (`placing`), all with their text a drawing (`drawing`), and that SVG (`svg`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.asl.execution import Execution
from tocsin.asl.picture.drawing import drawn
from tocsin.asl.picture.graph import END, START, graph
from tocsin.asl.picture.layering import TooLarge
from tocsin.asl.picture.marks import Tell, marks, utc, walked
from tocsin.asl.picture.sentences import sentences
from tocsin.asl.picture.svg import MARGIN, svg
from tocsin.asl.program import Definition
from tocsin.asl.visits import History, visits

__all__ = ["DESKTOP", "PHONE", "STATES_MAX", "Picture", "TooLarge", "draw"]

PHONE: Final = 340  # Pixels: what a small phone shows without scrolling.
DESKTOP: Final = 760
STATES_MAX: Final = 400  # No person reads a picture with more.


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """*svg* is text, to be put into a page or a file; *sentences* say the same."""

    svg: str
    sentences: tuple[str, ...]


def draw(
    definition: Definition,
    *,
    title: str = "Workflow",
    execution: Execution | None = None,
    history: History = (),
    width: int = DESKTOP,
    alone: bool = False,
    tell: Tell = utc,
) -> Picture:
    """The picture of *definition*, with a run painted on it where *execution* or its *history* is given.

    *width*: in pixels, as wide as it becomes if it can. *alone*: for a file of its own, which brings its colours for
    light and dark. *tell*: how a time is written. Raises TooLarge where nobody could read it.
    """
    found = graph(definition.source)
    if sum(node.type not in {START, END} for node in found.everything()) > STATES_MAX:
        raise TooLarge
    visited = visits(history)
    marked = marks(visited, execution, tell)
    text = tuple(sentences(found, marked))
    drawing = drawn(found, width - 2 * MARGIN, marked, walked(visited))
    return Picture(svg=svg(drawing, title=title, text=" ".join(text), alone=alone), sentences=text)
