"""`tocsin doctor`, `backup`, `restore` and `signin`: what is found, what is kept, what is refused."""

from __future__ import annotations

import re
import sqlite3
import stat
from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tests.wiring.serving import ask, serving
from tocsin.cli.claim import claim
from tocsin.engine.ports import Received
from tocsin.kernel.time import HOUR
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock

FIGURES = {
    "ok", "integrity", "broken", "open_incidents", "backlog", "oldest_backlog_age_ms", "oldest_due_age_ms",
    "undelivered", "oldest_undelivered_age_ms", "warning", "wrong_keys", "chat_troubles",
}  # fmt: skip


def damage(terminal: Terminal, sql: str) -> None:
    with closing(sqlite3.connect(terminal.db)) as raw, raw:
        raw.execute(sql)


def test_a_healthy_database_is_well(terminal: Terminal) -> None:
    terminal.make_database()
    said = terminal.type("doctor")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "tocsin.db is well\n"
        "\n"
        "            integrity  ok\n"
        "       open incidents  0\n"
        "without a next action  none\n"
        "       overdue timers  none\n"
        " deliveries to handle  0\n"
        "     pages to deliver  0\n"
    )
    said = terminal.type("doctor", "--json")
    assert said.code == 0
    assert set(said.document) == FIGURES
    assert said.document["ok"] is True
    assert said.document["broken"] == []


def test_a_broken_invariant_is_told_by_the_exit_code(terminal: Terminal) -> None:
    names = [terminal.ring(f"number {number}") for number in range(7)]
    damage(terminal, "UPDATE aggregates SET wake_at = NULL")
    said = terminal.type("doctor", "--json")
    assert (said.code, said.err) == (1, "")
    assert said.document["ok"] is False
    assert said.document["broken"] == sorted(names)
    assert "7 incidents owe a next action without having one" in said.document["warning"]
    said = terminal.type("doctor")
    assert said.code == 1
    assert said.out.startswith("tocsin.db is NOT well\n")
    assert "without a next action  1, 2, 3, 4, 5, ...\n" in said.out
    assert "\n7 incidents owe a next action without having one, first 1.\n" in said.out


def test_what_waits_too_long_is_a_warning_and_names_the_remedy(terminal: Terminal) -> None:
    then = SystemClock()() - 2 * HOUR
    terminal.ring(at=then)
    with closing(SqliteStore(terminal.db)) as store:
        store.accept([Received(received_at=then, channel="in", key="prod", head=b"", body=b"{}")])
    said = terminal.type("doctor")
    assert said.code == 0
    assert re.search(
        r"""
       overdue timers  for 1h 55m
 deliveries to handle  1, the oldest for 2h( \d+s)?
     pages to deliver  2, the oldest for 2h( \d+s)?

A delivery has waited 2h( \d+s)? to be handled; a timer is overdue by 1h 55m; a page or message .* to leave.
No server runs on this database: `tocsin serve` starts one.
$""",
        said.out,
    )
    found = terminal.type("doctor", "--json").document
    assert found["ok"] is True
    assert found["oldest_backlog_age_ms"] >= 2 * HOUR
    assert found["oldest_due_age_ms"] >= HOUR
    assert found["oldest_undelivered_age_ms"] >= 2 * HOUR
    with claim(terminal.db):
        assert "No server runs" not in terminal.type("doctor").out


def test_a_damaged_file_is_told_in_the_same_shape(terminal: Terminal) -> None:
    terminal.ring()
    whole = terminal.db.read_bytes()
    terminal.db.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    said = terminal.type("doctor", "--json")
    assert (said.code, said.err) == (1, "")
    assert set(said.document) == FIGURES
    assert said.document["ok"] is False
    assert "malformed" in said.document["integrity"]
    assert said.document["open_incidents"] is None
    said = terminal.type("doctor")
    assert said.code == 1
    assert "tocsin.db is NOT well\n" in said.out
    assert "malformed" in said.out


def test_damage_that_only_the_check_finds_counts(terminal: Terminal) -> None:
    terminal.make_database()
    with closing(sqlite3.connect(terminal.db)) as raw:
        number = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'receipts'").fetchone()[0]
    with terminal.db.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(b"\xff" * 100)
    said = terminal.type("doctor", "--json")
    assert said.code == 1
    assert said.document["integrity"] != "ok"
    assert said.document["broken"] in ([], None)


def test_a_backup_is_taken_while_the_server_runs_and_restored(terminal: Terminal) -> None:
    name = terminal.ring("before")
    with claim(terminal.db), serving(terminal.db):
        said = terminal.type("backup", "monday.db")
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith("monday.db holds tocsin.db as it is now: ")
        assert said.out.endswith(" bytes\n")
    terminal.ring("after")
    copy = terminal.folder / "monday.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    said = terminal.type("restore", "monday.db", "--force")
    assert (said.code, said.out, said.err) == (0, "tocsin.db is as monday.db was: 1 open incident\n", "")
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == [name]
    assert stat.S_IMODE(terminal.db.stat().st_mode) == 0o600
    assert {path.name for path in terminal.folder.iterdir()} == {"monday.db", "tocsin.db", "tocsin.db-lock"}


