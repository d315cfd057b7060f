"""`tocsin demo`: sets the stage, has the story played, tells what came of it, and tidies up."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, TextIO

from tocsin.demo import script, summary
from tocsin.demo.clock import StoryClock
from tocsin.demo.server import Server
from tocsin.demo.signer import Signer
from tocsin.demo.stage import BOUND_S, Stage
from tocsin.demo.summary import Summary
from tocsin.demo.team import Team
from tocsin.demo.terminal import Terminal, Tone
from tocsin.demo.trouble import StoryError
from tocsin.errors import TocsinError
from tocsin.kernel.time import MINUTE, SECOND, format_duration
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.outside import Outside
from tocsin.wiring.serving import listen

HOST: Final = "127.0.0.1"
SPEED: Final = 60.0  # A minute of the story takes a second.
SIGN_IN_S: Final = 8.0  # Whoever sits at a terminal may want to open the console first.
FOLLOW_S: Final = 0.2  # How soon the terminal tells of what happens after the story.
CONNECT_S: Final = 15.0

EXIT_OK: Final = 0
EXIT_LOST: Final = 1
EXIT_STOPPED: Final = 130  # As shells say it of Ctrl-C.

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tell(
    *,
    keep: bool,
    port: int,
    out: TextIO | None = None,
    speed: float = SPEED,
    bound_s: float = BOUND_S,
    sign_in_s: float = SIGN_IN_S,
) -> int:
    """Play the story, and go on serving if *keep*; the exit code: 0 only if nothing was lost and the invariant held.

    *port* 0 takes a free one. *speed*, *bound_s* (real seconds for the whole story) and *sign_in_s* (how long a
    terminal's reader is waited for) are for tests. Raises TocsinError: the port is taken, or the story got stuck.
    """
    terminal = Terminal(out or sys.stdout, os.environ)
    try:
        bound = listen(HOST, port)
    except OSError as problem:
        message = f"cannot listen on {HOST} port {port}: {problem.strerror}; --port takes another one, 0 a free one"
        raise TocsinError("address-in-use", message) from problem
    clock = StoryClock(time.time_ns() // 1_000_000)
    signer = Signer(clock())
    code = EXIT_STOPPED
    with closing(bound), _stoppable(), tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
        db = Path(folder) / "tocsin.db"
        try:
            with FakeSlack(clock=clock.seconds, wall_clock=clock.seconds) as slack:
                team = Team(slack)
                outside = Outside(clock=clock, slack_api=slack.base_url, sns_fetch=signer.fetch)
                with Server(team.settings, db, bound, outside) as server:
                    _greet(terminal, server, speed)
                    _gather(terminal, slack, server, sign_in_s)
                    stage = Stage(clock, server, slack, team, terminal, speed=speed, bound_s=bound_s)
                    found = _perform(stage, signer, db)
                    code = EXIT_OK if found.good else EXIT_LOST
                    if keep:
                        _serve_on(stage)
                    else:
                        terminal.say()
                        terminal.say("To ring it yourself: make demo KEEP=1 (or tocsin demo --keep)", Tone.SOFT)
                        terminal.say("To see what it says in Slack: tocsin slack preview", Tone.SOFT)
        except KeyboardInterrupt:
            terminal.say()
            terminal.say("Stopped.")
    return code


def _greet(terminal: Terminal, server: Server, speed: float) -> None:
    terminal.say("Tocsin, a demonstration", Tone.TOCSIN)
    terminal.say()
    terminal.say("Watch it in the console; this link signs one browser in:")
    terminal.whole(server.ready.console_url)
    terminal.say()
    terminal.fact("What is real", "the server, its HTTP, its SQLite file, its side of Slack")
    terminal.fact("What is not", "Slack itself; ada, bo and cy, who press buttons in it;")
    terminal.fact("", "Amazon's signature: the demo signs with a key of its own")
    terminal.fact("Who is asked", "ada, 5 min later bo, then everyone; for disks cy first")
    terminal.fact("Time", f"{speed:g} times faster; below, minutes:seconds of the story")
    terminal.say()


def _gather(terminal: Terminal, slack: FakeSlack, server: Server, sign_in_s: float) -> None:
    """Wait until buttons can be pressed, and a little for a browser that signs in. Raises StoryError."""
    try:
        slack.wait_for(lambda: slack.sockets, CONNECT_S)
    except TimeoutError as problem:
        raise StoryError(f"it waited {CONNECT_S:g} s in vain for the server to connect to Slack") from problem
    if not terminal.live:
        return
    terminal.say(f"It begins when you have signed in, or in {sign_in_s:g} seconds.", Tone.SOFT)
    terminal.say()
    patience = time.monotonic() + sign_in_s
    while not server.runtime.store.records("session") and time.monotonic() < patience:
        time.sleep(FOLLOW_S)


def _perform(stage: Stage, signer: Signer, db: Path) -> Summary:
    began = time.monotonic()
    script.play(stage, signer)
    stage.wait(lambda: not stage.server.runtime.trouble(), "the invariant to hold")
    broken = f"{', '.join(sorted(stage.broken))} owed a next action and had none" if stage.broken else ""
    found = summary.reckon(
        db,
        stage.team.settings,
        stage.sent,
        stage.presses,
        pages=stage.watcher.pages,
        incidents=stage.watcher.incidents,
        timelines=stage.watcher.timelines,
        trouble=broken,
    )
    took, lasted = round((time.monotonic() - began) * SECOND), stage.clock() - stage.clock.start
    stage.terminal.say()
    stage.terminal.say(f"The story is over: {lasted // MINUTE} minutes, told in {format_duration(took)}.", Tone.TOCSIN)
    stage.terminal.say()
    summary.tell(found, stage.terminal)
    return found


def _serve_on(stage: Stage) -> NoReturn:
    """Serve until somebody ends it. Raises KeyboardInterrupt then, and StoryError when the server ends by itself."""
    terminal, runtime = stage.terminal, stage.server.runtime
    stage.clock.free()
    runtime.wake()
    terminal.say()
    terminal.say(
        "It keeps serving, and time runs as usual now. You answer it, in the console: the others have gone home."
    )
    terminal.say("Another sign-in link, for one more browser:")
    terminal.whole(runtime.signin_url())
    terminal.say("Ring the bell (in another terminal):")
    terminal.whole(f'curl -d \'{{"title": "Is anybody there?"}}\' {runtime.ingest_url()}')
    terminal.say("Stop it with Ctrl-C.")
    terminal.say()
    while True:
        stage.server.check()
        stage.look()
        time.sleep(FOLLOW_S)


@contextmanager
def _stoppable() -> Iterator[None]:
    """A signal that asks to end becomes one KeyboardInterrupt; what follows does not disturb the tidying up."""

    def stop(_: int, __: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
