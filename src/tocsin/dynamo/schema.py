"""The one table: its keys, its indexes, and how names become keys; whoever makes the table asks `table`.

| item | pk | sk | holds |
|---|---|---|---|
| aggregate | `A` name | `A` | state, version, standing; in `wake` while it has a wake_at, always in `list` |
| log | `A` name | `T` version | what one commit handled and claimed: the timeline, and what must be forgotten with it |
| history | `A` name | `H` last place | a page of rows whose places follow each other |
| receipt | `A` name | `R` receiver, transport | what a transport needs to change its message |
| staged | `A` name | `X` token | a commit too large for one transaction (`tocsin.dynamo.large`) |
| input | `I` name | `I` | that it was handled, and by whom |
| key | `K` name | `K` | which aggregate answers to it |
| effect | `E` id or `C` identity | the same letter | what must go out; in `out` until it is confirmed |
| shown | `S` name | `S` | which aggregate a transport's message is about |
| deliveries | `D` id | `D`, `O` | what one `accept` stored; what became of each; in `list` |
| waiting | `W` shard | id | which of them wait: the backlog |
| fence | `F` | shard | the last tick that was given in a shard, or may not be given any more |
| record | `N` kind | name | a small document |
| part | `P` token | number | a part of what is too large for its item |

A name is its text, or, where that is empty or too long for a key, its SHA-256. Limits: "Quotas in Amazon DynamoDB" and
"Constraints in Amazon DynamoDB" of the Developer Guide.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final
from zlib import crc32

from tocsin.kernel.time import Instant

PK: Final = "pk"
SK: Final = "sk"
TTL: Final = "ttl"  # Seconds since 1970; only a backup for `prune`, far behind it.

WAKE: Final = "wake"  # wake_shard, wake_at: aggregates that are to be woken; those that owe and are not (`broken`).
OUT: Final = "out"  # out_shard, not_before: effects that are pending; staged commits that are not done.
LIST: Final = "list"  # kind, rank: aggregates by machine and rank; deliveries by id.

# A partition takes 1,000 write units a second. Each commit may move an entry of `wake` (2 units), each effect enters
# and leaves `out` (2): 16 shards carry 8,000 of either a second, which is what 10,000 alerts a second on 1,000 keys
# need, with a wide margin. Whoever wants all of them asks 16 times, at the same time.
SHARDS: Final = 16
LIST_SHARDS: Final = 8  # An entry of `list` moves only when an aggregate begins and ends.
RECEIVER_SHARDS: Final = 4  # `out`: urgent or not, four by receiver, two by aggregate; so a lane asks four times.
LANE_SHARDS: Final = 2
TICK_DIGITS: Final = 16

STAGED: Final = "x"  # The shard of `out` in which unfinished staged commits are.
BROKEN: Final = "broken"  # The shard of `wake` in which promises without a wake-up are: it is empty.

NAME_MAX: Final = 600  # Bytes: with a number, or a digest, it fits a sort key's 1,024.
PART_MAX: Final = 250  # Bytes, of several names in one key.

# What a stream must show of an image for it to tell of an effect, or of a wake-up: filters of an event source mapping.
EFFECT_PATTERN: Final = {"dynamodb": {"NewImage": {"lane": {"S": [{"exists": True}]}}}}
WAKE_PATTERN: Final = {"dynamodb": {"NewImage": {"wake_shard": {"S": [{"prefix": "w"}]}}}}


def table(name: str, *, protected: bool = True) -> dict[str, Any]:
    """The keyword arguments of `create_table`; *protected* against being deleted.

    Time to live (attribute `TTL`) and point-in-time recovery are switched on by calls of their own.
    """
    strings = (PK, SK, "wake_shard", "out_shard", "kind", "rank")
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            *({"AttributeName": attribute, "AttributeType": "S"} for attribute in strings),
            *({"AttributeName": attribute, "AttributeType": "N"} for attribute in ("wake_at", "not_before")),
        ],
        "KeySchema": _key(PK, SK),
        "GlobalSecondaryIndexes": [
            {"IndexName": WAKE, "KeySchema": _key("wake_shard", "wake_at"), "Projection": _only()},
            {
                "IndexName": OUT,
                "KeySchema": _key("out_shard", "not_before"),
                "Projection": _only("lane", "place", "created_at"),
            },
            {"IndexName": LIST, "KeySchema": _key("kind", "rank"), "Projection": _only("machine")},
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "SSESpecification": {"Enabled": True},
        "DeletionProtectionEnabled": protected,
    }


def named(text: str, most: int = NAME_MAX) -> str:
    """*text* as a part of a key: itself if it has 1 to *most* bytes, otherwise its digest; never ambiguous."""
    raw = text.encode()
    return f"={text}" if 0 < len(raw) <= most else f"#{sha256(raw).hexdigest()}"


def ordered(number: int) -> str:
    """A number of up to 63 bits as text that sorts like it."""
    return f"{number + 2**63:020d}"


def spread(text: str, shards: int) -> int:
    """A number below *shards* that only *text* decides."""
    return crc32(text.encode()) % shards


def aggregate_key(aggregate: str) -> tuple[str, str]:
    """The item of its state."""
    return "A" + named(aggregate), "A"


def log_sort(version: int) -> str:
    """The sort key of what the commit of this version says."""
    return f"T{version:012d}"


def history_sort(place: int) -> str:
    """The sort key of a page of a history that ends with this place."""
    return "H" + ordered(place)


def receipt_sort(receiver: str, transport: str) -> str:
    """The sort key of a receipt."""
    return f"R{_part(receiver)}\x00{_part(transport)}"


def input_key(input_id: str) -> tuple[str, str]:
    """The item of an input that was handled."""
    return "I" + named(input_id), "I"


def claim_key(key: str) -> tuple[str, str]:
    """The item of a correlation key."""
    return "K" + named(key), "K"


def effect_key(effect_id: str, coalesce: str) -> tuple[str, str]:
    """The item of an effect: of those that replace each other there is one."""
    return ("C" + named(coalesce), "C") if coalesce else ("E" + named(effect_id), "E")


def shown_key(transport: str, channel: str, ts: str) -> tuple[str, str]:
    """The item of a message that shows an aggregate."""
    return f"S{_part(transport)}\x00{_part(channel)}\x00{_part(ts)}", "S"


def wake_shard(aggregate: str) -> str:
    """Where in `wake` an aggregate is."""
    return f"w{spread(aggregate, SHARDS):x}"


def wake_shards() -> list[str]:
    """All of them."""
    return [f"w{number:x}" for number in range(SHARDS)]


def out_shard(aggregate: str, receiver: str, *, urgent: bool) -> str:
    """Where in `out` an effect is."""
    lane, part = spread(receiver, RECEIVER_SHARDS), spread(aggregate, LANE_SHARDS)
    return f"{'u' if urgent else 'v'}{lane:x}{part:x}"


def out_shards(receivers: list[str] | None = None) -> list[str]:
    """Those in which effects for these receivers can be; None: all."""
    lanes = range(RECEIVER_SHARDS) if receivers is None else sorted({spread(x, RECEIVER_SHARDS) for x in receivers})
    return [f"{kind}{lane:x}{part:x}" for kind in "uv" for lane in lanes for part in range(LANE_SHARDS)]


def list_kind(aggregate: str, *, live: bool) -> str:
    """Where in `list` an aggregate is."""
    return f"{'live' if live else 'over'}{spread(aggregate, LIST_SHARDS):x}"


def list_kinds(*, live_only: bool) -> list[str]:
    """All of them."""
    names = ("live",) if live_only else ("live", "over")
    return [f"{name}{number:x}" for name in names for number in range(LIST_SHARDS)]


def list_rank(machine: str, rank: Instant, aggregate: str) -> str:
    """An aggregate's place in `list`: its machine, its rank, then as much of its id as a key holds."""
    raw = aggregate.encode()
    text = aggregate
    if len(raw) > NAME_MAX:
        text = f"{raw[:NAME_MAX].decode(errors='ignore')}{sha256(raw).hexdigest()}"
    return f"{list_prefix(machine)}{ordered(rank)}{text}"


def list_prefix(machine: str) -> str:
    """What the places of a machine's aggregates begin with."""
    return _part(machine) + "\x00"


def delivery_kind(shard: int) -> str:
    """Where in `list` the deliveries of a shard are."""
    return f"deliveries{shard:x}"


def _part(text: str) -> str:
    """*text* as one of several parts of a key, between which there is a NUL."""
    return named(text, 0 if "\x00" in text else PART_MAX)


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _only(*attributes: str) -> dict[str, Any]:
    if not attributes:
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(attributes)}
