"""A real server with Teams around it, as far as a test needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.wiring.serving import ask, serving, until
from tocsin.kernel import json
from tocsin.teams.cloud import Cloud
from tocsin.testing.fake_teams import FakeTeams, Message, Person
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

CONFIG = """
responders:
  ada: {{name: Ada, teams: "{ada}"}}
  bo: {{name: Bo, teams: "{bo}"}}
teams:
  ops: {{members: [ada, bo], teams_channel: "{channel}"}}
policies:
  default:
    steps: [{{ask: ada, wait: 1h}}]
microsoft_teams: {{app_id: {app}, app_password: test-secret, tenant: {tenant}}}
"""


@dataclass
class World:
    """What a test plays with."""

    teams: FakeTeams
    runtime: Embedded
    url: str
    channel: str
    ada: Person
    bo: Person
    passed: list[int]

    def alert(self, title: str = "Disk full", severity: str = "critical") -> None:
        body = {"title": title, "severity": severity, "description": "No room is left.", "dedup_key": title}
        status, *_ = ask(self.runtime.ingest_url(), json.encode(body), {"Content-Type": "application/json"})
        assert status == 202

    def jump(self, length: int) -> None:
        """Let *length* ms pass at once."""
        self.passed.append(length)
        self.runtime.wake()

    def shown(self, where: str | Person, words: str) -> Message:
        """The message there that says *words*, waited for."""
        until(lambda: any(words in message.text for message in self.teams.messages(where)))
        return next(message for message in self.teams.messages(where) if words in message.text)

    def follows(self, message: Message, words: str) -> None:
        """Wait until *message* says *words*."""
        until(lambda: words in message.text)


def cloud(teams: FakeTeams) -> Cloud:
    """Where the fake is."""
    return Cloud(login=teams.url, metadata=teams.metadata, service=teams.service, services=("127.0.0.1",), local=True)


@contextmanager
def world(tmp_path: Path, teams: FakeTeams) -> Iterator[World]:
    ada, bo = teams.add_person("ada"), teams.add_person("bo")
    channel = teams.add_channel("ops")
    config = CONFIG.format(ada=ada.aad.upper(), bo=bo.id, channel=channel, app=teams.app_id, tenant=teams.tenant)
    passed: list[int] = []
    system = SystemClock()
    outside = Outside(clock=lambda: system() + sum(passed), cloud=cloud(teams))
    with serving(tmp_path / "t.db", config, outside) as (runtime, ready):
        teams.deliver_to(f"{ready.url}/teams/messages")
        yield World(teams, runtime, ready.url, channel, ada, bo, passed)
