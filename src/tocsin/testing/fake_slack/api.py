"""The Web API: one table of methods, and what is checked before a method runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from tocsin.testing.fake_slack import chat_methods, directory_methods, file_methods, view_methods
from tocsin.testing.fake_slack.limits import RateLimiter
from tocsin.testing.fake_slack.records import Call, JsonObject
from tocsin.testing.fake_slack.trouble import Fault, Trouble
from tocsin.testing.fake_slack.world import RefusedError, World, refuse

RATE_LIMITED: Final = "ratelimited"
RESPONSE_URL: Final = "response_url"
UPLOAD: Final = "upload"
OK: Final = 200
OPEN_SOCKET: Final = "apps.connections.open"

METHODS: Final[dict[str, tuple[Callable[[World, JsonObject], JsonObject], str]]] = {
    "auth.test": (directory_methods.auth_test, ""),
    "chat.delete": (chat_methods.delete, "chat:write"),
    "chat.getPermalink": (chat_methods.get_permalink, ""),
    "chat.postEphemeral": (chat_methods.post_ephemeral, "chat:write"),
    "chat.postMessage": (chat_methods.post_message, "chat:write"),
    "chat.update": (chat_methods.update, "chat:write"),
    "conversations.info": (directory_methods.conversations_info, "channels:read"),
    "conversations.list": (directory_methods.conversations_list, "channels:read"),
    "conversations.members": (directory_methods.conversations_members, "channels:read"),
    "conversations.open": (directory_methods.conversations_open, "im:write"),
    "conversations.setTopic": (directory_methods.conversations_set_topic, "channels:manage"),
    "dnd.info": (directory_methods.dnd_info, "dnd:read"),
    "dnd.teamInfo": (directory_methods.dnd_team_info, "dnd:read"),
    "files.completeUploadExternal": (file_methods.complete_upload, "files:write"),
    "files.getUploadURLExternal": (file_methods.get_upload_url, "files:write"),
    "usergroups.disable": (directory_methods.usergroups_disable, "usergroups:write"),
    "usergroups.enable": (directory_methods.usergroups_enable, "usergroups:write"),
    "usergroups.list": (directory_methods.usergroups_list, "usergroups:read"),
    "usergroups.users.update": (directory_methods.usergroups_users_update, "usergroups:write"),
    "users.conversations": (directory_methods.users_conversations, "channels:read"),
    "users.getPresence": (directory_methods.users_get_presence, "users:read"),
    "users.info": (directory_methods.users_info, "users:read"),
    "users.list": (directory_methods.users_list, "users:read"),
    "views.open": (view_methods.views_open, ""),
    "views.publish": (view_methods.views_publish, ""),
    "views.update": (view_methods.views_update, ""),
}
"""Each method's implementation and the bot scope that it needs."""

ALL_SCOPES: Final = frozenset(
    {
        *(scope for _, scope in METHODS.values() if scope),
        *directory_methods.CONVERSATION_SCOPES.values(),
        *("app_mentions:read", "commands", "groups:write", "im:history"),  # Of events and commands, not of a method.
    }
)


class Answer(msgspec.Struct, kw_only=True):
    """What goes back over HTTP."""

    body: JsonObject
    status: int = 200
    retry_after_seconds: int | None = None
    scopes: str | None = None
    """What the token may do, as the header ``X-OAuth-Scopes`` tells it."""
    lost: bool = False
    """The connection closes instead: the work is done, and the caller does not know."""


