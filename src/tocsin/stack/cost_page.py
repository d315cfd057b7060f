"""The tables of docs/cost.md, made from the template and the prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.kernel.json import Json
from tocsin.stack import demand, prices
from tocsin.stack.cost import Bill, bill

SITUATIONS: Final = (("idle", 0), ("10 thousand", 10_000), ("1 million", 10**6), ("100 million", 10**8))
_SMALL: Final = 10.0  # Dollars below which cents are worth showing.


def tables(template: Mapping[str, Json]) -> dict[str, str]:
    """The tables by the names of their places in the page."""
    return {
        "totals": _totals(template),
        **{region: _lines(template, region) for region in prices.REGIONS},
        "timers": _timers(template),
        "needs": _needs(),
        "prices": _prices(),
    }


def _totals(template: Mapping[str, Json]) -> str:
    rows = []
    for region in prices.REGIONS:
        for free, words in ((True, "with"), (False, "without")):
            found = (bill(template, alerts, region, free=free).dollars for _, alerts in SITUATIONS)
            rows.append([region, words, *map(money, found)])
    return _table(["region", "what is always free", *(f"{name} alerts a month" for name, _ in SITUATIONS)], rows)


def _lines(template: Mapping[str, Json], region: str) -> str:
    bills = [bill(template, alerts, region) for _, alerts in SITUATIONS]
    rows = [[price.name, *(_line(each, place) for each in bills)] for place, price in enumerate(prices.PRICES)]
    rows.append(["**together**", *(f"**{money(each.dollars)}**" for each in bills)])
    return _table(["", *(name for name, _ in SITUATIONS)], rows)


def _line(given: Bill, place: int) -> str:
    line = given.lines[place]
    return f"{money(line.dollars)} ({count(line.count)})"


def _timers(template: Mapping[str, Json]) -> str:
    rows = []
    for name, alerts in SITUATIONS[1:]:
        both = (bill(template, alerts, timers=timers).dollars for timers in (True, False))
        rows.append([name, *map(money, both)])
    return _table(["alerts a month", "timers of Step Functions", "delayed messages of SQS"], rows)


def _needs() -> str:
    named = {
        "an alert": demand.ALERT,
        "a batch": demand.BATCH,
        "an incident in a batch": demand.COMMIT,
        "a message that leaves": demand.EFFECT,
        "a wake-up": demand.WAKE,
        "a sweep": demand.SWEEP,
    }
    fields = ("api", "sqs", "invocations", "seconds", "writes", "reads", "transitions")
    rows = [[name, *(_plain(getattr(need, field)) for field in fields)] for name, need in named.items()]
    heads = ["", "API", "SQS", "invocations", "seconds", "write units", "read units", "transitions"]
    return _table(heads, rows)


def _prices() -> str:
    rows = [
        [each.name, each.unit, _plain(each.us), _plain(each.eu), _plain(each.free), each.page, each.seen]
        for each in prices.PRICES
    ]
    return _table(["price", "of one", *prices.REGIONS, "free a month", "source", "how we know"], rows)


def money(dollars: float) -> str:
    """Dollars, as precise as is useful."""
    return f"${dollars:,.2f}" if dollars < _SMALL else f"${dollars:,.0f}"


def count(number: float) -> str:
    """A number in words of its size."""
    for size, word in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:,.1f}{word}"
    return f"{number:,.1f}".removesuffix(".0")


def _plain(number: float) -> str:
    return f"{number:,.10f}".rstrip("0").rstrip(".") if number else ""


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
