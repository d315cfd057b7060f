"""The fake Teams as tests use it: people and channels, what they do, what they see, and trouble on request."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import urlsplit

from tocsin.testing.fake_teams.connector import Connector, Reply, Trouble
from tocsin.testing.fake_teams.records import Heard, JsonObject, Message, Person
from tocsin.testing.fake_teams.signing import Forge, Signer

Receiver = Callable[[dict[str, str], bytes], tuple[int, bytes]]

HOST: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 10.0  # Teams waits about so long for an answer to an invoke.


class FakeTeams:
    """Microsoft's sign-in, keys and Bot Connector on one port; between `with` and its end."""

    app_id: Final = "11111111-1111-1111-1111-111111111111"
    tenant: Final = "22222222-2222-2222-2222-222222222222"
    password: Final = "test-secret"  # noqa: S105 - invented.

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """*clock*: seconds since 1970 UTC."""
        self.signer = Signer()
        self._clock = clock
        self._changed = threading.Condition()
        self._connector = Connector(self.app_id, self.password, self.tenant, clock)
        self._people: dict[str, Person] = {}
        self._bot: str | Receiver = ""
        self._down = False
        self.key_fetches = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                fake._serve(self, b"")

            def do_POST(self) -> None:
                fake._serve(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), name="fake-teams")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # ── Where it is ──────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def url(self) -> str:
        """The address of everything."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def service(self) -> str:
        """The service's address, as activities name it."""
        return f"{self.url}/emea/"

    @property
    def metadata(self) -> str:
        """Where the bot finds out about keys."""
        return f"{self.url}/v1/.well-known/openidconfiguration"

    def deliver_to(self, bot: str | Receiver) -> None:
        """The address of the bot's messaging endpoint; or what takes headers and body, for tests without a server."""
        self._bot = bot

    # ── People and places ────────────────────────────────────────────────────────────────────────────────────────────
    def add_person(self, name: str, *, zone: str = "Europe/Berlin", installed: bool = True) -> Person:
        """Somebody of the tenant, with the app in their chats if *installed*."""
        number = len(self._people) + 1
        person = Person(
            name=name, id=f"29:1{name}-{number:020d}", aad=str(uuid.UUID(int=(10 << 100) + number)), zone=zone
        )
        with self._changed:
            self._people[name] = person
            if installed:
                self._connector.people |= {person.id: name, person.aad: name}
        return person

    def add_channel(self, name: str) -> str:
        """A channel of a team that has the app; its id."""
        with self._changed:
            channel = f"19:{name}0000@thread.tacv2"
            self._connector.channels[channel] = name
        return channel

    def remove(self, where: str) -> None:
        """The app is removed from a channel, or blocked by a person (by any of their ids)."""
        with self._changed:
            self._connector.blocked.add(where)

    # ── What is to be seen ───────────────────────────────────────────────────────────────────────────────────────────
    def messages(self, where: str | Person) -> Sequence[Message]:
        """The bot's messages in a channel (its threads included), or in the chat with a person."""
        place = f"a:{where.name}-chat" if isinstance(where, Person) else where
        with self._changed:
            return [each for each in self._connector.messages if each.conversation.partition(";")[0] == place]

    @property
    def calls(self) -> Sequence[str]:
        """What the bot has called, in order."""
        with self._changed:
            return list(self._connector.calls)

    @property
    def tokens(self) -> int:
        """How many tokens the bot was given."""
        with self._changed:
            return len(self._connector.tokens)

    def assert_clean(self) -> None:
        """The bot has done nothing that Teams refuses."""
        with self._changed:
            assert not self._connector.refusals, "\n".join(self._connector.refusals)

    # ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def trouble(self, status: int, code: str = "ServiceError", **more: Any) -> None:  # noqa: ANN401 - of `Trouble`.
        """The next call (or *times* of them, with *only* in `METHOD path`) ends so; *lose*: it works, unheard."""
        with self._changed:
            self._connector.troubles.append(Trouble(status=status, code=code, **more))

    def go_down(self) -> None:
        """Connections are accepted, and closed."""
        self._down = True

    def come_back(self) -> None:
        """All is well again."""
        self._down = False

    def end_tokens(self) -> None:
        """No token that was given is worth anything any more."""
        with self._changed:
            self._connector.tokens = dict.fromkeys(self._connector.tokens, 0.0)

    def live_for(self, seconds: int) -> None:
        """How long new tokens live."""
        with self._changed:
            self._connector.token_life_s = seconds

    # ── What people do ───────────────────────────────────────────────────────────────────────────────────────────────
    def press(
        self,
        person: Person,
        message: Message,
        title: str,
        *,
        old_client: bool = False,
        **more: Any,  # noqa: ANN401 - see `send`.
    ) -> Heard:
        """*person* presses the button *title*; *inputs*: what was filled in. *old_client*: without Action.Execute."""
        action = message.action(title)
        data = dict(action.get("data") or {}) | more.pop("inputs", {})
        if action["type"] == "Action.Submit" and "msteams" in data:
            return self.send(
                self.activity(person, message.conversation, type="invoke", name="task/fetch", value={"data": data}),
                **more,
            )
        if action["type"] == "Action.Submit" or old_client:
            return self.send(self.activity(person, message.conversation, type="message", value=data), **more)
        value = {"action": {"type": "Action.Execute", "verb": action["verb"], "data": data}, "trigger": "manual"}
        activity = self.activity(
            person, message.conversation, type="invoke", name="adaptiveCard/action", value=value, replyToId=message.id
        )
        return self.send(activity, **more)

    def submit(self, person: Person, where: str, data: JsonObject, **more: Any) -> Heard:  # noqa: ANN401 - see `send`.
        """*person* sends the form in a dialog."""
        return self.send(self.activity(person, where, type="invoke", name="task/submit", value={"data": data}), **more)

    def say(self, person: Person, text: str, where: str = "", **more: Any) -> Heard:  # noqa: ANN401 - see `send`.
        """*person* writes: to the bot alone, or into the channel or thread *where*, mentioning it."""
        words = f"<at>Tocsin</at> {text}" if where else text
        return self.send(self.activity(person, where, type="message", text=words), **more)

    def add_bot(self, person: Person, where: str = "") -> Heard:
        """*person* adds the app to their chats, or to the team of the channel *where*."""
        us = {"id": f"28:{self.app_id}", "name": "Tocsin"}
        return self.send(self.activity(person, where, type="conversationUpdate", membersAdded=[us]))

    def activity(self, person: Person, where: str = "", **parts: Any) -> JsonObject:  # noqa: ANN401 - JSON.
        """An activity as the connector sends it; *where* empty: the chat with *person*."""
        channel = where.partition(";")[0]
        personal = not where or channel.startswith("a:")
        with self._changed:
            place = where or self._connector.chats.setdefault(person.name, f"a:{person.name}-chat")
        known: JsonObject = {
            "id": f"f:{uuid.uuid4()}",
            "channelId": "msteams",
            "serviceUrl": self.service,
            "timestamp": "2026-11-27T12:00:00.000Z",
            "from": {"id": person.id, "name": person.name.capitalize(), "aadObjectId": person.aad},
            "recipient": {"id": f"28:{self.app_id}", "name": "Tocsin"},
            "conversation": {
                "id": place,
                "conversationType": "personal" if personal else "channel",
                "tenantId": self.tenant,
            },
            "channelData": {"tenant": {"id": self.tenant}},
            "localTimezone": person.zone,
            "locale": "en-GB",
        }
        if not personal:
            known["channelData"] |= {"channel": {"id": channel}, "team": {"id": channel, "name": "Ops"}}
        return known | parts

    def send(self, activity: JsonObject, *, forge: Forge = "", headers: dict[str, str] | None = None) -> Heard:
        """Post *activity* to the bot, signed, or as *forge* says."""
        signed = self.signer.header(self.app_id, self.service, self._clock(), forge) if headers is None else headers
        status, raw = self._hand_over(json.dumps(activity).encode(), signed)
        text = raw.decode()
        return Heard(status=status, document=_document(text), text=text)

    def _hand_over(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """The bot's status and body."""
        if callable(self._bot):
            return self._bot({name.lower(): value for name, value in headers.items()}, body)
        address = urlsplit(self._bot)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", address.path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    # ── Serving ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _serve(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        if self._down:
            _cut(request)
            return
        with self._changed:
            reply = self._reply(request, body)
            self._changed.notify_all()
        if reply.lost:
            _cut(request)
            return
        raw = json.dumps(reply.document).encode()
        request.send_response(reply.status)
        if reply.retry_after is not None:
            request.send_header("Retry-After", str(reply.retry_after))
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    def _reply(self, request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        path, method = request.path, request.command
        kind = request.headers.get("Content-Type", "")
        if path == "/v1/.well-known/openidconfiguration":
            return Reply(status=200, document={"jwks_uri": f"{self.url}/v1/.well-known/keys"})
        if path == "/v1/.well-known/keys":
            self.key_fetches += 1
            return Reply(status=200, document=self.signer.published())
        if method == "POST" and path.endswith("/oauth2/v2.0/token"):
            return self._connector.sign_in(path.split("/")[1], kind, body)
        if path.startswith("/emea/"):
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return self._connector.call(method, path.removeprefix("/emea"), token, kind, body)
        return Reply(status=404, document={})


def _cut(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    with suppress(OSError):
        request.connection.shutdown(socket.SHUT_RDWR)


def _document(text: str) -> Any:  # noqa: ANN401 - JSON of the bot.
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
