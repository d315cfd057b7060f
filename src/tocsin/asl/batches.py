"""The items of a Map: what is selected of each, and how a distributed one puts them together.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.asl.execution import Frame
from tocsin.asl.failures import QUERY_EVALUATION, StateFailure, runtime
from tocsin.asl.moves import Moves
from tocsin.asl.numbers import whole_of
from tocsin.asl.program import BatchPlan, MapPlan, State
from tocsin.asl.reference_paths import SHOWN_MAX
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, shown, size
from tocsin.kernel.json import Json

SELECTING_MAX: Final = 500_000  # Steps of expressions for all items of a Map that makes batches.

_EACH: Final = 1  # The comma between two items.


def item_context(place: int, item: Json, source: str) -> dict[str, Json]:
    """What `$$.Map.Item` is. *source*: where it was read, if it was."""
    return {"Index": place, "Value": item, **({"Source": source} if source else {})}


def items_of(plan: MapPlan, state: State, scope: Scope) -> list[Json]:
    """The items that are in the input. Raises StateFailure."""
    found = plan.items(scope) if plan.items else scope.value
    if isinstance(found, list):
        return found
    if state.jsonata:
        told = shown(found, SHOWN_MAX)
        raise StateFailure(QUERY_EVALUATION, f"Map state input must be an array but was: {told}", place="Items")
    raise runtime(f'Reference path "{state.told.get("ItemsPath", "$")}" must point to array.')


def selected(moves: Moves, frame: Frame, state: State, each: tuple[int, Json]) -> Json:
    """What ItemSelector makes of *each*, an item with its place. Raises StateFailure."""
    place, item = each
    assert state.map is not None
    if state.map.selector is None:
        return item
    moves.purse.begin()
    scope = moves.scope(frame, state)
    source = frame.work.source if frame.work else ""
    context = {"Map": {"Item": item_context(place, item, source)}}
    scope.context = lambda: moves.context(frame, state) | context
    return state.map.selector(scope)


def all_selected(moves: Moves, frame: Frame, state: State, items: list[Json]) -> list[Json]:
    """What ItemSelector makes of all *items*. Raises StateFailure, also when that takes too long."""
    made: list[Json] = []
    for each in enumerate(items):
        if moves.purse.spent > SELECTING_MAX:
            raise runtime("It takes too long to select all items before they are batched.")
        made.append(selected(moves, frame, state, each))
    return made


def batched(items: list[Json], plan: BatchPlan, scope: Scope) -> list[Json]:
    """The inputs of the children: each has some of the *items*. Raises StateFailure."""
    items_max = whole_of(plan.items_max(scope), "MaxItemsPerBatch")
    bytes_max = whole_of(plan.bytes_max(scope), "MaxInputBytesPerBatch")
    if not items_max and not bytes_max:
        raise runtime("ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch above 0.")
    if bytes_max > PAYLOAD_BYTES_MAX:
        raise runtime(f"MaxInputBytesPerBatch cannot be more than {PAYLOAD_BYTES_MAX}.")
    shared = plan.input(scope)
    around: dict[str, Json] = {} if shared is None else {"BatchInput": shared}
    room = (bytes_max or PAYLOAD_BYTES_MAX) - size({**around, "Items": []})
    return [{**around, "Items": group} for group in _groups(items, items_max or len(items), room)]


def _groups(items: list[Json], items_max: int, room: int) -> Iterator[list[Json]]:
    """As many items at once as fit; one that does not fit at all stands alone."""
    group: list[Json] = []
    left = room
    for item in items:
        weight = size(item) + _EACH
        if group and (weight > left or len(group) == items_max):
            yield group
            group, left = [], room
        group.append(item)
        left -= weight
    if group:
        yield group
