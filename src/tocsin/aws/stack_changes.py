"""What a change set would do, in plain words, and whether it may.

Source: the CloudFormation API Reference (Change, ResourceChange, ResourceTargetDefinition).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

KEPT: Final = frozenset({"AWS::DynamoDB::Table"})  # What holds data: it is never replaced or removed on the way.
KEYS: Final = "KeySchema"
ADDED_LISTED_MAX: Final = 20  # New resources, one a line; more are told by their types.
NAMED_MAX: Final = 6  # Properties named in one line; more of them are counted.


class Deed(StrEnum):
    """What happens to a resource, the gravest last."""

    FOLLOW = "follow"  # It refers to something that changes, and is touched only if that is made anew.
    ADD = "add"
    IMPORT = "import"
    CHANGE = "change"
    MAYBE = "maybe-replace"  # CloudFormation knows only when it does it.
    REPLACE = "replace"
    REMOVE = "remove"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One resource: *name* is its logical id, *kind* its type, *properties* what of it changes, or makes it anew."""

    deed: Deed
    name: str
    kind: str
    physical: str = ""
    properties: tuple[str, ...] = ()
    kept: bool = False  # A removal that leaves the thing itself where it is.


def changes(found: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The `Changes` of a DescribeChangeSet, the gravest first."""
    read = [_change(each["ResourceChange"]) for each in found if each.get("Type", "Resource") == "Resource"]
    order = list(Deed)
    return tuple(sorted(read, key=lambda each: (-order.index(each.deed), each.kind, each.name)))


def forbidden(planned: Iterable[Change]) -> Change | None:
    """The first change that would take a store away from its data.

    That a table is perhaps made anew CloudFormation says of each new index, too: such a change may pass, and one of the
    keys may not.
    """
    return next((each for each in planned if each.kind in KEPT and _loses(each)), None)


def _loses(change: Change) -> bool:
    return change.deed in {Deed.REPLACE, Deed.REMOVE} or (change.deed is Deed.MAYBE and KEYS in change.properties)


def lines(planned: Sequence[Change]) -> Iterator[str]:
    """One line for each change, for people; one for all that only follow."""
    told = [each for each in planned if each.deed is not Deed.FOLLOW]
    if sum(each.deed is Deed.ADD for each in told) > ADDED_LISTED_MAX:
        kinds: dict[str, list[str]] = {}
        for each in told:
            if each.deed is Deed.ADD:
                kinds.setdefault(each.kind, []).append(each.name)
        told = [each for each in told if each.deed is not Deed.ADD]
        added = [f"{_VERBS[Deed.ADD]:>9}  {len(names):>3} {kind}: {_few(names)}" for kind, names in kinds.items()]
    else:
        added = []
    width = max((len(each.name) for each in told), default=0)
    for each in told:
        yield f"{_VERBS[each.deed]:>9}  {each.name:<{width}}  {each.kind}{_detail(each)}"
    yield from added
    if following := [each.name for each in planned if each.deed is Deed.FOLLOW]:
        yield f"{_VERBS[Deed.FOLLOW]:>9}  {', '.join(following)}: touched only if what they refer to is made anew"


def summary(planned: Sequence[Change]) -> str:
    """The whole in one sentence."""
    counted = Counter(each.deed for each in planned)
    return (
        ", ".join(f"{counted[deed]} {words}" for deed, words in _COUNTED.items() if counted[deed]) or "nothing changes"
    )


def _change(found: Mapping[str, Any]) -> Change:
    targets: list[Mapping[str, Any]] = [detail["Target"] for detail in found.get("Details", ()) if "Target" in detail]
    causes = [each for each in targets if each.get("RequiresRecreation", "Never") != "Never"]
    follows = causes and all(each.get("Evaluation") == "Dynamic" for each in found["Details"])
    always = any(each["RequiresRecreation"] == "Always" for each in causes)
    return Change(
        deed=Deed.FOLLOW
        if follows
        else _deed(str(found.get("Action")), "True" if always else str(found.get("Replacement", ""))),
        name=str(found["LogicalResourceId"]),
        kind=str(found["ResourceType"]),
        physical=str(found.get("PhysicalResourceId", "")),
        properties=tuple(dict.fromkeys(str(each.get("Name") or each.get("Attribute")) for each in causes or targets)),
        kept=str(found.get("PolicyAction", "")).startswith("Retain"),
    )


def _deed(action: str, replacement: str) -> Deed:
    match action, replacement:
        case "Add", _:
            return Deed.ADD
        case "Import", _:
            return Deed.IMPORT
        case "Remove", _:
            return Deed.REMOVE
        case "Modify", "True":
            return Deed.REPLACE
        case "Modify", "Conditional":
            return Deed.MAYBE
        case "Modify", _:
            return Deed.CHANGE
        case _:  # `Dynamic`: nobody can say yet what it will be.
            return Deed.MAYBE


def _detail(change: Change) -> str:
    match change.deed:
        case Deed.REMOVE if change.kept:
            return ": leaves the stack, and stays in the account"
        case Deed.REPLACE:
            return f": made anew{_because(change)}"
        case Deed.MAYBE:
            return f": perhaps made anew{_because(change)}"
        case Deed.CHANGE if change.properties:
            return f": {_few(change.properties)}"
        case Deed.IMPORT:
            return f": {change.physical} is there already, and is taken in as it is"
        case _:
            return ""


def _because(change: Change) -> str:
    return f", since its {_few(change.properties)} changes" if change.properties else ""


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


_VERBS: Final[Mapping[Deed, str]] = {
    Deed.FOLLOW: "follow",
    Deed.ADD: "added",
    Deed.IMPORT: "taken in",
    Deed.CHANGE: "changed",
    Deed.MAYBE: "changed",
    Deed.REPLACE: "REPLACED",
    Deed.REMOVE: "REMOVED",
}
_COUNTED: Final[Mapping[Deed, str]] = {
    Deed.ADD: "added",
    Deed.IMPORT: "taken in",
    Deed.CHANGE: "changed",
    Deed.MAYBE: "changed, perhaps made anew",
    Deed.REPLACE: "replaced",
    Deed.REMOVE: "removed",
    Deed.FOLLOW: "that only follow",
}