def test_a_backup_is_restored_where_there_was_nothing(terminal: Terminal) -> None:
    terminal.ring()
    terminal.ring("another")
    assert terminal.type("backup", "copy.db").code == 0
    terminal.db.unlink()
    said = terminal.type("restore", "copy.db")
    assert (said.code, said.out) == (0, "tocsin.db is as copy.db was: 2 open incidents\n")


def test_a_database_that_was_copied_with_its_log_is_restored_whole(terminal: Terminal) -> None:
    terminal.make_database()
    with closing(SqliteStore(terminal.db)) as store:
        store.accept([Received(received_at=1, channel="in", key="prod", head=b"", body=b"{}")])
        for suffix in ("", "-wal"):
            (terminal.folder / f"raw.db{suffix}").write_bytes((terminal.folder / f"tocsin.db{suffix}").read_bytes())
    assert terminal.type("restore", "raw.db", "--force").code == 0
    with closing(SqliteStore(terminal.db)) as store:
        assert len(store.backlog(10)) == 1


def test_a_backup_never_overwrites(terminal: Terminal) -> None:
    terminal.make_database()
    (terminal.folder / "notes").write_text("mine", encoding="utf-8")
    said = terminal.type("backup", "notes")
    assert (said.code, said.err) == (1, "tocsin: notes exists already; a backup never overwrites a file\n")
    assert (terminal.folder / "notes").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("words", [("backup", "none/b.db"), ("restore", "tocsin.db", "--db", "none/b.db")])
def test_a_folder_that_is_not_there_is_named(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.make_database()
    said = terminal.type(*words)
    assert (said.code, said.err) == (1, "tocsin: there is no folder none for b.db\n")


def test_restore_does_not_replace_without_force(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.type("backup", "b.db")
    said = terminal.type("restore", "b.db")
    assert (said.code, said.err) == (1, "tocsin: tocsin.db exists already; --force replaces it\n")


def test_restore_waits_for_no_running_server(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.type("backup", "b.db")
    with claim(terminal.db):
        said = terminal.type("restore", "b.db", "--force")
    assert (said.code, said.err) == (1, "tocsin: `tocsin serve` runs on tocsin.db; stop it first\n")


def test_the_database_is_no_backup_of_itself(terminal: Terminal) -> None:
    terminal.make_database()
    said = terminal.type("restore", "tocsin.db", "--force")
    assert (said.code, said.err) == (1, "tocsin: tocsin.db is the database itself; name a backup of it\n")


def test_what_is_no_sound_backup_is_refused_and_the_database_stays(terminal: Terminal) -> None:
    name = terminal.ring()
    terminal.type("backup", "good.db")
    good = (terminal.folder / "good.db").read_bytes()
    (terminal.folder / "notes").write_bytes(b"these are my notes " * 100)
    (terminal.folder / "torn").write_bytes(good[: len(good) // 2])
    (terminal.folder / "burnt").write_bytes(good[:8192] + b"\xff" * (len(good) - 8192))
    (terminal.folder / "empty").write_bytes(b"")
    with closing(sqlite3.connect(terminal.folder / "foreign")) as raw:
        raw.execute("CREATE TABLE songs (title)")
    for file, why in (
        ("missing", "there is no file missing"),
        ("notes", "notes is no sound database: file is not a database"),
        ("torn", "torn is "),
        ("burnt", "burnt is "),
        ("empty", "empty is a database, and not one of Tocsin's"),
        ("foreign", "foreign is a database, and not one of Tocsin's"),
    ):
        said = terminal.type("restore", file, "--force")
        assert (said.code, said.out) == (1, ""), file
        assert said.err.startswith(f"tocsin: {why}"), said.err
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == [name]


def test_a_copy_that_fails_leaves_nothing_behind(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    name = terminal.ring()
    terminal.type("backup", "good.db")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    said = terminal.type("restore", "good.db", "--force")
    assert (said.code, said.err) == (1, "tocsin: No space left on device\n")
    assert not (terminal.folder / "tocsin.db.part").exists()
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == [name]


def test_a_signin_link_opens_the_console(terminal: Terminal) -> None:
    terminal.configure()
    with serving(terminal.db, (terminal.folder / "tocsin.yaml").read_text(encoding="utf-8")) as (_, ready):
        said = terminal.type("signin", "--as", "ada")
        assert (said.code, said.err) == (0, "")
        path = said.out.strip().removeprefix("http://127.0.0.1:8420")
        assert path.startswith("/signin/")
        status, body, _ = ask(ready.url + path)
    assert status == 200
    assert b"form" in body


@pytest.mark.parametrize(
    ("server", "begins"),
    [
        ("", "http://127.0.0.1:8420/signin/"),
        ("server: {url: https://bell.example/}", "https://bell.example/signin/"),
        ("server: {host: '::', port: 9000}", "http://[::1]:9000/signin/"),
        ("server: {host: 0.0.0.0}", "http://127.0.0.1:8420/signin/"),
    ],
)
def test_a_signin_link_leads_to_where_the_console_is(terminal: Terminal, server: str, begins: str) -> None:
    terminal.make_database()
    terminal.configure(server)
    assert terminal.type("signin").out.startswith(begins)


def test_a_signin_link_is_for_somebody_who_exists(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure()
    said = terminal.type("signin", "--as", "adaa")
    assert (said.code, said.err) == (1, 'tocsin: there is no responder "adaa"; did you mean "ada"?\n')
