"""Forms in a whole server: sent by many at the same moment they are done once, and a restart forgets none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from tests.concierge.forms_world import MONDAY, check
from tests.wiring.serving import serving, until
from tocsin.conversing.replies import Answer, Ask, Reply
from tocsin.conversing.wishes import Filled, Place, Pressed, Speaker
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.json import Json
from tocsin.saying.forms import Form
from tocsin.wiring.concierge import forms
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.outside import Outside

CONFIG = "responders: {ada: {}, bo: {}}\nteams: {ops: {members: [ada, bo]}}\n"
ADA = Speaker(chat="slack", user="U1", responder="ada")
HERE = Place(channel="C1")
CLICKS = 6


def opened(desk: Desk, verb: str, **value: Json) -> Form:
    reply = forms.pressed(desk)[verb](Pressed(by=ADA, place=HERE, verb=verb, value=value, at=MONDAY))
    assert isinstance(reply, Ask)
    check(reply.form)
    return reply.form


def all_at_once(work: Callable[[], Reply]) -> list[Reply]:
    start = Barrier(CLICKS)

    def one() -> Reply:
        start.wait(30)
        return work()

    with ThreadPoolExecutor(CLICKS) as pool:
        return [each.result(30) for each in [pool.submit(one) for _ in range(CLICKS)]]


def sending(desk: Desk, form: Form, **values: str) -> Callable[[], Reply]:
    wish = Filled(by=ADA, place=HERE, form=form.name, values=values, facts=form.facts, at=MONDAY)
    return lambda: forms.filled(desk)[form.name](wish)


def test_many_clicks_at_the_same_moment_are_one_and_a_restart_remembers_it(tmp_path: Path) -> None:
    outside = Outside(clock=lambda: MONDAY)
    with serving(tmp_path / "tocsin.db", CONFIG, outside) as (runtime, _):
        desk = runtime._desk
        form = opened(desk, "raise")
        replies = all_at_once(sending(desk, form, title="slow", severity="high"))
        assert all(isinstance(reply, Answer) for reply in replies)
        until(lambda: not runtime.store.backlog(1))
        rows = runtime.store.listing(IncidentMachine.name, live_only=False, limit=10)
        assert len(rows) == 1
        note = opened(desk, "form:note", i=rows[0].id)
        all_at_once(sending(desk, note, text="looking"))
    with serving(tmp_path / "tocsin.db", CONFIG, outside) as (runtime, _):
        desk = runtime._desk
        sending(desk, form, title="slow", severity="high")()
        sending(desk, note, text="looking")()
        until(lambda: not runtime.store.backlog(1))
        [row] = runtime.store.listing(IncidentMachine.name, live_only=False, limit=10)
        stories = [line.story for line in runtime.store.timeline(row.id, 50) if line.story.startswith("ada: ")]
        assert stories == ["ada: raised it", "ada: looking"]
