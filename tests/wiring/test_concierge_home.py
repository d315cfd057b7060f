"""The home tab: what it tells, what its buttons and forms do, and that everybody changes what is theirs only."""

from __future__ import annotations

import pytest

from tests.slack.slack_examples import incident, notification
from tests.wiring.home_world import NOW, SETTINGS, HomeWorld, read
from tocsin.conversing.replies import Answer, Ask, Corrections, Home
from tocsin.incidents.inputs import Acknowledged, Passed, Resolved, Snoozed
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.saying.forms import Form, Pick, Ticks, Words
from tocsin.saying.message import Actions, Aside, Button, Choice, Facts, Heading, Item, Paragraph, Saying, Tone
from tocsin.wiring.concierge.home_forms import LOUD, NONE, WINDOWS, quiet_form, rules_form
from tocsin.wiring.concierge.home_page import INCIDENTS_MAX, QUIET, REFRESH, RESET, RULES, TEAMS_MAX, Mine, TeamNow
from tocsin.wiring.concierge.home_page import home_page as page_of
from tocsin.wiring.settings import Responder
from tocsin.wiring.settings_ways import NotifyRule

BLOCKS_MAX = 100  # Of a home tab.


@pytest.fixture
def world() -> HomeWorld:
    return HomeWorld()


def items(page: Saying) -> list[str]:
    return [read(part) for part in page.parts if isinstance(part, Item)]


def headings(page: Saying) -> list[str]:
    return [part.text for part in page.parts if isinstance(part, Heading)]


def labels(page: Saying) -> list[str]:
    actions = [action for part in page.parts if isinstance(part, Actions) for action in part.actions]
    return [action.label for action in actions]


def facts(page: Saying) -> dict[str, str]:
    pairs = [pair for part in page.parts if isinstance(part, Facts) for pair in part.pairs]
    return {name: read(Paragraph(value)) for name, value in pairs}


def form(reply: object) -> Form:
    assert isinstance(reply, Ask), reply
    return reply.form


def test_a_quiet_page_says_so_and_shows_shifts_ways_and_teams(world: HomeWorld) -> None:
    page = world.open().saying
    assert page.summary == "Nothing waits for you."
    assert headings(page) == ["Nothing waits for you", "Your next shifts", "How you are paged", "Your teams"]
    monday = NOW - NOW % DAY + 5 * DAY + 9 * HOUR
    assert items(page) == [
        f"primary: you are on call now, until <{monday}>",
        f"primary: from <{monday + 7 * DAY}> until <{monday + 14 * DAY}>",
        f"primary: from <{monday + 21 * DAY}> until <{monday + 28 * DAY}>",
        f"ops\nprimary: you until <{monday}>",
        "web\n1 member; one is asked after the other",
    ]
    assert facts(page) == {
        "Quiet hours": "22:00-06:00\nby the clocks of Europe/Berlin\nexcept what is critical",
        "Ways": "slack\nsms after 5m",
    }
    assert labels(page) == [
        *("Change quiet hours", "Change how I am paged"),
        *("Raise an incident", "Refresh", "Open incidents", "On call", "Figures", "People"),
    ]


def test_a_shift_can_be_offered_with_one_press(world: HomeWorld) -> None:
    found = [part.action for part in world.open().saying.parts if isinstance(part, Item) and part.action]
    assert all(isinstance(each, Button) and each.verb == "form:swap" and each.opens for each in found)
    first = found[0]
    assert isinstance(first, Button)
    assert first.value == {"schedule": "primary", "start": NOW, "until": NOW - NOW % DAY + 5 * DAY + 9 * HOUR}


def test_what_waits_for_an_answer_comes_before_what_is_in_hand(world: HomeWorld) -> None:
    world.keep("asks-me")
    world.keep("mine", incident((NOW + 1, Acknowledged("ada"))))
    world.keep("snoozed", incident((NOW + 1, Snoozed(by="ada", until=NOW + HOUR))))
    world.keep("bos", incident((NOW + 1, Acknowledged("bo"))))
    world.keep("passed", incident((NOW + 1, Passed(by="ada"))))
    world.keep("over", incident((NOW + 1, Resolved(by="ada"))))
    world.keep("news", notification())
    page = world.open().saying
    assert page.summary == "1 waits for your answer, you are on 2 open incidents."
    assert headings(page)[:2] == ["Waiting for your answer", "You are on it"]
    assert labels(page)[:6] == ["Acknowledge", "Pass", "Resolve", "Snooze", "Escalate", "More"]
    assert labels(page)[6:11] == ["Pass", "Resolve", "Snooze", "Escalate", "More"]
    asked = next(part for part in page.parts if isinstance(part, Item))
    assert asked.tone is Tone.CRITICAL
    assert read(asked).startswith("CPU is high\n")
    acknowledge, _, _, snooze, *_ = next(part for part in page.parts if isinstance(part, Actions)).actions
    assert isinstance(acknowledge, Button)
    assert acknowledge.value == {"i": "asks-me", "r": 0}
    assert isinstance(snooze, Choice)
    assert snooze.options[0].value == {"i": "asks-me", "r": 0, "d": 30 * MINUTE}
    assert page_of(Mine(who="ada", now=NOW, known=False, working={"m": incident()})).summary == (
        "You are on 1 open incident."
    )


