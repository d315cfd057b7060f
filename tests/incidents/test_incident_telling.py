"""The sentences that say who is on it and what comes next, and pages in plain text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, BO, CY, NOW, POLICY, ROOM, alert, notification
from tocsin.incidents.alerts import AlertStatus, Link, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Muted, PageFailed, Passed, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import LISTED_MAX, Page, Telling, Told, next_step, one_line, standing, tell, utc_time, who
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant, format_instant

TELLING = Telling({"ada": "Ada Lovelace", "cy": "<!channel>"}, lambda instant: format_instant(instant)[11:16])
PLAN = Plan(team="ops", policy=POLICY)
BEGUN = NOW - NOW % HOUR  # On the hour, so that the sentences can be read.


def after(*inputs: tuple[int, Input], policy: Policy = POLICY, **parts: Json) -> Incident:
    """The incident that opened at 11:00, after *inputs*, each with its minute."""
    machine = IncidentMachine()
    state = machine.decide(None, AlertReceived(alert(**parts), Plan(team="ops", policy=policy)), BEGUN).state
    for minute, happened in inputs:
        state = machine.decide(state, happened, BEGUN + minute * MINUTE).state
    assert state is not None
    return state


SOURCE_ACKNOWLEDGED = AlertReceived(alert(status=AlertStatus.ACKNOWLEDGED, source="pagerduty"), PLAN)
RECOVERED = AlertReceived(alert(status=AlertStatus.RESOLVED), PLAN)
UNREACHED = PageFailed(receiver=BO, rung=1, error="gone", final=True)

STORIES: dict[str, tuple[list[tuple[int, Input]], str, str]] = {
    "opened": ([], "Asking Ada Lovelace.", "Without an answer, asks bo and <!channel> next at 11:05."),
    "no answer": (
        [(5, Tick())],
        "Asking bo and <!channel>.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "passed by one": (
        [(5, Tick()), (6, Passed(by="bo", rung=1))],
        "Asking <!channel>. bo passed.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "one not reached": (
        [(5, Tick()), (6, UNREACHED)],
        "Asking <!channel>. bo could not be reached.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "everyone": ([(5, Tick()), (15, Tick())], "Asking team ops.", "Without an answer, asks team ops again at 11:30."),
    "acknowledged": (
        [(1, Acknowledged(by="ada"))],
        "Ada Lovelace is on it (since 11:01).",
        "Asks Ada Lovelace again at 12:01, unless it is resolved.",
    ),
    "acknowledged by a stranger": (
        [(1, Acknowledged(by="slack:dora"))],
        "dora is on it (since 11:01).",
        "Asks dora again at 12:01, unless it is resolved.",
    ),
    "acknowledged at its source": (
        [(1, SOURCE_ACKNOWLEDGED)],
        "Acknowledged in pagerduty at 11:01.",
        "Asks Ada Lovelace at 12:01, unless it is resolved.",
    ),
    "silenced": (
        [
            (
                1,
                Muted(
                    dedup_key=alert().dedup_key, mute=Mute(silence="s", by="cy*", until=BEGUN + HOUR, why="we move it")
                ),
            )
        ],
        "Silenced by cy* until 12:00: we move it.",
        "Asks Ada Lovelace at 12:00, unless it is resolved.",
    ),
    "silenced by nobody knows whom": (
        [(1, Muted(dedup_key=alert().dedup_key, mute=Mute(silence="s", by="", until=BEGUN + HOUR)))],
        "Silenced by somebody until 12:00.",
        "Asks Ada Lovelace at 12:00, unless it is resolved.",
    ),
    "snoozed": (
        [(1, Snoozed(by="ada", until=BEGUN + 2 * HOUR))],
        "Ada Lovelace snoozed it until 13:00.",
        "Asks Ada Lovelace again at 13:00, unless it is resolved.",
    ),
    "resolved": (
        [(90, Resolved(by="ada", note="disk <cleaned>"))],
        "Ada Lovelace resolved it at 12:30, after 1h 30m: disk <cleaned>",
        "",
    ),
    "resolved without a word": ([(2, Resolved(by="ada"))], "Ada Lovelace resolved it at 11:02, after 2m.", ""),
    "recovered": ([(2, RECOVERED)], "Recovered at 11:02, after 2m.", ""),
}


@pytest.mark.parametrize("name", STORIES)
def test_who_is_on_it_and_what_comes_next(name: str) -> None:
    inputs, on_it, following = STORIES[name]
    state = after(*inputs)
    assert who(state, TELLING) == on_it
    assert next_step(state, TELLING, BEGUN) == following


def test_a_notification_asks_nobody_and_ends() -> None:
    state = notification()
    assert who(state, TELLING) == "For information; nobody is asked."
    assert next_step(state, TELLING, NOW) == ""
    over = IncidentMachine().decide(state, Tick(), NOW + MINUTE).state
    assert over is not None
    assert who(over, TELLING).startswith("Over at ")


def test_what_is_overdue_comes_now() -> None:
    assert next_step(after(), TELLING, BEGUN + HOUR).endswith("next now.")


def test_the_next_step_leaves_out_who_has_passed() -> None:
    policy = Policy(name="p", steps=(Step((ADA,)), Step((ADA,)), Step((ADA, BO))), everyone=(ROOM,))
    state = replace(after(policy=policy), passed=(ADA,))
    assert next_step(state, TELLING, BEGUN) == "Without an answer, asks bo next at 11:05."


@pytest.mark.parametrize("name", [name for name, (inputs, _, _) in STORIES.items() if "acknowledged" not in name])
def test_the_foretold_is_what_the_machine_does(name: str) -> None:
    state = after(*STORIES[name][0])
    if state.wake_at is None:
        return
    foretold = next_step(state, TELLING, BEGUN)
    asked = IncidentMachine().decide(state, Tick(), state.wake_at).state
    assert asked is not None
    assert f"sks {TELLING.receivers(asked.asked)} " in foretold


def test_many_names_become_a_number() -> None:
    names = [f"responder:r{number}" for number in range(8)]
    assert TELLING.receivers(names) == "r0, r1, r2, r3, r4 and 3 others"
    assert TELLING.receivers(names[:6]) == "r0, r1, r2, r3, r4 and 1 other"
    assert TELLING.receivers([CY]) == "<!channel>"
    assert TELLING.receivers([]) == "nobody"
    assert TELLING.person("slack:") == "somebody"


def test_a_promise_without_its_instant_is_told_from_the_last_change() -> None:
    odd: list[tuple[Incident, Instant]] = [
        (replace(after((1, Acknowledged(by="ada"))), acknowledged_at=None), BEGUN + MINUTE),
        (replace(after((1, Snoozed(by="ada", until=BEGUN + HOUR))), snoozed_until=None), BEGUN + MINUTE),
        (replace(after((1, Resolved(by="ada"))), resolved_at=None), BEGUN + MINUTE),
    ]
    for state, changed_at in odd:
        assert TELLING.when(changed_at) in who(state, TELLING)


# ── Pages in plain text ──────────────────────────────────────────────────────────────────────────────────────────────
URL = "https://tocsin.example"
WHY = "You are the first to be asked."


def page(incident: Incident, name: str = "inc-1", why: str = WHY) -> Page:
    return Page(incident_id=name, incident=incident, why=why)


def told(*pages: Page) -> Told:
    return tell(pages, Telling({"ada": "Ada Lovelace", "bo": "Bo", "cy": "Cy"}), URL, BEGUN)


def test_a_page_tells_why_what_where_and_what_comes_next() -> None:
    page_told = told(page(after()))
    assert page_told.headline == "[critical] CPU is high — asks you"
    assert page_told.link == "https://tocsin.example/incidents/inc-1"
    assert page_told.severity is Severity.CRITICAL
    assert (
        page_told.text
        == """\
