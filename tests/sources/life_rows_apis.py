"""The lives of alerts that come by an API of their own: Opsgenie's, and Alertmanager's."""

from __future__ import annotations

from urllib.parse import quote

from tests.sources import bodies
from tests.sources.living import Life, Said, Step, Tell
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, format_instant
from tocsin.sources import opsgenie_requests
from tocsin.web.senders.channels import ALERTS

ALIAS = "disk/db-1"


def opsgenie(path: str, **body: Json) -> Tell:
    head = {opsgenie_requests.METHOD: "POST", opsgenie_requests.PATH: path}
    return lambda _: Said({"source": "shop", **body}, head, opsgenie_requests.CHANNEL)


def created(priority: str) -> Tell:
    return opsgenie("/alerts", message="Disk of db-1 is full", alias=ALIAS, priority=priority)


def changed(what: str) -> Tell:
    return opsgenie(f"/alerts/{quote(ALIAS, safe='')}/{what}?identifierType=alias", user="shop")


def posted(*, ended: bool = False, summary: str = "db-1 is under high load") -> Tell:
    """As Prometheus posts to `/am/KEY/api/v2/alerts`."""

    def tell(at: int) -> Said:
        ends = format_instant(at if ended else at + 4 * MINUTE)
        return Said([bodies.posted(ends_at=ends, annotations={"summary": summary})], {}, ALERTS)

    return tell


def step(minute: int, told: str, tell: Tell, *must: str) -> Step:
    return Step(minute, told, tell(bodies.NOW + minute * MINUTE), frozenset(must))


APIS: tuple[Life, ...] = (
    Life(
        name="opsgenie",
        source="opsgenie",
        fires=created("P3"),
        own=(
            step(0, "is created", created("P3"), "opened"),
            step(1, "is created again", created("P3"), "repeated"),
            step(2, "is created, and is worse", created("P1"), "worsened"),
            step(3, "is acknowledged", changed("acknowledge"), "acknowledged"),
            step(4, "is acknowledged twice", changed("acknowledge"), "already acknowledged"),
            step(5, "is given back", changed("unacknowledge"), "acknowledgement taken back"),
            step(10, "is closed", changed("close"), "resolved"),
            step(11, "is closed twice", changed("close"), "already resolved"),
            step(12, "is created again after a person closed it", created("P3"), "opened"),
            step(13, "is closed", changed("close"), "resolved"),
        ),
    ),
    Life(
        name="alertmanager-api",
        source="prometheus",
        fires=posted(),
        changes=posted(summary="db-1 is under very high load"),
        resolves=posted(ended=True),
        ends=True,
    ),
)
