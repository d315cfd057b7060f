"""`tocsin destroy`, and moving between a database and the table of a stack, on ministack."""

from __future__ import annotations

from contextlib import closing

from tests.aws.account import EMAIL, Account, accept
from tests.aws.cloud import REGION
from tests.aws.cloud import Cloud as Emulator
from tocsin.aws.accounts import Cloud
from tocsin.aws.stacks import Stacks
from tocsin.sqlite.store import SqliteStore


# ── Destroy ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_destroy_keeps_the_table_and_a_new_stack_takes_it_in(account: Account) -> None:
    account.deployed()
    accept(account.open())
    table = account.table
    said = account.destroy("--yes", "--force")
    assert said.code == 0
    assert f"`tocsin deploy --stack {account.stack} --table {table}` takes it in again" in said.out
    assert Stacks(Cloud()).find(account.stack) is None
    assert Stacks(Cloud()).find(f"{account.stack}-code") is None
    said = account.deployed("--table", table)
    assert f"{table} is there already, and is taken in as it is" in said.out
    assert account.table == table
    assert account.deploy().code == 0
    assert account.table == table
    with closing(account.open()) as store:
        assert len(store.backlog(9)) == 1
    assert "only a new stack can take in another" in account.deploy("--table", "other").err
    assert account.destroy("--yes", "--force").code == 0
    assert account.destroy("--yes", "--with-table", "--table", table).code == 0
    said = account.destroy("--yes", "--with-table", "--table", table)
    assert said.err == f"tocsin: --table {table}: there is no such table in {REGION}\n"


def test_only_a_table_of_ours_that_is_there_is_taken_in(account: Account, cloud: Emulator) -> None:
    del cloud
    said = account.deploy(*EMAIL, "--table", "nothing-there")
    assert said.err == (f"tocsin: --table nothing-there: there is no such table in {REGION}\n")
    name = f"{account.stack}-theirs"
    Cloud().client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    wrong = f"tocsin: --table {name}: that is no table of Tocsin: it has other keys\n"
    assert account.deploy(*EMAIL, "--table", name).err == wrong
    assert account.destroy("--yes", "--with-table", "--table", name).err == wrong
    assert account.type("backup", "--from", "aws", "--table", name, "x").err == wrong
    assert Stacks(Cloud()).find(f"{account.stack}-code") is None


def test_destroy_refuses_while_something_waits(account: Account) -> None:
    account.deployed()
    accept(account.open())
    said = account.destroy("--yes")
    assert said.code == 1
    assert said.err.startswith("tocsin: refused, since people are still needed: 1 delivery that nobody has read\nend")
    assert Stacks(Cloud()).find(account.stack) is not None
    said = account.destroy("--yes", "--force", "--json")
    assert said.document["stays"]["secrets"] == []
    assert "Lost on the way: 1 delivery that nobody has read\n" in said.err


def test_destroy_shows_the_incidents_that_are_open(account: Account) -> None:
    account.deployed()
    for number in range(7):
        account.ring(f"disk {number}")
    assert account.type("backup", "--dump", "moved").code == 0
    assert account.type("restore", "--to", "aws", "--stack", account.stack, "moved").code == 0
    said = account.destroy("--yes")
    assert "people are still needed: 7 open incidents" in said.err
    assert "  disk 6\n" in said.err
    assert "  and 2 more\n" in said.err


def test_there_must_be_something_to_destroy(account: Account) -> None:
    assert account.destroy("--yes").err == (
        f"tocsin: there is no stack {account.stack} in {REGION}; is it another region?\n"
    )


# ── Moving ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_copy_of_the_database_moves_into_aws_and_a_dump_back(account: Account) -> None:
    account.deployed()
    incident = account.ring("the disk is full")
    assert account.type("backup", "monday.db").code == 0
    said = account.type("restore", "--to", "aws", "--stack", account.stack, "monday.db")
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith(" lines are restored: a database as it was " + said.out.rpartition("it was ")[2])
    with closing(account.open()) as store:
        assert list(store.load([incident])) == [incident]
    said = account.type("backup", "--from", "aws", "--stack", account.stack, "tuesday")
    assert said.out.startswith("tuesday holds ")
    assert account.type("restore", "--db", "new.db", "tuesday").code == 0
    with closing(SqliteStore(account.folder / "new.db")) as new, closing(SqliteStore(account.db)) as old:
        assert new.load([incident]) == old.load([incident])
    said = account.type("restore", "--db", "new.db", "tuesday")
    assert said.err.startswith(
        "tocsin: there is something in it already. A restore needs an empty store (a new stack of "
    )
    assert account.type("backup", "--from", "aws", "--stack", account.stack, "tuesday").err == (
        "tocsin: tuesday exists already; a backup never overwrites a file\n"
    )


def test_moving_names_what_is_missing(account: Account) -> None:
    assert (
        f"there is no stack {account.stack}"
        in account.type("backup", "--from", "aws", "--stack", account.stack, "x").err
    )
    assert account.type("backup", "--dump", "--db", "no.db", "x").err == (
        "tocsin: there is no database at no.db; name it with --db\n"
    )
    assert "there is no folder" in account.type("backup", "--dump", "nowhere/x").err
    account.make_database()
    assert account.type("backup", "--dump", "dump").code == 0
    assert "there is no folder" in account.type("restore", "--db", "nowhere/new.db", "dump").err
    assert account.type("restore", "nothing").err == "tocsin: there is no file nothing\n"
