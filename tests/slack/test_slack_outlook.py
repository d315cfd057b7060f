"""The sentences about an incident, as Slack shows them."""

from __future__ import annotations

from msgspec.structs import replace

from tests.slack.slack_examples import CY, NOW, incident
from tocsin.incidents.inputs import Resolved
from tocsin.incidents.occurrences import Hold, Usual
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import standing
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.saying.incident import Setting
from tocsin.slack.blocks import incident_message
from tocsin.slack.mrkdwn import local_time, mrkdwn

SETTING = Setting({"cy": "<!channel>"})


def said(state: Incident) -> str:
    return mrkdwn(standing(state, SETTING.telling, NOW))


def test_names_and_notes_of_people_are_escaped() -> None:
    assert mrkdwn(SETTING.telling.receivers([CY])) == "&lt;!channel&gt;"
    over = incident((NOW + HOUR, Resolved(by="cy", note="disk <cleaned>")))
    assert "&lt;!channel&gt; resolved it" in said(over)
    assert said(over).endswith(": disk &lt;cleaned&gt;")


def test_times_are_each_readers_own() -> None:
    state = replace(incident(), wake_at=NOW + HOUR)
    assert f"next in 60 min, at {local_time(NOW + HOUR)}." in said(state)
    state = replace(incident(), wake_at=NOW + 2 * HOUR)
    assert f"next at {local_time(NOW + 2 * HOUR)}." in said(state)
    assert said(replace(incident(), wake_at=NOW)).endswith("next now.")


def test_the_room_reads_that_it_is_held_and_nobody_is_mentioned() -> None:
    hold = Hold(since=NOW, until=NOW + 3 * MINUTE, usual=Usual(3 * MINUTE, 47, 50))
    held = replace(incident(), status=Status.SNOOZED, hold=hold, snoozed_until=hold.until, wake_at=hold.until, asked=())
    message = incident_message("7", held, now=NOW, setting=SETTING)
    said = str(message.blocks)
    assert f"Held until {local_time(hold.until)}: it usually recovers by itself within 3m (47 of the last 50" in said
    assert "!channel>" not in message.text
