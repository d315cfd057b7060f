"""A table of DynamoDB as its documented limits have it, on virtual time: units of partitions, races, throttling.

A partition takes 1,000 write units and 3,000 read units a second, whatever the table has; a key is in one partition. A
table on demand takes what its account's quota says, 40,000 write units a second at first. A transaction costs twice its
items' units, also when it is cancelled, and conflicts with one that is under way at the same item. An index that is
behind holds back the table. Not modelled: the five minutes of unused capacity that a partition may burst with, and that
adaptive capacity splits hot partitions (every hot key is alone in its partition here from the beginning).

Sources: the Developer Guide of DynamoDB: "Quotas", "Best practices for designing and using partition keys effectively",
"DynamoDB transactions: how it works", "Using global secondary indexes". Latencies are assumptions.
"""

from __future__ import annotations

import random
from typing import Final

PARTITION_WRITES: Final = 1000.0
PARTITION_READS: Final = 3000.0
TABLE_WRITES: Final = 40_000.0  # The default quota of an account, for a table on demand.

GET_MS: Final = (4.0, 0.45)  # Median of a consistent read, and the sigma of its logarithm: p99 is about 2.8 medians.
PUT_MS: Final = (6.0, 0.45)
TRANSACTION_MS: Final = (14.0, 0.45)


class Bucket:
    """So many units a second; what is not used in a second is gone."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = rate
        self._at = 0.0

    def take(self, now: float, units: float) -> bool:
        """Whether *units* were there; they may be more than there are, once."""
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left <= 0:
            return False
        self._left -= units
        return True


class Table:
    """Counts units, refuses what is too much, and tells latencies."""

    def __init__(self, chance: random.Random, *, writes: float, shards: int) -> None:
        """*writes*: the quota of the table; it has as many partitions as that needs. *shards*: of the index `wake`."""
        self.chance = chance
        self.throttled = 0
        self.written = 0.0
        self._all = Bucket(writes)
        self._partitions = [Bucket(PARTITION_WRITES) for _ in range(max(4, round(writes / PARTITION_WRITES)))]
        self._own: dict[int, Bucket] = {}
        self._index = [Bucket(PARTITION_WRITES) for _ in range(shards)]

    def spread(self, now: float, units: float) -> bool:
        """Write items whose keys are in any partition."""
        partition = self.chance.choice(self._partitions)
        return self._counted(units, partition.take(now, units) and self._all.take(now, units))

    def hot(self, now: float, key: int, units: float) -> bool:
        """Write the items of one aggregate, which are in one partition."""
        bucket = self._own.setdefault(key, Bucket(PARTITION_WRITES))
        return self._counted(units, bucket.take(now, units) and self._all.take(now, units))

    def wake(self, now: float, key: int, units: float) -> bool:
        """Move an entry of the index `wake`."""
        return self._counted(units, self._index[key % len(self._index)].take(now, units))

    def _counted(self, units: float, done: bool) -> bool:  # noqa: FBT001 - private.
        if done:
            self.written += units
        else:
            self.throttled += 1
        return done

    def latency(self, kind: tuple[float, float]) -> float:
        """Seconds of one request."""
        median, sigma = kind
        return median / 1000 * self.chance.lognormvariate(0, sigma)