You are the first to be asked.

CPU is high
The average is above 90 %.

Account: 123456789012
Region: eu-west-1
Resource: i-0abc
Since: 2026-11-18 11:00 UTC
Alerts: once
Team: ops
Labels: stage=prod

alarm: https://console.example/alarm

Asking Ada Lovelace. Without an answer, asks Bo and Cy next at 2026-11-18 11:05 UTC.

Answer here: https://tocsin.example/incidents/inc-1
"""
    )


def test_a_page_with_little_to_say_is_short() -> None:
    bare: dict[str, Json] = {
        "title": "",
        "description": "",
        "account": "",
        "region": "",
        "resource": "",
        "labels": {},
        "links": (),
    }
    page_told = told(page(after(**bare), why=""))
    assert page_told.headline == "[critical] (no title) — asks you"
    assert page_told.text.splitlines()[0] == "(no title)"
    assert "Account" not in page_told.text
    repeated = told(page(after(description="CPU is high")))
    assert repeated.text.count("CPU is high") == 1


def test_the_other_alerts_of_an_incident_are_told() -> None:
    others = [
        (1, AlertReceived(alert(f"disk {number}" if number else "", dedup_key=f"d{number}"), PLAN))
        for number in range(7)
    ]
    text = told(page(after(*others))).text
    assert "Alerts: 8 alerts, 8 firing, 8 times, last 2026-11-18 11:01 UTC\n" in text
    assert "Also firing: (no title); disk 1; disk 2; disk 3; disk 4; and 2 more\n" in text


def test_several_pages_are_told_worst_first() -> None:
    worse = replace(after(title="Disk is full", account="", region=""), severity=Severity.CRITICAL)
    milder = replace(after(), severity=Severity.WARNING)
    page_told = told(page(milder, "a"), page(worse, "b"), page(milder, "a", why="You are asked now: bo passed."))
    assert page_told.headline == "[critical] 2 incidents ask you at once"
    assert page_told.link == URL
    assert (
        page_told.text
        == """\
