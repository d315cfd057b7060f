"""Why a heartbeat's decision was taken."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One for each way through the machine."""

    CREATED = "heartbeat created"
    PINGED = "pinged"
    RECOVERED = "heartbeat recovered"
    STARTED = "work started"
    FAILED = "work failed"
    LOGGED = "word of the work"
    LATE = "late"
    MISSED = "missed"
    CONFIGURED = "heartbeat configured"
    UNCHANGED = "heartbeat unchanged"
    ENABLED = "heartbeat enabled"
    DISABLED = "heartbeat disabled"
    DELETED = "heartbeat deleted"
    IDLE = "heartbeat is disabled"
    SENDER_LIVES = "its sender lives"  # What the sender does not repeat is over.
    SENDER_SILENT = "its sender is silent"  # Nobody knows what is over.
    NOT_YET = "its sender may still speak"
    NOT_DUE = "not due"
    UNKNOWN = "no such heartbeat"
