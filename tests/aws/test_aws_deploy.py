"""`tocsin deploy`, `tocsin destroy` and moving on ministack: the real template, the real table, there and back."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

import pytest
import yaml

from tests.aws.account import CHANGED, CONFIG, EMAIL, Account, accept
from tests.aws.cloud import ACCOUNT, REGION
from tocsin.aws.accounts import Cloud
from tocsin.aws.parameters import Secrets
from tocsin.aws.stacks import Stacks, Wanted
from tocsin.cli import deploy_alert, deploy_next
from tocsin.cli.deploy_progress import Screen
from tocsin.cli.deploy_secrets import fill
from tocsin.errors import TocsinError
from tocsin.stack.build import build
from tocsin.web.console.sessions import link_is_good
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.keys import digest, held_keys
from tocsin.wiring.settings import Settings


# ── From nothing ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_first_deployment_shows_what_is_made_and_what_to_paste_into_slack(account: Account) -> None:
    said = account.deployed()
    assert f"account {ACCOUNT}, region {REGION}, stack {account.stack}; you are arn:aws:iam::{ACCOUNT}" in said.out
    assert "a bucket for the code was made\n" in said.out
    assert re.search(r"^    added +\d+ AWS::CloudWatch::Alarm: \w+, .* and \d+ more$", said.out, re.MULTILINE)
    assert "    added    1 AWS::DynamoDB::Table: Table\n" in said.out
    assert "  Table  AWS::DynamoDB::Table made\n" in said.out
    found = Stacks(Cloud()).find(account.stack)
    assert found is not None
    url = found.outputs["PublicUrl"]
    assert f"  console  {url}\n" in said.out
    pasted = yaml.safe_load(said.out.partition(f"{deploy_next.SLACK}\n")[2].rpartition("\nDone in ")[0])
    assert pasted["settings"]["event_subscriptions"]["request_url"] == f"{url}/slack/events"
    assert account.runtime()["FallbackEmail"] == "ops@example.com"
    assert account.runtime()["SecretsPrefix"] == f"/tocsin/{account.stack}/"


def test_the_ways_in_of_a_new_stack_are_told_once(account: Account) -> None:
    said = account.deployed()
    again = f" --at aws --stack {account.stack}`"
    assert re.search(rf"`tocsin signin{again} prints a new link\):\n  https://\S+/signin/\S+\n", said.out)
    assert re.search(rf"`tocsin keys rotate default{again} makes another\):\n  https://\S+/v1/in/\S+\n", said.out)
    assert "AWS sends a mail to ops@example.com. Confirm the subscription in it" in said.out
    said = account.deploy()
    assert "/signin/" not in said.out
    assert "/v1/in/" not in said.out


def test_the_bus_of_an_organisation_is_told(account: Account) -> None:
    said = account.deploy(*EMAIL, "--json")
    assert said.document["bus"] is None
    said = account.deploy("--json", "--set", "OrganizationId=o-a1b2c3d4e5")
    assert said.document["bus"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{account.stack}"
    assert f"\n      bus  {said.document['bus']}\n" in said.err


def test_secrets_are_written_only_once_people_have_agreed(
    account: Account, monkeypatch: pytest.MonkeyPatch, typing: Callable[[str], None]
) -> None:
    account.configure(SECRET)
    monkeypatch.setenv("ADA_NTFY", TOPIC)
    typing("no\n")
    said = account.type("deploy", "--stack", account.stack, "--zip", "code.zip", "--no-test", *EMAIL)
    assert said.code == 1
    assert "secrets written" not in said.out
    assert Secrets(Cloud(), f"/tocsin/{account.stack}/").read() == {}


def test_with_slack_and_a_key_in_the_file_neither_is_asked_for_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = f"{deploy_next.SLACK}\n"
    account.configure(CONFIG + slack + 'integrations: {default: {key: "${KEY}"}}\n')
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, f"test-secret-{name}")
    monkeypatch.setenv("KEY", "a-key-that-the-file-names-itself")
    said = account.deployed()
    assert "Create New App" not in said.out
    assert "the app must know this address" in said.out
    assert "/v1/in/" not in said.out
    assert "/signin/" in said.out


def test_a_deployed_stack_is_reached_for_keys_and_links(account: Account) -> None:
    url = account.deploy(*EMAIL, "--json").document["url"]
    at = ("--at", "aws", "--stack", account.stack)
    said = account.type("signin", *at, "--as", "ada")
    assert said.out.startswith(f"{url}/signin/")
    with closing(account.open()) as store:
        assert link_is_good(store, said.out.strip().rpartition("/")[2], SystemClock()())
    assert 'there is no responder "bo"' in account.type("signin", *at, "--as", "bo").err
    key = account.type("keys", "rotate", "default", *at, "--json").document["url"]
    assert key.startswith(f"{url}/v1/in/")
    assert key[-4:] in account.type("keys", *at).out
    assert account.type("keys", "revoke", "default", *at).out.count("…") == 2
    (account.folder / "tocsin.yaml").unlink()
    assert account.type("signin", *at).out.startswith(f"{url}/signin/")
    assert account.type("signin", *at, "--config", "none.yaml").err == (
        "tocsin: there is no none.yaml; `tocsin init` writes one\n"
    )
    assert "there is no stack none in" in account.type("signin", "--at", "aws", "--stack", "none").err


def test_a_second_deployment_changes_nothing_and_keeps_what_was_said(account: Account) -> None:
    account.deployed("--set", "LogDays=90")
    said = account.deploy()
    assert "The stack is so already: nothing changes.\n" in said.out
    assert "api.slack.com" not in said.out
    assert account.runtime()["LogDays"] == "90"


def test_scripts_read_an_object_and_people_the_other_stream(account: Account) -> None:
    said = account.deploy(*EMAIL, "--json")
    document = said.document
    assert document["changed"] is True
    assert (document["account"], document["region"], document["stack"]) == (ACCOUNT, REGION, account.stack)
    assert {each["deed"] for each in document["changes"]} == {"add"}
    assert document["table"] == account.table
    assert document["ms"] >= 0
    assert "AWS::DynamoDB::Table: Table\n" in said.err
    with closing(account.open()) as store:
        assert document["signin_url"].startswith(f"{document['url']}/signin/")
        assert link_is_good(store, document["signin_url"].rpartition("/")[2], SystemClock()())
        assert document["ingest_url"].startswith(f"{document['url']}/v1/in/")
        assert digest(document["ingest_url"].rpartition("/")[2]) in held_keys(store)


def test_a_dry_run_in_an_empty_account_makes_nothing(account: Account) -> None:
    said = account.deploy(*EMAIL, "--dry-run", "--json")
    assert said.document["changed"] is False
    assert "Table" in {each["name"] for each in said.document["changes"]}
    assert Stacks(Cloud()).find(account.stack) is None
    assert Stacks(Cloud()).find(f"{account.stack}-code") is None


def test_a_dry_run_of_a_change_shows_it_and_leaves_it(account: Account) -> None:
    account.deployed()
    before = account.runtime()
    account.configure(CHANGED)
    said = account.deploy("--dry-run")
    assert "  changed  InboxFunction  " in said.out
    assert "That was a dry run: nothing was changed.\n" in said.out
    assert account.runtime() == before


def test_somebody_to_tell_is_needed(account: Account) -> None:
    said = account.deploy()
    assert said.code == 1
    assert said.err.startswith("tocsin: name who hears of it when Tocsin itself is ill: --email ops@example.com")


def test_a_parameter_that_is_not_there_has_a_near_one(account: Account) -> None:
    assert account.deploy(*EMAIL, "--set", "LogDay=9").err == (
        "tocsin: the template has no parameter 'LogDay'; did you mean LogDays?\n"
    )
    assert "no parameter 'CodeKey'" in account.deploy(*EMAIL, "--set", "CodeKey=x").err


def test_without_a_configuration_nothing_is_deployed(account: Account) -> None:
    (account.folder / "tocsin.yaml").unlink()
    assert account.deploy(*EMAIL).err == "tocsin: there is no tocsin.yaml; `tocsin init` writes one\n"


def test_a_wrong_configuration_is_told_before_anything_is_changed(account: Account) -> None:
    account.configure("respondres: {}\n")
    said = account.deploy(*EMAIL)
    assert said.code == 1
    assert "tocsin.yaml:1:1: respondres is not known" in said.err or "respondres" in said.err
    assert Stacks(Cloud()).find(f"{account.stack}-code") is None


def test_workflows_go_along_and_must_lie_beside_the_configuration(account: Account) -> None:
    text = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    (account.folder / "flows").mkdir()
    (account.folder / "flows" / "chore.json").write_text(text)
    account.configure(CONFIG + "workflows: {chore: {file: flows/chore.json}}\n")
    account.deployed()
    assert any(
        "Flow" in name or "Workflow" in name or "Chore" in name for name in Stacks(Cloud()).resources(account.stack)
    )
    outside = account.folder.parent / "outside.json"
    outside.write_text(text)
    account.configure(CONFIG + f"workflows: {{chore: {{file: {outside}}}}}\n")
    assert "move it beside the configuration" in account.deploy().err


# ── People are asked ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What people type at a terminal."""

    def types(text: str) -> None:
        typed = io.StringIO(text)
        typed.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", typed)

    return types


