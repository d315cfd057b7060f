"""Stacks on ministack: proposed, seen, executed, refused, deleted; and every state that they may be found in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tests.aws.cloud import ACCOUNT, REGION
from tests.aws.cloud import Cloud as Emulator
from tocsin.aws import artifacts, stack_changes
from tocsin.aws.accounts import Cloud
from tocsin.aws.stack_changes import Deed
from tocsin.aws.stacks import Event, Proposal, Stack, Stacks, Wanted, complain, explain
from tocsin.errors import TocsinError

_NUMBERS = count(1)

TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    },
}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 60}}


def written(**resources: Mapping[str, Any]) -> str:
    return json.dumps(
        {"Parameters": {"Word": {"Type": "String", "Default": "a"}}, "Resources": resources, "Outputs": {}}
    )


@pytest.fixture
def name() -> str:
    return f"stack-{next(_NUMBERS)}"


@pytest.fixture
def stacks(cloud: Emulator) -> Stacks:
    del cloud
    return Stacks(Cloud(), sleep=lambda _: None)


WRONG = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "wrong.fifo"}}
"""A resource that cannot be made."""


def label() -> str:
    return f"label-{next(_NUMBERS)}"


def made(stacks: Stacks, name: str, template: str) -> list[Event]:
    proposal = stacks.propose(name, Wanted(template=template, tags={"app": "tocsin"}), label())
    assert proposal is not None
    return list(stacks.execute(proposal))


def test_a_stack_is_proposed_then_made_then_changed(stacks: Stacks, name: str) -> None:
    assert stacks.find(name) is None
    proposal = stacks.propose(name, Wanted(template=written(Inbox=QUEUE)), label())
    assert proposal is not None
    assert proposal.fresh
    assert [(each.deed, each.name) for each in proposal.changes] == [(Deed.ADD, "Inbox")]
    events = list(stacks.execute(proposal))
    assert ("Inbox", "CREATE_COMPLETE") in {(each.name, each.status) for each in events}
    found = stacks.find(name)
    assert found is not None
    assert found.status == "CREATE_COMPLETE"
    longer = QUEUE | {"Properties": {"MessageRetentionPeriod": 120}}
    proposal = stacks.propose(name, Wanted(template=written(Inbox=longer, Other=QUEUE)), label())
    assert proposal is not None
    assert not proposal.fresh
    assert list(stack_changes.lines(proposal.changes)) == [
        "  changed  Inbox  AWS::SQS::Queue: MessageRetentionPeriod",
        "    added  Other  AWS::SQS::Queue",
    ]
    assert stack_changes.summary(proposal.changes) == "1 added, 1 changed"
    list(stacks.execute(proposal))
    assert set(stacks.resources(name)) == {"Inbox", "Other"}
    assert json.loads(stacks.template(name))["Resources"].keys() == {"Inbox", "Other"}


def test_what_is_so_already_is_no_proposal(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Inbox=QUEUE))
    assert stacks.propose(name, Wanted(template=written(Inbox=QUEUE), tags={"app": "tocsin"}), label()) is None


def test_a_discarded_first_proposal_leaves_nothing(stacks: Stacks, name: str) -> None:
    proposal = stacks.propose(name, Wanted(template=written(Inbox=QUEUE)), label())
    assert proposal is not None
    found = stacks.find(name)
    assert found is not None
    assert found.empty
    assert not found.busy
    stacks.discard(proposal)
    assert stacks.find(name) is None


def test_a_table_that_would_be_made_anew_is_forbidden(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Table=TABLE))
    other = TABLE | {
        "Properties": TABLE["Properties"]  # type: ignore[operator]
        | {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        }
    }
    proposal = stacks.propose(name, Wanted(template=written(Table=other)), label())
    assert proposal is not None
    lost = stack_changes.forbidden(proposal.changes)
    assert lost is not None
    assert (lost.name, lost.deed) == ("Table", Deed.MAYBE)
    assert next(stack_changes.lines(proposal.changes)) == (
        "  changed  Table  AWS::DynamoDB::Table: perhaps made anew, since its KeySchema changes"
    )


def test_a_table_of_another_name_is_forbidden(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Table=TABLE))
    other = TABLE | {"Properties": TABLE["Properties"] | {"TableName": f"{name}-other"}}  # type: ignore[operator]
    proposal = stacks.propose(name, Wanted(template=written(Table=other)), label())
    assert proposal is not None
    lost = stack_changes.forbidden(proposal.changes)
    assert lost is not None
    assert lost.deed is Deed.REPLACE
    assert " REPLACED  Table  AWS::DynamoDB::Table: made anew, since its TableName changes" in list(
        stack_changes.lines(proposal.changes)
    )


def test_a_new_index_is_allowed(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Table=TABLE))
    index = {
        "IndexName": "by-kind",
        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    more = {
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in ("pk", "kind")],
        "GlobalSecondaryIndexes": [index],
    }
    other = TABLE | {"Properties": TABLE["Properties"] | more}  # type: ignore[operator]
    proposal = stacks.propose(name, Wanted(template=written(Table=other)), label())
    assert proposal is not None
    assert stack_changes.forbidden(proposal.changes) is None


def test_a_table_that_would_leave_is_forbidden_though_it_stays_in_the_account(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Table=TABLE, Inbox=QUEUE))
    proposal = stacks.propose(name, Wanted(template=written(Inbox=QUEUE), tags={"app": "tocsin"}), label())
    assert proposal is not None
    lost = stack_changes.forbidden(proposal.changes)
    assert lost is not None
    assert (lost.kept, lost.deed) == (True, Deed.REMOVE)
    assert list(stack_changes.lines(proposal.changes)) == [
        "  REMOVED  Table  AWS::DynamoDB::Table: leaves the stack, and stays in the account"
    ]


def test_a_failure_names_the_resource_that_failed_first_and_what_to_do(stacks: Stacks, name: str) -> None:
    proposal = stacks.propose(name, Wanted(template=written(Inbox=QUEUE, Wrong=WRONG)), label())
    assert proposal is not None
    with pytest.raises(TocsinError, match=r"Wrong \(AWS::SQS::Queue\) failed first: Can only") as caught:
        list(stacks.execute(proposal))
    assert caught.value.code == "stack-failed"
    assert f"`tocsin destroy --stack {name}` clears the rest away" in caught.value.message
    with pytest.raises(TocsinError, match=r"the first deployment of .* failed \(ROLLBACK_COMPLETE\)"):
        stacks.propose(name, Wanted(template=written(Inbox=QUEUE)), label())
    left = stacks.find(name)
    assert left is not None
    list(stacks.delete(left))
    assert stacks.find(name) is None


def test_a_failed_change_leaves_all_as_it_was(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Inbox=QUEUE))
    proposal = stacks.propose(name, Wanted(template=written(Inbox=QUEUE, Wrong=WRONG)), label())
    assert proposal is not None
    with pytest.raises(TocsinError, match="everything is as it was before"):
        list(stacks.execute(proposal))
    assert set(stacks.resources(name)) == {"Inbox"}


def test_deleting_says_what_is_kept(stacks: Stacks, name: str) -> None:
    made(stacks, name, written(Table=TABLE, Inbox=QUEUE))
    found = stacks.find(name)
    assert found is not None
    ends = {each.name: each.status for each in stacks.delete(found)}
    assert ends["Table"] == "DELETE_SKIPPED"
    assert ends["Inbox"] == "DELETE_COMPLETE"


def test_a_table_that_stayed_is_taken_in_by_a_new_stack(stacks: Stacks, name: str) -> None:
    named = TABLE | {"Properties": TABLE["Properties"] | {"TableName": f"{name}-table"}}  # type: ignore[operator]
    made(stacks, name, written(Table=named))
    found = stacks.find(name)
    assert found is not None
    list(stacks.delete(found))
    proposal = stacks.propose(name, Wanted(template=written(Table=named, Inbox=QUEUE), adopts=True), label())
    assert proposal is not None
    assert {each.name: each.deed for each in proposal.changes} == {"Table": Deed.IMPORT, "Inbox": Deed.ADD}
    assert f"{name}-table is there already, and is taken in as it is" in "\n".join(
        stack_changes.lines(proposal.changes)
    )
    list(stacks.execute(proposal))
    assert stacks.resources(name)["Table"] == f"{name}-table"


def test_a_template_that_is_too_long_to_be_sent_is_read_from_the_bucket(stacks: Stacks, name: str) -> None:
    list(artifacts.make(stacks, name, label(), {}))
    bucket = artifacts.found(Cloud(), stacks, name)
    assert bucket is not None
    long = json.dumps(json.loads(written(Inbox=QUEUE)) | {"Metadata": {"long": "x" * 60_000}})
    assert bucket.put("template/long.json", long.encode())
    url = bucket.url("template/long.json")
    assert url == f"https://s3.{REGION}.amazonaws.com/{bucket.bucket}/template/long.json"
    proposal = stacks.propose(name, Wanted(template=long, url=url), label())
    assert proposal is not None
    assert [each.name for each in proposal.changes] == ["Inbox"]


DENIED = (
    f'Resource handler returned message: "User: arn:aws:iam::{ACCOUNT}:user/ada is not authorized to perform:'
    " sqs:CreateQueue on resource: arn:aws:sqs:x:1:inbox because no identity-based policy"
    ' allows the sqs:CreateQueue action (Service: Sqs, Status Code: 403)"'
)


# ── States ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ROLLBACK_COMPLETE", "`tocsin destroy --stack prod`, then deploy again"),
        ("ROLLBACK_FAILED", "`tocsin destroy --stack prod`, then deploy again"),
        ("CREATE_FAILED", "`tocsin destroy --stack prod`, then deploy again"),
        ("UPDATE_ROLLBACK_FAILED", "choose `Continue update rollback`"),
        ("DELETE_FAILED", "`tocsin destroy --stack prod` tries again"),
        ("UPDATE_IN_PROGRESS", "is being changed now (UPDATE_IN_PROGRESS)"),
    ],
)
def test_a_stack_that_cannot_be_changed_says_what_to_do(status: str, words: str) -> None:
    with pytest.raises(TocsinError) as caught:
        complain(Stack(id="arn", name="prod", status=status))
    assert caught.value.code == "stack-state"
    assert words in caught.value.message


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_at_rest_can_be_changed(status: str) -> None:
    complain(Stack(id="arn", name="prod", status=status))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (DENIED, f"arn:aws:iam::{ACCOUNT}:user/ada lacks permission for sqs:CreateQueue on arn:aws:sqs:x:1:inbox"),
        ("tocsin already exists in stack arn:aws:x", "delete it, or choose another --stack"),
        ("LimitExceededException: too many roles", "ask for more in the console of Service Quotas"),
        ("", "it gives no reason"),
        ("Properties validation failed", "Properties validation failed"),
    ],
)
def test_reasons_are_explained(reason: str, words: str) -> None:
    assert words in explain(reason)


def test_what_follows_from_another_failure_is_no_failure_of_its_own() -> None:
    assert Event(id="1", name="a", kind="b", status="CREATE_FAILED", reason="Access denied").failed
    follows = Event(id="1", name="a", kind="b", status="CREATE_FAILED", reason="Resource creation cancelled")
    assert not follows.failed


# ── A client that says what AWS may say, and ministack does not ─────────────────────────────────────────────────────
class Told:
    """CloudFormation with answers written beforehand, one after another, the last for ever."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = answers

    def client(self, service: str) -> Told:
        assert service == "cloudformation"
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(**_: object) -> Any:  # noqa: ANN401 - an answer of the SDK.
            waiting = self._answers[name]
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        return answer

    def get_paginator(self, name: str) -> object:
        told = self

        class Pages:
            def paginate(self, **given: object) -> Iterator[Any]:
                yield getattr(told, name)(**given)

        return Pages()


