"""The forms of the home tab: quiet hours as windows, and for the worst and for the rest a first way and a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from tocsin.conversing.replies import Corrections
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ways import QUIET_WAYS, WAYS
from tocsin.kernel.time import MINUTE, Duration, format_duration
from tocsin.saying.forms import Field, Form, Pick, Ticks, Words
from tocsin.saying.message import Option, Paragraph
from tocsin.saying.text import code
from tocsin.wiring.concierge.home_page import QUIET, RULES
from tocsin.wiring.personal import read_delay
from tocsin.wiring.settings import Responder, Settings
from tocsin.wiring.settings_schedules import LOCAL
from tocsin.wiring.settings_ways import NotifyRule
from tocsin.wiring.settings_ways_advice import obstacles

WINDOWS: Final = "windows"  # Names of fields.
LOUD: Final = "loud"

NONE: Final = "none"  # The option for no way.
THEN_AFTER: Final[Duration] = 5 * MINUTE  # What a second way waits unless somebody says otherwise.

_WORST: Final = (Severity.CRITICAL.value,)
_REST: Final = tuple(word.value for word in Severity if word.value not in _WORST)
_GROUPS: Final = (("worst", "Critical", _WORST), ("rest", "Everything else", _REST))
_CALLED: Final = {
    "slack": "Slack, as a direct message",
    "mention": "Slack, a mention in the team's room",
    "ntfy": "ntfy",
    "push": "push to your browsers",
    "mail": "e-mail",
    "sms": "SMS",
    "voice": "a call",
}
_LOUD: Final = tuple(called for way, called in _CALLED.items() if way not in QUIET_WAYS)


def quiet_form(person: Responder, seen: str = "") -> Form:
    """When pages make no noise. *seen*: the zone in which the chat sees *person*, if the file does not say it."""
    zone = person.time_zone or seen or LOCAL
    return Form(
        name=QUIET,
        title="Quiet hours",
        submit="Save",
        intro=(
            Paragraph(
                f"By your own clock ({zone}), one window a line, like {code('22:00-07:00')}, {code('sat,sun')}, "
                f"{code('mon-fri 18:00-09:00')} or {code('fri 17:00-mon 09:00')}. In them pages come, but make no "
                "noise, as long as you have a way that can be quiet."
            ),
        ),
        fields=(
            Words(
                name=WINDOWS,
                label="Quiet hours",
                hint="Leave it empty, and every page makes a noise.",
                initial="\n".join(person.quiet_hours),
                lines=True,
                optional=True,
            ),
            Ticks(
                name=LOUD,
                label="What makes a noise nevertheless",
                options=tuple(Option(label=word.value, value={"id": word.value}) for word in Severity),
                initial=person.quiet_except,
            ),
        ),
    )


def rules_form(name: str, person: Responder, settings: Settings) -> Form:
    """By which ways *name* is paged, and when."""
    missing = obstacles(name, person, settings)
    named = {rule.by for rule in person.notify}
    ways = [way for way in WAYS if not missing[way] or way in named]
    return Form(
        name=RULES,
        title="How you are paged",
        submit="Save",
        intro=(Paragraph(_INTRO + ("" if _fits(person) else _REPLACES)),),
        fields=tuple(
            chain.from_iterable(_group(key, called, _of(person, words), ways) for key, called, words in _GROUPS)
        ),
    )


_INTRO: Final = (
    "A page goes out by the first way, and by the second if nobody has answered meanwhile. If a way fails, the others "
    f"are tried at once. Only {', '.join(_LOUD[:-1])} or {_LOUD[-1]} will wake you."
)
_REPLACES: Final = " Your present rules say more than this form can show; saving replaces them."


def read_rules(values: Mapping[str, str]) -> tuple[NotifyRule, ...] | Corrections:
    """What a filled-in form means: the same for all severities is said once. Or what is wrong with it."""
    errors: dict[str, str] = {}
    found = [(words, tuple(_read(key, values, errors))) for key, _, words in _GROUPS]
    if errors:
        return Corrections(errors)
    if found[0][1] == found[1][1]:
        return tuple(NotifyRule(by=by, after=after) for by, after in found[0][1])
    return tuple(NotifyRule(by=by, after=after, severity=words) for words, ways in found for by, after in ways)


def _read(key: str, values: Mapping[str, str], errors: dict[str, str]) -> Iterator[tuple[str, Duration]]:
    first, then = _way(values.get(f"{key}-first", "")), _way(values.get(f"{key}-then", ""))
    if first:
        yield first, 0
    if not then:
        return
    if not first:
        errors[f"{key}-then"] = "A second way needs a first one."
        return
    if then == first:
        errors[f"{key}-then"] = "That is the first way already."
        return
    try:
        yield then, read_delay(values.get(f"{key}-after", "")) or THEN_AFTER
    except TocsinError as problem:
        errors[f"{key}-after"] = problem.message


def _way(text: str) -> str:
    return "" if text == NONE else text


def _group(key: str, called: str, rules: list[NotifyRule], ways: list[str]) -> Iterator[Field]:
    options = tuple(Option(label=_CALLED[way], value={"id": way}) for way in ways)
    first, then = (rules[place].by if len(rules) > place else NONE for place in (0, 1))
    after = rules[1].after - rules[0].after if len(rules) > 1 else THEN_AFTER
    usual = Option(label="the first way that works", value={"id": NONE})
    nothing = Option(label="nothing more", value={"id": NONE})
    yield Pick(name=f"{key}-first", label=f"{called}, first", options=(usual, *options), initial=first)
    yield Pick(name=f"{key}-then", label=f"{called}, then", options=(nothing, *options), initial=then)
    yield Words(
        name=f"{key}-after",
        label=f"{called}, how much later",
        hint="A time like 5m or 90s, or a number of minutes.",
        initial=format_duration(after),
        most=20,
        optional=True,
    )


def _of(person: Responder, words: tuple[str, ...]) -> list[NotifyRule]:
    """The rules of *person* that count for all of *words*, the first to leave first."""
    meant = [rule for rule in person.notify if not rule.severity or set(words) <= set(rule.severity)]
    return sorted(meant, key=lambda rule: rule.after)


def _fits(person: Responder) -> bool:
    """Whether the form shows all that the rules of *person* say."""
    shown = [_of(person, words) for _, _, words in _GROUPS]
    told = {rule for rules in shown for rule in rules[:2]}
    return all(rule in told for rule in person.notify) and all(not rules or not rules[0].after for rules in shown)