2 incidents ask you at once.

1. [critical] Disk is full
   i-0abc
   You are the first to be asked. Asking Ada Lovelace. Without an answer, asks Bo and Cy next at 2026-11-18 11:05 UTC.
   https://tocsin.example/incidents/b

2. [warning] CPU is high
   123456789012 · eu-west-1 · i-0abc
   You are asked now: Bo passed. Asking Ada Lovelace. Without an answer, asks Bo and Cy next at 2026-11-18 11:05 UTC.
   https://tocsin.example/incidents/a

All of them: https://tocsin.example
"""
    )


def test_of_very_many_pages_the_worst_are_told() -> None:
    text = told(*(page(after(), f"i{number}") for number in range(LISTED_MAX + 5))).text
    assert text.startswith("15 incidents ask you at once; these are the worst 10.\n\n1. ")
    assert f"\n{LISTED_MAX}. " in text
    assert f"\n{LISTED_MAX + 1}. " not in text


@given(st.text(max_size=200), st.text(st.characters(), max_size=20))
def test_foreign_text_stays_on_its_line(text: str, name: str) -> None:
    odd = after(title=text, account=text, resource=text, labels={text: text}, links=(Link(text, f"https://a/{name}"),))
    one = tell([page(odd, why=text)], Telling({"ada": text}), URL, BEGUN)
    several = tell([page(odd, why=text), page(odd, "inc-2", why=text)], Telling({"ada": text}), URL, BEGUN)
    assert "\n" not in one.headline
    for line in (one.headline, *one.text.split("\n"), *several.text.split("\n")):
        assert {unicodedata.category(character) for character in line}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert one.text.endswith(f"\n\nAnswer here: {URL}/incidents/inc-1\n")
    assert several.text.count(f"{URL}/incidents/") == 2


def test_links_that_would_break_are_left_out() -> None:
    links = (Link("long", "https://a/" + "x" * 2000), Link("two lines", "https://a/\nb"), Link("", "https://a/good"))
    text = told(page(after(links=links))).text
    assert "\n\nLink: https://a/good\n\n" in text
    assert "long:" not in text
    assert "two lines" not in text


def test_what_is_too_long_ends_with_a_sign() -> None:
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"


def test_standing_is_both_sentences() -> None:
    state = after()
    assert standing(state, TELLING, BEGUN) == f"{who(state, TELLING)} {next_step(state, TELLING, BEGUN)}"
    over = after((2, Resolved(by="ada")))
    assert standing(over, TELLING, BEGUN) == who(over, TELLING)


def test_utc_time_is_told_to_the_minute() -> None:
    assert utc_time(1_795_000_000_000) == "2026-11-18 11:06 UTC"


def test_what_is_over_has_no_next_step() -> None:
    by_hand = replace(after((1, Resolved(by="ada"))), wake_at=BEGUN + HOUR)
    assert next_step(by_hand, TELLING, BEGUN) == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "Asking you. Without an answer, asks Bo and Cy next at 11:05."),
        (
            ((1, Acknowledged(by="ada")),),
            "You are on it (since 11:01). Asks you again at 12:01, unless",
        ),
        (((1, Passed(by="ada")),), "Asking Bo and Cy. You passed."),
        (((1, Acknowledged(by="bo")),), "Bo is on it (since 11:01)."),
    ],
)
def test_who_reads_it_is_called_you(given: tuple[tuple[int, Input], ...], said: str) -> None:
    telling = Telling({"ada": "Ada", "bo": "Bo", "cy": "Cy"}, lambda at: format_instant(at)[11:16]).to(ADA)
    assert standing(after(*given), telling, BEGUN).startswith(said)
    assert "Ada" not in standing(after(*given), telling, BEGUN)


def test_a_page_in_plain_text_calls_its_reader_you() -> None:
    text = told(Page(incident_id="a", incident=after(), why=WHY, reader=ADA)).text
    assert "Asking you. Without an answer" in text
    assert "Asking Ada" not in text
