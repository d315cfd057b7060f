"""What Slack shows, as lines of text: a message, a modal, the home tab."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tocsin.testing.fake_slack import Message, View

Block = dict[str, Any]
Names = Callable[[str], str]

_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<([@#])([A-Z0-9]+)(?:\|[^>]*)?>")
_SPECIAL = re.compile(r"<!(channel|here|everyone)>")
_LINK = re.compile(r"<([a-z]+:[^|>]*)(?:\|([^>]*))?>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def message_lines(message: Message, names: Names) -> list[str]:
    """A message as its readers see it. *names* tells what an id of a person or a room is called."""
    blocks = block_lines(message.blocks, names)
    for part in message.attachments:
        blocks += [f"▌ {line}" for line in block_lines(part.get("blocks", ()), names)]
    return blocks or marked(message.text, names).splitlines()


def view_lines(view: View, names: Names) -> list[str]:
    """A modal or the home tab."""
    body = block_lines(view.layout, names)
    if view.type == "home":
        return body
    buttons = [view.content[key]["text"] for key in ("submit", "close") if view.content.get(key)]
    title = f"{view.content['title']['text']}:"
    return [title, *body, *([" ".join(f"[{button}]" for button in buttons)] if buttons else [])]


def marked(text: str, names: Names) -> str:
    """Mark-up as it is shown: links as `label↗`, mentions by name, moments as their fallback says."""

    def linked(found: re.Match[str]) -> str:
        return f"{found[2]}↗" if found[2] else found[1]

    text = _DATE.sub(lambda found: found[1], text)
    text = _MENTION.sub(lambda found: found[1] + names(found[2]), text)
    text = _SPECIAL.sub(lambda found: f"@{found[1]}", text)
    text = _LINK.sub(linked, text)
    for entity, shown in _ENTITIES.items():
        text = text.replace(entity, shown)
    return text


def block_lines(blocks: Sequence[Block], names: Names) -> list[str]:
    """Blocks from top to bottom."""
    return [line.rstrip() for block in blocks for line in _block(block, names)]


def _block(block: Block, names: Names) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"== {_text(block['text'], names)} =="
        case "divider":
            yield "----"
        case "image":
            yield f"(image: {block['alt_text']})"
        case "context":
            yield "~ " + " · ".join(_element(each, names) for each in block["elements"])
        case "actions":
            yield " ".join(_element(each, names, menus=False) for each in block["elements"])
            for each in block["elements"]:
                if each.get("options"):
                    yield f"  {_element(each, names)[1:-1]}"
        case "input":
            optional = " (optional)" if block.get("optional") else ""
            yield f"{_text(block['label'], names)}{optional}: {_element(block['element'], names)}"
            if block.get("hint"):
                yield f"    {_text(block['hint'], names)}"
        case "section":
            yield from _section(block, names)
        case kind:
            text = block.get("text")
            yield f"({kind}) {text if isinstance(text, str) else ' '.join(_texts(block, names))}"


def _section(block: Block, names: Names) -> Iterator[str]:
    accessory = f"  {_element(block['accessory'], names)}" if "accessory" in block else ""
    lines = _text(block["text"], names).splitlines() if "text" in block else []
    lines += [_text(field, names).replace("\n", " ") for field in block.get("fields", ())]
    for number, line in enumerate(lines):
        yield line + (accessory if number == 0 else "")


def _element(element: Block, names: Names, *, menus: bool = True) -> str:
    kind = element["type"]
    if kind in {"mrkdwn", "plain_text"}:
        return _text(element, names).replace("\n", " ")
    if kind == "image":
        return f"(image: {element['alt_text']})"
    if kind == "button":
        sure = "?" if "confirm" in element else ""
        leads = "↗" if "url" in element else ""
        return f"[{_text(element['text'], names)}{sure}{leads}]"
    options = [_text(option["text"], names) for option in element.get("options", ())]
    if kind == "checkboxes":
        chosen = {option["value"] for option in element.get("initial_options", ())}
        return " ".join(
            f"[{'x' if option['value'] in chosen else ' '}] {_text(option['text'], names)}"
            for option in element["options"]
        )
    initial = element.get("initial_option")
    shown = _text(initial["text"], names) if initial else ""
    shown = shown or str(element.get("initial_value", "") or element.get("initial_date_time", ""))
    placeholder = _text(element["placeholder"], names) if "placeholder" in element else ""
    choice = " | ".join(options)
    menu = (f" v: {choice}" if menus else " v") if options else ""
    return f"[{shown or placeholder or ('…' if kind == 'overflow' else '____')}{menu}]"


def _text(text: Mapping[str, Any], names: Names) -> str:
    return marked(text["text"], names) if text["type"] == "mrkdwn" else str(text["text"])


def _texts(block: object, names: Names) -> Iterator[str]:
    """All words of a block that has no drawing of its own here."""
    if isinstance(block, dict):
        if isinstance(block.get("text"), str):
            yield marked(block["text"], names)
        for value in block.values():
            yield from _texts(value, names)
    elif isinstance(block, list):
        for value in block:
            yield from _texts(value, names)
