"""The body of Slack's incoming webhooks, which many tools can speak that speak nothing else.

A message has no key, so its words must do: the title of its first attachment, else the headline of its blocks, else the
first line of its text. What tells of the state is left out of the key, or an OK would never find its alarm: words such
as `[FIRING:2]` and `RESOLVED:` at the beginning, `is down` at the end, emoji, times, and figures that were measured
(`97.3`, `12 %`, `300ms`). A plain number stays, since it may be all that tells one port or host from another: two
alerts that merge would be one lost, two that do not are only untidy.

The state is the colour's (`danger` and reds fire, `warning` and ambers are warnings, `good` and greens resolve), else
that of the words at the beginning; whatever says nothing fires. Each attachment that has both a title and a colour is
an alert. Mattermost and Rocket.Chat take the same body. Source: "Sending messages using incoming webhooks", "Formatting
text" and "Reference: secondary message attachments" in Slack's documentation.
"""

from __future__ import annotations

import colorsys
import html
import re
from typing import Final

import msgspec

from tocsin.incidents.alerts import DESCRIPTION_MAX, Alert, AlertStatus, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds
from tocsin.sources.places import at, text, things
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "slack"
ATTACHMENTS_MAX: Final = 100  # Slack takes no more.
BLOCKS_MAX: Final = 50  # The same.
FIELDS_MAX: Final = 40
ELEMENTS_MAX: Final = 500  # Of rich text, in one block.

_SHAPES: Final = ("title", "text", "fallback", "pretext", "fields", "blocks", "color")

_ANGLE: Final = re.compile(r"<([^<>|]{1,2000})(?:\|([^<>]{0,2000}))?>")
_FORMAT: Final = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^*_~`\n]{1,1000})(?<=\S)\1(?![\w*_~`])")
_EMOJI: Final = re.compile(r"(?<!\w):[a-z0-9_+'-]{2,60}:|[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
_TIME: Final = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(?:Z|[+-]\d\d:?\d\d)?|\b\d{1,2}:\d\d(?::\d\d)?\b",
    re.IGNORECASE,
)
_MEASURED: Final = re.compile(
    r"(?<![\w.:/-])\d{1,20}(?:(?:\.\d{1,20})?\s{0,3}(?:%|(?:ms|s|secs?|seconds|m|mins?|minutes|h|hours|d|days|[kmgt]i?b)\b)"
    r"|\.\d{1,20}(?![\w.:/-]))",
    re.IGNORECASE,
)
_FIRING_WORDS: Final = (
    "firing alerting alert alarm problem triggered critical down error failed failure open warning warn"
)
_OVER_WORDS: Final = "resolved recovered recovery ok up closed cleared normal success successful fixed"
_WORD: Final = "|".join((*_FIRING_WORDS.split(), *_OVER_WORDS.split()))
# A hyphen parts words only where blanks are around it: `up-stream` is a name.
_LEADING: Final = re.compile(
    rf"[^\w\[]{{0,9}}(?:\[\s{{0,3}}(?P<boxed>{_WORD})\b[^\]]{{0,40}}\]|"
    rf"(?P<plain>{_WORD})(?:\s{{0,3}}[:|\u2013\u2014]|\s{{1,3}}-(?=\s)))\s{{0,9}}",
    re.IGNORECASE,
)
_TRAILING: Final = re.compile(
    r"(?:\s{0,3}[:|\u2013\u2014]\s{0,3}|\s{1,3}-\s{1,3}|\s{1,3})"
    rf"(?:(?:is|are|has|was|went)\s{{1,3}}(?:now\s{{1,3}}|back\s{{1,3}}){{0,2}})?(?:{_WORD})\W{{0,9}}$",
    re.IGNORECASE,
)
_OVER_BOXED: Final = frozenset(_OVER_WORDS.split())
# `Success: 0 of 3` fires.
_OVER_PLAIN: Final = frozenset({"resolved", "recovered", "recovery", "ok", "closed", "cleared", "fixed"})
_HEX: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_NAMED: Final = {
    "danger": (AlertStatus.FIRING, Severity.HIGH),
    "warning": (AlertStatus.FIRING, Severity.WARNING),
    "good": (AlertStatus.RESOLVED, Severity.HIGH),
}
_HUES: Final = ((20, "danger"), (70, "warning"), (170, "good"), (340, ""), (361, "danger"))  # Degrees, up to.
_PALE: Final = 0.2  # Below this saturation it is a grey.


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A message, or one attachment of it."""

    title: str
    color: str = ""
    body: str = ""
    labels: tuple[tuple[str, Json], ...] = ()
    links: tuple[tuple[str, Json], ...] = ()


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The alerts of a message; None when *value* is none, or says nothing."""
    attachments = [
        item for item in things(value, "attachments", ATTACHMENTS_MAX) if any(name in item for name in _SHAPES)
    ]
    if not attachments and type(value.get("blocks")) is not list and hints.form != SOURCE:
        return None
    message, parts = _message(value), [_attachment(item) for item in attachments]
    titled = [part for part in parts if part.title and part.color]
    if len(titled) > 1:
        hints = msgspec.structs.replace(hints, key="")
        alerts = tuple(_alert(_joined(part, message), value, hints) for part in titled)
        return Reading(source=SOURCE, event=value, alerts=alerts)
    whole = _whole(message, parts)
    if not whole.title and not hints.title:
        return None
    return Reading(source=SOURCE, event=value, alerts=(_alert(whole, value, hints),))


