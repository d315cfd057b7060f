"""The fake itself: what a test, a demo or a benchmark holds in its hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from types import TracebackType
from typing import Literal, Self, TypeVar

import msgspec

from tocsin.testing.fake_slack import interactions
from tocsin.testing.fake_slack.api import ALL_SCOPES, Api
from tocsin.testing.fake_slack.delivery import Delivery, Forgery
from tocsin.testing.fake_slack.interactions import Outgoing
from tocsin.testing.fake_slack.limits import Clock, Limits
from tocsin.testing.fake_slack.records import (
    Acknowledgement,
    Call,
    Channel,
    File,
    Json,
    JsonObject,
    Message,
    Refusal,
    User,
    Usergroup,
    View,
)
from tocsin.testing.fake_slack.server import HOST, Server
from tocsin.testing.fake_slack.sockets import Hub
from tocsin.testing.fake_slack.trouble import Fault, Outage, Trouble
from tocsin.testing.fake_slack.world import World

T = TypeVar("T")


class FakeSlack:
    """A workspace of Slack with one application in it, as strict as the real one.

    Usable from any thread; its server has its own. Methods that deliver something to the application (``click``,
    ``submit``, ``slash``, ...) wait for the acknowledgement, so a test whose application runs on the same event loop
    calls them with ``asyncio.to_thread``.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        clock: Clock = time.monotonic,
        wall_clock: Clock = time.time,
        request_url: str | None = None,
        scopes: Collection[str] = ALL_SCOPES,
        bot_token: str = "test-bot-token",  # noqa: S107 a fake's token is no secret
        app_token: str = "test-app-token",  # noqa: S107
        signing_secret: str = "test-signing-secret",  # noqa: S107
    ) -> None:
        """Not started yet.

        *clock* (seconds, never backwards) measures limits, ages and times of arrival; *wall_clock* (seconds since 1970)
        makes the ``ts`` of messages and the timestamps of signatures. With a *request_url*, interactions, slash
        commands and events go there over HTTP; otherwise over Socket Mode.
        """
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self._world = World(limits or Limits(), clock, wall_clock)
        self._trouble = Trouble()
        self._hub = Hub(self._world)
        self._delivery = Delivery(self._world, self._hub, signing_secret)
        api = Api(
            self._world,
            self._trouble,
            bot_token=bot_token,
            app_token=app_token,
            scopes=scopes,
            open_socket=self._hub.issue_ticket,
        )
        self._server = Server(self._world, self._trouble, api, self._hub, self._delivery)
        if request_url is not None:
            self.deliver_to(request_url)

    def __enter__(self) -> Self:
        """Start listening."""
        self._server.start()
        self._world.base_url = f"http://{HOST}:{self._server.port}/api/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and close every connection."""
        self._server.stop()

    @property
    def base_url(self) -> str:
        """For ``slack_sdk.WebClient(base_url=...)``."""
        return self._world.base_url

    @property
    def bot(self) -> User:
        """The application's own user."""
        return self._world.bot

    @property
    def team_id(self) -> str:
        """The workspace's id."""
        return self._world.team_id

    @property
    def app_id(self) -> str:
        """The application's id."""
        return self._world.app_id

    def deliver_to(self, url: str | None, *, commands: str | None = None, events: str | None = None) -> None:
        """Set the request URLs; *url* serves for those not given. With None, deliver over Socket Mode again."""
        urls = {"interactive": url, "slash_commands": commands or url, "events_api": events or url}
        self._delivery.request_urls = {kind: each for kind, each in urls.items() if each is not None}

    # ── The world ────────────────────────────────────────────────────────────────────────────────────────────────────
    def add_user(self, name: str, *, tz: str = "UTC", **attributes: Json) -> User:
        """Let somebody join the workspace; *tz* is an IANA name, *attributes* are others of `User`."""
        with self._world.changed:
            return self._world.add_user(name, tz=tz, **attributes)

    def change_user(self, user: User | str, **attributes: Json) -> User:
        """Change a user's ``presence``, ``dnd``, ``deleted`` and so on; the new state."""
        with self._world.changed:
            changed = msgspec.structs.replace(self._world.users[_id(user)], **attributes)
            self._world.users[changed.id] = changed
            return changed

    def add_channel(
        self,
        name: str,
        members: Iterable[User | str] = (),
        *,
        private: bool = False,
        with_bot: bool = True,
        shared: bool = False,
    ) -> Channel:
        """Make a channel of these members; the bot is one of them unless *with_bot* is false."""
        with self._world.changed:
            bot = [self._world.bot.id] if with_bot else []
            return self._world.add_channel(name, [*bot, *map(_id, members)], private=private, shared=shared)

    def add_usergroup(self, handle: str, users: Iterable[User | str] = ()) -> Usergroup:
        """Make a user group, which is mentioned as ``@handle``."""
        with self._world.changed:
            group = Usergroup(id=self._world.new_id("S"), handle=handle, users=tuple(map(_id, users)))
            self._world.usergroups[group.id] = group
            return group

    def archive(self, channel: Channel | str) -> None:
        """Archive a channel: nothing can be posted there any more."""
        self._change_channel(channel, archived=True)

    def unarchive(self, channel: Channel | str) -> None:
        """Undo it."""
        self._change_channel(channel, archived=False)

    def restrict(self, channel: Channel | str, error: str = "restricted_action") -> None:
        """Let nobody but its managers post in a channel (empty: let everybody again)."""
        with self._world.changed:
            self._world.restricted[_id(channel)] = error

    def set_topic(self, channel: Channel | str, topic: str) -> None:
        """Let somebody write a channel's topic."""
        self._change_channel(channel, topic=topic)

    def remove(self, user: User | str, channel: Channel | str) -> None:
        """Take somebody, or the bot, out of a channel, without telling the application."""
        members = self.channel(channel).members
        self._change_channel(channel, members=tuple(member for member in members if member != _id(user)))

    def restore(self) -> None:
        """Install the application again, as it was: the tokens count again."""
        with self._world.changed:
            self._trouble.token_error = None

    def revoke(self, error: Literal["token_revoked", "account_inactive"] = "token_revoked") -> None:
        """Make the tokens worthless, as uninstalling the application or closing the workspace does."""
        with self._world.changed:
            self._trouble.token_error = error

    # ── What happened ────────────────────────────────────────────────────────────────────────────────────────────────
    def user(self, user: User | str) -> User:
        """A user in the present state."""
        with self._world.changed:
            return self._world.users[_id(user)]

    def channel(self, channel: Channel | str) -> Channel:
        """A conversation in the present state, by value, id or name."""
        with self._world.changed:
            return self._world.channel(_id(channel))

    def usergroup(self, group: Usergroup | str) -> Usergroup:
        """A user group in the present state."""
        with self._world.changed:
            return self._world.usergroups[group if isinstance(group, str) else group.id]

    def direct_channel(self, *users: User | str) -> Channel:
        """The direct message of the bot with these people, opened if it was not."""
        with self._world.changed:
            return self._world.direct_channel([_id(user) for user in users])[0]

    def messages(self, channel: Channel | str | None = None, *, deleted: bool = False) -> tuple[Message, ...]:
        """What everybody sees in a channel (or in all), in its newest state; with *deleted*, what was deleted too."""
        return tuple(m for m in self._all_messages(channel) if m.ephemeral_to is None and (deleted or not m.deleted))

    def ephemerals(self, channel: Channel | str | None = None) -> tuple[Message, ...]:
        """What only one person sees in a channel (or in all)."""
        return tuple(m for m in self._all_messages(channel) if m.ephemeral_to is not None and not m.deleted)

    def message(self, message: Message) -> Message:
        """The present state of a message."""
        return next(m for m in self._all_messages(message.channel) if m.ts == message.ts)

    def views(self, user: User | str | None = None) -> tuple[View, ...]:
        """The views that are open, on one user's screen or on all; the topmost modal last."""
        with self._world.changed:
            return tuple(v for v in self._world.views.values() if v.open and (user is None or v.user == _id(user)))

    @property
    def files(self) -> tuple[File, ...]:
        """What the application has uploaded, or begun to."""
        with self._world.changed:
            return tuple(self._world.files.values())

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every request to the Web API and to response URLs, in order."""
        with self._world.changed:
            return tuple(self._world.calls)

    @property
    def errors(self) -> tuple[Refusal, ...]:
        """Everything that Slack would have refused, and late or missing acknowledgements; not the trouble asked for."""
        with self._world.changed:
            return tuple(self._world.refusals)

    @property
    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """How the application answered each interaction, command and event."""
        with self._world.changed:
            return tuple(self._world.acknowledgements)

    @property
    def late_acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Those that took more than three seconds, or never came."""
        return tuple(acknowledgement for acknowledgement in self.acknowledgements if acknowledgement.late)

    @property
    def sockets(self) -> int:
        """How many Socket Mode connections there are now."""
        return self._hub.connections

    def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until *predicate* is true, which is looked at after every change, and return what it returned.

        Raises TimeoutError after *timeout* seconds of real time.
        """
        with self._world.changed:
            result = self._world.changed.wait_for(predicate, timeout)
            if result:
                return result
            errors = [f"{refusal.method}: {refusal.error}" for refusal in self._world.refusals[-5:]]
            message = f"not within {timeout} s; {len(self._world.calls)} calls, last errors: {errors}"
            raise TimeoutError(message)

    def assert_clean(self, *, allow: Collection[str] = ()) -> None:
        """Raise AssertionError if Slack would have refused anything, but for the error codes in *allow*."""
        unexpected = [refusal for refusal in self.errors if refusal.error not in allow]
        if unexpected:
            lines = [f"{refusal.method}: {refusal.error} {'; '.join(refusal.details)}" for refusal in unexpected]
            raise AssertionError("\n".join(lines))

    # ── What people do ───────────────────────────────────────────────────────────────────────────────────────────────
    def click(
        self,
        target: Message | View,
        action_id: str,
        user: User | str,
        choice: Json = None,
        *,
        forge: Forgery | None = None,
    ) -> Acknowledgement:
        """Click a button, or choose something, on a message or a view as it was drawn (even if it changed since).

        *choice* is an option's value, a list of them, a user id, a date, or text, as the element asks for. Raises
        ValueError if there is no such element or option, or if this user cannot see it.
        """
        with self._world.changed:
            person = self._world.users[_id(user)]
            outgoing = interactions.click(self._world, target, action_id, person, choice)
        return self._deliver(outgoing, forge)

    def submit(
        self,
        view: View,
        user: User | str,
        values: Mapping[str, Json] | None = None,
        *,
        forge: Forgery | None = None,
    ) -> Acknowledgement:
        """Fill in a modal with *values*, by action id, and submit it. Raises ValueError where Slack would not."""
        with self._world.changed:
            person = self._world.users[_id(user)]
            outgoing = interactions.submission(self._world, view, person, values or {})
        return self._deliver(outgoing, forge)

    def close_view(self, view: View, user: User | str) -> Acknowledgement | None:
        """Cancel a modal; None if the application did not ask to be told."""
        with self._world.changed:
            outgoing = interactions.closing(self._world, view, self._world.users[_id(user)])
            self._world.close(view)
        return None if outgoing is None else self._deliver(outgoing, None)

    def slash(
        self, command: str, text: str, user: User | str, channel: Channel | str, *, forge: Forgery | None = None
    ) -> Acknowledgement:
        """Type a slash command."""
        with self._world.changed:
            person = self._world.users[_id(user)]
            outgoing = interactions.slash_command(self._world, command, text, person, _id(channel))
        return self._deliver(outgoing, forge)

    def shortcut(
        self, callback_id: str, user: User | str, message: Message | None = None, *, forge: Forgery | None = None
    ) -> Acknowledgement:
        """Use a shortcut of the application: a global one, or that of *message*."""
        with self._world.changed:
            person = self._world.users[_id(user)]
            outgoing = interactions.shortcut(self._world, callback_id, person, message)
        return self._deliver(outgoing, forge)

    def tell(self, text: str, user: User | str, *, thread_ts: str | None = None) -> Acknowledgement:
        """Let a person write to the bot in their direct message: a ``message`` event of the type ``im``."""
        message = self.say(text, user, self.direct_channel(user), thread_ts=thread_ts)
        content = {
            "type": "message",
            "channel_type": "im",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": message.channel,
        } | ({"thread_ts": thread_ts} if thread_ts else {})
        return self.event(content)

    def say(self, text: str, user: User | str, channel: Channel | str, *, thread_ts: str | None = None) -> Message:
        """Let a person write something, without telling the application."""
        with self._world.changed:
            return self._world.post(_id(channel), _id(user), {"text": text, "thread_ts": thread_ts})

    def mention(
        self,
        text: str,
        user: User | str,
        channel: Channel | str,
        *,
        thread_ts: str | None = None,
        forge: Forgery | None = None,
    ) -> Acknowledgement:
        """Let a person write "@bot *text*": an ``app_mention`` event."""
        message = self.say(f"<@{self.bot.id}> {text}", user, channel, thread_ts=thread_ts)
        content = {
            "type": "app_mention",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "channel": message.channel,
        } | ({"thread_ts": thread_ts} if thread_ts else {})
        return self.event(content, forge=forge)

    def invite(self, user: User | str, channel: Channel | str, *, forge: Forgery | None = None) -> Acknowledgement:
        """Let somebody, or the bot, join a channel: a ``member_joined_channel`` event."""
        with self._world.changed:
            found = self._world.channels[_id(channel)]
            members = tuple(dict.fromkeys([*found.members, _id(user)]))
            self._world.channels[found.id] = msgspec.structs.replace(found, members=members)
        content = {"type": "member_joined_channel", "user": _id(user), "channel": found.id, "team": self.team_id}
        return self.event(content, forge=forge)

    def leave(self, user: User | str, channel: Channel | str, *, forge: Forgery | None = None) -> Acknowledgement:
        """Let somebody leave a channel, or remove the bot: ``member_left_channel``; ``channel_left`` to the bot."""
        with self._world.changed:
            found = self._world.channels[_id(channel)]
            members = tuple(member for member in found.members if member != _id(user))
            self._world.channels[found.id] = msgspec.structs.replace(found, members=members)
        if _id(user) == self.bot.id:
            kind = "group_left" if found.private else "channel_left"
            return self.event({"type": kind, "channel": found.id, "actor_id": self.bot.id}, forge=forge)
        kind = "G" if found.private else "C"
        content = {
            "type": "member_left_channel",
            "user": _id(user),
            "channel": found.id,
            "channel_type": kind,
            "team": self.team_id,
        }
        return self.event(content, forge=forge)

    def rename(self, channel: Channel | str, name: str) -> Acknowledgement:
        """Give a channel another name: a ``channel_rename`` event (``group_rename`` for a private one)."""
        with self._world.changed:
            found = msgspec.structs.replace(self._world.channels[_id(channel)], name=name)
            self._world.channels[found.id] = found
        kind = "group_rename" if found.private else "channel_rename"
        return self.event({"type": kind, "channel": {"id": found.id, "name": name, "created": 0}})

    def open_home(self, user: User | str) -> Acknowledgement:
        """Let a person open the application's home tab: an ``app_home_opened`` event."""
        return self.event({"type": "app_home_opened", "user": _id(user), "tab": "home"})

    def event(self, content: JsonObject, *, forge: Forgery | None = None) -> Acknowledgement:
        """Send any event of the Events API."""
        with self._world.changed:
            outgoing = interactions.event(self._world, content)
        return self._deliver(outgoing, forge)

    def verify_url(self) -> bool:
        """Ask the request URL for events whether it is one, as Slack does when it is entered."""
        challenge = self._world.new_id("challenge-")
        answer = self._deliver(interactions.url_verification(challenge), None)
        return answer.ok and answer.response in (challenge, {"challenge": challenge})

    def replay(self, acknowledgement: Acknowledgement) -> Acknowledgement:
        """Send once more, byte for byte, what was acknowledged."""
        return self._server.run(self._delivery.replay(acknowledgement))

    # ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def fail(self, method: str, error: str, times: int = 1) -> None:
        """Let the next calls of a method fail with this error code."""
        self._add(method, Fault(error=error, times=times))

    def rate_limit(self, method: str, retry_after: int, times: int = 1, *, after: int = 0) -> None:
        """Let the next calls of a method, *after* so many, fail with HTTP 429 and this Retry-After, in seconds."""
        if after:
            self._add(method, Fault(passes=True, times=after))
        self._add(method, Fault(retry_after_seconds=retry_after, times=times))

    def lose_answer(self, method: str, times: int = 1) -> None:
        """Carry out the next calls of a method, and close the connection instead of answering."""
        self._add(method, Fault(lose_answer=True, times=times))

    def delay(self, seconds: float) -> None:
        """Answer every call this much later; the work is done at once."""
        self._trouble.delay_seconds = seconds

    def down(self, outage: Outage = "refuse") -> None:
        """Refuse connections and cut those that are there, or (``unavailable``) answer everything with HTTP 503."""
        self._trouble.outage = outage
        if outage == "refuse":
            self._server.run(self._server.refuse_connections())

    def up(self) -> None:
        """End the outage."""
        outage, self._trouble.outage = self._trouble.outage, None
        if outage == "refuse":
            self._server.run(self._server.listen())

    def disconnect_sockets(
        self, reason: Literal["refresh_requested", "warning", "link_disabled", "dropped"] = "refresh_requested"
    ) -> None:
        """Ask the application to reconnect, as Slack does every few hours; ``dropped`` cuts without a word."""
        if reason == "dropped":
            self._server.run(self._hub.drop())
        else:
            self._server.run(self._hub.disconnect(reason))

    def resend(self) -> int:
        """Send every envelope again that is not acknowledged; how many there were."""
        return self._server.run(self._hub.resend())

    def _add(self, method: str, fault: Fault) -> None:
        with self._world.changed:
            self._trouble.add(method, fault)

    def _deliver(self, outgoing: Outgoing, forge: Forgery | None) -> Acknowledgement:
        return self._server.run(self._delivery.send(outgoing, forge))

    def _change_channel(self, channel: Channel | str, **attributes: Json) -> None:
        with self._world.changed:
            found = self._world.channels[_id(channel)]
            self._world.channels[found.id] = msgspec.structs.replace(found, **attributes)

    def _all_messages(self, channel: Channel | str | None) -> list[Message]:
        with self._world.changed:
            if channel is not None:
                return self._world.messages(_id(channel))
            return [message for each in self._world.channels for message in self._world.messages(each)]


def _id(value: User | Channel | str) -> str:
    return value if isinstance(value, str) else value.id