class Api:
    """Answers calls. Its caller holds ``world.changed``."""

    def __init__(
        self,
        world: World,
        trouble: Trouble,
        *,
        bot_token: str,
        app_token: str,
        scopes: Collection[str],
        open_socket: Callable[[], str],
    ) -> None:
        """*open_socket* makes the URL that ``apps.connections.open`` answers with."""
        self._world = world
        self._trouble = trouble
        self._limiter = RateLimiter(world.limits, world.clock)
        self._bot_token = bot_token
        self._app_token = app_token
        self._scopes = frozenset(scopes)
        self._open_socket = open_socket

    def call(self, method: str, token: str, payload: JsonObject) -> Answer:
        """Answer a call of the Web API, and record it."""
        return self._answer(method, payload, lambda: self._run(method, token, payload))

    def respond(self, key: str, payload: JsonObject) -> Answer:
        """Answer a POST to a response URL, and record it under the method name ``RESPONSE_URL``."""
        return self._answer(RESPONSE_URL, payload, lambda: chat_methods.respond(self._world, key, payload))

    def take_upload(self, key: str, body: bytes) -> Answer:
        """Answer a POST to an upload URL, and record it under the method name ``UPLOAD``."""
        fault = self._trouble.next_fault(UPLOAD)
        status = 500 if fault is not None else file_methods.take_upload(self._world, key, body)
        error = None if status == OK else f"http_{status}"
        if error and fault is None:
            self._world.refuse(UPLOAD, RefusedError(error), {"file": key})
        self._world.calls.append(
            Call(method=UPLOAD, payload={"file": key, "length": len(body)}, at=self._world.clock(), error=error)
        )
        self._world.changed.notify_all()
        return Answer(body={"ok": error is None}, status=status)

    def reject(self, method: str, error: str) -> Answer:
        """Answer a call whose body cannot be read, and record it."""
        return self._answer(method, {}, lambda: refuse(error))

    def _answer(self, method: str, payload: JsonObject, run: Callable[[], JsonObject]) -> Answer:
        world, at = self._world, self._world.clock()
        fault = self._trouble.next_fault(method)
        try:
            answer = _injected(fault) or self._limited(method, payload) or Answer(body={"ok": True} | run())
        except RefusedError as refused:
            world.refuse(method, refused, payload)
            answer = Answer(body=_error_body(refused))
            if method == RESPONSE_URL:
                # The Web API says no with HTTP 200; a response URL does not.
                answer.status = 404 if refused.error.endswith("_url") else 400
        if fault is not None and fault.lose_answer:
            answer.lost = True
        error = None if answer.body["ok"] else answer.body["error"]
        if error not in {"not_authed", "invalid_auth", "not_allowed_token_type"} and method in METHODS:
            answer.scopes = ",".join(sorted(self._scopes))
        world.calls.append(Call(method=method, payload=payload, at=at, error=error))
        world.changed.notify_all()
        return answer

    def _limited(self, method: str, payload: JsonObject) -> Answer | None:
        seconds = self._limiter.admit(method, self._world.bucket(payload.get("channel")))
        if seconds is None:
            return None
        refused = RefusedError(RATE_LIMITED, [f"Retry-After: {seconds}"])
        self._world.refuse(method, refused, payload)
        return _too_many(seconds)

    def _run(self, method: str, token: str, payload: JsonObject) -> JsonObject:
        if method == OPEN_SOCKET:
            self._check_token(token, self._app_token, self._bot_token)
            return {"url": self._open_socket()}
        if method not in METHODS:
            refuse("unknown_method")
        self._check_token(token, self._bot_token, self._app_token)
        implementation, scope = METHODS[method]
        for needed in self._needed(method, payload) or (scope,):
            if needed and needed not in self._scopes:
                refuse("missing_scope", needed=needed, provided=",".join(sorted(self._scopes)))
        return implementation(self._world, payload)

    def _needed(self, method: str, payload: JsonObject) -> list[str]:
        """The scopes that depend on what is asked about: each kind of conversation has its own."""
        scopes = directory_methods.CONVERSATION_SCOPES
        if method in {"users.conversations", "conversations.list"}:
            return [scopes[kind] for kind in sorted(directory_methods.conversation_types(payload)) if kind in scopes]
        if method in {"conversations.info", "conversations.members"}:
            channel = self._world.channels.get(str(payload.get("channel")))
            if channel is not None:
                kind = {"D": "im", "G": "mpim"}.get(channel.id[0]) or (
                    "private_channel" if channel.private else "public_channel"
                )
                return [scopes[kind]]
        return []

    def _check_token(self, token: str, wanted: str, other: str) -> None:
        if not token:
            refuse("not_authed")
        if token == other:
            refuse("not_allowed_token_type")
        if token != wanted:
            refuse("invalid_auth")
        if self._trouble.token_error is not None:
            refuse(self._trouble.token_error)


def _injected(fault: Fault | None) -> Answer | None:
    # What the test has asked for is no surprise to it, so it is not recorded as a refusal.
    if fault is None or fault.lose_answer or fault.passes:
        return None
    if fault.retry_after_seconds is not None:
        return _too_many(fault.retry_after_seconds)
    return Answer(body={"ok": False, "error": fault.error})


def _too_many(seconds: int) -> Answer:
    return Answer(body={"ok": False, "error": RATE_LIMITED}, status=429, retry_after_seconds=seconds)


def _error_body(refused: RefusedError) -> JsonObject:
    body: JsonObject = {"ok": False, "error": refused.error} | refused.extra
    if refused.details:
        body["errors"] = [detail.removeprefix("[ERROR] ") for detail in refused.details]
        body["response_metadata"] = {"messages": list(refused.details)}
    return body
