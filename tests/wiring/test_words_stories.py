"""What is said to the bot and what it answers, from a real store; stories that people can read, UPDATE=1 rewrites them.

alert SEVERITY "TITLE" [KEY]    ok "TITLE" [KEY]     an alert comes in, or is over
wait 2h                                              time passes
late / in time                                       the engine is busy from now on, or not any more
forms                                                the forms of silences, overrides and swaps are there
ada: WORDS                                           Ada says it in the room of ops; an answer with * is for all
ada in web: WORDS    ada on 2: WORDS                 in the room of web; in the thread of incident 2
ada presses LABEL                                    the first button of the last answer that is called so
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiring.words_world import World, drawn
from tocsin.conversing.replies import Answer, Ask, Reply
from tocsin.kernel.time import parse_duration

STORIES = sorted((Path(__file__).parent / "words").glob("*.story"))
FORMS = ("form:silence", "form:override", "form:swap")
_ALERT = re.compile(r'(alert (?P<severity>\w+)|ok) "(?P<title>[^"]*)"(?: (?P<key>\w+))?')
_SAID = re.compile(r"(?P<who>\S+)(?: in (?P<room>\w+))?(?: on (?P<incident>\S+))?: (?P<text>.+)")
_PRESSED = re.compile(r"(?P<who>\S+) presses (?P<label>.+)")
_KEY = re.compile(r"\b[a-z2-7]{26}\b")
_HINT = re.compile(r"…[a-z2-7]{4}\b")
ROOMS = {"": "C0OPS", "web": "C0WEB", "elsewhere": "C0ELSE"}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_of_words(story: Path, tmp_path: Path) -> None:
    lines = [line for line in story.read_text().splitlines() if not line.startswith("    ")]
    played = "\n".join(_played(World(tmp_path), lines)) + "\n"
    if os.environ.get("UPDATE"):
        story.write_text(played)
    assert played.splitlines() == story.read_text().splitlines(), "UPDATE=1 rewrites the file; read the difference"


def _played(world: World, lines: list[str]) -> Iterator[str]:
    last: Reply | None = None
    for line in lines:
        yield line
        if not line or line.startswith("#"):
            continue
        if found := _ALERT.fullmatch(line):
            status = "firing" if found["severity"] else "resolved"
            world.alert(found["title"], found["severity"] or "high", found["key"] or "prod", status)
        elif line.startswith("wait "):
            world.now += parse_duration(line.removeprefix("wait ")) or 0
            world.rest()
        elif line in {"late", "in time"}:
            world.late = line == "late"
        elif line == "forms":
            world.with_forms(dict.fromkeys(FORMS, "A form"))
        elif found := _PRESSED.fullmatch(line):
            assert isinstance(last, Answer)
            last = world.press(last, found["label"], found["who"])
            yield from _told(last)
        else:
            said = _SAID.fullmatch(line)
            assert said, line
            last = world.reply(said["text"], said["who"], ROOMS[said["room"] or ""], said["incident"] or "")
            yield from _told(last)


def _told(reply: Reply) -> Iterator[str]:
    if isinstance(reply, Ask):
        yield f"    (the form {reply.form.name})"
        return
    assert isinstance(reply, Answer)
    for line in _HINT.sub("…HINT", _KEY.sub("KEY", drawn(reply))).splitlines():
        yield f"    {line}"
