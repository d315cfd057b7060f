"""Names that one aggregate owns: inputs that were handled, keys that are answered to; also while they are only staged.

A name's item says who owns it (`owner`). While a commit that is too large for one transaction is under way, the item
says instead, or beside it, who is about to (`next`, `token`): that counts as soon as the staged commit with that token
is decided (`tocsin.dynamo.large`), and never if it is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tocsin.dynamo.requests import Item, Key, Requests
from tocsin.dynamo.schema import aggregate_key, claim_key, input_key

OWNER: Final = "owner"
NEXT: Final = "next"
TOKEN: Final = "token"  # noqa: S105 - the name of an attribute.
DECIDED: Final = "decided"  # Of a staged commit: it counts.


class Names:
    """Reads them."""

    def __init__(self, requests: Requests) -> None:
        """Of one table."""
        self._requests = requests

    def find(self, keys: Iterable[str]) -> Mapping[str, str]:
        """See `tocsin.engine.ports.Aggregates`."""
        return self._owners(keys, claim_key)

    def seen(self, input_ids: Iterable[str]) -> Mapping[str, str]:
        """See `tocsin.engine.ports.Aggregates`."""
        return self._owners(input_ids, input_key)

    def _owners(self, names: Iterable[str], key: Callable[[str], Key]) -> dict[str, str]:
        wanted = {name: key(name) for name in names}
        found = self._requests.get(wanted.values())
        staged = {staged_key(item) for item in found.values() if TOKEN in item}
        decisions = self._requests.get(staged)
        if staged - decisions.keys():
            # What is not there any more was finished or given up meanwhile: the names say how.
            found |= self._requests.settled(place for place, item in found.items() if TOKEN in item)
        owners = {}
        for name, place in wanted.items():
            owner = owner_of(found[place], decisions) if place in found else None
            if owner is not None:
                owners[name] = owner
        return owners


def staged_key(item: Item) -> Key:
    """The item of the staged commit that a name waits for."""
    return aggregate_key(item[NEXT])[0], "X" + item[TOKEN]


def owner_of(item: Item, decisions: Mapping[Key, Item]) -> str | None:
    """Who owns the name, or None, with the staged commits as they are."""
    if TOKEN in item and decisions.get(staged_key(item), {}).get(DECIDED):
        return str(item[NEXT])
    return item.get(OWNER)
