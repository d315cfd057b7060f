"""What Slack's answers mean for a delivery: later, never, or in another form.

Sources: https://docs.slack.dev/reference/methods/chat.postMessage (and the pages of the other methods) for the errors,
https://docs.slack.dev/apis/web-api/rate-limits for the limits.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel.time import SECOND, Duration

RETRY_AFTER_DEFAULT: Final[Duration] = 5 * SECOND  # When Slack says "too many" without saying how long.

# Trying again cannot help until a person has changed something; the sentence says what.
PERMANENT: Final = {
    "access_denied": "Slack denies access; the workspace's administrators may have restricted the app",
    "account_inactive": "the app's user was removed from Slack; install the app again",
    "cannot_dm_bot": "Slack does not let a bot be paged by direct message",
    "channel_is_limited_access": "only some members may post in this Slack channel",
    "channel_not_found": "Slack knows no such channel, or it is private and the bot was not invited",
    "ekm_access_denied": "the workspace's administrators have suspended posting",
    "invalid_auth": "Slack does not accept the token",
    "invalid_blocks": "Slack does not accept the message's layout",
    "is_archived": "the Slack channel is archived",
    "is_inactive": "the Slack channel is frozen, archived or deleted",
    "method_not_supported_for_channel_type": "this kind of Slack channel cannot take messages from an app",
    "missing_scope": "the Slack app lacks a scope; install it again from the newest manifest",
    "msg_too_long": "the message is too long for Slack",
    "no_permission": "the Slack app may not do this; install it again from the newest manifest",
    "not_allowed_token_type": "this is the wrong kind of Slack token; a bot token is needed",
    "not_authed": "no Slack token is configured",
    "not_in_channel": "the bot is not in the Slack channel; invite it there",
    "org_login_required": "the workspace has moved to an enterprise organisation; install the app again",
    "posting_to_general_channel_denied": "the app may not post in the general channel",
    "restricted_action": "the workspace's settings do not let the app post there",
    "restricted_action_read_only_channel": "the Slack channel is read-only",
    "team_access_not_granted": "the app was not granted access to this workspace",
    "token_expired": "the Slack token has expired",
    "token_revoked": "the Slack token was revoked; install the app again",
    "two_factor_setup_required": "two-factor authentication must be set up for the app's user",
    "user_disabled": "the Slack user was deactivated",
    "user_not_found": "Slack knows no such user",
    "user_not_visible": "the app may not see this Slack user",
    "users_not_found": "Slack knows no such user",
}
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message cannot be changed any more; its news needs another one."""
LAYOUT_REFUSED: Final = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
"""The same in plain text may pass: a page without buttons is better than none."""

_TOO_MANY: Final = frozenset({"ratelimited", "rate_limited"})
_TOO_MANY_STATUS: Final = 429
_CODE: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Failure(msgspec.Struct, frozen=True):
    """A call that did not do what was wanted: Slack's error *code* (may be empty), and what follows from it."""

    code: str
    result: Postponed | Refused


def judged(status: int, code: str, retry_after: str) -> Failure:
    """What an answer that is not ok means: its HTTP status, error code and Retry-After header (both may be empty)."""
    code = _CODE.sub("?", code[:60])
    if status == _TOO_MANY_STATUS or code in _TOO_MANY:
        wait = int(retry_after) * SECOND if _is_number(retry_after) else RETRY_AFTER_DEFAULT
        return Failure(code, Postponed("Slack asks to wait: too many calls", after=wait, counts=False))
    if code in PERMANENT:
        return Failure(code, Refused(f"{PERMANENT[code]} ({code})"))
    # What is not known may be Slack's own trouble: it is tried again, and given up after the usual number of attempts.
    return Failure(code, Postponed(f"Slack answered {status} {code}".rstrip()))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("86400")
