"""Modals and the home tab: forms drawn as views, and what was filled in read back.

Sources: https://docs.slack.dev/surfaces/modals, https://docs.slack.dev/reference/views/modal-views,
https://docs.slack.dev/reference/block-kit/blocks/input-block. A field's name is the id of its block, so that what was
typed stays when a view is shown again, and so that errors find their field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import msgspec

from tocsin.incidents.telling import one_line
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant
from tocsin.saying.forms import Field, Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import Option, Paragraph, Saying
from tocsin.slack.drawing import ACTION, draw_parts
from tocsin.slack.mrkdwn import bare, plain

BLOCKS_MAX: Final = 100
METADATA_MAX: Final = 3000
TITLE_MAX: Final = 24
NAME: Final = "Tocsin"

_SUBMIT_MAX: Final = 24
_LABEL_MAX: Final = 2000
_HINT_MAX: Final = 2000
_OPTION_MAX: Final = 75
_OPTION_ID_MAX: Final = 150
_OPTIONS_MAX: Final = 100
_BOXES_MAX: Final = 10  # More than these are a menu.
_WORDS_MAX: Final = 3000
_DATE_MIN, _DATE_MAX = 10**9, 10**10 - 1  # What Slack takes for a moment, in seconds.

View = dict[str, Any]
Values = Mapping[str, str | Instant | tuple[str, ...] | None]


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a modal carries: its form's name and facts, and where it was asked for, so that the answer finds back."""

    form: str
    facts: Mapping[str, json.Json] = {}
    channel: str = ""
    thread: str = ""
    incident: str = ""
    response_url: str = ""
    home: bool = False


# ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def form_view(form: Form, facts: Facts) -> View | None:
    """*form* as a modal; *facts* are those of the place, the form's own are put in. None: they do not fit."""
    metadata = json.encode(
        msgspec.to_builtins(msgspec.structs.replace(facts, form=form.name, facts=form.facts))
    ).decode()
    if len(metadata) > METADATA_MAX:
        return None
    inputs = [block for field in form.fields if (block := _input(field))]
    intro = list(draw_parts(form.intro, most=BLOCKS_MAX - len(inputs)))
    blocks = [*intro, *inputs] or _words("Are you sure?")
    return _modal(form.title, blocks, metadata) | {
        "callback_id": f"{ACTION}{form.name}"[:255],
        "submit": plain(one_line(form.submit, _SUBMIT_MAX) or "Send"),
        "close": plain("Cancel"),
    }


def loading_view() -> View:
    """What is seen until the form is there."""
    return _modal(NAME, _words("One moment …"))


def working_view() -> View:
    """What is seen when a form takes longer than Slack waits."""
    return _modal(NAME, _words("This takes longer than usual. Nothing is lost: you see here what came of it."))


def saying_view(saying: Saying) -> View:
    """An answer, where there is no room to give it in."""
    parts = saying.parts or (Paragraph(saying.summary),)
    blocks = list(draw_parts(parts, tone=saying.tone, most=BLOCKS_MAX))
    return _modal(NAME, blocks or _words("Done."))


def home_view(saying: Saying) -> View:
    """The home tab."""
    parts = saying.parts or (Paragraph(saying.summary),)
    blocks = list(draw_parts(parts, tone=saying.tone, most=BLOCKS_MAX))
    return {"type": "home", "blocks": blocks or _words("Nothing to see.")}


def _modal(title: str, blocks: Sequence[View], metadata: str = "") -> View:
    view = {
        "type": "modal",
        "title": plain(one_line(title, TITLE_MAX) or NAME),
        "close": plain("Close"),
        "blocks": list(blocks),
    }
    return view | ({"private_metadata": metadata} if metadata else {})


def _words(text: str) -> list[View]:
    return list(draw_parts((Paragraph(text),)))


# ── Fields ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _input(field: Field) -> View | None:
    element = _element(field)
    if element is None:
        return None
    block = {
        "type": "input",
        "block_id": field.name,
        "label": plain(one_line(bare(field.label), _LABEL_MAX) or field.name),
        "element": {"action_id": ACTION + field.name} | element,
        "optional": field.optional,
    }
    hint = one_line(bare(field.hint), _HINT_MAX)
    return block | ({"hint": plain(hint)} if hint else {})


def _element(field: Field) -> View | None:
    """None: there is nothing to choose from."""
    match field:
        case Words():
            most = max(1, min(field.most, _WORDS_MAX))
            element = {"type": "plain_text_input", "multiline": field.lines, "max_length": most}
            return element | ({"initial_value": field.initial[:most]} if field.initial else {})
        case Moments():
            return {"type": "datetimepicker"} | _initial_moment(field.initial)
        case Pick():
            options = _options(field.options)
            if not options:
                return None
            chosen = [option for option in options if option["value"] == field.initial][:1]
            return {"type": "static_select", "options": options} | ({"initial_option": chosen[0]} if chosen else {})
        case Ticks():
            options = _options(field.options)
            if not options:
                return None
            chosen = [option for option in options if option["value"] in field.initial]
            kind = "checkboxes" if len(options) <= _BOXES_MAX else "multi_static_select"
            return {"type": kind, "options": options} | ({"initial_options": chosen} if chosen else {})
    assert_never(field)


def _initial_moment(at: Instant | None) -> View:
    if at is None:
        return {}
    seconds = math.ceil(at / SECOND)
    return {"initial_date_time": seconds} if _DATE_MIN <= seconds <= _DATE_MAX else {}


def _options(options: Sequence[Option]) -> list[View]:
    """At most as many as Slack takes; each id once, as it could not be told which was meant."""
    found: dict[str, View] = {}
    for option in options:
        name = str(option.value.get("id", ""))
        if name and len(name) <= _OPTION_ID_MAX:
            found.setdefault(
                name, {"text": plain(one_line(bare(option.label), _OPTION_MAX) or name[:_OPTION_MAX]), "value": name}
            )
    return list(found.values())[:_OPTIONS_MAX]


# ── What comes back ──────────────────────────────────────────────────────────────────────────────────────────────────
def facts_of(view: View) -> Facts:
    """What the modal carries; of one that is not ours there is no form's name."""
    try:
        return msgspec.convert(json.decode(view.get("private_metadata") or "{}"), Facts)
    except (msgspec.ValidationError, json.JsonError):
        return Facts(form="")


def values_of(view: View) -> Values:
    """What was filled in, by field name. Raises TypeError, KeyError, ValueError for what Slack does not send."""
    found: dict[str, str | Instant | tuple[str, ...] | None] = {}
    for name, elements in view["state"]["values"].items():
        for element in elements.values():
            found[name] = _filled(element)
    return found


def _filled(element: Mapping[str, Any]) -> str | Instant | tuple[str, ...] | None:
    match element["type"]:
        case "datetimepicker":
            chosen = element.get("selected_date_time")
            return None if chosen is None else int(chosen) * SECOND
        case "static_select" | "radio_buttons":
            option = element.get("selected_option")
            return None if option is None else str(option["value"])
        case "checkboxes" | "multi_static_select":
            return tuple(str(option["value"]) for option in element.get("selected_options") or ())
        case _:
            value = element.get("value")
            return None if value is None else str(value)
