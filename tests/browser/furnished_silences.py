"""Silences for the pages that are looked at."""

from __future__ import annotations

import msgspec

from tests.web.console_world import World
from tocsin.incidents.inputs import Muted
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silences import Order, Silence
from tocsin.kernel.time import HOUR, MINUTE


def furnish_silences(world: World) -> None:
    """One that mutes something, one that comes again, and one that is over."""
    silence = Silence(
        id="s-1",
        integration="",
        matchers=(Matcher(name="service", value="orders"), Matcher(name="instance", value="db-.*", regex=True)),
        team="shop",
        starts_at=world.now,
        ends_at=world.now + 2 * HOUR,
        created_by="ada",
        comment="the disk is swapped",
    )
    again = msgspec.structs.replace(
        silence, id="s-2", matchers=(), starts_at=0, ends_at=0, every=("sun 02:00-04:00",), zone="Europe/Berlin"
    )
    over = msgspec.structs.replace(silence, id="s-3", starts_at=world.now - HOUR, ends_at=world.now - MINUTE)
    for made in (silence, msgspec.structs.replace(again, maintenance=True), over):
        world.order(Order(make=made))
    muted = world.ring("Orders lag behind", team="shop")
    world.give(Muted(dedup_key="Orders lag behind", mute=silence.mute()), muted)
