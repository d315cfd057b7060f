"""The people of the benchmark: forty teams of five, each with a room in Slack, and the tocsin.yaml that says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

TEAMS: Final = 40
MEMBERS: Final = 5


def team(number: int) -> str:
    """Its name, which alerts carry in the label `team`; any number will do."""
    return f"t{number % TEAMS:02d}"


def write_settings(folder: Path, people: Sequence[str], rooms: Sequence[str], *, limited: bool = True) -> None:
    """Write tocsin.yaml: *people* are Slack's ids of TEAMS * MEMBERS users, *rooms* those of TEAMS channels.

    Not *limited*: Slack has lifted its limits for the workspace, and Tocsin knows.
    """
    lines = ["responders:"]
    lines += [f"  r{number:03d}: {{slack: {user}}}" for number, user in enumerate(people)]
    lines += ["teams:"]
    for number, room in enumerate(rooms):
        members = ", ".join(f"r{number * MEMBERS + member:03d}" for member in range(MEMBERS))
        lines += [f"  {team(number)}: {{members: [{members}], slack: {room}}}"]
    lines += ["routes:"]
    lines += [f"  - {{when: {{labels: {{team: [{team(number)}]}}}}, team: {team(number)}}}" for number in range(TEAMS)]
    lifted = "" if limited else ", messages_per_minute: 1000000, changes_per_minute: 1000000"
    lines += [f'slack: {{bot_token: "${{BENCH_BOT_TOKEN}}", app_token: "${{BENCH_APP_TOKEN}}"{lifted}}}']
    (folder / "tocsin.yaml").write_text("\n".join(lines) + "\n")
