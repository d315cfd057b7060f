"""CloudFormation: a stack is changed by a change set that people have seen, and followed until it is done.

Sources: the CloudFormation API Reference and User Guide (change sets, stack status codes, importing existing
resources). Pauses are those of a caller's clock: nothing here sleeps by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tocsin.aws.accounts import Cloud
from tocsin.aws.stack_changes import Change, changes
from tocsin.aws.troubles import blamed, code_of, missing_permission, words_of
from tocsin.errors import TocsinError
from tocsin.kernel import json

INLINE_BYTES_MAX: Final = 51_200  # A larger template is read from S3.
PAUSE_SECONDS: Final = 2.0  # Between two looks: CloudFormation's own requests are few a second.
PROPOSAL_LOOKS_MAX: Final = 300  # Ten minutes; a change set of this size takes seconds.
EVENTS_MAX: Final = 2_000  # Of one deployment; a stack of a hundred resources has some hundreds.

STACK: Final = "AWS::CloudFormation::Stack"  # The type of events that tell of the stack itself.

_NOTHING: Final = ("didn't contain changes", "No updates are to be performed")
_GONE: Final = frozenset({"DELETE_COMPLETE"})
_CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
_CANCELLED: Final = ("Resource creation cancelled", "Resource update cancelled")


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """A stack as it is."""

    id: str
    name: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}

    @property
    def busy(self) -> bool:
        """Whether somebody changes it now."""
        return self.status.endswith("_IN_PROGRESS") and not self.empty

    @property
    def empty(self) -> bool:
        """Whether it is only a name: a change set was made, and never executed."""
        return self.status == "REVIEW_IN_PROGRESS"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A change set: nothing is changed yet. *fresh*: there was no stack before."""

    id: str
    stack: str
    changes: tuple[Change, ...]
    fresh: bool


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a resource (*name* is its logical id)."""

    id: str
    name: str
    kind: str
    status: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is a failure of its own, not one that follows from another's."""
        return self.status.endswith("_FAILED") and not self.reason.startswith(_CANCELLED)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack shall be. *url*: where the template lies, if it is too large to be sent.

    *adopts*: what is there already under a name that the template says is taken in, not made.
    """

    template: str
    parameters: Mapping[str, str] = {}
    tags: Mapping[str, str] = {}
    url: str = ""
    adopts: bool = False


class Stacks:
    """See the module."""

    def __init__(self, cloud: Cloud, sleep: Callable[[float], None] = time.sleep) -> None:
        """*sleep* takes seconds."""
        self._client = cloud.client("cloudformation")
        self._sleep = sleep

    def find(self, name: str) -> Stack | None:
        """The stack of this name or id, or None. Raises TocsinError."""
        with blamed(f"the look at the stack {name} (cloudformation:DescribeStacks)"):
            try:
                found = self._client.describe_stacks(StackName=name)["Stacks"][0]
            except ClientError as problem:
                if code_of(problem) == "ValidationError" and "does not exist" in words_of(problem):
                    return None
                raise
        if found["StackStatus"] in _GONE:
            return None
        return Stack(
            id=str(found["StackId"]),
            name=str(found["StackName"]),
            status=str(found["StackStatus"]),
            reason=str(found.get("StackStatusReason", "")),
            outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
            parameters={each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())},
        )

    def propose(self, name: str, wanted: Wanted, label: str) -> Proposal | None:
        """A change set named *label* that makes the stack as *wanted*; None if it is so already.

        Raises TocsinError, also for a stack that cannot be changed as it stands.
        """
        there = self.find(name)
        if there is not None:
            complain(there)
        fresh = there is None or there.empty
        given: dict[str, Any] = {
            "StackName": name,
            "ChangeSetName": label,
            "ChangeSetType": "CREATE" if fresh else "UPDATE",
            "Capabilities": list(_CAPABILITIES),
            "Parameters": [{"ParameterKey": key, "ParameterValue": each} for key, each in wanted.parameters.items()],
            "Tags": [{"Key": key, "Value": each} for key, each in wanted.tags.items()],
        }
        if wanted.adopts:
            given["ImportExistingResources"] = True
        if len(wanted.template.encode()) <= INLINE_BYTES_MAX:
            given["TemplateBody"] = wanted.template
        else:
            given["TemplateURL"] = wanted.url
        with blamed(f"the change set of {name} (cloudformation:CreateChangeSet)"):
            made = self._client.create_change_set(**given)
            return self._proposal(str(made["Id"]), name, fresh=fresh)

    def _proposal(self, change_set: str, name: str, *, fresh: bool) -> Proposal | None:
        for _ in range(PROPOSAL_LOOKS_MAX):
            found = self._client.describe_change_set(ChangeSetName=change_set, StackName=name)
            if found["Status"] == "CREATE_COMPLETE":
                return Proposal(id=change_set, stack=name, changes=changes(self._pages(found, name)), fresh=fresh)
            if found["Status"] == "FAILED":
                reason = str(found.get("StatusReason", ""))
                self._client.delete_change_set(ChangeSetName=change_set, StackName=name)
                if any(words in reason for words in _NOTHING):
                    return None
                raise TocsinError("stack-refused", f"CloudFormation refuses the change of {name}: {explain(reason)}")
            self._sleep(PAUSE_SECONDS)
        raise TocsinError(
            "stack-slow", f"CloudFormation has not made the change set of {name} in ten minutes; try again"
        )

    def _pages(self, found: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
        yield from found["Changes"]
        while token := found.get("NextToken"):
            found = self._client.describe_change_set(
                ChangeSetName=found["ChangeSetId"], StackName=name, NextToken=token
            )
            yield from found["Changes"]

    def discard(self, proposal: Proposal) -> None:
        """Forget a change set, and with it a stack that is only a name."""
        with blamed(f"the end of the change set of {proposal.stack} (cloudformation:DeleteChangeSet)"):
            self._client.delete_change_set(ChangeSetName=proposal.id, StackName=proposal.stack)
            if proposal.fresh:
                self._client.delete_stack(StackName=proposal.stack)

    def execute(self, proposal: Proposal) -> Iterator[Event]:
        """Change the stack; what happens to its resources, as it happens. Raises TocsinError with the first failure."""
        last = self._last_event(proposal.stack)
        with blamed(f"the change of {proposal.stack} (cloudformation:ExecuteChangeSet)"):
            self._client.execute_change_set(ChangeSetName=proposal.id, StackName=proposal.stack)
        yield from self.follow(proposal.stack, last, good=frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"}))

    def delete(self, stack: Stack) -> Iterator[Event]:
        """Delete the stack; what its resources say of it. What is retained stays. Raises TocsinError."""
        last = self._last_event(stack.id)
        with blamed(f"the end of the stack {stack.name} (cloudformation:DeleteStack)"):
            self._client.delete_stack(StackName=stack.id)
        yield from self.follow(stack.id, last, good=_GONE)

    def follow(self, stack: str, last: str, *, good: frozenset[str]) -> Iterator[Event]:
        """What happens after the event *last* until the stack is at rest. Raises TocsinError if that is not *good*.

        A state counts only when the stack itself has told of a beginning: right after the order it is the old one.
        """
        first: Event | None = None
        begun = False
        with blamed(f"the look at {stack} (cloudformation:DescribeStackEvents)"):
            while True:
                status, reason = self._status(stack) if begun else ("", "")
                ended = begun and (status in good or not status.endswith("_IN_PROGRESS"))
                for event in self._events(stack, last):
                    last = event.id
                    begun = begun or event.kind == STACK
                    first = first or (event if event.failed else None)
                    yield event
                if ended:
                    break
                self._sleep(PAUSE_SECONDS)
        if status not in good:
            raise _ended(stack, status, reason, first)

    def _status(self, stack: str) -> tuple[str, str]:
        try:
            found = self._client.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as problem:
            if code_of(problem) == "ValidationError" and "does not exist" in words_of(problem):
                return "DELETE_COMPLETE", ""
            raise
        status = str(found["StackStatus"])
        # The cleanup of what an update has replaced; the stack itself is as it should be.
        return status.removesuffix("_CLEANUP_IN_PROGRESS"), str(found.get("StackStatusReason", ""))

    def _events(self, stack: str, last: str) -> list[Event]:
        """What happened after *last*, oldest first."""
        found: list[Event] = []
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        for page in pages:
            for each in page["StackEvents"]:
                if each["EventId"] == last or len(found) == EVENTS_MAX:
                    return found[::-1]
                found.append(
                    Event(
                        id=str(each["EventId"]),
                        name=str(each["LogicalResourceId"]),
                        kind=str(each["ResourceType"]),
                        status=str(each["ResourceStatus"]),
                        reason=str(each.get("ResourceStatusReason", "")),
                    )
                )
        return found[::-1]

    def _last_event(self, stack: str) -> str:
        with blamed(f"the look at {stack} (cloudformation:DescribeStackEvents)"):
            found = self._client.describe_stack_events(StackName=stack)["StackEvents"]
        return str(found[0]["EventId"]) if found else ""

    def resources(self, stack: str) -> Mapping[str, str]:
        """What the stack holds: the physical id by the logical one."""
        with blamed(f"the list of the resources of {stack} (cloudformation:ListStackResources)"):
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack)
            return {
                str(each["LogicalResourceId"]): str(each.get("PhysicalResourceId", ""))
                for page in pages
                for each in page["StackResourceSummaries"]
            }

    def template(self, stack: str) -> str:
        """The template that the stack was made of."""
        with blamed(f"the look at the template of {stack} (cloudformation:GetTemplate)"):
            found = self._client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        return found if isinstance(found, str) else json.encode(found).decode()


def complain(stack: Stack) -> None:
    """Raise TocsinError, with what to do, if a stack in this state cannot be changed."""
    name, status = stack.name, stack.status
    match status:
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED":
            what = (
                f"the first deployment of {name} failed ({status}), and such a stack can only be deleted: "
                f"`tocsin destroy --stack {name}`, then deploy again"
            )
        case "UPDATE_ROLLBACK_FAILED":
            what = (
                f"the last change of {name} failed, and so did its way back (UPDATE_ROLLBACK_FAILED); look in the "
                "console of CloudFormation which resource stands in the way, then choose `Continue update rollback`"
            )
        case "DELETE_FAILED":
            what = f"{name} could not be deleted ({explain(stack.reason)}); `tocsin destroy --stack {name}` tries again"
        case _ if stack.busy:
            what = f"{name} is being changed now ({status}), by somebody else perhaps; wait until that is done"
        case _:
            return
    raise TocsinError("stack-state", what)


def explain(reason: str) -> str:
    """CloudFormation's words *reason* for people: a missing permission by its name, otherwise as they are."""
    said = " ".join(reason.split())
    for begin in ("Resource handler returned message: ",):
        said = said.removeprefix(begin)
    found = missing_permission(said)
    if found:
        return found
    if "already exists" in said:
        return f"{said}. Perhaps it is of a former deployment: delete it, or choose another --stack"
    if "LimitExceeded" in said or "limit exceeded" in said.lower():
        return f"{said}. A quota of the account is used up: ask for more in the console of Service Quotas"
    return said or "it gives no reason"


def _ended(stack: str, status: str, reason: str, first: Event | None) -> TocsinError:
    name = stack.split("/")[1] if stack.startswith("arn:") else stack
    why = f"{first.name} ({first.kind}) failed first: {explain(first.reason)}" if first else explain(reason)
    match status:
        case "UPDATE_ROLLBACK_COMPLETE":
            after = "everything is as it was before; alerts were taken the whole time"
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED":
            after = f"nothing was kept of it. `tocsin destroy --stack {name}` clears the rest away, then deploy again"
        case "UPDATE_ROLLBACK_FAILED":
            after = (
                "the way back failed too. Look in the console of CloudFormation which resource stands in the way, "
                "then choose `Continue update rollback`"
            )
        case "DELETE_FAILED":
            after = "what is left is still in the stack; remove the cause, then destroy again"
        case _:
            after = f"it is in the state {status}"
    return TocsinError("stack-failed", f"the stack {name}: {why}\n{after}")
