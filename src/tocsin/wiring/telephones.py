"""The ways to a telephone, as far as the settings name them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from tocsin.engine.ports import Transport
from tocsin.errors import TocsinError
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Place
from tocsin.twilio.transports import Account, TwilioSms, TwilioVoice
from tocsin.wiring.settings import Settings


def telephones(settings: Settings, paging: Paging, twilio: Place | None = None) -> Sequence[Transport]:
    """The transports for SMS and calls. *twilio* is for tests.

    Raises TocsinError if the SDK of AWS is needed and not installed.
    """
    found: list[Transport] = []
    if settings.twilio:
        account = Account(settings.twilio.account, settings.twilio.token.reveal(), settings.twilio.number, place=twilio)
        found += [TwilioSms(account, paging), TwilioVoice(account, paging)]
    if settings.sns:
        found.append(_aws("sns").SnsSms(paging, region=settings.sns.region, sender=settings.sns.sender))
    if connect := settings.connect:
        found.append(
            _aws("connect").ConnectVoice(
                paging, instance=connect.instance, flow=connect.flow, number=connect.number, region=connect.region
            )
        )
    return found


def _aws(section: str) -> Any:  # noqa: ANN401 - a module.
    try:
        return importlib.import_module("tocsin.aws.telephones")
    except ModuleNotFoundError as problem:
        raise TocsinError(
            "aws-missing",
            f'tocsin[aws] is not installed, and there is a section `{section}`: pip install "tocsin[aws]"',
        ) from problem
