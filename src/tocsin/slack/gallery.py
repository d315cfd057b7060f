"""All pictures of messages: charts of digests, and the graph of an incident's metric.

A message is posted without them. When they are there it is changed, with what is true then; and from then on whatever
changes the message shows them too. A picture is kept for as long as the process runs; after that it is fetched again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from tocsin.incidents import telling
from tocsin.incidents.state import Incident
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.posting.graphs import Graphs, NoGraphs
from tocsin.slack.answers import GONE, Failure
from tocsin.slack.api import Api
from tocsin.slack.drawing import Message
from tocsin.slack.illustrating import TRIES_AFTER, Illustrator, Wanted
from tocsin.slack.pages import DrawsChart, PageMessage, no_charts
from tocsin.slack.places import Place
from tocsin.slack.uploads import Uploads

GRAPHS_MAX: Final = 512  # Incidents whose graph is known.
AGAIN_AFTER: Final[Duration] = 10 * MINUTE  # A graph that could not be had is not asked for again so soon.

_T = TypeVar("_T")

_GRAPH: Final = "graph"
_TITLE_MAX: Final = 200


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes the pictures: *charts* from figures, *graphs* from where metrics are."""

    charts: DrawsChart = no_charts
    graphs: Graphs = NoGraphs()
    tries_after: Sequence[Duration] = TRIES_AFTER


class Gallery:
    """On the event loop. What fails leaves messages as they are."""

    def __init__(self, api: Api, pictures: Pictures, now: Callable[[], Instant]) -> None:
        """Nothing is called yet."""
        self._api = api
        self._pictures = pictures
        self._now = now
        self._illustrator = Illustrator(Uploads(api, now), pictures.tries_after)
        self._files: OrderedDict[str, str] = OrderedDict()  # Of graphs, by incident.
        self._asked: OrderedDict[str, Instant] = OrderedDict()
        # Whose graph is under way, and the messages that are to show it.
        self._waiting: dict[str, dict[Place, Callable[[], Message]]] = {}

    # ── Digests ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def show_page(self, place: Place, page: PageMessage) -> None:
        """Add the pictures of *page*, which stands at *place* without them."""

        async def show(files: Mapping[str, str]) -> bool:
            return await self._change(place, partial(page.message, files))

        self._illustrator.later(place, page.wanted(self._pictures.charts), show)

    # ── Incidents ────────────────────────────────────────────────────────────────────────────────────────────────────
    def with_graph(self, name: str, incident: Incident, message: Message) -> Message:
        """*message* about an incident, with its graph if that is known already."""
        file = self._files.get(name)
        return message if file is None else _with(message, incident, file)

    def show_graph(self, place: Place, name: str, incident: Incident, message: Callable[[], Message]) -> None:
        """Add the graph to the message at *place*, unless it has it; *message* draws what is true when it is called.

        To be told whenever the message is drawn, so that an older drawing never comes after a newer one.
        """
        waiting = self._waiting.get(name)
        if waiting is not None:
            waiting[place] = message
            return
        now = self._now()
        if name in self._files or now - self._asked.get(name, -AGAIN_AFTER) < AGAIN_AFTER:
            return
        if not incident.live or not self._pictures.graphs.has(incident):
            return
        _keep(self._asked, name, now)
        wanted = Wanted(_GRAPH, graph_words(incident), partial(self._pictures.graphs.graph, name, incident))
        self._waiting[name] = {place: message}
        begun = self._illustrator.later(
            (_GRAPH, name), (wanted,), partial(self._show_graph, name, incident), lambda: self._waiting.pop(name, None)
        )
        if not begun:
            del self._waiting[name]

    async def _show_graph(self, name: str, incident: Incident, files: Mapping[str, str]) -> bool:
        file = files[_GRAPH]
        done: set[Place] = set()
        while left := [(place, drawn) for place, drawn in self._waiting[name].items() if place not in done]:
            for place, drawn in left:
                done.add(place)
                if not await self._change(place, partial(_with_drawn, drawn, incident, file)):
                    return False
                if self._waiting[name][place] is not drawn:  # It has changed meanwhile, and may have come before.
                    done.remove(place)
                _keep(self._files, name, file)  # Only now: what shows a file too soon loses its buttons.
        return True

    def busy(self) -> bool:
        """Whether pictures are under way. Any thread."""
        return self._illustrator.busy

    async def settled(self) -> None:
        """Wait until nothing is under way: for tests."""
        await self._illustrator.settled()

    async def _change(self, place: Place, drawn: Callable[[], Message]) -> bool:
        """Change the message at *place*; False: Slack does not show the files yet, or has no time."""
        message = drawn()
        channel, ts = place
        answer = await self._api.call(
            "chat.update", channel=channel, ts=ts, text=message.text, parse="none", blocks=message.blocks
        )
        return not isinstance(answer, Failure) or answer.code in GONE


def _with_drawn(drawn: Callable[[], Message], incident: Incident, file: str) -> Message:
    return _with(drawn(), incident, file)


def _with(message: Message, incident: Incident, file: str) -> Message:
    """*message* with a graph, above what can be done."""
    if not message.blocks or any("slack_file" in block for block in message.blocks):
        return message
    block = {"type": "image", "alt_text": graph_words(incident), "slack_file": {"id": file}}
    last = len(message.blocks) - (message.blocks[-1]["type"] == "actions")
    return Message(message.text, (*message.blocks[:last], block, *message.blocks[last:]))


def graph_words(incident: Incident) -> str:
    """What the graph shows."""
    title = telling.one_line(incident.face.title, _TITLE_MAX)
    metric = incident.face.metric
    named = telling.one_line(f"{metric.namespace} {metric.name}", _TITLE_MAX) if metric else ""
    return f"Graph of {named or 'the metric'} for {title or 'this alert'}"


def _keep(kept: OrderedDict[str, _T], name: str, value: _T) -> None:
    kept[name] = value
    while len(kept) > GRAPHS_MAX:
        kept.popitem(last=False)