def test_a_change_is_made_only_after_a_yes(account: Account, typing: Callable[[str], None]) -> None:
    words = ("deploy", "--stack", account.stack, "--zip", "code.zip", "--no-test", *EMAIL)
    typing("no\n")
    said = account.type(*words)
    assert "\nChange the stack like this? [y/N] " in said.out
    assert (said.code, said.err) == (1, "tocsin: nothing was changed\n")
    assert Stacks(Cloud()).find(account.stack) is None
    typing("y\n")
    assert account.type(*words).code == 0
    typing("\n")
    said = account.destroy()
    assert f"Delete the stack {account.stack} in account {ACCOUNT}? [y/N] " in said.out
    assert (said.code, said.err) == (1, "tocsin: nothing was deleted\n")
    typing("\n")
    said = account.destroy("--with-table")
    whole = f"the stack {account.stack}, its table {account.table} with all that is in it, and its secrets, for ever,"
    assert f"Delete {whole} in account {ACCOUNT}? [y/N] " in said.out
    assert Stacks(Cloud()).find(account.stack) is not None


def test_who_hears_of_trouble_is_asked_for_once(account: Account, typing: Callable[[str], None]) -> None:
    typing("ops@example.com\n")
    said = account.deploy()
    assert "Who hears of it when Tocsin itself is ill? An e-mail address: " in said.out
    assert account.runtime()["FallbackEmail"] == "ops@example.com"
    typing("")
    assert account.deploy().code == 0


