"""From a decoded pattern to its rules, or to the reason why EventBridge would refuse it.

The rules of the language are those of Event Ruler, which EventBridge runs: https://github.com/aws/event-ruler
(JsonRuleCompiler). As there, of two fields with one path the later counts.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from tocsin.patterns.conditions import Condition, Same
from tocsin.patterns.operators import Absence, condition_of, same_address
from tocsin.patterns.reading import Members
from tocsin.patterns.refusal import PatternError
from tocsin.patterns.rule import Field, Rule
from tocsin.patterns.scalars import Scalar, scalar

OR = "$or"
COMBINATIONS_MAX = 1000  # EventBridge's own limit for what the branches of all `$or` multiply to.
NESTING_MAX = 100  # No event is as deep; a pattern that is would exhaust the stack.

# Names that mean something else inside `$or`: EventBridge keeps them for itself there, some for later.
RESERVED = frozenset(
    {
        *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"),
        *("=", "<", "<=", ">", ">=", "html", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    }
)

_Draft: TypeAlias = dict[str, Field]


class _Place(NamedTuple):
    """Where we are: the *steps* of the field's path, and the same as it is *written*, through the branches of `$or`."""

    steps: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join(self.written)

    def below(self, name: str) -> _Place:
        return _Place((*self.steps, name), (*self.written, name))

    def branch(self, index: int) -> _Place:
        return _Place(self.steps, (*self.written, f"{OR}[{index}]"))


def rules_of(pattern: object) -> tuple[Rule, ...]:
    """The rules of a decoded *pattern*, one of which must hold.

    Raises:
        PatternError: EventBridge would refuse it.
    """
    if not isinstance(pattern, Members):
        raise PatternError("not-an-object", "", pattern, "must be a JSON object")
    return tuple(_rule(draft) for draft in _object([{}], pattern, _Place(), in_or=False))


def _rule(draft: _Draft) -> Rule:
    # By UTF-16 code units, as Java compares strings.
    ordered = sorted(draft.values(), key=lambda field: field.path.encode("utf-16-be", "surrogatepass"))
    return Rule(fields=tuple(ordered), written=tuple(draft))


def _object(drafts: list[_Draft], members: Members, here: _Place, *, in_or: bool) -> list[_Draft]:
    if not members.pairs:
        raise PatternError("empty-object", str(here), members, "must have a field")
    if len(here.written) > NESTING_MAX:
        limit = f"must not be nested deeper than {NESTING_MAX} objects"
        raise PatternError("too-deep", here.written[0], members, limit)
    for name, value in members.pairs:
        inner = here.below(name)
        if name == OR:
            drafts = _or(drafts, value, here)
        elif in_or and name in RESERVED:
            raise PatternError(
                "reserved-name", str(inner), name, f"must not be a field inside {OR} with a reserved name"
            )
        elif isinstance(value, Members):
            drafts = _object(drafts, value, inner, in_or=in_or)
        elif isinstance(value, list):
            field = _field(inner, value)
            for draft in drafts:
                draft[field.path] = field
        else:
            raise PatternError("not-an-array", str(inner), value, "must be an object or an array of values")
    return drafts


def _or(drafts: list[_Draft], branches: object, here: _Place) -> list[_Draft]:
    place = str(here.below(OR))
    if not isinstance(branches, list):
        raise PatternError("or-not-an-array", place, branches, "must be an array of patterns")
    forked: list[_Draft] = []
    for index, branch in enumerate(branches):
        inside = here.branch(index)
        if not isinstance(branch, Members):
            raise PatternError("or-not-a-pattern", str(inside), branch, "must be a pattern")
        forked += _object([dict(draft) for draft in drafts], branch, inside, in_or=True)
        if len(forked) > COMBINATIONS_MAX:
            limit = f"must not multiply to more than {COMBINATIONS_MAX} combinations"
            raise PatternError("too-many-combinations", place, len(forked), limit)
    if len(branches) < 2:  # noqa: PLR2004 - A choice is between two.
        raise PatternError("or-too-short", place, branches, "must have two patterns or more")
    return forked


def _field(here: _Place, values: list[object]) -> Field:
    if not values:
        raise PatternError("empty-array", str(here), values, "must have a value")
    same: set[Scalar] = set()
    others: dict[Condition, None] = {}
    absent = False
    for index, value in enumerate(values):
        condition = _condition(value, f"{here}[{index}]")
        if isinstance(condition, Absence):
            absent = True
        elif isinstance(condition, Same):
            same.add(condition.value)
        else:
            others[condition] = None
    return Field(path=".".join(here.steps), same=frozenset(same), others=tuple(others), absent=absent)


def _condition(value: object, place: str) -> Condition | Absence:
    if isinstance(value, Members):
        return condition_of(value, place)
    if isinstance(value, list):
        raise PatternError("nested-array", place, value, "must be a string, number, true, false, null or an operator")
    if isinstance(value, str):
        return same_address(value) or Same(value)
    return Same(scalar(value))
