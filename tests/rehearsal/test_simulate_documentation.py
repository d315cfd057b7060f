"""docs/simulate.md has every key of the team model and of a policy; UPDATE=1 rewrites its tables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tocsin.kernel.time import format_duration
from tocsin.rehearsal.model import Team
from tocsin.rehearsal.policy_file import Steps
from tocsin.rehearsal.team_file import parse
from tocsin.wiring.settings_kinds import Entry, Kind, Many, Named, Section, Span, entries

PAGE = Path(__file__).parents[2] / "docs" / "simulate.md"
MODEL = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def table(struct: type[msgspec.Struct]) -> str:
    rows = [f"| `{where}` | {default(entry)} | {entry.key.meaning} |" for where, entry in keys(struct, "")]
    return "\n".join(["", "| key | default | |", "|---|---|---|", *rows, "", ""])


def keys(struct: type[msgspec.Struct], where: str) -> Iterator[tuple[str, Entry]]:
    for entry in entries(struct).values():
        here = f"{where}{entry.name}"
        yield here, entry
        inner, path = section(entry.key.kind, here)
        if inner is not None and not (entry.name in {"off", "sleep"} or entry.name == "channel" or "later" in where):
            yield from keys(inner, f"{path}.")


def section(kind: Kind, where: str) -> tuple[type[msgspec.Struct] | None, str]:
    match kind:
        case Section():
            return kind.struct, where
        case Many():
            return section(kind.of, f"{where}[]")
        case Named():
            return section(kind.of, f"{where}.NAME")
        case _:
            return None, where


def default(entry: Entry) -> str:
    if entry.required:
        return "required"
    if entry.default is None or entry.default == () or isinstance(entry.default, msgspec.Struct):
        return ""
    if isinstance(entry.key.kind, Span):
        assert isinstance(entry.default, int)
        return f"`{format_duration(entry.default).replace(' ', '')}`"
    if isinstance(entry.default, tuple):
        return f"`[{', '.join(entry.default)}]`"
    return f"`{str(entry.default).lower() if isinstance(entry.default, bool) else entry.default}`"


@pytest.mark.parametrize(("name", "struct"), [("team", Team), ("policy", Steps)])
def test_every_key_is_documented(name: str, struct: type[msgspec.Struct]) -> None:
    part = re.compile(rf"(<!-- keys of the {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    text = PAGE.read_text(encoding="utf-8")
    right = part.sub(lambda found: found[1] + table(struct) + found[2], text)
    if os.environ.get("UPDATE"):
        PAGE.write_text(right, encoding="utf-8")
        text = right
    assert text == right, "UPDATE=1 renews it; read the difference"
    assert table(struct) in text


def test_the_model_on_the_page_is_valid() -> None:
    [text] = MODEL.findall(PAGE.read_text(encoding="utf-8"))
    assert list(parse(text.encode()).responders) == ["ada", "bo"]
