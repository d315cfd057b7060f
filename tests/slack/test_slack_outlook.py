"""The sentences about an incident, as Slack shows them."""

from __future__ import annotations

from msgspec.structs import replace

from tests.slack.slack_examples import CY, NOW, incident
from tocsin.incidents.inputs import Resolved
from tocsin.incidents.occurrences import Hold, Usual
from tocsin.incidents.state import Status
from tocsin.incidents.telling import standing
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.slack.blocks import Setting, incident_message
from tocsin.slack.mrkdwn import local_time

SETTING = Setting({"cy": "<!channel>"})


def test_names_and_notes_of_people_are_escaped() -> None:
    assert SETTING.telling.receivers([CY]) == "&lt;!channel&gt;"
    over = incident((NOW + HOUR, Resolved(by="cy", note="disk <cleaned>")))
    assert "&lt;!channel&gt; resolved it" in standing(over, SETTING.telling, NOW)
    assert standing(over, SETTING.telling, NOW).endswith(": disk &lt;cleaned&gt;")


def test_times_are_each_readers_own() -> None:
    state = replace(incident(), wake_at=NOW + HOUR)
    assert f"next at {local_time(NOW + HOUR)}." in standing(state, SETTING.telling, NOW)


def test_the_room_reads_that_it_is_held_and_nobody_is_mentioned() -> None:
    hold = Hold(since=NOW, until=NOW + 3 * MINUTE, usual=Usual(3 * MINUTE, 47, 50))
    held = replace(incident(), status=Status.SNOOZED, hold=hold, snoozed_until=hold.until, wake_at=hold.until, asked=())
    message = incident_message("7", held, now=NOW, setting=SETTING)
    said = str(message.blocks)
    assert f"Held until {local_time(hold.until)}: it usually recovers by itself within 3m (47 of the last 50" in said
    assert "!channel>" not in message.text
