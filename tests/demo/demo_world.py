"""A stage for tests, with the real server and the real fake of Slack behind it, and nothing played yet."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from tocsin.demo.clock import StoryClock
from tocsin.demo.server import Server
from tocsin.demo.signer import Signer
from tocsin.demo.stage import Stage
from tocsin.demo.team import Team
from tocsin.demo.terminal import Terminal
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.outside import Outside
from tocsin.wiring.serving import listen

NOW = 1_767_261_600_000  # 2026-01-01T10:00:00Z


class World:
    """A stage, and what it has told."""

    def __init__(self, stage: Stage, signer: Signer, out: io.StringIO) -> None:
        self.stage = stage
        self.signer = signer
        self._out = out

    @property
    def told(self) -> str:
        return self._out.getvalue()


@contextlib.contextmanager
def set_up(folder: Path, *, speed: float = 500.0, bound_s: float = 30.0) -> Iterator[World]:
    clock, signer, out = StoryClock(NOW), Signer(NOW), io.StringIO()
    bound = listen("127.0.0.1", 0)
    with contextlib.closing(bound), FakeSlack(clock=clock.seconds, wall_clock=clock.seconds) as slack:
        team = Team(slack)
        outside = Outside(clock=clock, slack_api=slack.base_url, sns_fetch=signer.fetch)
        with Server(team.settings, folder / "tocsin.db", bound, outside) as server:
            slack.wait_for(lambda: slack.sockets)
            stage = Stage(clock, server, slack, team, Terminal(out, {}), speed=speed, bound_s=bound_s)
            yield World(stage, signer, out)
            slack.assert_clean()
