"""Microsoft Teams on this machine: strict about what a bot sends, and able to be slow, down, or unwilling.

It plays Microsoft's sign-in, the keys of the Bot Connector, the connector itself, and the people who press and write.
"""

from __future__ import annotations

from tocsin.testing.fake_teams.fake import FakeTeams
from tocsin.testing.fake_teams.records import Heard, Message, Person

__all__ = ["FakeTeams", "Heard", "Message", "Person"]
