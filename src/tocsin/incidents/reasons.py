"""Why a decision was taken: one word for each way through the machine."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Every early return has its own; the timeline and the tests use them."""

    OPENED = "opened"
    HELD = "held"  # Opened, and it usually recovers by itself.
    REOPENED = "reopened"
    JOINED = "joined"  # Another alert of the same group.
    REPEATED = "repeated"
    RECURRED = "an alert fires again"  # It had recovered, the incident is still open.
    BECAME_ALERT = "now an alert"  # It was a notification.
    WORSENED = "worsened"
    ALERT_RESOLVED = "alert resolved"  # Others still fire, or a person was quicker.
    SOURCE_RESOLVED = "resolved by its source"
    SOURCE_ACKNOWLEDGED = "acknowledged at its source"
    SOURCE_RECOVERED = "recovered, left open"  # auto_resolve is off.
    HELD_RECOVERED = "recovered while held"
    UNHELD = "joined, and is not held"  # It was held.
    FLAPPING = "recovered, and is flapping"  # That resolves nothing.
    RESUMED = "fires again, unanswered"  # It was quiet.
    SILENCED = "fires, and is silenced"  # It was being asked about.
    UNSILENCED = "fires, and is not silenced"  # It was muted.
    COUNTED = "counted"  # Its threshold is not reached.
    REACHED = "threshold reached"
    OUT_OF_ORDER = "out of order"
    NOTHING_TO_RESOLVE = "nothing to resolve"
    NOTHING_TO_ACKNOWLEDGE = "nothing to acknowledge"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_PARTLY = "acknowledged, more are needed"  # Several must.
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    TAKEN_OVER = "taken over"
    PASSED = "passed"
    PASSED_OTHERS_ASKED = "passed, others are still asked"
    PASSED_BY_EVERYONE = "passed by everyone"  # They are asked again when the step ends.
    ESCALATED = "escalated"
    REASSIGNED = "reassigned"
    SNOOZED = "snoozed"
    SNOOZE_IN_PAST = "snooze time has passed"
    SNOOZE_OVER = "snooze over"
    HELD_OVER = "hold over"
    QUIET = "quiet, asks nobody else yet"  # It flaps.
    CALMED = "not flapping any more"
    SILENCE_BEGUN = "silence begun"
    SILENCE_ENDED = "silence ended early"
    SILENCE_OVER = "silence over"
    NOT_SILENCED = "nothing to silence"
    INHIBITED = "inhibition begun"
    INHIBITION_OVER = "inhibition over"
    STORM_OVER = "storm over"
    MUTED_ENOUGH = "muted long enough"  # The bound of an inhibition or a storm.
    EXPIRED = "not repeated in time"
    LAPSED = "its sender stopped telling of it"
    NOT_LAPSED = "told again meanwhile"
    RESOLVED = "resolved"
    ALREADY_RESOLVED = "already resolved"
    NOTED = "noted"
    NOTE_EMPTY = "note is empty"
    UNACKNOWLEDGED = "acknowledgement taken back"
    NOT_ACKNOWLEDGED = "was not acknowledged"
    AMENDED = "amended"
    RAISED = "severity raised"
    NOTHING_AMENDED = "nothing to amend"
    INVITED = "invited"
    ALREADY_ASKED = "already asked"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    STALE_RUNG = "button of an earlier step"
    NOT_ASKED = "was not asked"
    PAGE_FAILED = "page failed"
    NOBODY_REACHED = "nobody reached"
    SHOWN_AGAIN = "shown again"  # A way to people works again.
    ASKED_AGAIN = "asked again"  # The same, and nobody had been reached.
    STEP_EXPIRED = "no answer"
    STILL_ASKED = "no answer, still asked"  # A smart step waits on.
    ACK_EXPIRED = "acknowledged and forgotten"
    NOTIFICATION_OVER = "notification over"
    NOT_DUE = "not due"
    UNKNOWN_INCIDENT = "no such incident"


IGNORED = frozenset(
    {
        Reason.OUT_OF_ORDER,
        Reason.NOTHING_TO_RESOLVE,
        Reason.NOTHING_TO_ACKNOWLEDGE,
        Reason.ALREADY_ACKNOWLEDGED,
        Reason.SNOOZE_IN_PAST,
        Reason.ALREADY_RESOLVED,
        Reason.NOT_SILENCED,
        Reason.NOT_LAPSED,
        Reason.NOTE_EMPTY,
        Reason.NOT_ACKNOWLEDGED,
        Reason.NOTHING_AMENDED,
        Reason.ALREADY_ASKED,
        Reason.STALE_RUNG,
        Reason.NOT_ASKED,
        Reason.NOT_DUE,
        Reason.UNKNOWN_INCIDENT,
    }
)
"""The reasons that change nothing: the input had no meaning in this state."""
