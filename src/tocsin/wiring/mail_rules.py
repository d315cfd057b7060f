"""What the mails of an integration mean, as its settings say."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.incidents.alerts import Severity
from tocsin.sources.email_rules import MailRules, Merge
from tocsin.wiring import settings_integrations as configured
from tocsin.wiring.settings import Settings


def mail_rules(settings: Settings) -> Mapping[str, MailRules]:
    """The rules for the mails of each integration."""
    return {name: _rules(found.mail) for name, found in settings.integrations.items()}


def _rules(mail: configured.MailRules) -> MailRules:
    return MailRules(
        merge=Merge(mail.merge),
        resolve_when=mail.resolve_when,
        open_when=mail.open_when,
        senders=mail.senders,
        severity=Severity(mail.severity) if mail.severity else None,
    )
