"""Where messages stand in Slack, as their receipts say."""

from __future__ import annotations

from typing import TypeAlias

from tocsin.kernel.json import Json

Place: TypeAlias = tuple[str, str]  # Channel id and message ts.


def receipt_of(channel: str, ts: str, *, bundle: bool = False, why: str = "", link: str = "") -> dict[str, Json]:
    """What is needed to change a message later.

    *why* is the sentence of a page, which only the page knew; *link* the address of the message, where it is known.
    """
    found: dict[str, Json] = {"channel": channel, "ts": ts}
    return (
        found | ({"bundle": True} if bundle else {}) | ({"why": why} if why else {}) | ({"link": link} if link else {})
    )


def place(receipt: dict[str, Json]) -> Place:
    """Where the message of a receipt stands."""
    return receipt["channel"], receipt["ts"]
