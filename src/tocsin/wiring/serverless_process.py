"""One process of a function: what is made when it starts, and what is made anew while it lives.

A cold start reads the configuration in the zip and its secrets once. The runtime on top of them is made at the first
invocation, and again when it is older than its LIFE, or after an invocation has failed: whatever was wrong in memory is
gone then. How people are reached is only made where it is needed; the thinking functions start without it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from tocsin.aws.calls import SQS, Caller, Calls
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Outgoing, Wake
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_secrets import secrets
from tocsin.wiring.serverless_table import TableClient
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import load
from tocsin.wiring.stores import ShowingStore

if TYPE_CHECKING:
    from tocsin.wiring import serverless_flows
else:
    serverless_flows = later("tocsin.wiring.serverless_flows")

T = TypeVar("T")

TABLE: Final = "TOCSIN_TABLE"
INBOX_URL: Final = "TOCSIN_INBOX_URL"
TIMER_ARN: Final = "TOCSIN_TIMER_ARN"
PUBLIC_URL: Final = "TOCSIN_PUBLIC_URL"
CONFIG: Final = "TOCSIN_CONFIG"
SECRETS: Final = "TOCSIN_SECRETS"
NAMESPACE: Final = "TOCSIN_NAMESPACE"


class Stream(Protocol):
    """What the changes of the table tell, and what of it is still true: `tocsin.dynamo.store.DynamoStore`."""

    def told(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        """The effect that a record says was put out, or the new wake; None: nothing for us.

        Raises whatever a record of another shape makes it raise.
        """
        ...

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """Those of *outgoing* that are pending, as they are now: read consistently. Raises StoreUnavailableError."""
        ...


class Process:
    """What a function keeps between invocations. One thread."""

    def __init__(
        self,
        settings: Settings,
        store: ShowingStore,
        calls: Caller,
        *,
        environ: Mapping[str, str],
        stream: Stream,
        outside: Outside | None = None,
    ) -> None:
        """*settings* are those of the file."""
        self.settings, self.store, self.calls, self.environ = settings, store, calls, environ
        self.outside = outside or Outside(clock=SystemClock())
        self.clock: Callable[[], Instant] = self.outside.clock
        self.url = environ.get(PUBLIC_URL, "").rstrip("/")
        self.stream: Stream = stream
        self.configured = False  # Whether the configuration has become inputs; the sweep's business.
        self._thinking: Thinking | None = None
        self._parts: dict[str, Any] = {}

    def thinking(self) -> Thinking:
        """What decides, as things are now. Raises StoreUnavailableError."""
        if self._thinking is not None and self._thinking.is_old:
            self.forget()
        if self._thinking is None:
            self._thinking = Thinking(self.settings, self.store, self.url, self.clock, flows=self._flows())
        else:
            self._thinking.books.freshen()
        return self._thinking

    def _flows(self) -> serverless_flows.Flows | None:
        """What rules start; most teams have none."""
        timer = self.environ.get(TIMER_ARN, "")
        if not timer or not self.settings.rules:
            return None
        return serverless_flows.Flows(self.store, self.calls, timer, self.clock)

    def part(self, name: str, make: Callable[[], T]) -> T:
        """What *make* makes, kept as long as the runtime."""
        if name not in self._parts:
            self._parts[name] = make()
        found: T = self._parts[name]
        return found

    def reach(self) -> Any:  # noqa: ANN401 - a `Reach`; its module costs a second, and not every function needs it.
        """How people are reached. Raises StoreUnavailableError, TocsinError."""
        thinking = self._thinking or self.thinking()
        module = importlib.import_module("tocsin.wiring.serverless_reach")
        return self.part("reach", lambda: module.Reach(thinking, self.calls, self.outside))

    def talk(self) -> Any:  # noqa: ANN401 - a `Talk`; as above.
        """Who answers people. Raises StoreUnavailableError, TocsinError."""
        thinking, reach = self._thinking or self.thinking(), self.reach()
        return self.part("talk", lambda: importlib.import_module("tocsin.wiring.serverless_talk").Talk(thinking, reach))

    def asking(self) -> Any:  # noqa: ANN401 - a `StatesAsking`; as above.
        """Who asks people for tasks of Step Functions. Raises StoreUnavailableError, TocsinError."""
        thinking = self._thinking or self.thinking()
        module = importlib.import_module("tocsin.wiring.serverless_asking")
        return self.part("asking", lambda: module.StatesAsking(thinking, self.calls))

    def rest(self) -> None:
        """The invocation ends: nothing goes on."""
        if "reach" in self._parts:
            self._parts["reach"].settle()

    def forget(self) -> None:
        """Make the runtime anew at the next invocation."""
        parts, self._thinking, self._parts = self._parts, None, {}
        if "reach" in parts:
            parts["reach"].close()

    def hand_over(self, message: Mapping[str, Json]) -> None:
        """Put *message* into the inbox. Raises AwsError."""
        body = json.encode(message).decode()
        self.calls.call(SQS, "SendMessage", {"QueueUrl": self.environ[INBOX_URL], "MessageBody": body})


def started(environ: Mapping[str, str], calls: Caller | None = None, outside: Outside | None = None) -> Process:
    """The process that *environ* describes.

    Raises SettingsError for a configuration that is wrong, TocsinError for what is missing.
    """
    for name in (TABLE, INBOX_URL, PUBLIC_URL):
        if not environ.get(name):
            raise TocsinError("function-environment", f"{name} is not set for this function")
    calls = calls or Calls(environ)
    found = dict(environ)
    if environ.get(SECRETS):
        found |= secrets(calls, environ[SECRETS])
    path = environ.get(CONFIG)
    settings = load(Path(path) if path else None, found)
    store = DynamoStore(TableClient(environ), environ[TABLE])
    return Process(settings, cast("ShowingStore", store), calls, environ=environ, stream=store, outside=outside)
