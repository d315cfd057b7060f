"""What a running server takes from the world outside, and what it tells it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tocsin.kernel.time import Instant
from tocsin.posting.requests import Place
from tocsin.slack.addresses import BASE_URL
from tocsin.teams.cloud import Cloud
from tocsin.wiring.clock import SystemClock


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a running server tells those who wait for it.

    *ingest_url*: empty when the key of `default` was made at an earlier start, and nobody can tell it any more.
    """

    url: str
    ingest_url: str
    console_url: str
    pid: int


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What of the world outside tests and the demo replace: the clock, where Slack is, how SNS's certificates come.

    *twilio*: where that is. *cloud*: where Microsoft's is.
    """

    clock: Callable[[], Instant] = msgspec.field(default_factory=SystemClock)
    slack_api: str = BASE_URL
    sns_fetch: Callable[[str], bytes] | None = None
    twilio: Place | None = None
    cloud: Cloud | None = None
