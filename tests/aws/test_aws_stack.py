"""The template as CloudFormation on ministack makes it: change sets, the wires between its parts, and its end.

The functions are stand-ins that note what they are given: here it is about the wires. What ministack cannot do is not
shown here: HTTP APIs that write to SQS themselves, policies of resources, alarms by metric, what a role may not do.
"""

from __future__ import annotations

import io
import json
import time
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import boto3  # type: ignore[import-untyped]
import pytest

from tests.aws.cloud import ACCOUNT, REGION, Cloud
from tests.stack import examples
from tocsin import stack

T = TypeVar("T")
SECONDS = 20.0
NAME = "bell"
CODE = """
import json, os, uuid
import boto3

def handler(event, context):
    told = json.dumps(event, default=str)
    table = boto3.client("dynamodb")
    item = {"pk": {"S": "noted"}, "sk": {"S": uuid.uuid4().hex}, "who": {"S": __name__}, "event": {"S": told}}
    table.put_item(TableName=os.environ["TOCSIN_TABLE"], Item=item)
    if "requestContext" in event:
        return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "here is " + __name__}
    return {"batchItemFailures": []}
"""
SLACK = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "here is " + event["rawPath"]}
"""


class Deployed:
    """A stack, and how to look at it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.formation = boto3.client("cloudformation")
        self.dynamo = boto3.client("dynamodb")
        self.states = boto3.client("stepfunctions")
        self.bucket = f"{NAME}-code"
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=self.bucket, Key="code.zip", Body=code())
        self._number = 0

    def change(self, template: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
        """Make *template* by a change set; what it said would change."""
        self._number += 1
        given = {"CodeBucket": self.bucket, "CodeKey": "code.zip", "FallbackEmail": "ops@example.com"}
        given["EventSources"] = "aws.health,theirs"  # Nobody but AWS may put events of its own services.
        body = stack.render(dict(template))
        made = self.formation.create_change_set(
            StackName=NAME,
            ChangeSetName=f"change-{self._number}",
            ChangeSetType=kind,
            **({"TemplateBody": body} if stack.fits_inline(body) else {"TemplateURL": self._stored(body)}),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        seen = self.formation.describe_change_set(ChangeSetName=made["Id"])
        assert seen["Status"] == "CREATE_COMPLETE", seen
        self.formation.execute_change_set(ChangeSetName=made["Id"])
        wanted = {"CREATE": "CREATE_COMPLETE", "UPDATE": "UPDATE_COMPLETE"}[kind]
        wait(lambda: not self.status().endswith("IN_PROGRESS"))
        assert self.status() == wanted, self.events()
        self.scale()
        return [each["ResourceChange"] for each in seen["Changes"]]

    def _stored(self, body: str) -> str:
        boto3.client("s3").put_object(Bucket=self.bucket, Key="template.json", Body=body.encode())
        return f"{self.cloud.url}/{self.bucket}/template.json"

    def status(self) -> str:
        return str(self.formation.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"])

    def events(self) -> list[tuple[str, str]]:
        found = self.formation.describe_stack_events(StackName=NAME)["StackEvents"]
        return [(each["LogicalResourceId"], each.get("ResourceStatusReason", "")) for each in found]

    def output(self, name: str) -> str:
        found = self.formation.describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
        return next(str(each["OutputValue"]) for each in found if each["OutputKey"] == name)

    def noted(self, who: str, words: str) -> bool:
        """Whether the function *who* was given something with these *words*."""
        found = self.dynamo.query(
            TableName=self.output("TableName"),
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "noted"}},
            ConsistentRead=True,
        )["Items"]
        return any(each["who"]["S"] == f"tocsin.lambdas.{who}" and words in each["event"]["S"] for each in found)

    def http(self, method: str, path: str) -> str:
        """An answer of the HTTP API, by the address that ministack has for it."""
        api = self.output("ApiUrl").removeprefix("https://").partition(".")[0]
        address = f"{self.cloud.url}/_aws/execute-api/{api}/$default{path}"
        # Ministack finds the account by who signs, although nobody must.
        signed = f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20261127/{REGION}/execute-api/aws4_request"
        data = b"{}" if method == "POST" else None
        request = urllib.request.Request(address, method=method, data=data, headers={"Authorization": signed})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.read().decode())

    def scale(self) -> None:
        """Ministack keeps the number of a parameter as text, and polls nothing then."""
        functions = boto3.client("lambda")
        for each in functions.list_event_source_mappings()["EventSourceMappings"]:
            if ":sqs:" in each["EventSourceArn"]:
                functions.update_event_source_mapping(UUID=each["UUID"], ScalingConfig={"MaximumConcurrency": 2})


