"""Whose a message of a sender is: the integration of its topic, or of the key that it came with through the gateway."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Received
from tocsin.errors import StoreUnavailableError
from tocsin.lambdas.messages import FromGateway
from tocsin.web.envelopes import Check, is_envelope
from tocsin.web.gate import Gate, Knock, Refused
from tocsin.wiring.doorkeeper import Doorkeeper
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.senders import rules, sns_check
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_intake import DirectIntake, Errands
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.settings import DEFAULT
from tocsin.wiring.wrong_keys import WrongKeys

PATH: Final = "/v1/in"

log = logging.getLogger(__name__)


class Again(msgspec.Struct, frozen=True):
    """It cannot be decided now; the message must come again."""


class Entering:
    """As long as a runtime lives. The ring of keys is read when the first message from the gateway comes."""

    def __init__(self, running: Process, thinking: Thinking) -> None:
        """Asks nobody yet."""
        self._running = running
        self._thinking = thinking
        self._keepers: tuple[Gate, Check, Doorkeeper] | None = None
        self._to_keep = False

    def integration(self, topic: str) -> str:
        """The integration that names the *topic* (an ARN; empty: an event), or its account; else the default one."""
        account = topic.split(":")[4] if topic.count(":") >= 5 else ""  # noqa: PLR2004 - the parts of an ARN.
        found = self._thinking.settings.integrations
        by_topic = (name for name, each in found.items() if topic and topic in each.sns_topics)
        by_account = (name for name, each in found.items() if account and account in each.sns_accounts)
        return next(by_topic, None) or next(by_account, None) or DEFAULT

    def admit(self, message: FromGateway) -> Received | Again | None:
        """What is stored of *message*; None: it is refused, and that has been noted.

        Its sender has heard 200 already, since the gateway asks nobody. So a key that is not known is told to people by
        the register of wrong keys, as ever. Raises StoreUnavailableError.
        """
        gate, check_sns, _ = self._keepers or self._made()
        received = message.received
        lines = [line.partition(b": ") for line in received.head.split(b"\n")]
        headers = [(name, value) for name, _, value in lines]
        found = gate.admit(message.key, message.peer, headers, received.body, PATH)
        if isinstance(found, Refused):
            if found.status == HTTPStatus.SERVICE_UNAVAILABLE:
                return Again()
            log.warning("a delivery through the gateway was refused", extra={"problem": found.sentence})
            return None
        received = replace(received, key=found.integration)
        if not is_envelope(headers, received.body):
            return received
        words = {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in headers}
        verdict = check_sns(words, received.body, found.integration)
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
        if self._keepers is not None and self._to_keep:
            self._to_keep = False
            try:
                self._keepers[2].go_round()
            except StoreUnavailableError as problem:
                log.warning("the keys could not be looked after", extra={"problem": problem.message})

    def _made(self) -> tuple[Gate, Check, Doorkeeper]:
        thinking, settings = self._thinking, self._thinking.settings
        ring = KeyRing(settings, thinking.store, thinking.clock)
        wrong_keys = WrongKeys(thinking.store, thinking.clock, ring.former)
        check = sns_check(settings, thinking.clock, self._running.outside.sns_fetch)

        def note(knock: Knock) -> None:
            wrong_keys.note(knock)
            self._to_keep = True

        gate = Gate(
            DirectIntake(Errands(thinking)),
            thinking.clock,
            ring.integration,
            lambda why: log.info("refused", extra={"why": why}),
            check_sns=check,
            rules=rules(settings),
            on_wrong_key=note,
        )
        self._keepers = gate, check, Doorkeeper(ring, wrong_keys, thinking.clock, thinking.accept)
        self._to_keep = True  # Which keys were used is written once in the life of a runtime.
        return self._keepers