def seen(*states: str, **more: str) -> list[Any]:
    return [
        {
            "Stacks": [
                {"StackId": "arn:aws:cloudformation:x:1:stack/prod/1", "StackName": "prod", "StackStatus": each} | more
            ]
        }
        for each in states
    ]


def event(number: int, status: str, reason: str = "") -> dict[str, str]:
    return {
        "EventId": str(number),
        "LogicalResourceId": "Inbox",
        "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


BEGUN = {
    "EventId": "begun",
    "LogicalResourceId": "prod",
    "ResourceType": "AWS::CloudFormation::Stack",
    "ResourceStatus": "UPDATE_IN_PROGRESS",
}


def test_progress_is_told_as_it_comes_each_event_once() -> None:
    first, second, third = event(1, "CREATE_IN_PROGRESS"), event(2, "CREATE_IN_PROGRESS"), event(3, "CREATE_COMPLETE")
    told = Told(
        describe_stacks=seen("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        describe_stack_events=[
            {"StackEvents": [first]},
            {"StackEvents": [first]},  # The order was heard, and nothing has begun.
            {"StackEvents": [BEGUN, first]},
            {"StackEvents": [second, BEGUN, first]},
            {"StackEvents": [third, second, BEGUN, first]},
        ],
        execute_change_set=[{}],
    )
    pauses: list[float] = []
    stacks = Stacks(told, sleep=pauses.append)  # type: ignore[arg-type]
    found = list(stacks.execute(Proposal(id="c", stack="prod", changes=(), fresh=True)))
    assert [each.id for each in found] == ["begun", "2", "3"]
    assert len(pauses) == 3


def test_the_clean_up_after_a_change_is_not_waited_for() -> None:
    told = Told(
        describe_stacks=seen("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        describe_stack_events=[{"StackEvents": []}, {"StackEvents": [BEGUN]}],
        execute_change_set=[{}],
    )
    pauses: list[float] = []
    stacks = Stacks(told, sleep=pauses.append)  # type: ignore[arg-type]
    found = list(stacks.execute(Proposal(id="c", stack="prod", changes=(), fresh=False)))
    assert [each.id for each in found] == ["begun"]
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "everything is as it was before"),
        ("UPDATE_ROLLBACK_FAILED", "the way back failed too"),
        ("DELETE_FAILED", "remove the cause, then destroy again"),
        ("ROLLBACK_FAILED", "clears the rest away"),
        ("IMPORT_ROLLBACK_COMPLETE", "it is in the state IMPORT_ROLLBACK_COMPLETE"),
    ],
)
def test_each_bad_end_says_what_to_do(status: str, words: str) -> None:
    told = Told(
        describe_stacks=seen(status, StackStatusReason="because"),
        describe_stack_events=[{"StackEvents": []}, {"StackEvents": [BEGUN]}],
        execute_change_set=[{}],
    )
    stacks = Stacks(told, sleep=lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(TocsinError, match="prod: because") as caught:
        list(stacks.execute(Proposal(id="c", stack="prod", changes=(), fresh=False)))
    assert words in caught.value.message


def test_a_change_set_that_is_refused_says_why() -> None:
    told = Told(
        describe_stacks=seen("CREATE_COMPLETE"),
        create_change_set=[{"Id": "c"}],
        describe_change_set=[{"Status": "CREATE_PENDING"}, {"Status": "FAILED", "StatusReason": "No export named x"}],
        delete_change_set=[{}],
    )
    stacks = Stacks(told, sleep=lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(TocsinError, match="CloudFormation refuses the change of prod: No export named x"):
        stacks.propose("prod", Wanted(template="{}"), "label")


def test_a_change_set_that_never_comes_is_given_up() -> None:
    told = Told(
        describe_stacks=seen("CREATE_COMPLETE"),
        create_change_set=[{"Id": "c"}],
        describe_change_set=[{"Status": "CREATE_PENDING"}],
    )
    stacks = Stacks(told, sleep=lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(TocsinError, match="in ten minutes"):
        stacks.propose("prod", Wanted(template="{}"), "label")


def test_a_change_set_of_several_pages_is_read_whole() -> None:
    def change(name: str) -> dict[str, Any]:
        return {"Type": "Resource", "ResourceChange": {"Action": "Add", "LogicalResourceId": name, "ResourceType": "A"}}

    told = Told(
        describe_stacks=seen("CREATE_COMPLETE"),
        create_change_set=[{"Id": "c"}],
        describe_change_set=[
            {"Status": "CREATE_COMPLETE", "ChangeSetId": "c", "Changes": [change("b")], "NextToken": "more"},
            {"Status": "CREATE_COMPLETE", "ChangeSetId": "c", "Changes": [change("a")]},
        ],
    )
    stacks = Stacks(told, sleep=lambda _: None)  # type: ignore[arg-type]
    proposal = stacks.propose("prod", Wanted(template="{}"), "label")
    assert proposal is not None
    assert [each.name for each in proposal.changes] == ["a", "b"]
