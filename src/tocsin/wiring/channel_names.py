"""The channels of deliveries whose readers are loaded when the first of them comes."""

from __future__ import annotations

from typing import Final

DIGEST: Final = "digest"
EXECUTION: Final = "execution"
HEARTBEAT: Final = "heartbeat"
NOTICE: Final = "notice"
QUESTION: Final = "question"
RAISE: Final = "raise"
REMEDY: Final = "remedy"
ROOM: Final = "room"
ROOMS: Final = "rooms"
RULE: Final = "rule"
STORM: Final = "storm"
SWAP: Final = "swap"
