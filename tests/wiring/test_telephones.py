"""Which ways to a telephone there are, as the settings say."""

from __future__ import annotations

import importlib

import pytest

from tocsin.errors import TocsinError
from tocsin.posting.paging import Paging
from tocsin.wiring.settings_file import parse
from tocsin.wiring.telephones import telephones

TWILIO = "twilio: {account: AC00000000000000000000000000000000, token: test-secret, from: '+15555550123'}\n"
CONNECT = "connect: {instance: i, flow: f, from: '+15555550123', region: eu-west-1}\n"
PAGING = Paging(now=lambda: 0, names={}, url="https://tocsin.example")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("responders: {ada: {phone: '+15555550100'}}", []),
        (TWILIO, ["twilio-sms", "twilio-voice"]),
        ("sns: {region: eu-west-1}\n", ["sns"]),
        (CONNECT, ["connect"]),
        (TWILIO + "sns: {}\n" + CONNECT, ["twilio-sms", "sns", "twilio-voice", "connect"]),
    ],
)
def test_a_way_is_there_when_the_settings_ask_for_it(text: str, names: list[str]) -> None:
    assert [each.name for each in telephones(parse(text.encode(), {}).settings, PAGING, lambda: 0)] == names


@pytest.mark.parametrize(("text", "section"), [("sns: {}", "sns"), (CONNECT, "connect")])
def test_without_the_sdk_of_aws_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, text: str, section: str
) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(TocsinError) as caught:
        telephones(parse(text.encode(), {}).settings, PAGING, lambda: 0)
    assert caught.value.code == "aws-missing"
    assert f"there is a section `{section}`" in caught.value.message
