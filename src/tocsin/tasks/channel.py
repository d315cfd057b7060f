"""The channel of tasks: what its transport is called, and what the deliveries of answers come by."""

from __future__ import annotations

from typing import Final

CHANNEL: Final = "tasks"
