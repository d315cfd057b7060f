"""Messages, modals and home tabs as HTML in the look of Slack: for eyes, before Slack shows them.

It is a page by itself: no script, no foreign address is fetched (an image is drawn as its words), and everything that
stands in a payload is escaped. The look is our own; what is not known is shown as its JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from html import escape, unescape
from importlib.resources import files
from typing import Any, Final, TypeAlias

from tocsin.saying.message import Tone
from tocsin.slack.drawing import MARKS, Block, Message

Html: TypeAlias = str

_TOKEN: Final = re.compile(
    r"<!date\^(?P<at>\d+)\^(?P<form>[^|>]*)\|(?P<date>[^>]*)>"
    r"|<!(?P<mention>channel|here|everyone)>"
    r"|<@(?P<user>[UW][A-Z0-9]+)>"
    r"|<(?P<href>https?://[^|>]+)\|(?P<label>[^>]*)>"
    r"|(?P<bold>(?<![\w*])\*(?=\S)(?P<strong>[^\n]*?\S)\*(?![\w*]))"
    r"|`(?P<code>[^`\n]+)`"
)
_SIGNS: Final = {
    MARKS[Tone.CRITICAL]: ("red", "red circle"),
    MARKS[Tone.HIGH]: ("orange", "orange circle"),
    MARKS[Tone.WARNING]: ("yellow", "yellow circle"),
    MARKS[Tone.INFO]: ("blue", "blue circle"),
    MARKS[Tone.GOOD]: ("done", "check mark"),
}
_TODAY: Final = date(2026, 11, 18)
_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_BELL: Final = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M12 2a1.6 1.6 0 0 0-1.6 1.6v.5'
    'A6.5 6.5 0 0 0 5.5 10.4V15L3.6 17.6v1h16.8v-1L18.5 15v-4.6a6.5 6.5 0 0 0-4.9-6.3v-.5A1.6 1.6 0 0 0 12 2Z"/>'
    '<path fill="currentColor" d="M9.7 19.8a2.4 2.4 0 0 0 4.6 0Z"/></svg>'
)
_CHART: Final = (
    '<svg viewBox="0 0 360 120" preserveAspectRatio="none" aria-hidden="true"><path class="grid" d="M0 30H360M0 60H360'
    'M0 90H360"/><path class="limit" d="M0 26H360"/><path class="line" d="M0 88 30 84 60 90 90 80 120 86 150 82 180 85'
    ' 210 76 240 80 265 52 290 30 315 16 340 20 360 14"/></svg>'
)


def page(payloads: Sequence[tuple[str, str, Message | Block]]) -> Html:
    """A whole page of *payloads*: a name, which is its anchor, what it shows, and what Slack is given."""
    shown = "\n".join(_example(name, title, payload) for name, title, payload in payloads)
    style = (files("tocsin.slack") / "preview.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Tocsin in Slack</title><style>{style}</style></head><body><main><h1>Tocsin in Slack</h1>\n"
        f"{shown}\n</main></body></html>\n"
    )


def drawn(payload: Message | Block) -> Html:
    """One message, modal or home tab."""
    if isinstance(payload, Message):
        return _message(payload)
    return _modal(payload) if payload.get("type") == "modal" else f'<div class="home">{_blocks(payload)}</div>'


def words(text: str) -> Html:
    """Slack's mark-up as HTML."""
    made: list[Html] = []
    at = 0
    for found in _TOKEN.finditer(text):
        made.append(_plain(text[at : found.start()]))
        made.append(_token(found))
        at = found.end()
    return "".join([*made, _plain(text[at:])])


# ── Surfaces ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _example(name: str, title: str, payload: Message | Block) -> Html:
    return (
        f'<section class="example" id="{escape(name)}"><h2>{escape(title)}</h2>\n'
        f'<div class="shot">{drawn(payload)}</div>\n</section>'
    )


def _message(message: Message) -> Html:
    return (
        f'<article class="message"><div class="avatar">{_BELL}</div><div class="body">'
        '<p class="who"><b>Tocsin</b> <span class="app">APP</span> <span class="time">11:06</span></p>'
        f"{_blocks({'blocks': message.blocks})}</div></article>"
        f'<p class="spoken"><span>Preview and screen reader:</span> {words(message.text)}</p>'
    )


def _modal(view: Block) -> Html:
    buttons = "".join(
        f'<span class="button{" primary" if key == "submit" else ""}">{_text(view[key])}</span>'
        for key in ("close", "submit")
        if key in view
    )
    return (
        f'<div class="modal" role="group"><p class="bar"><b>{_text(view.get("title", {}))}</b></p>{_blocks(view)}'
        f'<p class="foot">{buttons}</p></div>'
    )


