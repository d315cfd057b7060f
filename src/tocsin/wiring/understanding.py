"""What deliveries mean to the settings: the interpreter with all channels that a runtime has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tocsin.sources import opsgenie_requests
from tocsin.wiring import chat_care, news, raising, room_orders, storm_messages
from tocsin.wiring.addressing import Addressing, Causes, Histories, Mutes, Quieter
from tocsin.wiring.interpretation import Channel, Commands, Interpreter
from tocsin.wiring.opsgenie_channel import OpsgenieChannel
from tocsin.wiring.opsgenie_names import Names
from tocsin.wiring.readings import readings
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import LiveRoutes


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
    opsgenie = OpsgenieChannel(addressing, Names(settings))
    interpreter = Interpreter(
        routes,
        chats,
        more={
            opsgenie_requests.CHANNEL: opsgenie.interpret,
            room_orders.CHANNEL: room_orders.RoomOrders(addressing).interpret,
            chat_care.CHANNEL: chat_care.interpret,
            **storm_messages.channels(settings),
            **news.channels(now, url),
            **more,
        },
        readings=readings(settings),
        mute=mute,
        quieter=quieter,
        histories=histories,
        causes=causes,
    )
    interpreter.learn(raising.channels(interpreter.addressing, now))
    return interpreter
