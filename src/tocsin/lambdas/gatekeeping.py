"""The gate for what came through the gateway, which has asked nobody: keys, the rules of integrations, signatures."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Received
from tocsin.errors import StoreUnavailableError
from tocsin.lambdas.entering import Again
from tocsin.lambdas.messages import FromGateway
from tocsin.web.envelopes import is_envelope
from tocsin.web.gate import Gate, Knock, Refused
from tocsin.wiring.doorkeeper import Doorkeeper
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.senders import rules, sns_check
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_intake import DirectIntake, Errands
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.wrong_keys import WrongKeys

PATH: Final = "/v1/in"

log = logging.getLogger(__name__)


class Gatekeeper:
    """As long as a runtime lives."""

    def __init__(self, running: Process, thinking: Thinking) -> None:
        """Reads the keys. Raises StoreUnavailableError."""
        settings = thinking.settings
        ring = KeyRing(settings, thinking.store, thinking.clock)
        self._wrong_keys = WrongKeys(thinking.store, thinking.clock, ring.former)
        self._check_sns = sns_check(settings, thinking.clock, running.outside.sns_fetch)
        self._gate = Gate(
            DirectIntake(Errands(thinking)),
            thinking.clock,
            ring.integration,
            lambda why: log.info("refused", extra={"why": why}),
            check_sns=self._check_sns,
            rules=rules(settings),
            on_wrong_key=self._note,
        )
        self._doorkeeper = Doorkeeper(ring, self._wrong_keys, thinking.clock, thinking.accept)
        self._to_keep = True  # Which keys were used is written once in the life of a runtime.

    def admit(self, message: FromGateway) -> Received | Again | None:
        """What is stored of *message*; None: it is refused, and that has been noted.

        Its sender has heard 200 already. So a key that is not known is told to people by the register of wrong keys, as
        ever. Raises StoreUnavailableError.
        """
        received = message.received
        lines = [line.partition(b": ") for line in received.head.split(b"\n")]
        headers = [(name, value) for name, _, value in lines]
        found = self._gate.admit(message.key, message.peer, headers, received.body, PATH)
        if isinstance(found, Refused):
            if found.status == HTTPStatus.SERVICE_UNAVAILABLE:
                return Again()
            log.warning("a delivery through the gateway was refused", extra={"problem": found.sentence})
            return None
        received = replace(received, key=found.integration)
        if not is_envelope(headers, received.body):
            return received
        words = {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in headers}
        verdict = self._check_sns(words, received.body, found.integration)
        if verdict.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return Again()
        if verdict.status != HTTPStatus.OK:
            return None  # The check has logged why.
        if verdict.once:
            kept = [line for line in received.head.split(b"\n") if not line.startswith(f"{ONCE}: ".encode())]
            received = replace(received, head=b"\n".join([f"{ONCE}: sns/{verdict.once}".encode(), *kept]))
        return received

    def keep(self) -> None:
        """Write down what was noted of keys; what cannot be is lost, as it is no alert."""
        if not self._to_keep:
            return
        self._to_keep = False
        try:
            self._doorkeeper.go_round()
        except StoreUnavailableError as problem:
            log.warning("the keys could not be looked after", extra={"problem": problem.message})

    def _note(self, knock: Knock) -> None:
        self._wrong_keys.note(knock)
        self._to_keep = True