def _blocks(holder: Mapping[str, Any]) -> Html:
    return "".join(_block(block) for block in holder.get("blocks", ()))


# ── Blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _block(block: Block) -> Html:
    match block.get("type"):
        case "header":
            return f'<p class="header">{_text(block["text"])}</p>'
        case "section":
            return _section(block)
        case "context":
            inner = "".join(f"<span>{_element(one)}</span>" for one in block["elements"])
            return f'<div class="context">{inner}</div>'
        case "actions":
            return f'<div class="actions">{"".join(map(_element, block["elements"]))}</div>'
        case "divider":
            return "<hr>"
        case "image":
            title = f"<p>{_text(block['title'])}</p>" if "title" in block else ""
            return f'<figure>{title}<div class="chart">{_CHART}</div><figcaption>{_alt(block)}</figcaption></figure>'
        case "input":
            hint = f'<p class="hint">{_text(block["hint"])}</p>' if "hint" in block else ""
            optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
            return (
                f'<div class="input"><p>{_text(block["label"])}{optional}</p>{_element(block["element"])}{hint}</div>'
            )
        case _:
            return f"<pre>{escape(json.dumps(block, indent=1))}</pre>"


def _section(block: Block) -> Html:
    text = f'<div class="text">{_text(block["text"])}</div>' if "text" in block else ""
    fields = "".join(f"<div>{_text(one)}</div>" for one in block.get("fields", ()))
    held = f'<div class="fields">{fields}</div>' if fields else ""
    beside = f'<div class="accessory">{_element(block["accessory"])}</div>' if "accessory" in block else ""
    return f'<div class="section"><div>{text}{held}</div>{beside}</div>'


def _element(element: Block) -> Html:
    match element.get("type"):
        case "mrkdwn" | "plain_text":
            return _text(element)
        case "button":
            return f'<span class="button {escape(element.get("style", ""))}">{_text(element["text"])}</span>'
        case "overflow":
            return '<span class="button overflow" title="More">⋯</span>'
        case "image":
            return f'<span class="chart small">{_CHART}</span>'
        case "plain_text_input":
            tall = " tall" if element.get("multiline") else ""
            initial = escape(str(element.get("initial_value", "")))
            return f'<span class="field{tall}">{initial or _placeholder(element)}</span>'
        case "checkboxes" | "radio_buttons":
            return "".join(
                f'<span class="tick{" on" if option in element.get("initial_options", ()) else ""}">'
                f"{_text(option['text'])}</span>"
                for option in element["options"]
            )
        case "datetimepicker":
            at = element.get("initial_date_time")
            return f'<span class="field">{_at(at) if at else "Date and time"}</span>'
        case _:
            chosen = element.get("initial_option")
            return f'<span class="select">{_text(chosen["text"]) if chosen else _placeholder(element)}</span>'


def _placeholder(element: Block) -> Html:
    return f'<span class="placeholder">{_text(element.get("placeholder", {}))}</span>'


def _alt(block: Block) -> Html:
    return escape(str(block.get("alt_text", "")))


def _text(text: Mapping[str, Any]) -> Html:
    said = str(text.get("text", ""))
    return words(said) if text.get("type") == "mrkdwn" else _lines(escape(said))


def _at(seconds: int) -> str:
    return escape(f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}")


def _date(seconds: int, form: str) -> Html:
    """A moment in the *form* that Slack is given for it, read by somebody in UTC when the examples were new."""
    at = datetime.fromtimestamp(seconds, UTC)
    day = _DAYS.get((at.date() - _TODAY).days) or f"{at:%b} {at.day}, {at.year}"
    return escape(form.replace("{time}", f"{at:%H:%M}").replace("{date_short_pretty}", day))


def _plain(text: str) -> Html:
    return _lines(escape(unescape(text)))


def _lines(text: Html) -> Html:
    """*text* with its lines, and with our own signs for those that are emoji in Slack: not every machine has a font."""
    for sign, (kind, said) in _SIGNS.items():
        text = text.replace(sign, f'<span class="sign {kind}" role="img" aria-label="{said}"></span>')
    return text.replace("\n", "<br>")


def _token(found: re.Match[str]) -> Html:
    if found["date"] is not None:
        return f"<time>{_date(int(found['at']), found['form'])}</time>"
    if found["mention"]:
        return f'<span class="mention">@{found["mention"]}</span>'
    if found["user"]:
        return f'<span class="mention">@{found["user"]}</span>'
    if found["href"]:
        return f'<a href="{escape(unescape(found["href"]))}" rel="noreferrer">{_plain(found["label"])}</a>'
    if found["bold"]:
        return f"<b>{words(found['strong'])}</b>"
    return f"<code>{_plain(found['code'])}</code>"
