"""The sentences about an incident, as Slack shows them."""

from __future__ import annotations

from msgspec.structs import replace

from tests.slack.slack_examples import CY, NOW, incident
from tocsin.incidents.inputs import Resolved
from tocsin.incidents.telling import standing
from tocsin.kernel.time import HOUR
from tocsin.slack.blocks import Setting
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
