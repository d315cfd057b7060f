"""More of our own API: the figures, what was missed, the silences, and the noise with its remedies.

As in `api`, a token stands for a responder. What changes something is stored as the terminal and the console store it,
and is in force a moment later.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.engine.ports import Received, Store
from tocsin.errors import TocsinError
from tocsin.incidents import silence_making as making
from tocsin.incidents.alerts import TITLE_MAX
from tocsin.incidents.ladder import responder
from tocsin.incidents.silence_lists import document as silence_document
from tocsin.incidents.silence_lists import listed, muted, phase
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silence_making import UnclearError, Wish
from tocsin.incidents.silences import Order, Phase, Silence
from tocsin.kernel import json
from tocsin.kernel.later import later
from tocsin.kernel.time import DAY, Duration, parse_duration
from tocsin.noise.document import document as noise_document
from tocsin.noise.keys import By, Key
from tocsin.noise.machine import Applied, Undone
from tocsin.noise.remedies import problem, words
from tocsin.noise.spoken import read
from tocsin.web.api import Act, Call, OnCallApi, period, read_body
from tocsin.web.ports import FigureDesk, NoiseDesk, Roster

if TYPE_CHECKING:
    from tocsin.digests import document as digest_documents
else:
    digest_documents = later("tocsin.digests.document")

SPAN_MAX: Final[Duration] = 366 * DAY
ID_MAX: Final = 64
ID_CHARACTERS: Final = 12  # Of an id that we choose.

_SILENCES: Final = SilenceMachine()
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class NewSilence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a silence; *until* may be a duration."""

    matchers: tuple[str, ...]
    why: str
    until: str
    start: str = "now"
    team: str = ""
    integration: str = ""
    id: str = ""


