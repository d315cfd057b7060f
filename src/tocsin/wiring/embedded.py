"""The embedded runtime: one process on one SQLite file, put together from the settings."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from starlette.applications import Starlette

from tocsin.asking.knowledge import unseen
from tocsin.engine.dispatcher import Dispatcher, Failure
from tocsin.engine.ports import REPLAY_OF, Commit, Delivery, Received, Transport
from tocsin.engine.runner import Outcome, Runner
from tocsin.engine.service import Engine
from tocsin.engine.worker import Worker
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Machine
from tocsin.sqlite.store import SqliteStore
from tocsin.sqlite.writer import GroupWriter
from tocsin.web.console.sessions import signin_link
from tocsin.web.door import door
from tocsin.web.gate import Gate, Knock
from tocsin.web.peers import networks
from tocsin.web.reception import Reception
from tocsin.wiring import (
    chat_care,
    digests,
    mail_in,
    news,
)
from tocsin.wiring.automation import Automation
from tocsin.wiring.browsers import BrowserBook, subject
from tocsin.wiring.calendars import Calendars
from tocsin.wiring.changes import ChangeHub, LoopIntake
from tocsin.wiring.concierge.desks import desk
from tocsin.wiring.concierge.errands import Errands
from tocsin.wiring.concierge.home import HomeTab, home_handlers
from tocsin.wiring.concierge.house import Door
from tocsin.wiring.directory import SettingsDirectory, SettingsRoster
from tocsin.wiring.doorkeeper import Doorkeeper
from tocsin.wiring.gap_watch import GapWatch
from tocsin.wiring.heartbeats import configuration
from tocsin.wiring.histories import HistoryBook
from tocsin.wiring.home_watch import HomeWatch
from tocsin.wiring.keeper import Keeper
from tocsin.wiring.key_desk import configured_keys, ingest_url
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.keys import TOKEN_BYTES, enter_derived, first_key
from tocsin.wiring.knowing import KnowledgeBook
from tocsin.wiring.lanes import Lanes
from tocsin.wiring.machines import machines
from tocsin.wiring.maintenance import planned
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.metrics import Metrics
from tocsin.wiring.notifying import Notifying, preferred
from tocsin.wiring.on_call_handles import keepers
from tocsin.wiring.outside import Outside, Ready
from tocsin.wiring.pages import Surface, application, new_key
from tocsin.wiring.personal import PersonalBook
from tocsin.wiring.queues import Queues
from tocsin.wiring.quiet import Quiet
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.remedies import RemedyBook
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_watch import RoomWatch
from tocsin.wiring.schedules import duty
from tocsin.wiring.senders import rates, rules, sns_check
from tocsin.wiring.settings import DEFAULT, Settings
from tocsin.wiring.silences import Concerned, SilenceBook
from tocsin.wiring.threads import thread_book, with_threads
from tocsin.wiring.transports import Chat, connect, heard, published, transports
from tocsin.wiring.understanding import understanding
from tocsin.wiring.watch import Heartbeat, trouble
from tocsin.wiring.wrong_keys import WrongKeys

LANES_MAX: Final = 16  # Receivers that are served at the same time.
SWITCH_SECONDS: Final = 0.0002  # A thread that has work for microseconds must not wait 5 ms for its turn.

log = logging.getLogger(__name__)


class Embedded:
    """Everything but the HTTP listener. Made on the event loop that will serve."""

    def __init__(self, settings: Settings, db: Path, url: str, outside: Outside, end: Callable[[], None]) -> None:
        """*url* is the public one. *end* asks the HTTP server to end. Raises StoreUnavailableError, TocsinError."""
        loop = asyncio.get_running_loop()
        self.url, self.end, self.clock = url, end, outside.clock
        self.store = SqliteStore(db)
        room_book = RoomBook(settings, self.store)
        settings = self.settings = room_book.settings  # As they are now, from here on.
        enter_derived(settings, self.store, self.clock())
        self.made_key = first_key(settings, self.store, self.clock())
        self._known_keys = {**configured_keys(settings), **({DEFAULT: self.made_key} if self.made_key else {})}
        self.keys = KeyRing(settings, self.store, self.clock)
        self._wrong_keys = WrongKeys(self.store, self.clock, self.keys.former)
        self._doorkeeper = Doorkeeper(self.keys, self._wrong_keys, self.clock, self._tell)
        self.metrics = Metrics(self.store.health, self.clock, self._parked, self._troubled)
        self._pool = ThreadPoolExecutor(LANES_MAX, thread_name_prefix="lane")
        self._hub = ChangeHub(loop)
        check = sns_check(settings, self.clock, outside.sns_fetch)
        self._intake = LoopIntake(loop, self._submit)
        self._gate = Gate(
            self._intake,
            self.clock,
            self.keys.integration,
            self.metrics.refused,
            check_sns=check,
            rules=rules(settings),
            proxies=networks(settings.server.proxies),
            on_wrong_key=self._wrong_keys.note,
        )
        self._reception = Reception(
            loop=loop,
            executor=self._pool,
            clock=self.clock,
            gate=self._gate,
            check_sns=check,
            new_key=new_key,
            on_accepted=self.metrics.accepted,
            on_refused=self.metrics.refused,
        )
        self._writer = GroupWriter(self.store, answer=self._reception.answered, on_group=self.wake)
        self._reception.attach(self._writer)
        self._door = Door(self.store, lambda: SettingsRoster(settings).responders(), self.clock)
        house, threads = self._door.slack(), thread_book(self.store)
        self._chats: Sequence[Chat] = connect(
            settings,
            url,
            self.clock,
            self._accept,
            slack_api=outside.slack_api,
            cloud=outside.cloud,
            house=house,
            threads=threads,
        )
        self.rooms = RoomWatch(self._chats, room_book, self.store, self.keys, self.clock, url, self._tell)
        self._silences = SilenceBook(self.store)
        self._remedies = RemedyBook(self.store)
        self.histories = HistoryBook(self.store)
        self.automation = Automation(settings, self.store, self._tell, self.clock, self.wake)
        self.quiet = Quiet(settings, self.store, self.clock, self._tell)
        self._browsers = BrowserBook(self.store, self.clock, subject(url, settings.mail))
        self.personal = PersonalBook(
            lambda: self.settings, self.store, self.clock, lambda who: self.home_watch.touch([who])
        )
        self._directory = SettingsDirectory(settings, self._browsers.rings, self.personal.of)
        presence = next((chat.presence for chat in self._chats), unseen)
        self._knowledge = KnowledgeBook(settings, self.store, presence)
        self._care = chat_care.caring(
            self._chats, lambda: settings, self.store, self.clock, accept=self._tell, url=url, on_zones=room_book.follow
        )
        self._build_engine(
            [
                MessageTransport(
                    self._tell,
                    self.clock,
                    self.quiet.spread(Concerned(self.store, self._silences, self._reached)),
                    Reckoner(settings, self.store, url).answer,
                ),
                self.automation.transport,
                *transports(settings, url, self.clock, browsers=self._browsers, twilio=outside.twilio),
                *(each for chat in self._chats for each in (chat.transport, *chat.more)),
            ]
        )
        self._desk = desk(
            settings,
            self.store,
            clock=self.clock,
            url=url,
            ring=self.keys,
            wrong_keys=self._wrong_keys,
            tell=self._tell,
            do=Errands(loop, self._intake).do,
            configured=frozenset(room_book.file.responders),
        )
        tab = HomeTab(self._desk, self.personal)
        self.home_watch = HomeWatch(lambda by: tab.page(by).saying, published(self._chats), self.clock)
        self._door.open(
            self._desk, [self.rooms.noticed, *heard(self._chats)], home=home_handlers(tab, self.home_watch.opened)
        )
        for chat in self._chats:
            chat.attend(self._door)
        self._queues = Queues(settings, self.clock, self._accept, self.store)
        self.mail_in = mail_in.listener(
            settings,
            integration=self.keys.integration,
            accept=lambda received: self._accept(*received),
            clock=self.clock,
            on_refused=self.metrics.refused,
            on_wrong_key=lambda key, peer: self._wrong_keys.note(
                Knock(presented=key, path="mail", peer=peer, agent="")
            ),
        )
        self._calendars = Calendars(settings, self.store, self.clock)
        self._gap_watch = GapWatch(settings, self.store, self.clock, self._accept)
        self._handles = keepers(self._chats, lambda: self.settings, self.store, self.clock, self._tell)
        self._keeper = Keeper(self.store, settings.retention, self.clock)
        beat = settings.heartbeat
        self._heartbeat = Heartbeat(beat.url.reveal(), beat.every, self.trouble) if beat else None

    def start(self) -> None:
        """Begin to work."""
        sys.setswitchinterval(SWITCH_SECONDS)
        promised = configuration(self.settings, self.clock())
        if promised:
            self._accept(promised)
        wanted = digests.configuration(self.settings, self.store, self.clock())
        if wanted:
            self._accept(wanted)
        self.quiet.start()
        self._accept(*planned(self.settings, self.store, self.clock()), *news.unanswered(self.store, self.clock()))
        for part in (self._engine, self._keeper, self._knowledge, self._doorkeeper, self._calendars, self._gap_watch):
            part.start()
        for chat in self._chats:
            chat.start()
        for watch in (self.rooms, self.home_watch, self._care, self._queues):
            watch.start()
        for handles in self._handles:
            handles.start()
        for way in (self.mail_in, self._heartbeat):
            if way:
                way.start()

    def stop(self) -> None:
        """Finish what is under way and end. Nothing that was accepted is lost, whether this is called or not."""
        if self._heartbeat:
            self._heartbeat.stop()
        self._gap_watch.stop()
        self._care.stop()
        for handles in self._handles:
            handles.stop()
        self.quiet.stop()
        self._calendars.stop()
        self._queues.stop()
        self.rooms.stop()
        self.home_watch.stop()
        for chat in self._chats:
            chat.stop()
        if self.mail_in:
            self.mail_in.stop()
        self._writer.close()
        self._doorkeeper.stop()
        self._engine.stop()
        self._keeper.stop()
        self._knowledge.stop()
        self.automation.threads.shutdown()
        self._pool.shutdown()
        for chat in self._chats:
            chat.close()
        self.store.close()

    def wake(self) -> None:
        """Something may be due: a hint from any thread, for clocks that do not run as the system's."""
        self._engine.wake()
        self.home_watch.wake()

    def hush(self) -> None:
        """End the live updates of browsers, so that the HTTP server can end. On the loop."""
        self._hub.close()

    def trouble(self) -> str:
        """What is wrong with the invariant now, or nothing. Raises StoreUnavailableError."""
        now = self.clock()
        health = self.store.health(now)
        if any(self._parked().values()):  # What waits for its integration's rate waits as it should.
            health = replace(health, oldest_backlog_at=self._worker.oldest_waiting())
        return trouble(health, now)

    def signin_url(self) -> str:
        """A new one-time link to the console."""
        return self.url + signin_link(self.store, secrets.token_urlsafe(TOKEN_BYTES), self.clock())

    def ready(self) -> Ready:
        """What those who wait for the server are told."""
        return Ready(url=self.url, ingest_url=self.ingest_url(), console_url=self.signin_url(), pid=os.getpid())

    def ingest_url(self, integration: str = DEFAULT) -> str:
        """Where an integration's sender posts to; empty if nobody can tell, since only its key's digest is stored."""
        key = self._known_keys.get(integration)
        return ingest_url(self.url, key) if key else ""

    def protocol(self) -> type[asyncio.Protocol]:
        """The front door."""
        return door(self._reception)

    def app(self) -> Starlette:
        """Everything behind the front door."""
        return application(
            Surface(
                settings=self.settings,
                store=self.store,
                url=self.url,
                clock=self.clock,
                chats=self._chats,
                intake=self._intake,
                changes=self._hub,
                gate=self._gate,
                reception=self._reception,
                desk=self._desk,
                browsers=self._browsers,
                knowledge=self._knowledge,
                personal=self.personal,
                care=self._care,
                accept=self._accept,
                readiness=self._readiness,
                figures=self.metrics.text,
                workflows=self.automation.desk,
                on_refused=self.metrics.refused,
            )
        )

    def _build_engine(self, transports: Sequence[Transport]) -> None:
        known = machines(definitions=self.automation.definitions, rules=self.automation.rules)
        causes = self.quiet.causes if self.quiet.used else None
        interpreter = understanding(
            self.settings,
            self.url,
            {chat.channel: chat.commands for chat in self._chats},
            self.automation.channels(),
            now=lambda: self.settings,
            mute=self._silences.mute,
            quieter=self._remedies.quieter,
            histories=self.histories.occurrences,
            causes=causes,
        )
        self.automation.join(interpreter)
        runner = Runner(
            self.store,
            known,
            on_commit=self._committed,
            renew=self._machines,
            spread=with_threads(
                Notifying(self.settings, self._directory.ways, self.personal.of).spread, self._directory.ways
            ),
        )
        self._worker = Worker(
            self.store,
            runner,
            interpreter.interpret,
            interpreter.poisoned,
            rate_of=rates(self.settings).get,
            on_settled=self._settled,
        )
        dispatcher = Dispatcher(
            self.store,
            known,
            transports,
            self._directory,
            executor=Lanes(self._pool, self.automation.threads),
            clock=self.clock,
            chance=random.random,
            report=self._report,
            preferred=lambda outgoing, ways: self._care.preferred(outgoing, preferred(outgoing, ways)),
            on_result=self.metrics.result,
            on_done=self.wake,
        )
        self.automation.answers.attach(runner)
        self._engine = Engine(
            self.store,
            self._worker,
            runner,
            dispatcher,
            self.clock,
            accepted=lambda: self._writer.accepted,
            answers=self.automation.answers.handle,
        )

    def _machines(self) -> Sequence[Machine[Any, Any]]:
        """For one batch of decisions: what they know is as it is now."""
        calendar = duty(self.settings, self.store)
        turns = digests.turns(self.settings, self.store)
        whom, automation = self._knowledge.whom(calendar), self.automation
        return machines(calendar, turns, whom, automation.definitions, automation.rules)

    def _accept(self, *received: Received) -> None:
        """Store deliveries of a chat or a queue, durably, all or none."""
        self.store.accept(received)
        self.metrics.accepted(len(received))
        self._engine.wake()

    def _tell(self, received: Sequence[Received]) -> None:
        """Store what we tell ourselves, durably."""
        self.store.accept(received)
        self._engine.wake()

    def _submit(self, received: Received, answer: Callable[[str | StoreUnavailableError], None]) -> None:
        """Store one delivery; for what is made before the reception is."""
        self._reception.submit(received, answer)

    def _parked(self) -> Mapping[str, int]:
        """Deliveries that wait for the rate of their integration; for what is made before the worker is."""
        return self._worker.parked()

    def _troubled(self) -> Mapping[tuple[str, str], int]:
        """What of the chats is in what trouble; for what is made before the care for them is."""
        return self._care.figures()

    def _reached(self, receiver: str) -> bool:
        """Whether there is any way to *receiver*."""
        return bool(self._directory.ways(receiver))

    def _committed(self, commits: Sequence[Commit]) -> None:
        self._silences.committed(commits)
        self._remedies.committed(commits)
        self.histories.committed(commits)
        self.metrics.committed(commits)
        self.quiet.committed(commits)
        self._knowledge.committed(commits)
        self.home_watch.committed(commits)
        self._hub.publish([commit.aggregate for commit in commits])
        receivers = {item.receiver for commit in commits for item in commit.outbox}
        if receivers:
            self._engine.touch(receivers)

    def _settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        self.metrics.settled(delivery, note, outcomes)
        self._intake.settled(delivery, note, outcomes)
        if not delivery.header(REPLAY_OF):  # A person looks into it; whoever pressed has been told.
            for chat in self._chats:
                if chat.channel == delivery.channel:
                    chat.settled(delivery, [outcome.reason for outcome in outcomes])

    def _report(self, failure: Failure) -> None:
        if (report := self._care.report(failure, self.clock())) is not None:
            self.store.accept([report])
            self._engine.wake()

    def _readiness(self) -> str:
        try:
            return self.trouble()
        except Exception as problem:  # noqa: BLE001 - whatever it is, we are not ready.
            return str(problem)
