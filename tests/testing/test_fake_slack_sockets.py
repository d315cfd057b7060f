"""Socket Mode, with Slack's own client and, where it must misbehave, with a bare WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tocsin.testing.fake_slack import Channel, FakeSlack, Limits, User

Json = dict[str, Any]
Answer = Callable[[SocketModeRequest], object]


def run(
    scenario: Callable[[FakeSlack, User, Channel], Coroutine[Any, Any, None]], limits: Limits | None = None
) -> None:
    """Play a scenario in a workspace with one person and one channel, on an event loop of its own."""
    with FakeSlack(limits=limits or Limits.unlimited()) as slack:
        ada = slack.add_user("ada")
        channel = slack.add_channel("alerts", [ada])
        asyncio.run(asyncio.wait_for(scenario(slack, ada, channel), 20))


@asynccontextmanager
async def sdk_client(slack: FakeSlack, answer: Answer = lambda _: None) -> AsyncIterator[list[SocketModeRequest]]:
    """Slack's own client, connected; acknowledges everything at once, with what *answer* returns."""
    requests: list[SocketModeRequest] = []
    web = AsyncWebClient(slack.bot_token, base_url=slack.base_url)
    client = SocketModeClient(slack.app_token, web_client=web, ping_interval=0.05)

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        requests.append(request)
        response = SocketModeResponse(request.envelope_id, answer(request))  # type: ignore[arg-type]
        await client.send_socket_mode_response(response)

    client.socket_mode_request_listeners.append(listen)
    await client.connect()  # type: ignore[no-untyped-call]
    await asyncio.to_thread(slack.wait_for, lambda: slack.sockets == 1)
    try:
        yield requests
    finally:
        await client.close()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def bare_socket(slack: FakeSlack) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket that acknowledges nothing by itself, after its hello."""
    web = AsyncWebClient(base_url=slack.base_url)
    url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        yield socket


def test_slacks_client_receives_clicks_commands_and_events() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with sdk_client(slack) as requests:
            button = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Ack"}}
            web = AsyncWebClient(slack.bot_token, base_url=slack.base_url)
            await web.chat_postMessage(channel=channel.id, text="x", blocks=[{"type": "actions", "elements": [button]}])
            click = await asyncio.to_thread(slack.click, slack.messages(channel)[0], "ack", ada)
            command = await asyncio.to_thread(slack.slash, "/tocsin", "oncall", ada, channel)
            event = await asyncio.to_thread(slack.mention, "help", ada, channel)
        assert [request.type for request in requests] == ["interactive", "slash_commands", "events_api"]
        assert [request.accepts_response_payload for request in requests] == [True, True, False]
        assert requests[0].payload == click.payload
        assert (requests[2].retry_attempt, requests[2].retry_reason) == (0, "")
        assert all(each.ok and each.status is None and each.seconds < 3 for each in (click, command, event))
        slack.assert_clean()

    run(scenario)


def test_an_acknowledgement_may_carry_an_answer() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with sdk_client(slack, lambda _: {"text": "ada is on call"}):
            await asyncio.to_thread(slack.slash, "/tocsin", "oncall", ada, channel)
        assert [message.text for message in slack.ephemerals(channel)] == ["ada is on call"]

    run(scenario)


@pytest.mark.parametrize("reason", ["refresh_requested", "dropped"])
def test_slacks_client_comes_back_after_a_disconnection(
    reason: Literal["refresh_requested", "dropped"],
) -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with sdk_client(slack) as requests:
            opened = len(slack.calls)
            await asyncio.to_thread(slack.disconnect_sockets, reason)
            await asyncio.to_thread(slack.wait_for, lambda: len(slack.calls) > opened and slack.sockets == 1)
            assert (await asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel)).ok
        assert len(requests) == 1
        slack.assert_clean()

    run(scenario)


def test_a_warning_leaves_the_connection_open() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with bare_socket(slack) as socket:
            await asyncio.to_thread(slack.disconnect_sockets, "warning")
            message = await socket.receive_json()
            assert (message["type"], message["reason"]) == ("disconnect", "warning")
            click = asyncio.create_task(asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel))
            await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
            assert (await click).ok

    run(scenario)


def test_an_envelope_that_was_not_acknowledged_goes_to_the_next_connection() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with bare_socket(slack) as first:
            click = asyncio.create_task(asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel))
            sent = await first.receive_json()
        async with bare_socket(slack) as second:
            again = await second.receive_json()
            assert again == sent
            await second.send_json({"envelope_id": again["envelope_id"]})
            assert (await click).ok
            # Acknowledging it twice is fine: the application cannot know.
            await second.send_json({"envelope_id": again["envelope_id"]})
        slack.assert_clean()

    run(scenario)


def test_an_event_is_sent_again_until_it_is_acknowledged() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with bare_socket(slack) as socket:
            mention = await asyncio.to_thread(slack.mention, "help", ada, channel)
            assert (mention.error, mention.late) == ("timeout", True)
            envelopes = [await socket.receive_json() for _ in range(4)]
            assert [envelope["retry_attempt"] for envelope in envelopes] == [0, 1, 2, 3]
            assert len({envelope["envelope_id"] for envelope in envelopes}) == 1
            assert await asyncio.to_thread(slack.resend) == 1
            last = await socket.receive_json()
            await socket.send_json({"envelope_id": last["envelope_id"]})
            await socket.send_str("not JSON")
            await asyncio.to_thread(slack.wait_for, lambda: len(slack.errors) == 2)
            assert await asyncio.to_thread(slack.resend) == 0
        assert [error.error for error in slack.errors] == ["late_acknowledgement", "unknown_envelope"]
        assert slack.late_acknowledgements == (mention,)

    run(scenario, Limits(acknowledgement_seconds=0.05, redelivery_seconds=0.02))


def test_an_acknowledged_event_is_not_sent_again() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with bare_socket(slack) as socket:
            mention = asyncio.create_task(asyncio.to_thread(slack.mention, "help", ada, channel))
            await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
            assert (await mention).ok
            command = asyncio.create_task(asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel))
            following = await socket.receive_json()
            assert following["type"] == "slash_commands"
            await socket.send_json({"envelope_id": following["envelope_id"]})
            await command

    run(scenario, Limits(redelivery_seconds=0.01))


def test_the_same_envelope_can_be_replayed() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with sdk_client(slack) as requests:
            first = await asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel)
            second = await asyncio.to_thread(slack.replay, first)
        assert [request.envelope_id for request in requests] == [requests[0].envelope_id] * 2
        assert (second.ok, second.replayed) == (True, True)
        assert (await asyncio.to_thread(slack.replay, first)).error == "not_connected"
        slack.assert_clean()

    run(scenario)


def test_without_a_connection_a_click_is_lost_and_an_event_waits() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        command = await asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel)
        mention = await asyncio.to_thread(slack.mention, "help", ada, channel)
        assert (command.error, mention.error) == ("not_connected", "not_connected")
        assert await asyncio.to_thread(slack.resend) == 1
        async with bare_socket(slack) as socket:
            envelope = await socket.receive_json()
            assert envelope["payload"]["event"]["type"] == "app_mention"
        assert [error.error for error in slack.errors] == ["not_acknowledged"] * 2

    run(scenario)


def test_envelopes_go_to_the_connections_in_turn() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with bare_socket(slack) as first, bare_socket(slack) as second:
            for socket in (second, first):
                command = asyncio.create_task(asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel))
                await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
                assert (await command).ok

    run(scenario)


def test_the_second_connection_is_one_too_many_where_only_one_is_allowed() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        assert ada.id in channel.members
        async with bare_socket(slack), aiohttp.ClientSession() as session:
            web = AsyncWebClient(base_url=slack.base_url)
            url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
            async with session.ws_connect(url) as socket:
                assert json.loads(await socket.receive_str())["reason"] == "too_many_websockets"
                assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
            assert slack.sockets == 1

    run(scenario, Limits(sockets=1))


def test_a_ticket_is_good_for_one_connection() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        assert ada.id in channel.members
        web = AsyncWebClient(base_url=slack.base_url)
        url = (await web.apps_connections_open(app_token=slack.app_token))["url"]
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url):
                pass
            with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
                await session.ws_connect(url)
        with pytest.raises(SlackApiError, match="invalid_auth"):
            await web.apps_connections_open(app_token="wrong")

    run(scenario)


def test_an_outage_cuts_the_sockets_and_the_client_comes_back() -> None:
    async def scenario(slack: FakeSlack, ada: User, channel: Channel) -> None:
        async with sdk_client(slack):
            await asyncio.to_thread(slack.down)
            await asyncio.to_thread(slack.wait_for, lambda: slack.sockets == 0)
            await asyncio.to_thread(slack.up)
            await asyncio.to_thread(slack.wait_for, lambda: slack.sockets == 1)
            assert (await asyncio.to_thread(slack.slash, "/tocsin", "", ada, channel)).ok

    run(scenario)


def test_a_signature_cannot_be_forged_where_there_is_none() -> None:
    with FakeSlack() as slack:
        ada = slack.add_user("ada")
        channel = slack.add_channel("alerts", [ada])
        with pytest.raises(ValueError, match="only HTTP requests"):
            slack.slash("/tocsin", "", ada, channel, forge="signature")
