"""How much of AWS an alert needs: requests and units, counted from the shape of the store and of the functions.

A test holds the units, the messages, the invocations and the timers against what the functions and the store are seen
to need; seconds, and bytes that are logged or kept, are design figures. Whoever measures other ones changes them here,
and docs/cost.md and docs/scale.md follow. Units are those of DynamoDB: a write of up to 1 KB is one, in a transaction
two; a consistent read of up to 4 KB is one. Source: "Read and write capacity mode" and "DynamoDB transactions: how it
works" in its Developer Guide.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What one of something needs; *seconds* of a function with *megabytes*; *log_bytes* that it writes."""

    sqs: float = 0.0
    invocations: float = 0.0
    seconds: float = 0.0
    megabytes: float = 512.0
    writes: float = 0.0
    reads: float = 0.0
    transitions: float = 0.0
    api: float = 0.0
    log_bytes: float = 0.0
    stored_bytes: float = 0.0


ALERT: Final = Need(
    api=1,  # By HTTP, the dearest way in; SNS and EventBridge of AWS itself cost nothing to deliver.
    sqs=1,  # SendMessage; a body has less than 64 KB.
    writes=2 + 1,  # The input that was handled, in the commit's transaction; its share of what `accept` stores.
    reads=1 + 1,  # Was it handled before; who answers to its key.
    seconds=0.004,  # To read and to decide on it, at the 0.29 of a processor that 512 MB have.
    log_bytes=250,  # A line in the log of the API.
    stored_bytes=1200,  # Its delivery, compressed, and that it was handled.
)
"""Of each alert, however many come together."""

_ACCEPT: Final = 2 + 2 + 2 + 2  # Fence, what waits, the delivery and its place in `list`: one transaction.
_SETTLE: Final = 1 + 1  # What became of it; that none of it waits any more.
BATCH: Final = Need(
    invocations=1,
    writes=_ACCEPT + _SETTLE,
    reads=1,
    seconds=0.06,  # `accept`, the loads, and that it is settled: five requests after each other.
    log_bytes=200,
)
"""Of each batch that InboxFunction is given."""

COMMIT: Final = Need(
    writes=2 * 3 + 2 + 2 + 2,  # State of up to 3 KB; its log; a key; its entry in `wake`.
    reads=1,
    seconds=0.02,
    stored_bytes=800,
)
"""Of each incident that a batch is about."""

EFFECT: Final = Need(
    invocations=0.9,  # Of OutboxFunction: the stream brings together what belongs to one commit, or comes in a moment.
    seconds=0.25,  # Most of it waits for Slack.
    writes=2 + 2 + 1 + 1 + 1,  # In the commit, with `out`; confirmed, with `out`; the receipt.
    reads=6,  # Is it still pending, and is it the next one; the state just before it leaves; the receipts, the thread.
    log_bytes=300,
    stored_bytes=300,
)
"""Of each message that leaves."""

TRANSITIONS: Final = 4  # Start, Wait, Tell, end: AWS counts its own example with two states as four.
WAKE: Final = Need(
    invocations=1 + 1,  # OutboxFunction starts the timer; InboxFunction hears of it.
    sqs=1 + 1 + 1,  # The timer sends, Lambda receives and deletes.
    transitions=TRANSITIONS,
    seconds=0.05 + 0.06,
    writes=2 * 3 + 2 + 2,
    reads=2,
    log_bytes=300,
)
"""Of each wake-up that a timer is started for."""

SWEEP: Final = Need(
    invocations=1,
    seconds=0.4,
    # All shards of `wake` and `out`, half a unit each, and the backlog, consistently: to tell how things stand, and to
    # do what waits. Then the books of a runtime, which is made anew every minute, and the rounds.
    reads=2 * (0.5 * (17 + 17) + 16) + 34,
    log_bytes=900,  # One record of metrics.
)
"""Of each sweep while nothing is to be done."""


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """What alerts are like: so many incidents, messages and wake-ups for one alert."""

    commits: float
    effects: float
    wakes: float


MIX: Final = Mix(
    commits=1.0,  # Nearly every alert is about another incident than its neighbours.
    effects=1.5,  # Two of ten alerts open an incident (page, thread, escalation), two resolve one, six repeat.
    wakes=0.5,  # An incident asks the next person once or twice, and closes later.
)

WINDOW_SECONDS: Final = 1.0  # MaximumBatchingWindowInSeconds
POLLERS: Final = 5  # Lambda polls a queue with five connections at least; each gathers for itself.
POLL_SECONDS: Final = 20.0  # One of its polls, while nothing comes.
RECEIVE_MAX: Final = 10  # Messages of one ReceiveMessage or DeleteMessageBatch.
OWN_METRICS: Final = 9  # Of every sweep. A metric costs nothing in an hour in which nobody tells it.
RESULT_METRICS: Final = 6 + 6  # What became of messages, and how slow the slowest was: of sweeps, of OutboxFunction.
KEPT_MONTHS: Final = 3.0  # How long what an alert has left behind is kept on average.


def batch(alerts_per_second: float, most: int) -> float:
    """How many alerts come together: those of a window, shared among Lambda's pollers, at least one."""
    return min(float(most), max(1.0, alerts_per_second * WINDOW_SECONDS / POLLERS))
