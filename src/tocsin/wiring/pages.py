"""Everything that answers HTTP requests in a runtime: the console, the API, the ways in for senders and chats."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.later import later
from tocsin.web.api import OnCallApi
from tocsin.web.feeds import feed_routes
from tocsin.web.front import front_routes
from tocsin.web.health import health_routes
from tocsin.web.openapi.route import openapi_route
from tocsin.web.people_api import PeopleApi
from tocsin.web.senders.alertmanager import Upstream
from tocsin.wiring.chat_routes import chat_routes
from tocsin.wiring.directory import SettingsRoster
from tocsin.wiring.keys import TOKEN_BYTES, request_secret
from tocsin.wiring.paging_desk import SettingsPagingDesk
from tocsin.wiring.schedules import duty_lately
from tocsin.wiring.sender_routes import sender_routes

if TYPE_CHECKING:
    from tocsin.engine.ports import Received
    from tocsin.kernel.time import Instant
    from tocsin.web.console import app as console
    from tocsin.web.gate import Gate
    from tocsin.web.ports import Browsers, Changes, Intake
    from tocsin.web.reception import Reception
    from tocsin.web.workflows import WorkflowDesk
    from tocsin.wiring.chat_care import ChatCare
    from tocsin.wiring.concierge.desk import Desk
    from tocsin.wiring.knowing import KnowledgeBook
    from tocsin.wiring.personal import PersonalBook
    from tocsin.wiring.settings import Settings
    from tocsin.wiring.stores import ShowingStore
    from tocsin.wiring.transports import Chat
else:
    console = later("tocsin.web.console.app")


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages of a runtime need of it.

    *accept* stores a delivery durably. *readiness* says what is wrong, or nothing. *figures* are those of `/metrics`.
    *more*: routes beside these, of what asks for tokens as the API does.
    """

    settings: Settings
    store: ShowingStore
    url: str
    clock: Callable[[], Instant]
    chats: Sequence[Chat]
    intake: Intake
    changes: Changes
    gate: Gate
    reception: Reception
    desk: Desk
    browsers: Browsers
    knowledge: KnowledgeBook
    personal: PersonalBook
    care: ChatCare
    accept: Callable[[Received], None]
    readiness: Callable[[], str]
    figures: Callable[[], bytes]
    workflows: WorkflowDesk
    on_refused: Callable[[str], None]
    more: Callable[[OnCallApi], Sequence[BaseRoute]] = lambda _: ()


def application(surface: Surface, *, at_once: bool = True) -> Starlette:
    """Everything behind the front door; without *at_once* the console is made when somebody opens it.

    Raises StoreUnavailableError.
    """
    store, clock, desk, url = surface.store, surface.clock, surface.desk, surface.url
    roster = SettingsRoster(surface.settings)
    pages = _LatePages(lambda: _pages(surface))
    senders = sender_routes(
        surface.gate,
        store,
        Upstream(store, roster, clock, lambda: str(uuid.uuid4()), surface.readiness),
        new_key=new_key,
        secret=request_secret(store),
        public_url=url,
    )
    told = [*health_routes(surface.readiness, surface.figures, surface.care.hints), openapi_route(url)]
    api = OnCallApi(desk.oncall, clock)
    people = PeopleApi(
        api=api,
        store=store,
        roster=roster,
        figures=desk.figures,
        noise=desk.noise,
        accept=surface.accept,
        token=_token,
    )
    return Starlette(
        routes=[
            *front_routes(surface.reception),
            *senders,
            *chat_routes(surface.chats, surface.intake, clock, surface.on_refused),
            *told,
            *feed_routes(desk.oncall),
            *api.routes(),
            *people.routes(),
            *surface.more(api),
            Mount("/", pages.made() if at_once else pages),
        ]
    )


def _pages(surface: Surface) -> ASGIApp:
    desk, calendar = surface.desk, duty_lately(surface.settings, surface.store)
    return console.console(
        store=surface.store,
        machine=IncidentMachine(calendar, surface.knowledge.now(calendar)),
        intake=surface.intake,
        changes=surface.changes,
        roster=SettingsRoster(surface.settings),
        keys=desk.keys,
        oncall=desk.oncall,
        noise=desk.noise,
        clock=surface.clock,
        token=_token,
        public_url=surface.url,
        figure_desk=desk.figures,
        browsers=surface.browsers,
        paging=SettingsPagingDesk(desk.settings, surface.personal),
        notes=surface.care.sentences,
        workflows=surface.workflows,
    )


class _LatePages:
    """The console as an ASGI application that is made once, when it is first asked."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: ASGIApp | None = None
        self._lock = threading.Lock()

    def made(self) -> ASGIApp:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.made()(scope, receive, send)


def new_key() -> str:
    """A dedup key for a sender that leaves it to us."""
    return secrets.token_hex(16)


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)
