"""What a page becomes, without the machinery around it; see also the stories beside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.slack.slack_examples import incident
from tocsin.engine.ports import Departure, Outgoing, Way
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ladder import PAGE, SHOW, responder
from tocsin.incidents.ways import BY, QUIET, WAYS
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import HOUR
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.notifying import TRANSPORTS, Notifying, preferred
from tocsin.wiring.settings_file import parse

PEOPLE = """
responders:
  ada: {ntfy: "https://ntfy.example/x", notify: [{by: sms, after: 1m}, ntfy], phone: "+15555550100"}
  bo: {ntfy: "https://ntfy.example/y"}
  cy: {notify: [sms, push, mention]}
sns: {}
connect: {instance: i, flow: f, from: "+15555550123"}
"""
SETTINGS = parse(PEOPLE.encode(), {}).settings
ADA, BO, CY = responder("ada"), responder("bo"), responder("cy")
NTFY, SNS, CONNECT = Way("ntfy", "https://ntfy.example/x"), Way("sns", "+15555550100"), Way("connect", "+15555550100")


def effect(receiver: str, kind: str = PAGE) -> Effect:
    return Effect(receiver=receiver, kind=kind, urgent=True, facts={"rung": 3})


def spread(receiver: str, kind: str = PAGE, state: object = None) -> list[Departure]:
    notifying = Notifying(SETTINGS, SettingsDirectory(SETTINGS).ways)
    return list(notifying.spread(effect(receiver, kind), state or incident(), 0))


def test_each_rule_is_a_page_of_its_own_in_the_order_of_time() -> None:
    ntfy, sms = spread(ADA)
    assert (ntfy.after, ntfy.effect.facts) == (0, {"rung": 3, "by": ["ntfy", "sms", "voice"]})
    assert (sms.after, sms.effect.facts) == (60_000, {"rung": 3, "by": ["sms", "ntfy", "voice"]})
    assert ntfy.effect.urgent


@pytest.mark.parametrize(
    ("receiver", "kind", "state"),
    [(ADA, SHOW, None), (BO, PAGE, None), (CY, PAGE, None), ("team:ops", PAGE, None), (ADA, PAGE, "no incident")],
)
def test_what_no_rule_is_about_leaves_as_it_is(receiver: str, kind: str, state: object) -> None:
    assert spread(receiver, kind, state) == [Departure(effect(receiver, kind))]


def outgoing(by: list[str] | None) -> Outgoing:
    return Outgoing(
        id="1/0",
        aggregate="1",
        machine="incident",
        receiver=ADA,
        kind=PAGE,
        facts={} if by is None else {BY: by},
        coalesce="",
        urgent=True,
        created_at=0,
        not_before=0,
    )


@pytest.mark.parametrize(
    ("by", "ways"),
    [
        (None, [NTFY, SNS, CONNECT]),
        (["sms", "ntfy"], [SNS, NTFY]),
        (["voice", "mail"], [CONNECT]),
        (["mail"], [NTFY, SNS, CONNECT]),  # The file has changed since: any way is better than none.
        (["pigeon"], [NTFY, SNS, CONNECT]),
    ],
)
def test_a_page_takes_the_ways_that_it_names(by: list[str] | None, ways: list[Way]) -> None:
    assert list(preferred(outgoing(by), [NTFY, SNS, CONNECT])) == ways


HAS = {
    "slack": "slack: U0ADA",
    "ntfy": "ntfy: 'https://ntfy.example/x'",
    "mail": "email: ada@example.com",
    "sms": "phone: '+15555550100'",
}
SECTIONS = """
slack: {bot_token: test-token, signing_secret: test-secret}
mail: {smtp: "mail.example:25", from: tocsin@example.com}
sns: {}
"""


@given(
    has=st.sets(st.sampled_from(sorted(HAS)), min_size=1),
    rules=st.lists(
        st.tuples(
            st.sampled_from(WAYS), st.sampled_from(["0s", "2m", "3h"]), st.lists(st.sampled_from(["critical", "info"]))
        ),
        max_size=4,
    ),
    quiet=st.sampled_from(["", "00:00-02:00", "mon-sun"]),
    critical=st.booleans(),
    hour=st.integers(0, 5),
)
def test_a_page_always_gets_out_by_every_way_there_is(
    has: set[str], rules: list[tuple[str, str, list[str]]], quiet: str, critical: bool, hour: int
) -> None:
    notify = ", ".join(f"{{by: {by}, after: {after}, severity: {severity}}}" for by, after, severity in rules)
    hours = f", quiet_hours: '{quiet}'" if quiet else ""
    person = f"{', '.join(HAS[way] for way in sorted(has))}, notify: [{notify}]{hours}"
    settings = parse(f"responders: {{ada: {{{person}}}}}\n{SECTIONS}".encode(), {}).settings
    directory = SettingsDirectory(settings)
    severity = Severity.CRITICAL if critical else Severity.HIGH
    state = replace(incident(), severity=severity)
    departures = Notifying(settings, directory.ways).spread(effect(ADA), state, hour * HOUR)
    assert departures
    for departure in departures:
        named = departure.effect.facts.get(BY)
        ways = preferred(outgoing(named), directory.ways(ADA))
        assert set(ways) == set(directory.ways(ADA))
        if departure.effect.facts.get(QUIET):
            noise = [way.transport in {"sns", "push"} for way in ways]
            assert noise == sorted(noise), "a loud way stands before a quiet one"
            assert not critical


def test_no_two_ways_share_a_transport() -> None:
    transports = [transport for several in TRANSPORTS.values() for transport in several]
    assert len(transports) == len(set(transports))
