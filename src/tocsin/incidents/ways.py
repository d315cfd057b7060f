"""The ways by which a page reaches one person, and what its facts say about them.

A page without these facts takes the ways that the person has, best first.
"""

from __future__ import annotations

from typing import Final

BY: Final = "by"  # The fact: by which ways a page is tried, in order.
QUIET: Final = "quiet"  # The fact: it must not make a noise.

SLACK: Final = "slack"
MENTION: Final = "mention"
TEAMS: Final = "teams"
NTFY: Final = "ntfy"
PUSH: Final = "push"
MAIL: Final = "mail"
SMS: Final = "sms"
VOICE: Final = "voice"

WAYS: Final = (SLACK, MENTION, TEAMS, NTFY, PUSH, MAIL, SMS, VOICE)
"""All of them, in the order in which they are tried when nobody has said otherwise."""

QUIET_WAYS: Final = frozenset({SLACK, MENTION, TEAMS, NTFY, MAIL})
"""Those that can be told to make no noise, or that a telephone at night keeps to itself."""
