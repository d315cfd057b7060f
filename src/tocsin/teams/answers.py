"""What the Bot Connector's answers mean for a delivery: later, never, or in another form.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference (error
responses) and https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit (412, 429, 502 and 504 pass).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

import msgspec

from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, SECOND, Duration
from tocsin.posting.requests import Answer

VENDOR: Final = "Microsoft Teams"
RETRY_AFTER_DEFAULT: Final[Duration] = 5 * SECOND
RETRY_AFTER_MAX: Final[Duration] = HOUR  # A longer wait is looked at again after an hour.

# Trying again cannot help until a person has changed something; the sentence says what.
PERMANENT: Final = {
    "BotDisabledByAdmin": "the app is disabled by the administrators of Teams",
    "BotNotInConversationRoster": "the app is not installed there; add it to the team, or for the person",
    "ConversationBlockedByUser": "the person has blocked the app in Teams",
    "ConversationNotFound": "Teams knows no such channel or chat, or the app is not installed there",
    "ForbiddenOperationException": "the app is not installed there; add it to the team, or for the person",
    "InvalidBotApiHost": "the app's tenant is served from another cloud",
    "NotEnoughPermissions": "the app may not write there",
    "BadArgument": "Teams does not accept the message",
    "BadSyntax": "Teams does not accept the message",
}
LAYOUT_REFUSED: Final = frozenset({"BadArgument", "BadSyntax", "MessageSizeTooBig"})
"""The same in plain text may pass: a page without buttons is better than none."""
GONE: Final = frozenset({"ActivityNotFoundInConversation", "MessageNotFound", "NotFound"})
"""The message cannot be changed any more; its news needs another one."""

_CODE: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Failure(msgspec.Struct, frozen=True):
    """A call that did not do what was wanted: the connector's error *code* (may be empty), and what follows from it."""

    code: str
    result: Postponed | Refused
    limited: bool = False


def judged(answer: Answer) -> Failure | None:
    """What an answer means that is no success; None for one that is."""
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    code = _code(answer.body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = min(answer.wait or RETRY_AFTER_DEFAULT, RETRY_AFTER_MAX)
        return Failure(
            code, Postponed(f"{VENDOR} asks to wait: too many calls", after=wait, counts=False), limited=True
        )
    if status == HTTPStatus.NOT_FOUND:
        return Failure(code or "NotFound", Refused(PERMANENT.get(code, PERMANENT["ConversationNotFound"])))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Failure("MessageSizeTooBig", Refused(f"the message is too large for {VENDOR}"))
    if status == HTTPStatus.FORBIDDEN:
        return Failure(code, Refused(PERMANENT.get(code, f"{VENDOR} does not let the app write there") + _told(code)))
    if status == HTTPStatus.BAD_REQUEST:
        return Failure(code or "BadArgument", Refused(PERMANENT.get(code, PERMANENT["BadArgument"]) + _told(code)))
    # 401 is a token that has just ended; 412, 502 and the rest may be Microsoft's own trouble.
    return Failure(code, Postponed(f"{VENDOR} answered {status}{_told(code)}", after=answer.wait))


def _told(code: str) -> str:
    return f" ({code})" if code else ""


def _code(body: bytes) -> str:
    """The code of an error body, `{"error": {"code": ..., "message": ...}}`; empty if it has none."""
    try:
        document: Any = json.decode(body)
    except json.JsonError:
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return _CODE.sub("?", code[:60]) if isinstance(code, str) else ""
