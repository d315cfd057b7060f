"""The keys of how one person is reached: what is read, what is refused, what is advised."""

from __future__ import annotations

import pytest

from tocsin.kernel.time import MINUTE
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_ways import NotifyRule

TWILIO = "twilio: {account: AC00000000000000000000000000000000, token: '${T}', from: '+15555550123'}\n"
SLACK = "slack: {bot_token: '${T}', signing_secret: '${T}'}\n"
ENVIRON = {"T": "test-secret"}


def person(text: str) -> str:
    return f"responders:\n  ada: {{{text}}}\n"


def advised(text: str) -> list[str]:
    return [warning.text("f").removeprefix("f:") for warning in parse(text.encode(), ENVIRON).warnings]


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(text.encode(), ENVIRON)
    return caught.value.problems[0].message


def test_rules_are_read_in_short_and_at_length() -> None:
    text = person("phone: +15555550100, notify: [slack, {by: sms, after: 2 min}, {by: voice, severity: high}]")
    found = parse(text.encode(), {}).settings.responders["ada"]
    assert found.phone == "+15555550100"
    assert found.notify == (
        NotifyRule(by="slack"),
        NotifyRule(by="sms", after=2 * MINUTE),
        NotifyRule(by="voice", severity=("high",)),
    )
    assert found.quiet_except == ("critical",)


def test_one_way_needs_no_list() -> None:
    assert parse(person("notify: sms").encode(), {}).settings.responders["ada"].notify == (NotifyRule(by="sms"),)


@pytest.mark.parametrize(
    "number", ["0171555", "+0171555555", "+1 555 555 0100", "+123456", "+1234567890123456", "15555550100"]
)
def test_a_number_that_is_not_e164_is_told_with_its_value(number: str) -> None:
    message = refused(person(f"phone: '{number}'"))
    assert message.startswith(f'"{number}" is not a telephone number in E.164, like "+15555550100"')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (person("notify: [{by: fax}]"), '"fax" is none of slack, mention, teams, ntfy, push, mail, sms, voice'),
        (person("notify: [{after: 2m}]"), 'the key "by" is missing'),
        (person("notify: [{by: sms, after: 2d}]"), '"2d" is too long; at most 1d'),
        (person("quiet_hours: at night"), '"at night" is not a window like'),
        ("twilio: {account: AC1, token: '${T}', from: '+15555550123'}", '"AC1" is not an account SID'),
        ("sns: {sender: 12345}", '"12345" is not a sender ID'),
        ("sns: {region: europe}", '"europe" is not a region of AWS'),
        ("connect: {instance: a/b, flow: f, from: '+15555550123'}", '"a/b" is not an instance ID'),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str) -> None:
    assert refused(text).startswith(message)


def test_a_secret_in_the_wrong_place_is_not_shown() -> None:
    assert "hunter" not in refused("twilio: hunter2")


TEAM = "teams: {ops: {members: [ada]}}\n"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            person("ntfy: 'http://a/', notify: [slack, mention, mail, sms, voice, push, ntfy]"),
            [
                "ada is not reached by slack: give slack",
                "ada is not reached by mention: give slack",
                "ada is not reached by mail: give email",
                "ada is not reached by sms: give phone",
                "ada is not reached by voice: give phone",
            ],
        ),
        (
            person(
                "ntfy: 'http://a/', slack: U0ADA, email: a@b, phone: +15555550100, notify: [slack, mail, sms, voice]"
            ),
            [
                "ada is not reached by slack: there is no `slack` section",
                "ada is not reached by mail: there is no `mail` section",
                "ada is not reached by sms: there is no `twilio` or `sns` section",
                "ada is not reached by voice: there is no `twilio` or `connect` section",
            ],
        ),
        (
            person("slack: U0ADA, notify: mention") + SLACK,
            ["ada is not reached by mention: no team of theirs has a room"],
        ),
        (person("phone: +15555550100, notify: [sms, voice]") + TWILIO, []),
        (person("phone: +15555550100, notify: [sms]") + "sns: {}\n", []),
        (person("phone: +15555550100"), ["ada cannot be reached: there is no `twilio`, `sns` or `connect` section"]),
        (
            person("ntfy: 'http://a/', notify: [ntfy, {by: ntfy, after: 5m}]")
            + "policies: {default: {steps: [{ask: ada, wait: 1m}, {ask: [ada, team], wait: 5m}]}}\n",
            ["never takes its turn: after 5m the ladder asks others, and what waits is dropped"],
        ),
        (person("ntfy: 'http://a/', quiet_hours: 22:00-07:00"), ["count in UTC, since ada has no time_zone"]),
        (
            person("phone: +15555550100, quiet_hours: 22:00-07:00, time_zone: Europe/Berlin") + TWILIO,
            ["ada is rung in them: no way is quiet (Slack, Teams, mail, ntfy)"],
        ),
    ],
)
def test_what_can_never_ring_is_advised(text: str, advice: list[str]) -> None:
    assert [line.split(": ", 2)[2] for line in advised(text + TEAM)] == advice
