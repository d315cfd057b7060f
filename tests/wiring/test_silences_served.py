"""Silences in a running server: made in a terminal beside it, told in Slack, and planned in its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.cli.claim import claim
from tocsin.cli.main import main
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_lists import muted
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.outside import Outside

JSON = {"content-type": "application/json"}


def test_a_maintenance_is_told_in_the_room_at_begin_and_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db, file = tmp_path / "tocsin.db", tmp_path / "tocsin.yaml"
    system, ahead = SystemClock(), [0]

    def clock() -> int:
        return system() + ahead[0]

    with FakeSlack(clock=lambda: clock() / SECOND, wall_clock=lambda: clock() / SECOND) as slack:
        ada = slack.add_user("ada")
        room = slack.add_channel("ops", [ada])
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}}}\n"
            f"teams: {{ops: {{members: [ada], slack: {room.id}}}}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", signing_secret: "{slack.signing_secret}"}}\n'
            "maintenance: {backup: {every: sun 02:00-04:00, team: ops, why: the backup}}\n"
        )
        file.write_text(config, encoding="utf-8")
        file.chmod(0o600)
        outside = Outside(clock=clock, slack_api=slack.base_url)

        def said() -> str:
            blocks = [block for message in slack.messages(room) for block in message.blocks if "text" in block]
            return "\n".join(str(block["text"]["text"]) for block in blocks)

        with claim(db), serving(db, config, outside) as (runtime, ready):
            words = ["maintenance", "--db", f"{db}", "--config", f"{file}", "--team", "ops", "--by", "ada", "--json"]
            assert main([*words, "--for", "1h", "--why", "new <!channel> database"]) == 0
            made = json.decode(capsys.readouterr().out.encode())
            until(lambda: "By ada, until <!date^" in said())
            assert "new &lt;!channel&gt; database" in said()
            assert ask(ready.ingest_url, json.encode({"title": "disk"}), JSON)[0] == 202
            until(lambda: SilenceMachine().decode(runtime.store.load([made["id"]])[made["id"]].state).count)
            assert made["id"] in muted(runtime.store)
            ahead[0] += 61 * MINUTE
            runtime.wake()
            until(lambda: "Maintenance is over: everything of team ops" in said(), 10)
            assert "Fired and still fires: disk." in said()
            [row] = runtime.store.listing(IncidentMachine.name, live_only=True, limit=2)
            until(lambda: IncidentMachine().decode(runtime.store.load([row.id])[row.id].state).asked)
            live = runtime.store.listing("silence", live_only=True, limit=9)
            assert [each.id for each in live] == ["maintenance-backup"]
        slack.assert_clean()
