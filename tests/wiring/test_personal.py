"""How people want to be paged, as they said themselves: read as the file is, kept, and taken back."""

from __future__ import annotations

import pytest

from tests.slack.slack_examples import incident
from tocsin.engine.ports import Way
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ladder import PAGE, responder, room
from tocsin.incidents.ways import BY, QUIET
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.notifying import Notifying
from tocsin.wiring.personal import (
    KIND,
    RULES_MAX,
    WINDOWS_MAX,
    PersonalBook,
    read_delay,
    read_windows,
    rule_words,
    warnings,
)
from tocsin.wiring.settings import Responder
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_ways import NotifyRule

FILE = """
responders:
  ada:
    slack: U0000ADA
    phone: "+15555550100"
    notify: [slack, {by: sms, after: 5m}]
    quiet_hours: "22:00-06:00"
  bo: {ntfy: "https://ntfy.example/y"}
teams:
  ops: {members: [ada, bo], slack: C0000OPS}
slack: {bot_token: test-token, signing_secret: test-secret}
sns: {}
"""
SETTINGS = parse(FILE.encode(), {}).settings
SLEEPS = (
    "Nothing would wake you for critical pages: none of your rules for them makes a noise. "
    "Add push, sms or voice, or let somebody else take your nights."
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now: Instant = 1_000


def book(store: MemoryStore | None = None, clock: Clock | None = None) -> PersonalBook:
    moment = clock or Clock()
    return PersonalBook(lambda: SETTINGS, store or MemoryStore(), lambda: moment.now)


def paged(found: PersonalBook, at: Instant = 0, who: str = "ada") -> list[tuple[list[str], int, bool]]:
    """By which ways first, how much later, and whether quietly."""
    directory = SettingsDirectory(SETTINGS, personal=found.of)
    effect = Effect(receiver=responder(who), kind=PAGE, urgent=True, facts={})
    departures = Notifying(SETTINGS, directory.ways, found.of).spread(effect, incident(), at)
    return [(each.effect.facts.get(BY, []), each.after, bool(each.effect.facts.get(QUIET))) for each in departures]


def test_nobody_has_said_anything_and_the_file_counts() -> None:
    found = book()
    assert found.of("ada") is None
    assert found.person("ada") == SETTINGS.responders["ada"]
    assert found.person("stranger") == Responder()
    assert paged(found, at=12 * HOUR) == [(["slack", "sms"], 0, False), (["sms", "slack"], 5 * MINUTE, False)]


def test_what_a_person_says_counts_from_the_next_page_on_and_survives_a_restart() -> None:
    store = MemoryStore()
    found = book(store)
    before = paged(found, at=12 * HOUR)
    found.set_rules("ada", (NotifyRule(by="sms"),), by="ada")
    assert paged(found, at=12 * HOUR) == [(["sms", "slack"], 0, False)] != before
    found.set_rules("ada", (NotifyRule(by="slack"),), by="ada")
    assert paged(found, at=12 * HOUR) == [(["slack", "sms"], 0, False)]
    found.set_quiet("ada", ("11:00-13:00",), (), by="ada")
    assert paged(found, at=12 * HOUR) == [(["slack", "sms"], 0, True)]
    again = book(store)
    assert again.person("ada") == found.person("ada")
    assert paged(again, at=12 * HOUR) == paged(found, at=12 * HOUR)


def test_who_has_no_rules_in_the_file_may_make_some() -> None:
    found = book()
    assert paged(found, who="bo") == [([], 0, False)]
    found.set_quiet("bo", ("mon-sun",), (), by="bo")
    assert paged(found, who="bo") == [(["ntfy"], 0, True)]


def test_back_to_what_the_file_says_undoes_all_of_it_and_is_remembered() -> None:
    clock = Clock()
    found = book(clock=clock)
    found.set_quiet("ada", (), (), by="ada")
    clock.now = 2_000
    assert found.person("ada").quiet_hours == ()
    found.set_rules("ada", (NotifyRule(by="sms", after=MINUTE, severity=("critical",)),), by="bo")
    assert found.reset("ada", by="ada") == SETTINGS.responders["ada"]
    assert found.of("ada") is None
    assert [(each.at, each.by, each.what) for each in found.changes("ada")] == [
        (1_000, "ada", "quiet hours: none"),
        (2_000, "bo", "notification rules: sms after 1m for critical"),
        (2_000, "ada", "as the file says"),
    ]
    assert found.changes("bo") == ()


def test_quiet_hours_say_what_still_makes_a_noise() -> None:
    found = book()
    found.set_quiet("ada", ("22:00-07:00",), ("critical", "high"), by="ada")
    found.set_quiet("ada", ("sat,sun",), (), by="ada")
    assert [each.what for each in found.changes("ada")] == [
        "quiet hours: 22:00-07:00; critical and high makes a noise in them",
        "quiet hours: sat,sun; nothing makes a noise in them",
    ]


def test_quiet_hours_count_where_somebody_lives_if_the_file_does_not_say_it() -> None:
    found = book()
    assert found.set_quiet("ada", ("22:00-07:00",), (), by="ada", zone="Asia/Tokyo").time_zone == "Asia/Tokyo"
    assert paged(found, at=14 * HOUR)[0] == (["slack", "sms"], 0, True)
    assert found.set_quiet("ada", ("22:00-07:00",), (), by="ada", zone="Atlantis").time_zone == ""
    assert found.reset("ada", by="ada").time_zone == ""


def test_a_personal_mention_makes_the_way() -> None:
    found = book()
    ways = SettingsDirectory(SETTINGS, personal=found.of).ways
    mention = Way("mention", "C0000OPS/U0000ADA")
    assert mention not in ways(responder("ada"))
    found.set_rules("ada", (NotifyRule(by="mention"),), by="ada")
    assert mention in ways(responder("ada"))
    found.set_quiet("ada", (), (), by="ada")
    found.set_rules("ada", (), by="ada")
    assert mention not in ways(responder("ada"))
    assert ways(room("ops")) == (Way("slack", "C0000OPS"),)


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", ()),
        ("22:00-07:00", ("22:00-07:00",)),
        ("22:00 - 7:00\n sat,sun ", ("22:00-07:00", "sat,sun")),
        ("Mon-Fri 22:00\N{EN DASH}07:00; fri 17:00-mon 09:00", ("mon-fri 22:00-07:00", "fri 17:00-mon 09:00")),
        ("sat, sun; sat,sun", ("sat,sun",)),
    ],
)
def test_windows_are_read_as_people_write_them(text: str, windows: tuple[str, ...]) -> None:
    assert read_windows(text) == windows