def test_whoever_goes_away_at_the_question_leaves_nothing(account: Account, typing: Callable[[str], None]) -> None:
    words = ("deploy", "--stack", account.stack, "--zip", "code.zip", "--no-test", *EMAIL)
    assert account.type(*words).code == 1  # Nobody is there.
    assert Stacks(Cloud()).find(account.stack) is None
    typing("\n")
    assert account.type(*words).code == 1
    assert Stacks(Cloud()).find(account.stack) is None


def test_whoever_is_interrupted_can_still_go_back(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.deployed()
    first = account.runtime()
    account.configure(CHANGED)

    def interrupted(_: Screen, events: Iterable[Any], __: Any) -> None:  # noqa: ANN401 - as it is called.
        list(events)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.cli.deploy.progress", interrupted)
        said = account.deploy()
    assert "AWS goes on with it. When it is done, `tocsin deploy` says how things are.\n" in said.out
    assert "nothing changes" in account.deploy().out
    said = account.type("deploy", "--stack", account.stack, "--rollback", "--yes", "--no-test")
    assert said.code == 0
    assert account.runtime() == first


def test_where_nobody_can_be_asked_yes_must_be_said(account: Account) -> None:
    said = account.type("deploy", "--stack", account.stack, "--zip", "code.zip", "--no-test", *EMAIL)
    assert said.err == "tocsin: nobody can be asked here; --yes says that it may be done\n"


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────
SECRET = 'responders: {ada: {ntfy: "${ADA_NTFY}"}}\nteams: {ops: {members: [ada]}}\n'
TOPIC = "https://ntfy.example.com/a-long-name-of-ada"


def test_secrets_of_the_environment_are_stored_and_never_shown(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.configure(SECRET)
    said = account.deploy(*EMAIL)
    assert said.err.startswith("tocsin: tocsin.yaml asks for ADA_NTFY: set it in the environment (")
    monkeypatch.setenv("ADA_NTFY", TOPIC)
    said = account.deployed()
    assert "secrets written: ADA_NTFY\n" in said.out
    assert TOPIC not in said.out
    assert TOPIC not in Stacks(Cloud()).template(account.stack)
    vault = Secrets(Cloud(), f"/tocsin/{account.stack}/")
    assert vault.read() == {"ADA_NTFY": TOPIC}
    monkeypatch.delenv("ADA_NTFY")
    again = account.deployed()  # It is known there.
    assert "secrets written" not in again.out
    monkeypatch.setenv("ADA_NTFY", f"{TOPIC}-2")
    assert "secrets written: ADA_NTFY\n" in account.deployed().out
    assert vault.read() == {"ADA_NTFY": f"{TOPIC}-2"}
    account.configure(CONFIG)
    assert account.destroy("--yes", "--with-table").code == 0
    assert vault.read() == {}


def test_a_secret_that_has_changed_starts_the_functions_anew(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.configure(SECRET)
    monkeypatch.setenv("ADA_NTFY", TOPIC)
    account.deployed()
    before = account.runtime()["CodeKey"]
    assert "nothing changes" in account.deploy().out
    monkeypatch.setenv("ADA_NTFY", f"{TOPIC}-2")
    said = account.deploy()
    assert "6 changed" in said.out
    assert account.runtime()["CodeKey"] != before


def test_a_secret_is_asked_for_where_somebody_sits(account: Account) -> None:
    account.configure(SECRET)
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return TOPIC

    filled = fill(account.folder / "tocsin.yaml", {}, {}, ask)
    assert asked == ["ADA_NTFY"]
    assert filled.names == ("ADA_NTFY",)
    assert filled.fresh == {"ADA_NTFY": TOPIC}


# ── Upgrades, and back ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_rollback_brings_code_and_template_back(account: Account) -> None:
    account.deployed()
    first = account.runtime()
    account.configure(CHANGED)
    account.deploy("--set", "LogDays=90")
    second = account.runtime()
    assert first["CodeKey"] != second["CodeKey"]
    said = account.type("deploy", "--stack", account.stack, "--rollback", "--yes", "--no-test")
    assert "back to Tocsin " in said.out
    assert account.runtime() == first
    said = account.type("deploy", "--stack", account.stack, "--rollback", "--yes", "--no-test")
    assert said.err == f"tocsin: nothing else was deployed as {account.stack} before: there is no way back\n"
    account.deploy("--set", "LogDays=90")
    assert account.runtime() == second


def test_there_is_no_way_back_from_the_first_deployment(account: Account) -> None:
    words = ("deploy", "--stack", account.stack, "--rollback", "--yes", "--no-test")
    assert "there is no way back" in account.type(*words).err
    account.deployed()
    assert "there is no way back" in account.type(*words).err


def test_what_was_taken_in_before_an_upgrade_is_there_after_it(account: Account) -> None:
    account.deployed()
    accept(account.open())
    table = account.table
    account.configure(CHANGED)
    assert account.deploy().code == 0
    assert account.table == table
    with closing(account.open()) as store:
        assert len(store.backlog(9)) == 1


def altered(monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    """From now on the template's table is another one."""

    def other(settings: Settings) -> dict[str, Any]:
        template: dict[str, Any] = build(settings)
        change(template["Resources"]["Table"]["Properties"])
        return template

    monkeypatch.setattr("tocsin.cli.deploy_plan.build", other)


def test_a_template_with_another_key_for_the_table_is_refused(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deployed()
    altered(monkeypatch, lambda table: table["KeySchema"][1].update(AttributeName="kind"))
    said = account.deploy()
    assert said.code == 1
    assert said.err.startswith("tocsin: refused: this template has another KeySchema for the table")


def test_a_template_with_another_type_for_an_attribute_is_refused(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.deployed()
    altered(monkeypatch, lambda table: table["AttributeDefinitions"][1].update(AttributeType="N"))
    assert account.deploy().err.startswith("tocsin: refused: this template has another type of sk for the table")


def test_a_change_that_takes_the_table_away_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.deployed()
    altered(monkeypatch, lambda table: table.update(TableName="another-name"))
    said = account.deploy()
    assert said.code == 1
    assert said.err.startswith("tocsin: refused: this change would take Table (AWS::DynamoDB::Table) away")
    assert "Nothing was changed" in said.err


def test_a_stack_that_failed_at_first_says_what_to_do_and_can_be_cleared(account: Account) -> None:
    theirs = Stacks(Cloud())
    wrong = {"Resources": {"Wrong": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "wrong.fifo"}}}}
    proposal = theirs.propose(account.stack, Wanted(template=json.dumps(wrong)), "first")
    assert proposal is not None
    with pytest.raises(TocsinError):
        list(theirs.execute(proposal))
    said = account.deploy(*EMAIL)
    assert f"`tocsin destroy --stack {account.stack}`, then deploy again" in said.err
    assert account.destroy("--yes").code == 0
    account.deployed()


def test_a_stack_of_somebody_else_is_no_stack_of_ours(account: Account) -> None:
    theirs = Stacks(Cloud())
    other = {"Resources": {"Theirs": {"Type": "AWS::SQS::Queue", "Properties": {}}}}
    proposal = theirs.propose(account.stack, Wanted(template=json.dumps(other)), "first")
    assert proposal is not None
    list(theirs.execute(proposal))
    assert "it is not Tocsin's" in account.type("backup", "--from", "aws", "--stack", account.stack, "x").err


# ── The templates ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_templates_are_printed_without_asking_aws(account: Account) -> None:
    whole = account.type("template").document
    assert "Table" in whole["Resources"]
    assert account.type("deploy", "--template-only").document == whole
    member = account.type("template", "--member").out
    assert account.type("deploy", "--member").out == member
    assert "AWSTemplateFormatVersion" in member
    assert "Tocsin's workflows may act in this account" in account.type("template", "--automation").out
    policy = account.type("template", "--policy", "--stack", "prod").document
    assert "arn:aws:cloudformation:*:*:stack/prod-code/*" in policy["Statement"][1]["Resource"]


# ── The test alert ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_test_alert_that_does_not_come_out_says_where_to_look(account: Account) -> None:
    account.deployed()
    times = iter(range(0, 1_000_000, 40_000))
    with closing(account.open()) as store, pytest.raises(TocsinError, match="it became no incident") as caught:
        deploy_alert.await_arrival(store, "mark", 120, lambda: next(times), lambda _: None)
    assert caught.value.code == "test-alert-lost"


def test_a_screen_that_is_quiet_speaks_to_the_other_stream(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(quiet=True).say("a\n")
    Screen().say("b\n")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("b\n", "a\n")