def test_a_flood_is_cut_and_fits_into_a_tab(world: HomeWorld) -> None:
    for number in range(20):
        world.keep(f"asked-{number:02}")
        world.keep(f"mine-{number:02}", incident((NOW + 1, Acknowledged("ada"))))
    page = world.open().saying
    assert sum(item.startswith("CPU is high") for item in items(page)) == 2 * INCIDENTS_MAX
    asides = [read(Paragraph(text)) for part in page.parts if isinstance(part, Aside) for text in part.texts]
    assert "and 12 more · see them all" in asides
    assert len(page.parts) <= BLOCKS_MAX


def test_more_than_a_page_of_the_store_is_read(world: HomeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.wiring.concierge.home.PAGE", 2)
    for number in range(5):
        world.keep(f"asked-{number}")
    assert "5 wait for your answer" in world.open().saying.summary
    monkeypatch.setattr("tocsin.wiring.concierge.home.READ_MAX", 4)
    assert "4 wait for your answer" in world.open().saying.summary


def test_quiet_hours_are_asked_for_changed_and_shown(world: HomeWorld) -> None:
    asked = form(world.press(QUIET))
    windows, loud = asked.fields
    assert isinstance(windows, Words)
    assert isinstance(loud, Ticks)
    assert (windows.initial, loud.initial) == ("22:00-06:00", ("critical",))
    reply = world.fill(QUIET, {WINDOWS: "21:00 - 7:00\nsat,sun", LOUD: ["critical", "high"]})
    assert isinstance(reply, Home)
    assert facts(reply.saying)["Quiet hours"] == (
        "21:00-07:00\nsat,sun\nby the clocks of Europe/Berlin\nexcept what is critical or high"
    )
    assert world.personal.person("ada").quiet_hours == ("21:00-07:00", "sat,sun")
    assert world.personal.person("bo").quiet_hours == ()
    assert "Back to the configuration" in labels(reply.saying)
    aside = next(part for part in reply.saying.parts if isinstance(part, Aside))
    assert read(Paragraph(aside.texts[0])) == f"As you said <{NOW}>; it goes before the configuration."


def test_a_window_that_is_none_keeps_the_form_open_and_names_it(world: HomeWorld) -> None:
    reply = world.fill(QUIET, {WINDOWS: "at night", LOUD: []})
    assert isinstance(reply, Corrections)
    assert reply.errors[WINDOWS].startswith('"at night" is not a window like')
    assert world.personal.of("ada") is None


def test_no_windows_are_no_quiet_hours(world: HomeWorld) -> None:
    reply = world.fill(QUIET, {WINDOWS: None, LOUD: "critical"})
    assert isinstance(reply, Home)
    assert facts(reply.saying)["Quiet hours"] == "None: every page makes a noise"


def test_rules_are_asked_for_changed_and_shown(world: HomeWorld) -> None:
    asked = form(world.press(RULES))
    initial = {field.name: field.initial for field in asked.fields if isinstance(field, Pick | Words)}
    assert initial == {
        "worst-first": "slack",
        "worst-then": "sms",
        "worst-after": "5m",
        "rest-first": "slack",
        "rest-then": "sms",
        "rest-after": "5m",
    }
    ways = [option.value["id"] for field in asked.fields[:1] if isinstance(field, Pick) for option in field.options]
    assert ways == [NONE, "slack", "push", "sms"]
    reply = world.fill(
        RULES,
        {
            "worst-first": "sms",
            "worst-then": "slack",
            "worst-after": "90s",
            "rest-first": "slack",
            "rest-then": NONE,
            "rest-after": "5m",
        },
    )
    assert isinstance(reply, Home)
    assert facts(reply.saying)["Ways"] == (
        "sms for critical\nslack for high and warning and info\nslack after 1m 30s for critical"
    )
    world.fill(RULES, {"worst-first": "sms"})
    assert facts(world.open().saying)["Ways"] == (
        "sms for critical\nthe first way that works for high or warning or info"
    )
    assert world.personal.person("bo").notify == ()


def test_the_same_for_all_severities_is_one_set_of_rules(world: HomeWorld) -> None:
    same = {
        f"{group}-{part}": value for group in ("worst", "rest") for part, value in (("first", "push"), ("then", "sms"))
    }
    world.fill(RULES, same)
    assert world.personal.person("ada").notify == (
        NotifyRule(by="push"),
        NotifyRule(by="sms", after=5 * MINUTE),
    )
    world.fill(RULES, {})
    assert world.personal.person("ada").notify == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"worst-then": "sms"}, "worst-then"),
        ({"rest-first": "sms", "rest-then": "sms"}, "rest-then"),
        ({"rest-first": "sms", "rest-then": "slack", "rest-after": "later"}, "rest-after"),
    ],
)
def test_rules_that_make_no_sense_are_corrected_at_their_field(
    world: HomeWorld, values: dict[str, str], field: str
) -> None:
    reply = world.fill(RULES, values)
    assert isinstance(reply, Corrections)
    assert list(reply.errors) == [field]
    assert world.personal.of("ada") is None


