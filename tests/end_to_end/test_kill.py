"""The process is killed again and again under load; nothing that was accepted may be missing afterwards."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import re
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.served import Served, wait_until
from tocsin.testing.fake_slack import FakeSlack, Limits

ROUNDS = 5
SENDERS = 4
PEOPLE = 12

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_what_was_accepted_survives_kills_and_is_paged(tmp_path: Path) -> None:
    dice = random.Random(20260)
    with FakeSlack(limits=Limits.unlimited()) as slack:
        people = {f"person{number}": slack.add_user(f"person{number}").id for number in range(PEOPLE)}
        room = slack.add_channel("ops", members=list(people.values())).id
        server = Served(
            tmp_path, _config(people, room, slack.bot_token, slack.app_token), {"TOCSIN_SLACK_API": slack.base_url}
        )
        server.start()
        load = _Load(server.ready["ingest_url"])
        try:
            for _ in range(ROUNDS):
                time.sleep(dice.uniform(0.3, 1.2))
                server.kill()
                server.start()
            time.sleep(0.5)
        finally:
            load.stop()
        server.rest()
        wait_until(lambda: server.doctor()["undelivered"] == 0, 60)
        incidents = {row["title"]: row for row in server.incidents()}
        _check(server, load, incidents)
        said = "\n".join(json.dumps(call.payload) for call in slack.calls if call.method == "chat.postMessage")
        unpaged = [title for title in incidents if not re.search(rf"\b{re.escape(title)}\b(?!\d)", said)]
        assert not unpaged
        assert server.stop() == 0


def _check(server: Served, load: _Load, incidents: dict[str, dict[str, object]]) -> None:
    assert sum(load.accepted.values()) > 100
    assert set(load.accepted) <= set(incidents), "accepted, and no incident knows of it"
    for title, count in load.accepted.items():
        alerts = incidents[title]["alerts"]
        assert isinstance(alerts, int)
        assert alerts >= count, f"{title}: {count} accepted, {alerts} counted"
    for row in incidents.values():
        assert row["status"] == "resolved" or row["wake_at"], f"{row['id']} waits for a human and has no next action"
    assert server.doctor()["ok"]


class _Load:
    """Senders that each post distinct alerts (and sometimes one again) until they hear 2xx, as real ones do."""

    def __init__(self, url: str) -> None:
        self.accepted: Counter[str] = Counter()
        self._url = url
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        host, _, path = self._url.removeprefix("http://").partition("/")
        for number in itertools.count():
            if self._stop.is_set() or number >= 5000:
                return
            title = f"alert {sender}-{number // 20}"
            body = json.dumps({"title": title, "severity": "critical"})
            while not self._stop.is_set():
                try:
                    connection = http.client.HTTPConnection(host, timeout=5)
                    try:
                        connection.request("POST", f"/{path}", body, {"content-type": "application/json"})
                        status = connection.getresponse().status
                    finally:
                        connection.close()
                except (OSError, http.client.HTTPException):
                    time.sleep(0.05)
                    continue
                if status == 202:
                    with self._lock:
                        self.accepted[title] += 1
                    break
                time.sleep(0.05)
            time.sleep(0.005)


def _config(people: dict[str, str], room: str, bot_token: str, app_token: str) -> str:
    responders = "\n".join(f"  {name}: {{slack: {user}}}" for name, user in people.items())
    return f"""
responders:
{responders}
teams:
  ops: {{members: [{", ".join(people)}], slack: {room}}}
slack: {{bot_token: "{bot_token}", app_token: "{app_token}"}}
"""
