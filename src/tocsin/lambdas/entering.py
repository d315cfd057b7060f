"""Whose a message of a sender is: the integration of its topic, or of the key that it came with through the gateway."""

from __future__ import annotations

import importlib
from typing import Any

import msgspec

from tocsin.engine.ports import Received
from tocsin.lambdas.messages import FromGateway
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.settings import DEFAULT


class Again(msgspec.Struct, frozen=True):
    """It cannot be decided now; the message must come again."""


class Entering:
    """As long as a runtime lives. The gate is made when the first message from the gateway comes: it costs a start."""

    def __init__(self, running: Process, thinking: Thinking) -> None:
        """Asks nobody yet."""
        self._running = running
        self._thinking = thinking
        self._gate: Any = None

    def integration(self, topic: str) -> str:
        """The integration that names the *topic* (an ARN; empty: an event), or its account; else the default one."""
        account = topic.split(":")[4] if topic.count(":") >= 5 else ""  # noqa: PLR2004 - the parts of an ARN.
        found = self._thinking.settings.integrations
        by_topic = (name for name, each in found.items() if topic and topic in each.sns_topics)
        by_account = (name for name, each in found.items() if account and account in each.sns_accounts)
        return next(by_topic, None) or next(by_account, None) or DEFAULT

    def admit(self, message: FromGateway) -> Received | Again | None:
        """See `tocsin.lambdas.gatekeeping.Gatekeeper`. Raises StoreUnavailableError."""
        if self._gate is None:
            module = importlib.import_module("tocsin.lambdas.gatekeeping")
            self._gate = module.Gatekeeper(self._running, self._thinking)
        found: Received | Again | None = self._gate.admit(message)
        return found

    def keep(self) -> None:
        """Write down what was noted of keys."""
        if self._gate is not None:
            self._gate.keep()
