"""The channels of deliveries that came by a route of their own; who reads them need not load the routes."""

from __future__ import annotations

from typing import Final

ALERTS: Final = "alertmanager"  # The channel of alerts.
SILENCES: Final = "silence"  # The channel of silences.