def test_what_only_a_forged_form_can_say_is_refused(world: HomeWorld) -> None:
    reply = world.fill(RULES, {"worst-first": "pigeon"})
    assert isinstance(reply, Answer)
    assert '"pigeon" is none of' in reply.saying.summary
    assert world.personal.of("ada") is None


def test_who_would_sleep_through_the_worst_is_told(world: HomeWorld) -> None:
    reply = world.fill(RULES, {"worst-first": "slack", "rest-first": "slack"})
    assert isinstance(reply, Home)
    told = [part for part in reply.saying.parts if isinstance(part, Item) and part.tone is Tone.WARNING]
    assert [read(each)[:40] for each in told] == ["Nothing would wake you for critical page"]


def test_back_to_the_configuration_undoes_it_all(world: HomeWorld) -> None:
    before = world.open()
    world.fill(QUIET, {WINDOWS: "", LOUD: []})
    world.fill(RULES, {"worst-first": "sms", "rest-first": "sms"})
    assert world.open() != before
    assert world.press(RESET) == before == world.press(REFRESH)


def test_a_form_that_cannot_show_all_the_rules_says_so() -> None:
    three = Responder(notify=(NotifyRule(by="slack"), NotifyRule(by="sms", after=1), NotifyRule(by="voice", after=2)))
    late = Responder(notify=(NotifyRule(by="slack", after=MINUTE),))
    part = Responder(notify=(NotifyRule(by="slack", severity=("high",)),))
    for person, fits in ((three, False), (late, False), (part, False), (SETTINGS.responders["ada"], True)):
        (intro,) = rules_form("ada", person, SETTINGS).intro
        assert isinstance(intro, Paragraph)
        assert ("saving replaces them" not in intro.text) is fits
    both = Responder(notify=(NotifyRule(by="slack"), NotifyRule(by="voice", severity=("critical",))))
    (intro,) = rules_form("ada", both, SETTINGS).intro
    assert isinstance(intro, Paragraph)
    assert "saving" not in intro.text
    assert quiet_form(Responder()).fields


def test_who_is_not_in_the_configuration_is_told_what_to_do(world: HomeWorld) -> None:
    page = world.open("slack:zed").saying
    assert headings(page) == ["Nothing waits for you", "Tocsin does not know you yet"]
    assert any("zed" in read(part) for part in page.parts if isinstance(part, Paragraph))
    for verb in (QUIET, RULES):
        assert isinstance(world.press(verb, "slack:zed"), Answer)
    for reply in (world.fill(QUIET, {WINDOWS: ""}, "slack:zed"), world.press(RESET, "slack:zed")):
        assert isinstance(reply, Answer)
        assert "there is no responder" in reply.saying.summary
    assert world.store.records("personal") == {}


def test_bo_sees_ada_on_call_and_his_own_turn(world: HomeWorld) -> None:
    said = items(world.open("bo").saying)
    monday = NOW - NOW % DAY + 5 * DAY + 9 * HOUR
    assert f"ops\nprimary: Ada Lovelace until <{monday}>" in said
    assert f"primary: from <{monday}> until <{monday + 7 * DAY}>" in said


def test_a_page_without_shifts_teams_or_console_is_still_a_page() -> None:
    page = page_of(Mine(who="cy", now=NOW, known=True))
    assert "You are in no team." in [read(part) for part in page.parts]
    assert "You are not on call within the next weeks." in [read(part) for part in page.parts]
    many = Mine(
        who="cy",
        now=NOW,
        known=True,
        asked={f"{number}": incident() for number in range(INCIDENTS_MAX + 1)},
        person=Responder(quiet_hours=("sat",), quiet_except=()),
        teams=tuple(TeamNow(name=f"t{number}", members=2) for number in range(TEAMS_MAX + 2)),
    )
    asides = [text for part in page_of(many).parts if isinstance(part, Aside) for text in part.texts]
    assert {"and 1 more", "and 2 more"} <= set(asides)
    assert facts(page_of(many))["Quiet hours"].endswith("without exception")


def test_strangers_words_forge_no_marks() -> None:
    evil = "\ue003http://evil\ue004click\ue005"
    page = page_of(Mine(who=f"slack:{evil}", now=NOW, known=False, asked={"1": incident()}))
    assert "\ue003" not in "".join(str(part) for part in page.parts if isinstance(part, Paragraph))
