"""`tocsin destroy`: takes the stack out of an account, says what is lost with it, and what stays."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tocsin.aws import artifacts
from tocsin.aws.accounts import Cloud
from tocsin.aws.parameters import Secrets
from tocsin.aws.stacks import Stack, Stacks
from tocsin.aws.troubles import blamed, code_of
from tocsin.cli import deploy_plan
from tocsin.cli.deploy_progress import Screen, progress
from tocsin.cli.printing import plain, say_json
from tocsin.errors import TocsinError
from tocsin.incidents.machine import IncidentMachine
from tocsin.wiring.clock import SystemClock

OPEN_SHOWN: Final = 5
STILL_WHOLE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def run(given: argparse.Namespace) -> int:
    """`tocsin destroy`; the exit code."""
    screen = Screen(quiet=given.json)
    cloud = Cloud(profile=given.profile, region=given.region)
    account = cloud.identify(given.account or "")
    stacks = Stacks(cloud)
    screen.say(f"account {account.number}, region {account.region}, stack {given.stack}; you are {account.who}\n")
    stack, bucket = stacks.find(given.stack), artifacts.found(cloud, stacks, given.stack)
    code = stacks.find(given.stack + artifacts.SUFFIX)
    if stack is None and code is None and not (given.with_table and given.table):
        raise TocsinError(
            "stack-missing", f"there is no stack {given.stack} in {account.region}; is it another region?"
        )
    table = _table(stack, stacks)
    if not table and given.table:
        deploy_plan.find_table(cloud, given.table)
        table = given.table
    if stack is not None and stack.busy:
        raise TocsinError("stack-state", f"{stack.name} is being changed now ({stack.status}); wait until that is done")
    if stack is not None and table and stack.status in STILL_WHOLE:
        _refuse_open(given, screen, cloud, table)
    whole = f"the stack {given.stack}" if stack is not None or code is not None else f"what {given.stack} has left"
    if given.with_table:
        whole += f", its table {table or '(none)'} with all that is in it, and its secrets, for ever,"
    if not given.yes and not screen.ask(f"Delete {whole} in account {account.number}? [y/N] "):
        raise TocsinError("not-confirmed", "nothing was deleted")
    if stack is not None:
        progress(screen, stacks.delete(stack), stacks.resources(stack.id).keys())
    if bucket is not None:
        count = bucket.empty()
        screen.say(f"the bucket {bucket.bucket} was emptied: {count} versions\n")
    if code is not None:
        progress(screen, stacks.delete(code), stacks.resources(code.id).keys())
    stays = _rest(given, screen, cloud, table)
    if given.json:
        say_json({"account": account.number, "region": account.region, "stack": given.stack, "stays": stays})
    return 0


def _table(stack: Stack | None, stacks: Stacks) -> str:
    """The name of the stack's table; empty if it has none."""
    return stacks.resources(stack.id).get(deploy_plan.TABLE, "") if stack is not None else ""


def _refuse_open(given: argparse.Namespace, screen: Screen, cloud: Cloud, table: str) -> None:
    """Raises TocsinError while people are at work, or alerts wait, unless they are forced."""
    store = deploy_plan.open_store(cloud, table)
    try:
        health = store.health(SystemClock()())
        machine = IncidentMachine()
        rows = store.listing(machine.name, live_only=True, limit=OPEN_SHOWN)
        states: list[Any] = [machine.decode(row.state) for row in rows]
    finally:
        store.close()
    count = health.live.get(machine.name, 0)
    if not count and not health.pending and not health.backlog:
        return
    lines = [f"  {row.id}  {plain(state.face.title)}\n" for row, state in zip(rows, states, strict=True)]
    more = f"  and {count - len(rows)} more\n" if count > len(rows) else ""
    figures = (
        (count, "open incident", "open incidents"),
        (health.backlog, "delivery that nobody has read", "deliveries that nobody has read"),
        (health.pending, "message that has not left", "messages that have not left"),
    )
    counted = ", ".join(f"{number} {one if number == 1 else many}" for number, one, many in figures if number)
    said = f"{counted}\n{''.join(lines)}{more}"
    if not given.force:
        raise TocsinError(
            "incidents-open", f"refused, since people are still needed: {said}end that first, or say --force"
        )
    screen.say(f"Lost on the way: {said}")


def _rest(given: argparse.Namespace, screen: Screen, cloud: Cloud, table: str) -> Mapping[str, Any]:
    """What is left in the account, and how one gets rid of it."""
    vault = Secrets(cloud, deploy_plan.secrets_prefix(given.stack))
    if given.with_table:
        gone = vault.delete()
        if gone:
            screen.say(f"secrets deleted: {', '.join(gone)}\n")
        if table:
            _delete_table(cloud, table)
            screen.say(f"the table {table} was deleted\n")
        screen.say("Nothing stays but backups that were made by hand.\n")
        return {}
    names = sorted(vault.read())
    screen.say("\nWhat stays:\n")
    for line in _stays(table, names, given.stack):
        screen.say(f"  {line}\n")
    return {"table": table, "secrets": names}


def _stays(table: str, names: list[str], stack: str) -> Iterator[str]:
    if table:
        yield f"the table {table}, with everything in it, protected against deletion."
        yield f"  `tocsin deploy --stack {stack} --table {table}` takes it in again; it costs by what is stored."
    if names:
        yield f"the secrets under {deploy_plan.secrets_prefix(stack)}: {', '.join(names)}. They cost nothing."
    if not table and not names:
        yield "nothing"


def _delete_table(cloud: Cloud, table: str) -> None:
    client = cloud.client("dynamodb")
    with blamed(f"the end of the table {table} (dynamodb:UpdateTable, dynamodb:DeleteTable)"):
        try:
            client.update_table(TableName=table, DeletionProtectionEnabled=False)
            client.get_waiter("table_exists").wait(TableName=table)
            client.delete_table(TableName=table)
        except ClientError as problem:
            if code_of(problem) != "ResourceNotFoundException":
                raise
