"""Forms as cards with inputs, and what was filled in read back.

Source: https://adaptivecards.io/explorer/Input.Text.html and its neighbours; a date and a time are two inputs, which
come back as the reader wrote them and are read in the reader's own zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, assert_never
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant
from tocsin.saying.forms import Field, Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import Option
from tocsin.teams.activities import FIELD, FORM, VALUE
from tocsin.teams.cards import Element, body, execute, frame, text_block
from tocsin.teams.markdown import bare, bounded

KINDS: Final = "kinds"  # In a form's facts, beside ours: which fields are more than text.
TIME: Final = ".time"

Values = Mapping[str, str | Instant | Sequence[str] | None]


def form_card(
    form: Form, *, zone: str = "", errors: Mapping[str, str] | None = None, given: Values | None = None
) -> Element:
    """*form* as a card. *errors*: what is wrong with what was *given*."""
    errors, given = errors or {}, given or {}
    here = _zone(zone)
    elements = [
        *body(form.intro),
        *(text_block(wrong, color="Attention") for name, wrong in errors.items() if not _has(form, name)),
    ]
    for field in form.fields:
        if field.name in errors:
            elements.append(text_block(errors[field.name], color="Attention", weight="Bolder"))
        elements += _inputs(field, given.get(field.name) if field.name in given else None, here)
    kinds = {field.name: _kind(field) for field in form.fields}
    data: dict[str, Json] = {FORM: form.name, VALUE: dict(form.facts), KINDS: kinds}
    elements.append(
        {
            "type": "ActionSet",
            "actions": [execute(bare(form.submit, 75), data, verb=form.name, style="primary", inputs=True)],
        }
    )
    return frame(elements, bare(form.title))


def filled(data: Mapping[str, Any], zone: str) -> dict[str, str | Instant | Sequence[str] | None]:
    """The values of a form that was sent, by field name. What is not as we have drawn it is left out."""
    kinds = data.get(KINDS)
    here = _zone(zone)
    found: dict[str, str | Instant | Sequence[str] | None] = {}
    for name, kind in (kinds if isinstance(kinds, dict) else {}).items():
        text = data.get(FIELD + name)
        said = text.strip() if isinstance(text, str) else ""
        if kind == "moments":
            time = data.get(FIELD + name + TIME)
            found[name] = _instant(said, time.strip() if isinstance(time, str) else "", here)
        elif kind == "ticks":
            found[name] = tuple(unquote(part) for part in said.split(",") if part)
        else:
            found[name] = (unquote(said) if kind == "pick" else said) or None
    return found


def _inputs(field: Field, given: str | Instant | Sequence[str] | None, zone: tzinfo) -> list[Element]:
    """The inputs of one field; *given* is what was filled in before."""
    match field:
        case Words():
            text = given if isinstance(given, str) else field.initial
            return [
                _named(field, "Input.Text")
                | {"maxLength": field.most, "isMultiline": field.lines, "placeholder": bare(field.hint, 200)}
                | ({"value": text} if text else {})
            ]
        case Pick():
            chosen = given if isinstance(given, str) else field.initial
            return [
                _named(field, "Input.ChoiceSet")
                | {"choices": _choices(field.options), "placeholder": bare(field.hint, 200)}
                | ({"value": _safe(chosen)} if chosen else {})
            ]
        case Ticks():
            ticked = field.initial if given is None or isinstance(given, str | int) else tuple(given)
            return [
                _named(field, "Input.ChoiceSet")
                | {"choices": _choices(field.options), "isMultiSelect": True, "style": "expanded"}
                | ({"value": ",".join(map(_safe, ticked))} if ticked else {})
            ]
        case Moments():
            at = given if isinstance(given, int) else field.initial
            local = datetime.fromtimestamp(bounded(at) / SECOND, UTC).astimezone(zone) if at is not None else None
            clock = {"type": "Input.Time", "id": FIELD + field.name + TIME, "isRequired": not field.optional}
            clock |= {"errorMessage": "Enter a time.", "label": f"{bare(field.label, 150)}: time"}
            return [
                _named(field, "Input.Date") | ({"value": local.date().isoformat()} if local else {}),
                clock | ({"value": local.strftime("%H:%M")} if local else {}),
            ]
    assert_never(field)


def _named(field: Field, kind: str) -> Element:
    return {
        "type": kind,
        "id": FIELD + field.name,
        "label": bare(field.label, 150),
        "isRequired": not field.optional,
        "errorMessage": "This is needed.",
    }


def _choices(options: Sequence[Option]) -> list[Element]:
    return [
        {"title": bare(option.label, 150) or "…", "value": _safe(str(option.value.get("id", "")))} for option in options
    ]


def _safe(name: str) -> str:
    """*name* without commas, by which Teams joins what is ticked."""
    return quote(name, safe=" :/@+=._-")


def _kind(field: Field) -> str:
    return type(field).__name__.lower()


def _has(form: Form, name: str) -> bool:
    return any(field.name == name for field in form.fields)


def _instant(date: str, time: str, zone: tzinfo) -> Instant | None:
    try:
        at = round(datetime.fromisoformat(f"{date}T{time or '00:00'}").replace(tzinfo=zone).timestamp() * SECOND)
    except (OverflowError, ValueError):
        return None
    return at if at == bounded(at) else None


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):  # No such zone, a path, a folder.
        return UTC