class NewRemedy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a remedy, in the words of the terminal (`hold 3m`), for the key that the report names so."""

    integration: str
    by: By
    value: str
    remedy: str
    why: str = ""
    title: str = ""


class PeopleApi:
    """The handlers; they block on the store."""

    def __init__(
        self,
        *,
        api: OnCallApi,
        store: Store,
        roster: Roster,
        figures: FigureDesk,
        noise: NoiseDesk,
        accept: Callable[[Received], object],
        token: Callable[[], str],
    ) -> None:
        """*api* serves them. *accept* stores a delivery durably; *token* gives a new unguessable text."""
        self._api = api
        self._store = store
        self._roster = roster
        self._figures = figures
        self._noise = noise
        self._accept = accept
        self._token = token

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        rows: list[tuple[str, str, Act]] = [
            ("GET", "/stats", self.stats),
            ("GET", "/missed", self.missed),
            ("GET", "/silences", self.silences),
            ("POST", "/silences", self.silence),
            ("DELETE", "/silences/{name}", self.end_silence),
            ("GET", "/noise", self.noise),
            ("POST", "/noise", self.remedy),
            ("DELETE", "/noise/{name}", self.undo),
        ]
        return [Route(f"/api/v1{path}", self._api.endpoint(act), methods=[method]) for method, path, act in rows]

    def stats(self, call: Call) -> Response:
        """The figures of the time `since`."""
        found = self._figures.figures(call.now - _since(call, "7d"), call.now, self._team(call))
        return JSONResponse(digest_documents.document(found))

    def missed(self, call: Call) -> Response:
        """What was missed in that time, the newest first."""
        found = self._figures.missed(call.now - _since(call, "7d"), call.now, self._team(call))
        return JSONResponse({"missed": [digest_documents.missed_document(each) for each in found]})

    def silences(self, call: Call) -> Response:
        """The silences that are not over; all of them with `all=true`."""
        live_only = call.request.query_params.get("all") != "true"
        under, found = muted(self._store), listed(self._store, live_only=live_only, now=call.now)
        return JSONResponse(
            {
                "silences": [
                    silence_document(state, under.get(state.silence.id, ()), call.now)
                    for state in found
                    if not live_only or phase(state, call.now) is not Phase.EXPIRED
                ]
            }
        )

    def silence(self, call: Call) -> Response:
        """Silence what fits all matchers."""
        made = self._made(call)
        known = self._state(made.id)
        if known is not None:
            if replace(made, updated_at=known.silence.updated_at) != known.silence:
                raise TocsinError("silence-exists", f"there is another silence {made.id!r}")
            return JSONResponse(silence_document(known, (), call.now))
        self._order(call, "silence", Order(make=made))
        begun = Silencing(made, made.phase(call.now))
        return JSONResponse(silence_document(begun, (), call.now), HTTPStatus.CREATED)

    def end_silence(self, call: Call) -> Response:
        """End one; one that comes again does so all the same, but with `for_good=true`."""
        state = self._state(call.name)
        if state is None:
            raise TocsinError("silence-unknown", f"there is no silence {call.name!r}")
        if phase(state, call.now) is Phase.EXPIRED:
            raise TocsinError("silence-over", f"silence {call.name!r} is over already")
        for_good = call.request.query_params.get("for_good") == "true"
        if for_good and state.silence.name:
            sentence = f"silence {call.name!r} stands in the configuration as {state.silence.name!r}; take it out there"
            raise TocsinError("silence-configured", sentence)
        self._order(call, "silence", Order(end=call.name, for_good=for_good))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def noise(self, call: Call) -> Response:
        """Which keys disturb, what would help, and the remedies in force."""
        report = self._noise.report(_since(call, "30d"), self._team(call))
        return JSONResponse(noise_document(report, self._noise.treatments()))

    def remedy(self, call: Call) -> Response:
        """Make a key quieter."""
        given = read_body(call.body, NewRemedy)
        key = Key(integration=given.integration, by=given.by, value=given.value)
        wanted = read(given.remedy.split(), by=call.by, now=call.now, why=given.why)
        wrong = wanted if isinstance(wanted, str) else problem(key, wanted)
        if isinstance(wanted, str) or wrong:
            raise TocsinError("remedy-unclear", f"{given.remedy[:100]!r} is no remedy: {wrong}")
        if given.integration not in self._roster.integrations():
            raise TocsinError("integration-unknown", f"there is no integration {given.integration!r}")
        applied = Applied(key=key, remedy=wanted, title=given.title[:TITLE_MAX])
        self._order(call, "remedy", {"apply": msgspec.to_builtins(applied)})
        return JSONResponse({"key": key.id, "words": words(wanted)}, HTTPStatus.CREATED)

    def undo(self, call: Call) -> Response:
        """Undo the remedy in force: the one before it counts again, if there was one."""
        found = self._noise.treatment(call.name)
        if found is None or found.current is None:
            raise TocsinError("remedy-unknown", f"no remedy is in force for the key {call.name!r}")
        undone = Undone(by=call.by, at=found.current.at)
        self._order(call, "remedy", {"key": call.name, "undo": msgspec.to_builtins(undone)})
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _made(self, call: Call) -> Silence:
        """The silence that a body describes. Raises TocsinError."""
        given = read_body(call.body, NewSilence)
        if given.team and given.team not in self._roster.teams():
            raise TocsinError("team-unknown", f"there is no team {given.team!r}")
        if given.integration and given.integration not in self._roster.integrations():
            raise TocsinError("integration-unknown", f"there is no integration {given.integration!r}")
        if len(given.id) > ID_MAX or not _NAME.issuperset(given.id):
            raise TocsinError("id-invalid", f"an id has at most {ID_MAX} letters, digits, dots, dashes and underscores")
        start, until = period(given.start, given.until, call.now)
        wish = Wish(
            id=given.id or f"s{self._token()[-ID_CHARACTERS:]}",
            by=call.by,
            why=given.why,
            starts_at=start,
            ends_at=until,
            matchers=given.matchers,
            team=given.team,
            integration=given.integration,
            tell=(responder(call.by),),
        )
        try:
            return making.silence(wish, call.now)
        except UnclearError as wrong:
            raise TocsinError("silence-unclear", str(wrong)) from None

    def _state(self, name: str) -> Silencing | None:
        stored = self._store.load([name]).get(name)
        if stored is None:
            return None
        if stored.machine != _SILENCES.name:
            raise TocsinError("silence-unknown", f"{name!r} is no silence")
        return _SILENCES.decode(stored.state)

    def _team(self, call: Call) -> str:
        team = call.request.query_params.get("team", "")
        if team and team not in self._roster.teams():
            raise TocsinError("team-unknown", f"there is no team {team!r}")
        return team

    def _order(self, call: Call, channel: str, order: object) -> None:
        self._accept(Received(received_at=call.now, channel=channel, key="", head=b"", body=json.encode(order)))


def _since(call: Call, usual: str) -> Duration:
    """How far to look back."""
    text = call.request.query_params.get("since") or usual
    found = parse_duration(text)
    if found is None or not 0 < found <= SPAN_MAX:
        raise TocsinError("time-invalid", f"{text[:100]!r} is no duration like 24h or 7d, of at most a year")
    return found