def code() -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as file:
        for name in ("tocsin/__init__.py", "tocsin/lambdas/__init__.py"):
            file.writestr(name, "")
        for name in ("inbox", "outbox", "sweep", "web", "dead"):
            file.writestr(f"tocsin/lambdas/{name}.py", CODE)
        file.writestr("tocsin/lambdas/slack.py", SLACK)
    return stored.getvalue()


def wait(done: Callable[[], T]) -> T:
    deadline = time.monotonic() + SECONDS
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def deployed(cloud: Cloud) -> Deployed:
    found = Deployed(cloud)
    changes = found.change(stack.load(), "CREATE")
    assert {each["Action"] for each in changes} == {"Add"}
    return found


def test_all_resources_are_made(deployed: Deployed) -> None:
    made = deployed.formation.get_paginator("list_stack_resources").paginate(StackName=NAME)
    names = {each["LogicalResourceId"] for page in made for each in page["StackResourceSummaries"]}
    wanted: Any = stack.load()["Resources"]
    assert names == wanted.keys()


def test_what_is_published_reaches_the_inbox(deployed: Deployed) -> None:
    deployed.cloud.sns.publish(TopicArn=deployed.output("AlertTopicArn"), Message="the disk is full")
    wait(lambda: deployed.noted("inbox", "the disk is full"))


def test_events_of_the_account_reach_the_inbox(deployed: Deployed) -> None:
    entry = {"Source": "theirs", "DetailType": "Health", "Detail": '{"service": "EC2-in-trouble"}'}
    assert deployed.cloud.events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    wait(lambda: deployed.noted("inbox", "EC2-in-trouble"))


def test_events_of_the_bus_reach_the_inbox(deployed: Deployed) -> None:
    bus = deployed.output("BusName")
    entry = {"Source": "ours", "DetailType": "Order", "Detail": '{"lost": 7}', "EventBusName": bus}
    assert deployed.cloud.events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    wait(lambda: deployed.noted("inbox", "lost"))


def test_a_timer_tells_the_inbox_who_is_due(deployed: Deployed) -> None:
    given = {"aggregate": "incident-7", "version": 3, "at": "2026-11-27T10:00:00Z"}
    deployed.states.start_execution(
        stateMachineArn=deployed.output("TimerArn"), name="incident-7-3", input=json.dumps(given)
    )
    wait(lambda: deployed.noted("inbox", "incident-7"))


def test_the_stream_brings_effects_to_the_outbox_and_nothing_else(deployed: Deployed) -> None:
    table = deployed.output("TableName")
    for key, more in (("Equiet", {}), ("Eloud", {"lane": {"S": "u00"}})):
        deployed.dynamo.put_item(TableName=table, Item={"pk": {"S": key}, "sk": {"S": "E"}, **more})
    wait(lambda: deployed.noted("outbox", "Eloud"))
    assert not deployed.noted("outbox", "Equiet")


def test_dead_letters_are_read(deployed: Deployed) -> None:
    deployed.cloud.sqs.send_message(QueueUrl=deployed.output("DeadQueueUrl"), MessageBody="nobody could")
    wait(lambda: deployed.noted("dead", "nobody could"))


def test_the_api_leads_to_slack_and_to_the_console(deployed: Deployed) -> None:
    assert deployed.http("POST", "/slack/events") == "here is /slack/events"
    assert deployed.http("GET", "/incidents") == "here is tocsin.lambdas.web"


def test_workflows_are_added_by_an_update_and_nothing_else_changes(deployed: Deployed) -> None:
    changes = deployed.change(stack.build(examples.settings(), examples.read), "UPDATE")
    assert {each["Action"] for each in changes} == {"Add"}
    assert "Flowbackup" in {each["LogicalResourceId"] for each in changes}
    machines = {each["name"] for each in deployed.states.list_state_machines()["stateMachines"]}
    assert {f"{NAME}-timer", f"{NAME}-flow-backup", f"{NAME}-flow-approve"} <= machines
    machine = next(
        each["stateMachineArn"]
        for each in deployed.states.list_state_machines()["stateMachines"]
        if each["name"] == f"{NAME}-flow-approve"
    )
    deployed.states.start_execution(stateMachineArn=machine, input="{}")
    wait(lambda: deployed.noted("inbox", "tocsin-ask"))


def test_the_stack_can_be_deleted_and_the_table_stays(deployed: Deployed) -> None:
    table = deployed.output("TableName")
    deployed.formation.delete_stack(StackName=NAME)
    wait(lambda: table in deployed.dynamo.list_tables()["TableNames"])
    assert deployed.dynamo.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE"