def plain(mrkdwn: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Slack's markup as plain text, and the links in it."""
    links: list[tuple[str, str]] = []

    def replaced(found: re.Match[str]) -> str:
        target, label = found[1], found[2]
        if target.startswith(("@", "#")):
            return f"{target[0]}{label or target[1:]}"
        if target.startswith("!"):
            return label or f"@{target[1:].partition('^')[0]}"
        if len(links) < bounds.LINKS_MAX:
            links.append((html.unescape(label or ""), html.unescape(target)))
        return label or target

    told = _ANGLE.sub(replaced, mrkdwn[: 4 * DESCRIPTION_MAX])
    return html.unescape(_FORMAT.sub(r"\2", told)), tuple(links)


def _alert(part: _Part, value: dict[str, Json], hints: Hints) -> Alert:
    title = hints.title or part.title
    status, severity = _state(part.color, title)
    sender = text(value, "username")
    return Alert(
        status=status,
        severity=severity,
        title=bounds.title(title),
        description=bounds.prose(part.body),
        dedup_key=bounds.key(hints.key) if hints.key else f"{SOURCE}:{bounds.digest(hints.topic, _matter(title))}",
        source=SOURCE,
        labels=bounds.labels((("sender", sender), ("channel", text(value, "channel")), *part.labels)),
        links=bounds.links(part.links),
    )


def _state(color: str, title: str) -> tuple[AlertStatus, Severity]:
    named = _NAMED.get(color.lower()) or _NAMED.get(_hue(color))
    if named is not None:
        return named
    found = _LEADING.match(_EMOJI.sub("", title[: bounds.LABEL_MAX]))
    over = found is not None and (
        (found["boxed"] or "").lower() in _OVER_BOXED or (found["plain"] or "").lower() in _OVER_PLAIN
    )
    return (AlertStatus.RESOLVED if over else AlertStatus.FIRING), Severity.HIGH


def _hue(color: str) -> str:
    """The name that Slack has for a colour like this one; empty for blues, greys and what is no colour."""
    found = _HEX.fullmatch(color.strip())
    if found is None:
        return ""
    digits = found[1] if len(found[1]) > len("fff") else "".join(digit * 2 for digit in found[1])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    return "" if saturation < _PALE else next(name for limit, name in _HUES if hue * 360 < limit)


def _matter(title: str) -> str:
    """What *title* is about, whatever its state; all of it if nothing else is left."""
    told = _TIME.sub(" ", title[: 2 * bounds.LABEL_MAX].lower())
    told = _MEASURED.sub(" ", _EMOJI.sub(" ", told)).strip()
    while found := _LEADING.match(told):
        told = told[found.end() :]
    told = _TRAILING.sub("", told)
    return " ".join(told.split()) or title


def _message(value: dict[str, Json]) -> _Part:
    return _of(text(value, "text"), value, title="")


def _attachment(item: dict[str, Json]) -> _Part:
    told, links = plain("\n".join(filter(None, (text(item, "pretext"), text(item, "text")))))
    title, more = plain(text(item, "title"))
    found = _of(told, item, title=title)
    fields = things(item, "fields", FIELDS_MAX)
    pairs = [(plain(text(field, "title"))[0], plain(text(field, "value"))[0]) for field in fields]
    rows = "\n".join(f"{name}: {said}" for name, said in pairs if said)
    fallback = plain(text(item, "fallback"))[0] if not found.title and not told and not rows else ""
    return msgspec.structs.replace(
        found,
        title=found.title or fallback.partition("\n")[0],
        color=text(item, "color"),
        body="\n\n".join(filter(None, (found.body, rows))),
        labels=tuple(pairs),
        links=(
            ("Details", text(item, "title_link")),
            *more,
            *links,
            *found.links,
            *((text(action, "text"), text(action, "url")) for action in things(item, "actions", FIELDS_MAX)),
            ("Image", text(item, "image_url")),
        ),
    )


def _of(told: str, item: dict[str, Json], *, title: str) -> _Part:
    """The part of *told* and of the blocks of *item*; a headline is the title where there is no other."""
    body, links = plain(told)
    headline, rows, more = _blocks(item)
    return _Part(title=title or headline, body="\n".join(filter(None, (body, *rows))), links=(*links, *more))


def _blocks(item: dict[str, Json]) -> tuple[str, list[str], list[tuple[str, Json]]]:
    """The headline, the texts and the links of blocks."""
    headline = ""
    rows: list[str] = []
    links: list[tuple[str, Json]] = []
    for block in things(item, "blocks", BLOCKS_MAX):
        for told in _texts(block):
            row, found = plain(told)
            links += found
            if text(block, "type") == "header" and not headline:
                headline = row
            else:
                rows.append(row)
        for element in (*things(block, "elements", FIELDS_MAX), *_accessory(block)):
            links.append((text(element, "text.text"), text(element, "url")))
    return headline, rows, links


def _texts(block: dict[str, Json]) -> list[str]:
    """What stands in a header, a section, a context, or rich text."""
    if text(block, "type") == "rich_text":
        return [_rich(block)]
    found = [text(block, "text.text")]
    found += [text(field, "text") for field in things(block, "fields", FIELDS_MAX)]
    found += [text(element, "text") for element in things(block, "elements", FIELDS_MAX)]
    return [told for told in found if told]


def _rich(block: dict[str, Json]) -> str:
    """The words of rich text, which is nested: each row of it is a line."""
    waiting, words = things(block, "elements", ELEMENTS_MAX)[::-1], []
    for _ in range(ELEMENTS_MAX):
        if not waiting:
            break
        element = waiting.pop()
        told = element.get("text") or element.get("url") or element.get("name")
        words.append(told[:DESCRIPTION_MAX] if type(told) is str else "")
        inner = things(element, "elements", ELEMENTS_MAX)
        waiting += inner[::-1]
        if inner:
            words.append("\n")
    return "".join(words).strip()


def _accessory(block: dict[str, Json]) -> list[dict[str, Json]]:
    found = at(block, "accessory")
    return [found] if type(found) is dict else []


def _whole(message: _Part, parts: list[_Part]) -> _Part:
    """The message and all its attachments as one: the first that has a title, a colour, gives it."""
    everything = [message, *parts]
    body = "\n\n".join(part.body for part in everything if part.body)
    title = next((part.title for part in (*parts, message) if part.title), "")
    if not title:
        title, _, body = body.strip().partition("\n")
    return _Part(
        title=title,
        color=next((part.color for part in parts if part.color), ""),
        body=body,
        labels=tuple(pair for part in parts for pair in part.labels),
        links=tuple(link for part in everything for link in part.links),
    )


def _joined(part: _Part, message: _Part) -> _Part:
    """An attachment that is an alert for itself, with what the message says for all of them."""
    body = "\n\n".join(filter(None, (part.body, message.title, message.body)))
    return msgspec.structs.replace(part, body=body, links=(*part.links, *message.links))
