"""`tocsin keys`: what there is, a new one that is shown once, and the end of old ones; beside a running server."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.wiring.serving import ask, serving, until
from tocsin.cli import sending
from tocsin.cli.access import SERVED_AT
from tocsin.kernel.time import HOUR
from tocsin.sqlite.store import SqliteStore
from tocsin.web.gate import Knock
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.keys import digest, held_keys
from tocsin.wiring.wrong_keys import WrongKeys

CONFIG = "integrations: {prod: {key: key-of-production-1}}\n"
JSON = {"content-type": "application/json"}
NO_OVERLAP = "is not a duration like 30m, 24h or 7d, of at most a year\n"


def made(terminal: Terminal, name: str = "default", *more: str) -> str:
    """A new key."""
    said = terminal.type("keys", "rotate", name, *more)
    assert said.code == 0
    return said.out.split("\n")[0].rpartition("/")[2]


def knock(terminal: Terminal, presented: str, former: str = "", agent: str = "curl/8") -> None:
    with closing(SqliteStore(terminal.db)) as store:
        register = WrongKeys(store, SystemClock(), lambda _: former)
        register.note(Knock(presented=presented, path="/v1/in", peer="192.0.2.7", agent=agent))
        register.keep()


def test_the_list_shows_keys_by_their_last_characters(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure(CONFIG)
    said = terminal.type("keys")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "INTEGRATION  KEY    MADE                  LAST USED  ENDS\n"
        "default      none   -                     -          -\n"
        "prod         …on-1  in the configuration  never      -\n"
    )
    key = made(terminal)
    rows = terminal.type("keys", "list", "default").out.splitlines()[1:]
    assert [row.split()[:2] for row in rows] == [["default", f"…{key[-4:]}"]]
    document = terminal.type("keys", "--json").document
    assert document["wrong"] == []
    assert document["integrations"][1] == {
        "integration": "prod",
        "team": "everyone",
        "keys": [{"hint": "on-1", "made_at": None, "used_at": None, "ends_at": None, "configured": True}],
    }
    [found] = document["integrations"][0]["keys"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", found["made_at"])


def test_a_new_key_is_shown_once_and_the_old_ones_end_after_the_overlap(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure(f"server: {{url: 'https://bell.example/'}}\n{CONFIG}")
    first = made(terminal)
    said = terminal.type("keys", "rotate", "default", "--overlap", "1h")
    assert re.match(r"https://bell\.example/v1/in/[a-z2-7]{26}\n\nThis is shown once\. .* end in 1h\.\n$", said.out)
    with closing(SqliteStore(terminal.db)) as store:
        ends_at = held_keys(store)[digest(first)].ends_at
    assert ends_at
    assert 0 < ends_at - SystemClock()() <= HOUR
    assert "in 59m" in terminal.type("keys").out
    said = terminal.type("keys", "rotate", "prod", "--overlap", "0s")
    assert "made before have ended." in said.out
    assert "The one in the configuration opens until you take it out there." in said.out
    assert set(terminal.type("keys", "rotate", "prod", "--json").document) == {"integration", "url", "mail"}


def test_a_new_key_has_an_address_where_mail_is_taken(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure(f"mail_in: {{domain: alerts.example}}\n{CONFIG}")
    said = terminal.type("keys", "rotate", "default").out
    key = re.search(r"/v1/in/(\w+)\n", said)
    assert key
    assert f"\nby e-mail: {key[1]}@alerts.example\n" in said
    document = terminal.type("keys", "rotate", "default", "--json").document
    assert document["mail"] == f"{document['url'].rpartition('/')[2]}@alerts.example"


def test_keys_are_revoked(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure(CONFIG)
    first, second, third = (made(terminal) for _ in range(3))
    said = terminal.type("keys", "revoke", "default", "--hint", first[-4:])
    assert said.out == f"revoked: …{first[-4:]}; a running server refuses it within seconds\n"
    said = terminal.type("keys", "revoke", "default", "--hint", first[-4:])
    assert said.err == f"tocsin: there is no key of default that ends with {first[-4:]} to revoke\n"
    said = terminal.type("keys", "revoke", "default")
    assert said.out.endswith("refuses them within seconds\n")
    made(terminal, "prod")
    assert len(terminal.type("keys", "revoke", "prod", "--json").document["revoked"]) == 1
    said = terminal.type("keys", "revoke", "prod")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "tocsin: there is no key of prod to revoke; the one in the configuration ends when you take it out there\n"
    )
    assert {second[-4:], third[-4:]}.isdisjoint(terminal.type("keys").out.split("…"))


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("rotate",), 1, "tocsin: `tocsin keys rotate` needs the name of an integration\n"),
        (("revoke", "prd"), 1, 'tocsin: there is no integration "prd"; did you mean "prod"?\n'),
        (("rotate", "prod", "--overlap", "soon"), 2, f"'soon' {NO_OVERLAP}"),
        (("rotate", "prod", "--overlap", "999d"), 2, f"'999d' {NO_OVERLAP}"),
        (("burn",), 2, "(choose from 'list', 'rotate', 'revoke')\n"),
    ],
)  # fmt: skip
def test_a_call_that_makes_no_sense_is_refused(terminal: Terminal, words: tuple[str, ...], code: int, why: str) -> None:
    terminal.make_database()
    terminal.configure(CONFIG)
    said = terminal.type("keys", *words)
    assert (said.code, said.out) == (code, "")
    assert said.err.replace("choose from list, rotate, revoke", "choose from 'list', 'rotate', 'revoke'").endswith(why)


def test_wrong_keys_are_shown_without_moving_a_cursor(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure(CONFIG)
    knock(terminal, "a-key-of-nobody", agent="evil \x1b[2J")
    knock(terminal, "old-key-wxyz", former="prod")
    knock(terminal, "old-key-wxyz", former="prod")
    lines = re.sub(r"\d+s ago", "0s ago", terminal.type("keys").out).splitlines()
    assert lines[4] == "Wrong keys, which were refused:"
    assert lines[6].split() == ["KEY", "TIMES", "LAST", "FROM", "WHOSE"]
    assert sorted(" ".join(line.split()) for line in lines[7:]) == [
        "a-ke… (15 characters) 1 0s ago 192.0.2.7 evil �[2J nobody's",
        "…wxyz 2 0s ago 192.0.2.7 curl/8 prod",
    ]
    wrong = terminal.type("keys", "--json").document["wrong"]
    assert {(each["key"], each["integration"], each["count"]) for each in wrong} == {
        ("…wxyz", "prod", 2),
        ("a-ke… (15 characters)", None, 1),
    }


def test_doctor_tells_of_senders_that_are_lost(terminal: Terminal) -> None:
    terminal.make_database()
    knock(terminal, "a-key-of-nobody")
    assert (
        "1 request came with a wrong key, and was refused; `tocsin keys` lists them.\n" in terminal.type("doctor").out
    )
    knock(terminal, "old-key-wxyz", former="prod")
    said = terminal.type("doctor")
    assert said.code == 0
    assert "2 requests came with a wrong key, and were refused, among them old keys of prod; `tocsin keys`" in said.out
    assert terminal.type("doctor", "--json").document["wrong_keys"] == 2


def test_a_running_server_knows_a_new_key_at_once_and_a_revoked_one_not_for_long(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(terminal.db) as (runtime, ready):
        runtime.store.put_record(*SERVED_AT, ready.url)
        url = terminal.type("keys", "rotate", "default", "--json").document["url"]
        assert ask(url, b'{"title": "new"}', JSON)[0] == 202
        assert ask(ready.ingest_url, b'{"title": "old"}', JSON)[0] == 202
        assert terminal.type("keys", "revoke", "default").code == 0
        until(lambda: ask(url, b'{"title": "new"}', JSON)[0] == 403, 5)
        until(lambda: "an old key" in str(terminal.type("incidents", "--json").document))
        assert 'of \\"default\\" is refused' in terminal.type("incidents", "--json").out


def test_sending_waits_its_turn_while_somebody_tries_wrong_keys(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LOOK_AGAIN_SECONDS", 1.05)
    with serving(terminal.db) as (runtime, ready):
        runtime.store.put_record(*SERVED_AT, ready.url)
        for number in range(10):
            assert ask(f"{ready.url}/v1/in/a-wrong-key-{number}", b"{}", JSON)[0] == 403
        assert terminal.type("send", "hello").code == 0
        assert [key.brief for key in held_keys(runtime.store).values()] == [False]


def test_nothing_of_a_key_is_left_in_the_database(terminal: Terminal, tmp_path: Path) -> None:
    terminal.make_database()
    key = made(terminal)
    for file in tmp_path.glob("tocsin.db*"):
        assert key[:20].encode() not in file.read_bytes()
