"""The Bot Connector's side: what a bot may call, how it must look, and what becomes of it.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference,
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from tocsin.testing.fake_teams.adaptive_cards import problems
from tocsin.testing.fake_teams.records import JsonObject, Message

ACTIVITY_BYTES_MAX: Final = 28 * 1024
CARD: Final = "application/vnd.microsoft.card.adaptive"
WINDOWS: Final = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
_ACTIVITY: Final = frozenset(
    {"type", "id", "text", "textFormat", "summary", "attachments", "channelData", "importance", "entities", "replyToId"}
)
_CONVERSATION: Final = frozenset({"bot", "tenantId", "isGroup", "members", "channelData", "activity"})
_ACTIVITIES: Final = re.compile(r"/v3/conversations/([^/]+)/activities(?:/([^/]+))?")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the connector. *lost*: it has acted, but nobody hears of it."""

    status: int
    document: JsonObject
    retry_after: int | None = None
    lost: bool = False


class Trouble(msgspec.Struct, kw_only=True):
    """What happens to the next calls."""

    status: int
    code: str = "ServiceError"
    retry_after: int | None = None
    times: int = 1
    lose: bool = False
    only: str = ""


class Connector:
    """Conversations and messages. Its owner holds the lock."""

    def __init__(self, app_id: str, password: str, tenant: str, clock: Callable[[], float]) -> None:
        """Nobody has installed the app yet."""
        self.app_id = app_id
        self.password = password
        self.tenant = tenant
        self.clock = clock
        self.token_life_s = 3600
        self.tokens: dict[str, float] = {}
        self.channels: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.blocked: set[str] = set()
        self.chats: dict[str, str] = {}
        self.messages: list[Message] = []
        self.calls: list[str] = []
        self.refusals: list[str] = []
        self.troubles: list[Trouble] = []
        self._sent: dict[str, list[float]] = {}

    # ── Sign-in ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def sign_in(self, tenant: str, content_type: str, body: bytes) -> Reply:
        """A token for the bot's credentials."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        wanted = {
            "grant_type": "client_credentials",
            "client_id": self.app_id,
            "client_secret": self.password,
            "scope": "https://api.botframework.com/.default",
        }
        if tenant != self.tenant or content_type != "application/x-www-form-urlencoded" or form != wanted:
            return Reply(status=401, document={"error": "invalid_client"})
        token = f"test-token-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock() + self.token_life_s
        return Reply(
            status=200, document={"token_type": "Bearer", "expires_in": self.token_life_s, "access_token": token}
        )

    # ── Calls ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def call(self, method: str, path: str, token: str, content_type: str, body: bytes) -> Reply:
        """One call of the interface."""
        self.calls.append(f"{method} {path}")
        trouble = self._trouble(f"{method} {path}")
        if trouble is not None and not trouble.lose:
            return _error(trouble.status, trouble.code, trouble.retry_after)
        if self.tokens.get(token, 0.0) <= self.clock():
            return _error(401, "Unauthorized")
        try:
            document = json.loads(body)
        except ValueError:
            return self._refuse("BadSyntax", f"{method} {path}: the body is no JSON")
        if content_type != "application/json" or not isinstance(document, dict):
            return self._refuse("BadSyntax", f"{method} {path}: a JSON object is wanted")
        reply = self._handle(method, path, document, len(body))
        return msgspec.structs.replace(reply, lost=trouble is not None)

    def _handle(self, method: str, path: str, document: JsonObject, size: int) -> Reply:
        if (method, path) == ("POST", "/v3/conversations"):
            return self._begin(document, size)
        found = _ACTIVITIES.fullmatch(path)
        if found is None or (method, found[2] is None) not in {("POST", True), ("PUT", False)}:
            return _error(404, "NotFound")
        conversation = unquote(found[1])
        if found[2] is None:
            return self._post(conversation, document, size)
        return self._put(conversation, unquote(found[2]), document, size)

    def _begin(self, document: JsonObject, size: int) -> Reply:
        if wrong := document.keys() - _CONVERSATION:
            return self._refuse("BadSyntax", f"unknown keys of a conversation: {sorted(wrong)}")
        if document.get("tenantId") != self.tenant or document.get("bot") != {"id": f"28:{self.app_id}"}:
            return self._refuse("BadArgument", "a conversation needs the tenant and the bot")
        if not document.get("isGroup"):
            return self._chat(document)
        channel = document.get("channelData", {}).get("channel", {}).get("id", "")
        if channel not in self.channels or channel in self.blocked:
            return _error(403, "BotNotInConversationRoster")
        if reply := self._limited(channel) or self._unfit(document.get("activity"), size):
            return reply
        number = str(1_700_000_000_000 + len(self.messages))
        return self._kept(f"{channel};messageid={number}", number, document["activity"], conversation=True)

    def _chat(self, document: JsonObject) -> Reply:
        members = document.get("members") or []
        who = members[0].get("id", "") if len(members) == 1 else ""
        name = self.people.get(who) or self.people.get(who.lower())  # GUIDs have no case.
        if name is None or {who, who.lower()} & self.blocked:
            return _error(403, "ForbiddenOperationException")
        chat = self.chats.setdefault(name, f"a:{name}-chat")
        return Reply(status=201, document={"id": chat})

    def _post(self, conversation: str, document: JsonObject, size: int) -> Reply:
        if not self._known(conversation):
            return _error(404, "ConversationNotFound")
        if conversation in self.blocked or self._is_blocked_chat(conversation):
            return _error(403, "BotNotInConversationRoster")
        if reply := self._limited(conversation) or self._unfit(document, size):
            return reply
        return self._kept(conversation, str(1_700_000_000_000 + len(self.messages)), document)

    def _put(self, conversation: str, number: str, document: JsonObject, size: int) -> Reply:
        message = next((each for each in self.messages if (each.conversation, each.id) == (conversation, number)), None)
        if message is None:
            return _error(404, "ActivityNotFoundInConversation")
        if document.get("id") != number:
            return self._refuse("BadArgument", "an update bears the id of its activity")
        if reply := self._limited(conversation) or self._unfit(document, size):
            return reply
        message.history.append(message.activity)
        message.activity = document
        return Reply(status=200, document={"id": number})

    def _kept(self, where: str, number: str, activity: JsonObject, *, conversation: bool = False) -> Reply:
        self.messages.append(Message(id=number, conversation=where, activity=activity, history=[]))
        return Reply(status=201, document={"id": where, "activityId": number} if conversation else {"id": number})

    # ── Checks ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _known(self, conversation: str) -> bool:
        return conversation in self.chats.values() or conversation.partition(";")[0] in self.channels

    def _is_blocked_chat(self, conversation: str) -> bool:
        """Whether it is the chat with somebody who has blocked the app since."""
        whose = {name for name, chat in self.chats.items() if chat == conversation}
        return bool(whose & {self.people.get(who, "") for who in self.blocked})

    def _unfit(self, activity: Any, size: int) -> Reply | None:  # noqa: ANN401 - JSON of the bot.
        if size > ACTIVITY_BYTES_MAX:
            self.refusals.append(f"a message of {size} bytes")
            return _error(413, "MessageSizeTooBig")
        wrong = _wrong(activity)
        return self._refuse("BadSyntax", "; ".join(wrong)) if wrong else None

    def _limited(self, conversation: str) -> Reply | None:
        now = self.clock()
        sent = self._sent.setdefault(conversation.partition(";")[0], [])
        for length, most in WINDOWS:
            if sum(1 for at in sent if at > now - length) >= most:
                self.refusals.append(f"more than {most} calls in {length} s for {conversation}")
                return _error(429, "TooManyRequests", max(1, round(length)))
        sent.append(now)
        return None

    def _refuse(self, code: str, why: str) -> Reply:
        self.refusals.append(why)
        return _error(400, code)

    def _trouble(self, call: str) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.only in call:
                trouble.times -= 1
                if trouble.times <= 0:
                    self.troubles.remove(trouble)
                return trouble
        return None


def _wrong(activity: Any) -> list[str]:  # noqa: ANN401 - JSON of the bot.
    """What is wrong with a message."""
    if not isinstance(activity, dict) or activity.get("type") != "message":
        return ["a message is an activity of the type 'message'"]
    found = [f"unknown key of a message: {name!r}" for name in activity.keys() - _ACTIVITY]
    attachments = activity.get("attachments") or []
    if not attachments and not activity.get("text"):
        found.append("a message without text and card")
    if attachments and not activity.get("summary"):
        found.append("a card without a summary: notifications say 'sent a card'")
    for attachment in attachments:
        if set(attachment) != {"contentType", "content"} or attachment["contentType"] != CARD:
            found.append("an attachment that is no card")
        else:
            found += problems(attachment["content"])
    return found


def _error(status: int, code: str, retry_after: int | None = None) -> Reply:
    return Reply(
        status=status, document={"error": {"code": code, "message": "as in the documents"}}, retry_after=retry_after
    )
