"""The Bot Connector's HTTP interface, as much of it as we need: write, rewrite, begin a conversation.

Source: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference. No SDK: the
Bot Framework's is archived, and its successor takes a second and 88 MB to start.
"""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tocsin.engine.ports import Postponed
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.posting.requests import Answer, Limits, request
from tocsin.teams.answers import VENDOR, Failure, judged
from tocsin.teams.cloud import Cloud, place
from tocsin.teams.tokens import Tokens

Activity = Mapping[str, Any]

_LIMITS: Final = Limits()
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Posted(msgspec.Struct, frozen=True):
    """Where a message stands. *conversation*: in a channel that is the thread which the message has begun."""

    conversation: str
    activity: str


class Connector:
    """One bot in one tenant. Good for all threads."""

    def __init__(
        self,
        cloud: Cloud,
        tenant: str,
        app_id: str,
        password: str,
        *,
        now: Callable[[], Instant],
        limits: Limits = _LIMITS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is called yet. *context* None: the certificates that the machine trusts."""
        self._cloud = cloud
        self._tenant = tenant
        self._bot = f"28:{app_id}"
        self._context = context or ssl.create_default_context()
        self._limits = limits
        self._tokens = Tokens(cloud, tenant, app_id, password, now=now, context=self._context, limits=limits)
        self._lock = threading.Lock()
        self._service = cloud.service

    def served_from(self, url: str) -> None:
        """A verified activity has come from the service at *url*: the next calls go there. Others are not believed."""
        if self._cloud.trusts(url):
            with self._lock:
                self._service = url

    def check(self) -> str | None:
        """Why Microsoft does not accept us, or None."""
        token = self._tokens.get()
        return None if isinstance(token, str) else token.error

    def chat_with(self, user: str) -> str | Failure:
        """The personal chat with *user* (`29:...`, or the object id in the directory), begun if there is none."""
        found = self._call("POST", "/v3/conversations", self._conversation(isGroup=False, members=[{"id": user}]))
        return found if isinstance(found, Failure) else str(found.get("id", "")) or _unreadable()

    def begin_thread(self, channel: str, activity: Activity) -> Posted | Failure:
        """A new message, and with it a thread, in a team's *channel*."""
        found = self._call(
            "POST",
            "/v3/conversations",
            self._conversation(isGroup=True, activity=activity)
            | {"channelData": {"channel": {"id": channel}, "tenant": {"id": self._tenant}}},
        )
        if isinstance(found, Failure):
            return found
        conversation, message = str(found.get("id", "")), str(found.get("activityId", ""))
        return Posted(conversation, message) if conversation and message else _unreadable()

    def post(self, conversation: str, activity: Activity) -> Posted | Failure:
        """A new message in a chat, or in a thread."""
        found = self._call("POST", f"/v3/conversations/{_part(conversation)}/activities", activity)
        if isinstance(found, Failure):
            return found
        return Posted(conversation, str(found["id"])) if found.get("id") else _unreadable()

    def update(self, place: Posted, activity: Activity) -> Failure | None:
        """Put *activity* in the place of a message."""
        path = f"/v3/conversations/{_part(place.conversation)}/activities/{_part(place.activity)}"
        found = self._call("PUT", path, {**activity, "id": place.activity})
        return found if isinstance(found, Failure) else None

    def _conversation(self, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON.
        known = {
            "bot": {"id": self._bot},
            "tenantId": self._tenant,
            "channelData": {"tenant": {"id": self._tenant}},
        }
        return known | parts

    def _call(self, method: str, path: str, body: Activity) -> dict[str, Any] | Failure:
        token = self._tokens.get()
        if not isinstance(token, str):
            return Failure("", token)
        with self._lock:
            service = self._service
        answer = request(
            method,
            place(service, path),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
            json.encode(body),
            limits=self._limits,
            context=self._context,
            vendor=VENDOR,
        )
        if not isinstance(answer, Answer):
            return Failure("", answer)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.forget(token)
        failure = judged(answer)
        return failure or _document(answer.body)


def is_guid(text: str) -> bool:
    """Whether *text* is an id as Microsoft's directory gives them."""
    return _GUID.fullmatch(text) is not None


def _part(name: str) -> str:
    return quote(name, safe="")


def _document(body: bytes) -> dict[str, Any] | Failure:
    """An answer's JSON object; an empty one says nothing."""
    if not body.strip():
        return {}
    try:
        found = json.decode(body)
    except json.JsonError:
        return _unreadable()
    return found if isinstance(found, dict) else _unreadable()


def _unreadable() -> Failure:
    return Failure("", Postponed(f"{VENDOR}'s answer cannot be read"))
