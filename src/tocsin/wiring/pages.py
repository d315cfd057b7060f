"""Everything that answers HTTP requests in a runtime: the console, the API, the ways in for senders and chats."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence

import msgspec
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from tocsin.engine.ports import Received
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import Instant
from tocsin.web.api import OnCallApi
from tocsin.web.console.app import console
from tocsin.web.feeds import feed_routes
from tocsin.web.front import front_routes
from tocsin.web.gate import Gate
from tocsin.web.health import health_routes
from tocsin.web.openapi.surfaces import openapi_route
from tocsin.web.people_api import PeopleApi
from tocsin.web.ports import Browsers, Changes, Intake
from tocsin.web.reception import Reception
from tocsin.web.senders.alertmanager import Upstream
from tocsin.web.workflows import WorkflowDesk
from tocsin.wiring.chat_care import ChatCare
from tocsin.wiring.chat_routes import chat_routes
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.directory import SettingsRoster
from tocsin.wiring.keys import TOKEN_BYTES, request_secret
from tocsin.wiring.knowing import KnowledgeBook
from tocsin.wiring.paging_desk import SettingsPagingDesk
from tocsin.wiring.personal import PersonalBook
from tocsin.wiring.schedules import duty_lately
from tocsin.wiring.sender_routes import sender_routes
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.transports import Chat


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


def application(surface: Surface) -> Starlette:
    """Everything behind the front door. Raises StoreUnavailableError."""
    store, clock, desk, url = surface.store, surface.clock, surface.desk, surface.url
    roster = SettingsRoster(surface.settings)
    calendar = duty_lately(surface.settings, store)
    pages = console(
        store=store,
        machine=IncidentMachine(calendar, surface.knowledge.now(calendar)),
        intake=surface.intake,
        changes=surface.changes,
        roster=roster,
        keys=desk.keys,
        oncall=desk.oncall,
        noise=desk.noise,
        clock=clock,
        token=_token,
        public_url=url,
        figure_desk=desk.figures,
        browsers=surface.browsers,
        paging=SettingsPagingDesk(desk.settings, surface.personal),
        notes=surface.care.sentences,
        workflows=surface.workflows,
    )
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
            Mount("/", pages),
        ]
    )


def new_key() -> str:
    """A dedup key for a sender that leaves it to us."""
    return secrets.token_hex(16)


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)
