"""The script: half an hour of a team's day. Times are minutes and seconds of the story."""

from __future__ import annotations

from typing import Final

from tocsin.demo import deliveries
from tocsin.demo.deliveries import BACKUP, CHECKOUT, DEPLOYMENT, DISKS, ORDERS
from tocsin.demo.signer import Signer
from tocsin.demo.stage import Stage

NOTE: Final = "deleted old snapshots"


def play(stage: Stage, signer: Signer) -> None:
    """All of it. Raises StoryError when something does not come as it must."""
    clock = stage.clock
    routing_key = stage.team.keys["pagerduty"]

    firing = deliveries.alarm(signer, clock(), "ALARM", 1)
    stage.send(firing, f"{ORDERS} is in ALARM, through Amazon SNS")
    stage.at(0, 40)
    stage.press("ada", "pass", ORDERS)
    stage.at(1, 30)
    stage.press("bo", "acknowledge", ORDERS)

    stage.at(2, 30)
    stage.send(firing, "the same message again: SNS delivers at least once")

    stage.at(3, 30)
    stage.send(deliveries.pipeline_succeeded(clock()), "a pipeline has succeeded")

    stage.at(5)
    disks = deliveries.disks(clock(), firing=("db-1", "db-2"))
    stage.send(disks, f"{DISKS} on db-1 and db-2: one group, two alerts")

    stage.at(6, 30)
    stage.send(deliveries.checkout(routing_key, clock(), "trigger"), f"{CHECKOUT}, by POST /v2/enqueue")
    stage.at(7)
    stage.press("ada", "acknowledge", CHECKOUT)
    stage.at(8)
    stage.send(deliveries.checkout(routing_key, clock(), "trigger"), "still so: the same dedup key")

    stage.at(9)
    stage.send(deliveries.alarm(signer, clock(), "OK", 2), f"{ORDERS} is OK again")

    # 10:00: cy does not answer about the disks; bo is asked, and does not answer either.
    stage.at(11, 30)
    stage.send(deliveries.deployment_failed(clock()), "a deployment has failed")
    stage.at(12)
    stage.press("ada", "escalate", DEPLOYMENT)
    stage.at(12, 45)
    stage.press("bo", "acknowledge", DEPLOYMENT)

    stage.at(14)
    stage.send(deliveries.checkout(routing_key, clock(), "resolve"), "the checkout is quick again: resolve")

    # 15:00: everyone is asked.
    stage.at(16, 10)
    stage.press("cy", "acknowledge", DISKS)

    stage.at(18)
    stage.send(deliveries.backup_missed(), f"a line of a shell script: {BACKUP}")
    stage.at(18, 50)
    stage.press("ada", "acknowledge", BACKUP)

    stage.at(20)
    stage.press("bo", "resolve", DEPLOYMENT)
    stage.at(21, 30)
    stage.send(deliveries.disks(clock(), firing=(), resolved=("db-2",)), f"{DISKS} on db-2 is over")
    stage.at(23)
    stage.resolve("cy", DISKS, NOTE)
    stage.at(25)
    stage.press("ada", "resolve", BACKUP)
    stage.at(26)
