"""The ways to a telephone, as far as the settings name them."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.engine.ports import Transport
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Place
from tocsin.twilio.transports import Account, TwilioSms, TwilioVoice
from tocsin.wiring.settings import Settings


def telephones(settings: Settings, paging: Paging, twilio: Place | None = None) -> Sequence[Transport]:
    """The transports for SMS and calls. *twilio* is for tests."""
    found: list[Transport] = []
    if settings.twilio:
        account = Account(settings.twilio.account, settings.twilio.token.reveal(), settings.twilio.number, place=twilio)
        found += [TwilioSms(account, paging), TwilioVoice(account, paging)]
    return found
