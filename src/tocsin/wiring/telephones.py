"""The ways to a telephone, as far as the settings name them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from tocsin.engine.ports import Transport
from tocsin.errors import TocsinError
from tocsin.kernel.time import Instant
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Place
from tocsin.posting.spacing import CALL_GAP, SMS_GAP, Spaced
from tocsin.twilio.transports import Account, TwilioSms, TwilioVoice
from tocsin.wiring.settings import Settings


def telephones(
    settings: Settings, paging: Paging, clock: Callable[[], Instant], twilio: Place | None = None
) -> Sequence[Transport]:
    """The transports for SMS and calls, each with room between its messages. *twilio* is for tests.

    Raises TocsinError if the SDK of AWS is needed and not installed.
    """
    texts: list[Transport] = []
    calls: list[Transport] = []
    if settings.twilio:
        account = Account(settings.twilio.account, settings.twilio.token.reveal(), settings.twilio.number, place=twilio)
        texts.append(TwilioSms(account, paging))
        calls.append(TwilioVoice(account, paging))
    if settings.sns:
        texts.append(_aws("sns").SnsSms(paging, region=settings.sns.region, sender=settings.sns.sender))
    if connect := settings.connect:
        calls.append(
            _aws("connect").ConnectVoice(
                paging, instance=connect.instance, flow=connect.flow, number=connect.number, region=connect.region
            )
        )
    return [
        *(Spaced(each, SMS_GAP, clock) for each in texts),
        *(Spaced(each, CALL_GAP, clock) for each in calls),
    ]


def _aws(section: str) -> Any:  # noqa: ANN401 - a module.
    try:
        return importlib.import_module("tocsin.aws.telephones")
    except ModuleNotFoundError as problem:
        raise TocsinError(
            "aws-missing",
            f'tocsin[aws] is not installed, and there is a section `{section}`: pip install "tocsin[aws]"',
        ) from problem
