"""The book of rooms: what is stored of them, and the settings that follow from it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.kernel.time import Instant
from tocsin.wiring.chat_zones import with_zones
from tocsin.wiring.keys import held_keys
from tocsin.wiring.living import live
from tocsin.wiring.room_records import (
    GUEST,
    ROOM,
    Guest,
    Room,
    free_name,
    joined,
    naming,
    read_guests,
    read_rooms,
    stored,
    team_of,
)
from tocsin.wiring.settings import Settings


class RoomBook:
    """Rooms and their people. One thread puts; `settings` are as they are now, for everybody."""

    def __init__(self, file: Settings, records: Records) -> None:
        """*file* is complete, as `load` gives it. Reads what is stored. Raises StoreUnavailableError."""
        self.file = file
        self._records = records
        self._rooms = read_rooms(records)
        self._guests = read_guests(records)
        self._following = threading.Lock()
        self.settings = live(self._joined())

    @property
    def rooms(self) -> Mapping[str, Room]:
        """All of them by channel."""
        return self._rooms

    @property
    def guests(self) -> Mapping[str, Guest]:
        """All people of rooms by Slack member id."""
        return self._guests

    def new_room(self, channel: str, name: str, now: Instant) -> Room:
        """A room for a channel that has none, not yet stored: the file's team and integration, or others of its own."""
        draft = self.named(Room(channel=channel, name=name, team="", integration="", made_at=now))
        team = team_of(self.file, draft)
        if team in self.file.teams:
            its = [each for each, found in self.file.integrations.items() if found.team == team]
            keyed = [each for each in its if self.has_key(each, now)]
            known = next(iter((*keyed, *its)), "")
            return Room(
                channel=channel,
                name=name,
                team=team,
                integration=known or free_name(team, channel, self._integrations()),
                made_at=now,
                welcomed_at=now if keyed else None,
                named=draft.named,
            )
        taken = {*self.file.teams, *(room.team for room in self._rooms.values()), *self._integrations()}
        own = free_name(name, channel, taken)
        return Room(channel=channel, name=name, team=own, integration=own, made_at=now, named=draft.named)

    def named(self, room: Room) -> Room:
        """*room*, with the name by which the file means it now."""
        return replace(room, named=naming(self.file, self._rooms, room))

    def has_key(self, integration: str, now: Instant) -> bool:
        """Whether anything opens with the name of *integration*. Raises StoreUnavailableError."""
        configured = self.file.integrations.get(integration)
        if configured is not None and configured.key is not None:
            return True
        held = held_keys(self._records).values()
        return any(key.integration == integration and not key.brief and not key.is_over(now) for key in held)

    def is_of_file(self, room: Room) -> bool:
        """Whether the file has the team of *room*, so that its members are the file's business."""
        return team_of(self.file, room) in self.file.teams

    def new_guest(self, user: str, handle: str) -> Guest:
        """Somebody who was in no room before, not yet stored."""
        taken = {*self.file.responders, *(guest.responder for guest in self._guests.values())}
        return Guest(user=user, responder=free_name(handle, user, taken))

    def put(self, *records: Room | Guest) -> None:
        """Store what is new or has changed, and have the settings follow. Raises StoreUnavailableError."""
        rooms, guests = dict(self._rooms), dict(self._guests)
        for record in records:
            if isinstance(record, Room):
                self._records.put_record(ROOM, record.channel, stored(record))
                rooms[record.channel] = record
            else:
                self._records.put_record(GUEST, record.user, stored(record))
                guests[record.user] = record
        self._rooms, self._guests = rooms, guests
        self.follow()

    def follow(self) -> None:
        """Have the settings follow what is stored. Any thread. Raises StoreUnavailableError."""
        with self._following:
            self.settings.become(self._joined())

    def _joined(self) -> Settings:
        return joined(with_zones(self.file, self._records), self._rooms, self._guests)

    def _integrations(self) -> set[str]:
        return {*self.file.integrations, *(room.integration for room in self._rooms.values())}
