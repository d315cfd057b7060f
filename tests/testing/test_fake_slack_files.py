"""Uploads to the fake Slack: three steps, each as strict as Slack's."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tocsin.testing.fake_slack import Channel, FakeSlack, Limits

PNG = b"\x89PNG\r\n\x1a\nrest"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[FakeSlack]:
    limits = Limits(file_processing_seconds=2.0, channel_rate=False)
    with FakeSlack(clock=clock, limits=limits) as fake:
        yield fake


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url)


@pytest.fixture
def room(slack: FakeSlack) -> Channel:
    return slack.add_channel("ops")


def post(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def uploaded(client: WebClient, body: bytes = PNG) -> str:
    begun = client.files_getUploadURLExternal(filename="a.png", length=len(body), alt_txt="what it shows")
    assert post(begun["upload_url"], body) == 200
    client.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": "a"}])
    return str(begun["file_id"])


def show(client: WebClient, room: Channel, file: str) -> str:
    block = {"type": "image", "alt_text": "x", "slack_file": {"id": file}}
    return str(client.chat_postMessage(channel=room.id, text="x", blocks=[block])["ts"])


def error(refused: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(refused.value.response["error"])


def test_an_image_is_uploaded_processed_and_shown(
    slack: FakeSlack, client: WebClient, room: Channel, clock: Clock
) -> None:
    file = uploaded(client)
    with pytest.raises(SlackApiError) as refused:
        show(client, room, file)
    assert error(refused) == "invalid_blocks"
    assert "invalid slack file [json-pointer:/blocks/0/slack_file]" in str(refused.value.response)
    clock.seconds += 2
    ts = show(client, room, file)
    client.chat_update(channel=room.id, ts=ts, text="y")
    [kept] = slack.files
    assert (kept.content, kept.alt, kept.title, kept.name) == (PNG, "what it shows", "a", "a.png")


def test_what_is_no_image_or_no_file_is_not_shown(client: WebClient, room: Channel, clock: Clock) -> None:
    file = uploaded(client, b"plain text")
    clock.seconds += 5
    for name in (file, "F0000000000"):
        with pytest.raises(SlackApiError) as refused:
            show(client, room, name)
        assert error(refused) == "invalid_blocks"


@pytest.mark.parametrize(
    ("filename", "length", "alt", "code"),
    [
        ("", 3, "", "missing_argument"),
        ("a", 0, "", "missing_argument"),
        ("a", -1, "", "missing_argument"),
        ("a", 3, "x" * 1001, "alt_txt_too_large"),
    ],
)
def test_a_url_is_given_for_what_is_described_only(
    client: WebClient, filename: str, length: int, alt: str, code: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.files_getUploadURLExternal(filename=filename, length=length, alt_txt=alt)
    assert error(refused) == code


def test_bytes_are_taken_once_and_as_many_as_were_promised(slack: FakeSlack, client: WebClient) -> None:
    begun = client.files_getUploadURLExternal(filename="a.png", length=3)
    url = begun["upload_url"]
    assert post(url, b"four") == 400
    with pytest.raises(SlackApiError) as refused:
        client.files_completeUploadExternal(files=[{"id": begun["file_id"]}])
    assert error(refused) == "file_not_found"
    assert post(url, b"abc") == 200
    assert post(url, b"abc") == 404
    assert post(url.replace("/F", "/X"), b"abc") == 404
    slack.fail("upload", "down")
    assert post(url, b"abc") == 500
    assert [refusal.error for refusal in slack.errors] == ["http_400", "file_not_found", "http_404", "http_404"]


@pytest.mark.parametrize("files", ["nonsense", "{}", "[]", "[3]", ""])
def test_an_upload_is_finished_by_a_list_of_files(client: WebClient, files: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.api_call("files.completeUploadExternal", json={"files": files})
    assert error(refused) == "invalid_arguments"


def test_a_channel_must_be_one_and_the_scope_must_be_there(slack: FakeSlack, client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.files_completeUploadExternal(files=[{"id": "F1"}], channel_id="C0NONE")
    assert error(refused) == "channel_not_found"
    with FakeSlack(scopes=["chat:write"]) as narrow, pytest.raises(SlackApiError) as refused:
        WebClient(narrow.bot_token, base_url=narrow.base_url).files_getUploadURLExternal(filename="a", length=1)
    assert error(refused) == "missing_scope"
    assert slack.files == ()
