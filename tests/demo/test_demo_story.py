"""The whole demonstration: told as `story.txt` has it, stoppable at any time, and never leaving anything behind."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.demo.demo_world import set_up
from tocsin.demo import deliveries, story
from tocsin.demo.signer import Signer
from tocsin.demo.stage import Stage
from tocsin.demo.trouble import StoryError
from tocsin.errors import TocsinError
from tocsin.testing.fake_slack import FakeSlack

TOLD = Path(__file__).with_name("story.txt")
UPDATE = os.environ.get("UPDATE") == "1"
SPEED = 500.0  # Steps of ten seconds of the story: every time in the script is met exactly.
SIGN_IN = re.compile(r"http://127\.0\.0\.1:\d+/signin/\S+")
RING = re.compile(r"curl -d '(.+)' (http://\S+)")
KEPT = f"import sys; from tocsin.demo.story import tell; sys.exit(tell(keep=True, port=0, speed={SPEED}))"
TOCSIN = "from tocsin.cli.main import main; import sys; sys.exit(main(sys.argv[1:]))"


class TerminalOut(io.StringIO):
    """What looks like a terminal."""

    def isatty(self) -> bool:
        return True


def without_colour(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def remains(folder: Path) -> list[Path]:
    return list(folder.glob("tocsin-demo-*"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this process and of those that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None
    try:
        yield process, process.stdout
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def read_until(out: IO[str], pattern: re.Pattern[str] | str) -> re.Match[str]:
    """Read lines until one matches. Raises AssertionError at the end of the output."""
    read = []
    for line in out:
        read.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError("".join(read))


def test_the_story_is_told_as_it_is_written(temporary: Path) -> None:
    out = io.StringIO()
    assert story.tell(keep=False, port=0, out=out, speed=SPEED) == 0
    told = SIGN_IN.sub("(the sign-in link)", out.getvalue())
    told = re.sub(r"told in \w+\.", "told in (a while).", told)
    if UPDATE:
        TOLD.write_text(told, encoding="utf-8")
    assert told.splitlines() == TOLD.read_text(encoding="utf-8").splitlines(), "UPDATE=1 rewrites the file"
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 80
    assert remains(temporary) == []


def test_a_reader_at_a_terminal_is_waited_for_and_sees_colours(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = TerminalOut()
    with pytest.raises(TocsinError, match=r"waited in vain for 00:40 of the story, and 0\.3 s are over"):
        story.tell(keep=False, port=0, out=out, speed=1, bound_s=0.3, sign_in_s=0.3)
    assert "It begins when you have signed in, or in 0.3 seconds." in without_colour(out.getvalue())
    assert "\x1b[36mCloudWatch" in out.getvalue()
    assert remains(temporary) == []


def test_a_port_that_is_taken_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TocsinError, match=f"cannot listen on 127.0.0.1 port {port}: .+; --port takes another one"):
            story.tell(keep=False, port=port, out=io.StringIO())


def test_without_slack_the_demo_says_what_it_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "CONNECT_S", 0.05)
    with (
        set_up(tmp_path) as world,
        FakeSlack() as nobody_comes,
        pytest.raises(StoryError, match=r"waited 0\.05 s in vain for the server to connect to Slack"),
    ):
        story._gather(world.stage.terminal, nobody_comes, world.stage.server, 0)


def test_what_is_lost_makes_the_exit_code(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(stage: Stage, _: Signer) -> None:
        stage.send(deliveries.backup_missed(), "it is stored")
        stage.sent.append(deliveries.deployment_failed(stage.clock()))

    monkeypatch.setattr("tocsin.demo.script.play", forgetful)
    out = io.StringIO()
    assert story.tell(keep=False, port=0, out=out, speed=SPEED) == 1
    assert "1: a delivery of EventBridge, which is not in the\n" in out.getvalue()
    assert remains(temporary) == []


def test_the_command_stops_when_it_is_asked_to_and_leaves_nothing_behind(temporary: Path) -> None:
    with running("-c", TOCSIN, "demo") as (process, out):
        link = read_until(out, SIGN_IN)[0]
        with urllib.request.urlopen(link, timeout=10) as page:
            assert "Sign in here" in page.read().decode()
        read_until(out, "pages ada")
        assert len(remains(temporary)) == 1
        process.send_signal(signal.SIGTERM)
        read_until(out, "Stopped.")
        assert process.wait(20) == story.EXIT_STOPPED
    assert remains(temporary) == []


def test_kept_it_goes_on_serving_and_telling_until_it_is_stopped(temporary: Path) -> None:
    with running("-c", KEPT) as (process, out):
        first = read_until(out, SIGN_IN)[0]
        read_until(out, "^  Lost +0$")
        assert read_until(out, SIGN_IN)[0] != first
        ring = read_until(out, RING)
        read_until(out, "Ctrl-C")
        urllib.request.urlopen(ring[2], ring[1].encode(), timeout=10).close()
        read_until(out, r"Is anybody there\?: opened; asked ada")
        read_until(out, "pages ada")
        process.send_signal(signal.SIGINT)
        read_until(out, "Stopped.")
        assert process.wait(20) == story.EXIT_OK
    assert remains(temporary) == []