@pytest.mark.parametrize(("text", "ms"), [("5m", 300_000), ("5", 300_000), ("", 0), ("0", 0), ("1h 30m", 5_400_000)])
def test_delays_are_read_as_people_write_them(text: str, ms: int) -> None:
    assert read_delay(text) == ms


@pytest.mark.parametrize("text", ["soon", "2d", "-5m", "5 apples", "9" * 30])
def test_a_delay_that_is_none_names_itself(text: str) -> None:
    with pytest.raises(TocsinError) as refused:
        read_delay(text)
    assert refused.value.code == "personal-invalid"


def test_what_the_file_would_refuse_is_refused_here_in_the_same_words() -> None:
    found = book()
    with pytest.raises(TocsinError, match='"whenever" is not a window like'):
        read_windows("whenever")
    with pytest.raises(TocsinError, match="did you mean slack"):
        found.set_rules("ada", (NotifyRule(by="slak"),), by="ada")
    with pytest.raises(TocsinError, match="is none of critical, high, warning, info"):
        found.set_rules("ada", (NotifyRule(by="slack", severity=("awful",)),), by="ada")
    with pytest.raises(TocsinError, match="is none of"):
        found.set_quiet("ada", (), ("awful",), by="ada")
    with pytest.raises(TocsinError, match="too many"):
        found.set_rules("ada", (NotifyRule(by="slack"),) * (RULES_MAX + 1), by="ada")
    with pytest.raises(TocsinError, match="too many"):
        found.set_quiet("ada", ("sat",) * (WINDOWS_MAX + 1), (), by="ada")
    with pytest.raises(TocsinError) as refused:
        found.reset("ad", by="ada")
    assert refused.value.code == "responder-unknown"
    assert found.changes("ada") == ()


def test_a_record_of_another_version_leaves_the_file_in_force() -> None:
    store = MemoryStore()
    store.put_record(KIND, "ada", {"notify": "loudly"})
    assert book(store).of("ada") is None


def test_who_would_sleep_through_the_worst_is_warned() -> None:
    ada = SETTINGS.responders["ada"]
    assert list(warnings("ada", ada, SETTINGS)) == []
    mailed = Responder(slack="U0000ADA", notify=(NotifyRule(by="slack"), NotifyRule(by="sms", severity=("info",))))
    assert list(warnings("ada", mailed, SETTINGS)) == [
        "You are not reached by sms: give phone.",
        SLEEPS,
    ]
    hushed = Responder(quiet_hours=("22:00-06:00",), quiet_except=())
    assert list(warnings("ada", hushed, SETTINGS)) == ["In your quiet hours critical pages make no noise either."]


def test_a_rule_in_words() -> None:
    rule = NotifyRule(by="sms", after=5 * MINUTE, severity=(Severity.CRITICAL.value, Severity.HIGH.value))
    assert rule_words(rule) == "sms after 5m for critical and high"
    assert rule_words(NotifyRule(by="slack")) == "slack"
