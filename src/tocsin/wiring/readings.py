"""What a sender's delivery says, by the channel that it took and by the rules of its integration. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.engine.ports import Delivery
from tocsin.sources import Reading, pings, read
from tocsin.sources.email_rules import MailRules
from tocsin.sources.reading import Remapping
from tocsin.wiring.mail_rules import mail_rules
from tocsin.wiring.settings import Settings

_NO_RULES: Final = MailRules()


class Readings:
    """Reads the deliveries of senders; those of people and of Tocsin itself are not read here."""

    def __init__(
        self, mail: Mapping[str, MailRules] | None = None, mappings: Mapping[str, Remapping] | None = None
    ) -> None:
        """*mail*: the rules for e-mail, *mappings*: what events mean, of each integration that has some."""
        self._mail = mail or {}
        self._mappings = mappings or {}

    def read(self, delivery: Delivery) -> Reading | None:
        """What *delivery* says; None for a channel of others."""
        match delivery.channel:
            case "in" | "sqs" | "mail":
                return read(
                    headers(delivery.head),
                    delivery.body,
                    received_at=delivery.received_at,
                    mail=self._mail.get(delivery.key, _NO_RULES),
                    mapping=self._mappings.get(delivery.key),
                )
            case "ping":
                path, query = delivery.header("x-tocsin-path") or "", delivery.header("x-tocsin-query") or ""
                return pings.read(path, query, delivery.body)
        return None


def readings(settings: Settings) -> Readings:
    """As *settings* say what senders mean."""
    mappings = {
        name: compiled
        for name, found in settings.integrations.items()
        if found.mapping is not None and (compiled := found.mapping.compiled()) is not None
    }
    return Readings(mail_rules(settings), mappings)


def headers(head: bytes) -> dict[str, str]:
    """The header lines of a delivery by lower-case name; of equal names the first."""
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(": ")
        found.setdefault(name, value)
    return found
