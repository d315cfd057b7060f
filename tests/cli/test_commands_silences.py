"""`tocsin silence`, `silences` and `maintenance`: made in plain words, listed, extended, expired."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from msgspec.structs import replace

from tests.cli.terminal import CONFIG, Terminal
from tocsin.cli.claim import claim
from tocsin.engine.ports import Commit
from tocsin.engine.runner import Addressed, Runner
from tocsin.incidents.inputs import Muted
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silences import Mute, Phase
from tocsin.kernel.time import DAY, HOUR, format_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock

ZONED = CONFIG.replace("bo: {}", "bo: {time_zone: Europe/Berlin}").replace(
    "teams: {ops: {members: [ada, bo]}}", "teams: {ops: {members: [ada, bo]}, web: {members: [bo]}}"
)
DB = ("service=db", "severity=warning")


@pytest.fixture
def there(terminal: Terminal) -> Terminal:
    terminal.configure(ZONED)
    terminal.make_database()
    return terminal


def make(terminal: Terminal, *words: str) -> Silencing:
    given = words or ("--for", "2 h", *DB)
    said = terminal.type("silence", "--why", "disk swap", "--json", *given)
    assert said.code == 0, said.err
    return stored(terminal, said.document["id"])


def stored(terminal: Terminal, name: str) -> Silencing:
    with closing(SqliteStore(terminal.db)) as store:
        return SilenceMachine().decode(store.load([name])[name].state)


def test_one_is_made_in_plain_words(there: Terminal) -> None:
    said = there.type("silence", "--for", "2 h", "--why", "disk swap", *DB)
    assert said.code == 0
    assert re.match(r"[0-9a-f]{12}: silences service=db severity=warning\n", said.out)
    assert re.search(r"state +active\n", said.out)
    assert re.search(r"by +bo\n +why +disk swap\n", said.out)
    assert said.err == "No server runs: people hear of this when `tocsin serve` does.\n"


def test_for_scripts_all_is_told(there: Terminal) -> None:
    said = there.type("silence", "--for", "2h", "--why", "x", "--json", "--team", "ops", "--integration", "prod", *DB)
    assert said.document == said.document | {
        "state": "active",
        "matchers": ['service="db"', 'severity="warning"'],
        "team": "ops",
        "integration": "prod",
        "every": None,
        "by": "bo",
        "why": "x",
        "held_back": 0,
        "mutes": [],
        "maintenance": False,
    }
    assert there.type("silences", "--json").document == [said.document]
    assert there.type("silence", "show", said.document["id"], "--json").document == said.document


def test_its_maker_is_told_before_its_end_or_the_room(there: Terminal) -> None:
    assert make(there).silence.tell == ("responder:bo",)
    assert make(there, "--for", "2h", "--by", "ada", *DB).silence.tell == ("responder:ada",)
    there.configure(CONFIG.replace("bo: {}", "").replace(", bo]", "]").replace(", {ask: bo}", ""))
    assert make(there, "--for", "2h", *DB).silence.tell == ()
    assert make(there, "--for", "2h", "--team", "ops", *DB).silence.tell == ("team:ops",)


def test_times_are_by_the_clocks_of_the_one_who_says_them(there: Terminal) -> None:
    day = format_instant(SystemClock()() + 7 * DAY)[:10]
    ours = make(there, "--starts", f"{day}T12:00", "--until", f"{day}T18:00", *DB).silence
    theirs = make(there, "--starts", f"{day}T12:00", "--until", f"{day}T18:00Z", "--zone", "UTC", *DB).silence
    assert ours.ends_at - ours.starts_at == theirs.ends_at - theirs.starts_at == 6 * HOUR
    assert theirs.starts_at - ours.starts_at in {HOUR, 2 * HOUR}  # Berlin's clocks are ahead.
    assert re.search(r"pending +begins in [67]d", there.type("silences").out)


def test_one_that_comes_again_waits_for_its_window(there: Terminal) -> None:
    state = make(there, "--every", "Sun 02:00-04:00", "--every", "sat 22:00-23:00", *DB)
    silence = state.silence
    assert (silence.every, silence.zone) == (("sun 02:00-04:00", "sat 22:00-23:00"), "Europe/Berlin")
    assert silence.ends_at - silence.starts_at in {HOUR, 2 * HOUR, *range(2 * HOUR)}
    assert "every sun 02:00-04:00, sat 22:00-23:00 (Europe/Berlin)" in there.type("silences").out
    last = make(there, "--every", "sun", "--zone", "UTC", "--for", "30d", *DB).silence.last
    assert last is not None
    assert last > SystemClock()()


def test_the_alerts_of_an_incident_are_silenced(there: Terminal) -> None:
    name = there.ring("CPU is high", service="db")
    state = make(there, "--for", "1d", "--incident", name)
    assert [str(each) for each in state.silence.matchers] == ['dedup_key="CPU is high"']
    assert state.silence.integration == "prod"


def test_an_incident_that_is_silenced_says_so(there: Terminal) -> None:
    name = there.ring("CPU is high")
    with closing(SqliteStore(there.db)) as store:
        now = SystemClock()()
        mute = Mute(silence="s", by="ada", until=now + HOUR, why="disk swap")
        given = Muted(dedup_key="CPU is high", mute=mute)
        item = Addressed(input_id="t", machine="incident", given=given, aggregate=name)
        Runner(store, [IncidentMachine()]).handle([item], now)
    assert "silenced (ada)" in there.type("incidents").out
    shown = there.type("show", name)
    assert re.search(r"waits +Silenced by ada until [-0-9]+ [:0-9]+ UTC: disk swap\.\n", shown.out)
    told = there.type("show", name, "--json").document["silenced"]
    assert (told["silence"], told["by"], told["why"]) == ("s", "ada", "disk swap")


def test_one_is_extended_and_expired(there: Terminal) -> None:
    before = make(there)
    name = before.silence.id
    assert there.type("silence", "extend", name, "--for", "1h").code == 0
    assert stored(there, name).silence.ends_at == before.silence.ends_at + HOUR
    said = there.type("silence", "expire", name)
    assert (said.code, stored(there, name).phase) == (0, Phase.EXPIRED)
    assert there.type("silences").out == "no silences\n"
    assert re.search(r"expired +\d+s ago +bo +0 +service=db", there.type("silences", "--all").out)
    for action in ("extend", "expire"):
        again = there.type("silence", action, name, "--for", "1h")
        assert (again.code, "is over" in again.err) == (1, True)


def test_a_maintenance_is_over_a_team_or_an_integration(there: Terminal) -> None:
    said = there.type("maintenance", "--team", "ops", "--for", "1h", "--why", "new database", "--json")
    state = stored(there, said.document["id"])
    assert (state.silence.maintenance, state.silence.matchers, state.silence.tell) == (True, (), ("team:ops",))
    assert "maintenance: everything of team ops" in there.type("silences").out
    shown = there.type("silence", "show", state.silence.id)
    assert "maintenance of everything of team ops" in shown.out
    there.type("maintenance", "--integration", "prod", "--for", "1h", "--why", "x", *DB)
    assert "maintenance: service=db severity=warning in integration prod" in there.type("silences").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("silence", *DB, "--why", "x"), "say until when"),
        (("silence", "--for", "1h", "--why", "x"), "say which alerts"),
        (("silence", "--for", "1h", *DB), "say why"),
        (("silence", "--for", "31d", "--why", "x", *DB), "longer than 30d"),
        (("silence", "--for", "soon", "--why", "x", *DB), "'soon' is no duration"),
        (("silence", "--until", "soon", "--why", "x", *DB), "'soon' is no time"),
        (("silence", "--until", "2001-01-01T09:00", "--why", "x", *DB), "later than its beginning"),
        (("silence", "--until", "2001-01-01T09:00+01:00", "--why", "x", *DB), "later than its beginning"),
        (("silence", "--for", "1h", "--why", "x", "--remind", "2d", *DB), "'2d' is no duration like 15m"),
        (("silence", "--for", "1h", "--why", "x", "--zone", "Berlin", *DB), "'Berlin' is no time zone"),
        (("silence", "--for", "1h", "--why", "x", "--by", "cy", *DB), "there is no responder"),
        (("silence", "--for", "1h", "--why", "x", "--team", "op", *DB), 'did you mean "ops"'),
        (("silence", "--for", "1h", "--why", "x", "--integration", "prd", *DB), 'did you mean "prod"'),
        (("silence", "--for", "1h", "--why", "x", "--incident", "99"), "there is no incident '99'"),
        (("silence", "--every", "sundays", "--why", "x", *DB), "'sundays' is no window"),
        (("silence", "--every", "mon-sun", "--why", "x", *DB), "never close"),
        (("silence", "extend", "--for", "1h"), "say `tocsin silence extend ID`"),
        (("silence", "show"), "say `tocsin silence show ID`"),
        (("silence", "show", "s-9"), "there is no silence 's-9'"),
        (("maintenance", "--for", "1h", "--why", "x"), "say which: --team"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(there: Terminal, words: tuple[str, ...], sentence: str) -> None:
    said = there.type(*words)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert there.type("silences").out == "no silences\n"


def test_a_server_that_is_busy_does_it_later(there: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.cli.incidents.SERVER_SECONDS", 0.0)
    with claim(there.db):
        said = there.type("silence", "--for", "1h", "--why", "x", *DB)
    assert (said.code, said.out) == (0, "")
    assert "does it in a moment" in said.err
    assert there.type("silences").out == "no silences\n"
    with closing(SqliteStore(there.db)) as store:
        assert len(store.backlog(2)) == 1


def test_an_extension_says_how_long(there: Terminal) -> None:
    name = make(there).silence.id
    for words, sentence in (
        ((), "say how much longer"),
        (("--until", "1m"), ""),
        (("--for", "60d"), "longer than 30d"),
        (("--until", "2001-01-01T09:00Z"), "later than the beginning"),
    ):
        said = there.type("silence", "extend", name, *words)
        assert sentence in said.err
        assert (said.code == 0) is (sentence == "")


def test_one_of_the_configuration_is_ended_for_good_only_there(there: Terminal) -> None:
    state = make(there, "--every", "sun 02:00-04:00", *DB)
    named = replace(state, silence=replace(state.silence, name="backup"))
    with closing(SqliteStore(there.db)) as store:
        machine = SilenceMachine()
        standing = machine.standing(named)
        store.commit(
            [
                Commit(
                    aggregate=named.silence.id,
                    machine=machine.name,
                    expected=1,
                    state=machine.encode(named),
                    wake_at=standing.wake_at,
                    live=True,
                    owes=True,
                    rank=standing.rank,
                )
            ]
        )
    said = there.type("silence", "expire", named.silence.id, "--for-good")
    assert (said.code, "take it out there" in said.err) == (1, True)
    assert there.type("silence", "expire", named.silence.id).code == 0
    assert stored(there, named.silence.id).silence.starts_at - state.silence.starts_at in {
        7 * DAY,
        7 * DAY + HOUR,
        7 * DAY - HOUR,
    }
