"""A distributed Map from end to end: items from a bucket, batches, results in a bucket, in runs that may be killed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from tests.executions.durable_world import World, outcome
from tocsin.kernel.json import Json
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.tasks import JobBook, _Aws

pytestmark = pytest.mark.usefixtures("cloud")


def bill(given: Mapping[str, Any]) -> Json:
    """What the orders of one batch cost."""
    if any(each["id"] == "bad" for each in given["Items"]):
        raise ValueError("it cannot be billed")
    return {"cents": sum(int(each["cents"]) for each in given["Items"]), "vat": given["BatchInput"]["vat"]}


def machine(bucket: str) -> Json:
    return {
        "StartAt": "Bill",
        "States": {
            "Bill": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                    "Parameters": {"Bucket": bucket, "Key": "orders.csv"},
                },
                "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"vat": 19}},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "One",
                    "States": {"One": {"Type": "Task", "Resource": "bill", "End": True}},
                },
                "ToleratedFailureCount": 1,
                "MaxConcurrency": 2,
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": bucket, "Prefix": "bills"},
                },
                "End": True,
            }
        },
    }


@pytest.mark.parametrize("life", [None, 1])
def test_items_of_a_bucket_are_done_in_batches_and_their_results_stand_in_the_bucket(
    life: int | None, tmp_path: Path
) -> None:
    s3, bucket = boto3.client("s3"), f"orders-{life or 'whole'}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="orders.csv", Body=b"id,cents\na,100\nb,250\nbad,1\nc,2\nd,70\n")
    world = World(tmp_path / "tocsin.db")
    doing = Doing(Functions({"bill": bill}), {}, _Aws(SystemClock(), JobBook(world.store)).do)
    world.aws = lambda _: (doing, lambda _: None)
    run = world.start(machine(bucket))
    world.play(life)
    status, output, error, cause = outcome(world.run(run))
    assert (status, error, cause) == ("SUCCEEDED", None, None)
    details = output["ResultWriterDetails"]
    assert details["Bucket"] == bucket
    manifest = read(s3, bucket, details["Key"])
    assert manifest["DestinationBucket"] == bucket
    done = [each for part in manifest["ResultFiles"]["SUCCEEDED"] for each in read(s3, bucket, part["Key"])]
    assert sorted(json.loads(each["Output"])["cents"] for each in done) == [70, 350]
    assert {json.loads(each["Output"])["vat"] for each in done} == {19}
    failed = [each for part in manifest["ResultFiles"]["FAILED"] for each in read(s3, bucket, part["Key"])]
    assert [each["Error"] for each in failed] == ["ValueError"]
    assert len(s3.list_objects_v2(Bucket=bucket, Prefix="bills/")["Contents"]) == 3
    world.close()


def read(s3: Any, bucket: str, key: str) -> Any:  # noqa: ANN401 - a client of the SDK, and JSON.
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
