"""What deliveries mean to the settings: the interpreter with all channels that a runtime has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from tocsin.kernel.later import function, later
from tocsin.wiring import channel_names
from tocsin.wiring.addressing import Addressing, Causes, Histories, Mutes, Quieter
from tocsin.wiring.interpretation import Channel, Commands, Interpreter, late
from tocsin.wiring.readings import readings
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import LiveRoutes

if TYPE_CHECKING:
    from tocsin.wiring import news, opsgenie_channel, opsgenie_names, raising, room_orders, storm_messages
else:
    news = later("tocsin.wiring.news")
    raising = later("tocsin.wiring.raising")
    room_orders = later("tocsin.wiring.room_orders")
    storm_messages = later("tocsin.wiring.storm_messages")
    opsgenie_channel = later("tocsin.wiring.opsgenie_channel")
    opsgenie_names = later("tocsin.wiring.opsgenie_names")

OPSGENIE: Final = "opsgenie"  # As `tocsin.sources.opsgenie_requests` calls it.


def understanding(
    settings: Settings,
    url: str,
    chats: Mapping[str, Commands],
    more: Mapping[str, Channel],
    *,
    now: Callable[[], Settings],
    mute: Mutes,
    quieter: Quieter,
    histories: Histories,
    causes: Causes | None,
) -> Interpreter:
    """The interpreter of a runtime at *url*.

    *chats* as in `Interpreter`; *more* channels than those that are named here. *now* gives the settings as they are.
    """
    routes = LiveRoutes(settings)
    addressing = Addressing(routes, mute, quieter, histories=histories, causes=causes)

    def opsgenie() -> Mapping[str, Channel]:
        reads = opsgenie_channel.OpsgenieChannel(addressing, opsgenie_names.Names(settings))
        return {OPSGENIE: reads.interpret}

    def rooms() -> Mapping[str, Channel]:
        return {channel_names.ROOM: room_orders.RoomOrders(addressing).interpret}

    interpreter = Interpreter(
        routes,
        chats,
        more={
            **late((OPSGENIE,), opsgenie),
            **late((channel_names.ROOM,), rooms),
            channel_names.NOTICE: function("tocsin.wiring.chat_care.interpret"),
            **late((channel_names.STORM,), lambda: storm_messages.channels(settings)),
            **late((channel_names.SWAP, channel_names.ROOMS), lambda: news.channels(now, url)),
            **more,
        },
        readings=readings(settings),
        mute=mute,
        quieter=quieter,
        histories=histories,
        causes=causes,
    )
    interpreter.learn(late((channel_names.RAISE,), lambda: raising.channels(interpreter.addressing, now)))
    return interpreter
