"""The house behind the chats: who came too late is told so, errands, and answers before all is joined."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.conversing.noticed import Change, Noticed
from tocsin.conversing.replies import Answer, Home, Nothing
from tocsin.conversing.wishes import Opened, Place, Pressed, Said, Speaker
from tocsin.engine.ports import Confirmation, Handled, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.reasons import IGNORED, Reason
from tocsin.kernel import json
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.changes import LoopIntake
from tocsin.wiring.concierge import errands
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.errands import Errands
from tocsin.wiring.concierge.house import Door
from tocsin.wiring.concierge.late import late
from tocsin.wiring.embedded import Embedded

NOW = 1_795_000_000_000
ADA = Speaker(chat="slack", user="U1", responder="ada")
HERE = Place(channel="C1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    found = SqliteStore(tmp_path / "tocsin.db")
    yield found
    found.close()


# ── Too late ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("reasons", [[], ["acknowledged"], ["already resolved", "resolved"]])
def test_who_has_changed_something_is_told_nothing(store: SqliteStore, reasons: Sequence[str]) -> None:
    assert late(store, dict, lambda: NOW)("7", reasons) is None


@pytest.mark.parametrize("reason", sorted(IGNORED))
def test_whatever_changed_nothing_is_said_in_a_sentence(store: SqliteStore, reason: Reason) -> None:
    found = late(store, dict, lambda: NOW)("7", [reason])
    assert found is not None
    assert found.summary.startswith("Nothing has changed. ")
    assert found.summary.endswith(".")


# ── Where messages stand ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_message_is_known_by_where_it_stands(store: SqliteStore) -> None:
    def shown(aggregate: str, receiver: str, transport: str, **receipt: json.Json) -> None:
        confirmation = Confirmation(
            id=f"{aggregate}/{receiver}",
            aggregate=aggregate,
            receiver=receiver,
            result="delivered",
            at=NOW,
            transport=transport,
            receipt=receipt,
        )
        store.confirm([confirmation])

    shown("7", "room:ops", "slack", channel="C1", ts="1.1")
    shown("8", "room:dev", "slack", channel="C2", ts="1.1")
    shown("9", "room:ops", "slack", channel="C1", ts="2.1", bundle=True)
    shown("10", "room:ops", "teams", channel="C1", ts="3.1")
    assert store.shown("slack", "C1", "1.1") == "7"
    assert store.shown("slack", "C2", "1.1") == "8"
    assert store.shown("slack", "C1", "2.1") == ""  # A bundle is about several.
    assert store.shown("slack", "C1", "3.1") == ""
    assert store.shown("slack", "C1", "4.1") == ""


# ── Errands ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def command(verb: str) -> Received:
    body = json.encode({"verb": verb, "incident": "1", "by": "ada"})
    return Received(received_at=NOW, channel="cli", key="", head=b"", body=body)


def test_an_errand_tells_what_came_of_it(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db") as (runtime, ready):
        assert ask(ready.ingest_url, b'{"title": "CPU"}', {"content-type": "application/json"})[0] == 202
        until(lambda: _incident(runtime))
        body = json.encode({"verb": "acknowledge", "incident": _incident(runtime), "by": "ada"})
        received = Received(received_at=runtime.clock(), channel="cli", key="", head=b"a: b", body=body)
        for reason in (Reason.ACKNOWLEDGED, Reason.ALREADY_ACKNOWLEDGED):
            assert [handled.reason for handled in runtime._desk.do(received)] == [reason]
        assert [handled.reason for handled in runtime._desk.do(command("dance"))] != []


def _incident(runtime: Embedded) -> str:
    rows = runtime.store.listing("incident", live_only=True, limit=1)
    return rows[0].id if rows else ""


class Loop:
    """An event loop on a thread, with an intake that does as told."""

    def __init__(self, stored: str | StoreUnavailableError | None) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.intake = LoopIntake(self.loop, lambda _, answer: None if stored is None else answer(stored))

    def end(self) -> None:
        tasks = asyncio.run_coroutine_threadsafe(_cancelled(), self.loop)
        tasks.result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


async def _cancelled() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def test_an_errand_that_takes_long_is_stored_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "OUTCOME_SECONDS", 0.01)
    world = Loop("7")
    done: Sequence[Handled] = Errands(world.loop, world.intake).do(command("acknowledge"))
    assert done == ()
    world.end()


def test_an_errand_that_cannot_be_stored_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "STORED_SECONDS", 0.01)
    broken, silent = Loop(StoreUnavailableError("the disk is gone")), Loop(None)
    with pytest.raises(StoreUnavailableError, match="the disk is gone"):
        Errands(broken.loop, broken.intake).do(command("acknowledge"))
    with pytest.raises(StoreUnavailableError, match="not stored within"):
        Errands(silent.loop, silent.intake).do(command("acknowledge"))
    broken.end()
    silent.end()
    with pytest.raises(StoreUnavailableError, match="stopping"):
        Errands(broken.loop, broken.intake).do(command("acknowledge"))


# ── The door ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_everybody_has_an_answer_from_the_start(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db") as (runtime, _):
        house = runtime._door.slack()
        assert isinstance(house.answer(Said(by=ADA, place=HERE, text="status", at=NOW)), Answer)
        assert isinstance(house.answer(Pressed(by=ADA, place=HERE, verb="x", value={}, at=NOW)), Answer)
        assert isinstance(house.answer(Opened(by=ADA, at=NOW)), Home)
        assert house.shown("C1", "1.1") == ""


def test_everybody_hears_what_happens_and_one_may_answer(tmp_path: Path) -> None:
    heard: list[str] = []

    def silent(event: Noticed) -> Nothing:
        heard.append(event.channel)
        return Nothing()

    with serving(tmp_path / "tocsin.db") as (runtime, _):
        door: Door = runtime._door
        event = Noticed(chat="slack", change=Change.LEFT, at=NOW, channel="C1")
        assert door.slack().noticed(event) == Nothing()
        door.open(runtime._desk, [silent, lambda _: plain_answer("Bye."), silent])
        assert door.slack().noticed(event) == plain_answer("Bye.")
        assert heard == ["C1", "C1"]
