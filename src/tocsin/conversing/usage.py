"""What can be said: each command with its words, how it is used, and sentences that work."""

from __future__ import annotations

from typing import Final

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """A command. *usage*: a line that can be said as it stands. *does*: what follows. *more*: other ways to say it."""

    name: str
    usage: str
    does: str
    heads: tuple[str, ...]
    more: tuple[str, ...] = ()


COMMANDS: Final = (
    Usage(
        name="status",
        usage="status",
        does="how many are open, who is on them, who is on call, and whether Tocsin itself is well",
        heads=("status", "state", "health", "overview"),
        more=("how is it going?",),
    ),
    Usage(
        name="open",
        usage="open critical",
        does="what is open, worst first; of a team, of a severity, or with certain words",
        heads=("open", "incidents", "firing", "list"),
        more=("what is open?", "open disk"),
    ),
    Usage(
        name="alerts",
        usage="alerts last 24 hours",
        does="all that came in, closed or not",
        heads=("alerts", "alarms", "history", "log"),
        more=("alerts since monday", "all critical alerts this week"),
    ),
    Usage(
        name="missed",
        usage="missed last 7 days",
        does="what nobody answered in time",
        heads=("missed", "miss"),
        more=("what did I miss?",),
    ),
    Usage(
        name="mine",
        usage="mine",
        does="the incidents that you have, and your next shifts",
        heads=("mine",),
        more=("when am I on call?",),
    ),
    Usage(
        name="oncall",
        usage="oncall tomorrow 9:00",
        does="who is on call, now or then",
        heads=("oncall", "duty"),
        more=("who is on call?", "who is on call tonight?"),
    ),
    Usage(
        name="override",
        usage="override me 18:00-22:00",
        does="you, or somebody else, are on call for a while",
        heads=("override", "overrides", "cover", "replace"),
        more=("I cover tonight",),
    ),
    Usage(
        name="swap",
        usage="swap tomorrow",
        does="asks others to take your turns; without a time it opens the form",
        heads=("swap", "swaps", "trade"),
        more=("can somebody take my shift tomorrow?", "swap list"),
    ),
    Usage(
        name="silence",
        usage="silence disk 2h disk is being replaced",
        does="asks nobody about these for a while: words of the title, or labels like service=db",
        heads=("silence", "mute", "hush", "suppress", "quiet"),
        more=("silence disk alerts for 2 hours", "silences", "unsilence disk"),
    ),
    Usage(
        name="ack",
        usage="ack",
        does="you take it: the incident of the thread, or `ack 12`, or `ack disk`",
        heads=("ack", "acknowledge", "acknowledged", "acked", "take", "taking", "claim", "own"),
        more=("I take it",),
    ),
    Usage(
        name="resolve",
        usage="resolve",
        does="it is over; what you add is kept as a note",
        heads=("resolve", "resolved", "close", "closed", "fixed", "solved", "done"),
        more=("resolved, was a full disk",),
    ),
    Usage(
        name="snooze",
        usage="snooze 2h",
        does="it asks you again then",
        heads=("snooze", "snoozed", "remind", "later"),
        more=("snooze until tomorrow 9am",),
    ),
    Usage(
        name="escalate", usage="escalate", does="asks the next one at once", heads=("escalate", "escalated"), more=()
    ),
    Usage(
        name="pass",
        usage="pass in a meeting",
        does="somebody else is asked instead of you",
        heads=("pass", "passed", "decline", "skip"),
        more=("not me",),
    ),
    Usage(
        name="assign",
        usage="assign me",
        does="asks that person instead",
        heads=("assign", "reassign", "delegate", "give"),
        more=("give it to me",),
    ),
    Usage(
        name="note",
        usage="note restarted the service",
        does="writes into its story",
        heads=("note", "comment", "remember"),
        more=(),
    ),
    Usage(
        name="raise",
        usage="raise the shop is slow",
        does="opens the form that raises an incident",
        heads=("raise", "declare"),
        more=("raise an incident",),
    ),
    Usage(
        name="test",
        usage="test",
        does="sends a test alert to the team of this room",
        heads=("test",),
        more=("send a test alert",),
    ),
    Usage(
        name="key",
        usage="key",
        does="where alerts are sent to, and a button that makes a new key",
        heads=("key", "keys", "endpoint", "webhook", "url"),
        more=("show me my endpoint id",),
    ),
    Usage(
        name="stats",
        usage="stats last week",
        does="alerts, pages, and how soon they were answered",
        heads=("stats", "statistics", "figures", "stat"),
        more=("stats this month",),
    ),
    Usage(
        name="run",
        usage="run tidy",
        does="fires the rule that waits for that word; without a word it lists them",
        heads=("run",),
        more=("run tidy the old ones",),
    ),
    Usage(
        name="help",
        usage="help",
        does="this list; `help silence` tells more of one",
        heads=("help", "usage", "commands", "man"),
        more=("what can you do?",),
    ),
)
HEADS: Final = {head: command.name for command in COMMANDS for head in command.heads}


def usage(name: str) -> Usage | None:
    """The command of this name, or of another word for it."""
    called = HEADS.get(name, name)
    return next((command for command in COMMANDS if command.name == called), None)
