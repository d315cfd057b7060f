"""A message becomes a delivery that counts once, with its attributes as headers, and nobody speaks in our name."""

from __future__ import annotations

from msgspec.structs import asdict

from tocsin.aws.messages import Message, QueueError, delivery, message
from tocsin.engine.ports import Delivery

RAW = {
    "MessageId": "0b1c-2",
    "ReceiptHandle": "handle",
    "Body": '{"title": "é"}',
    "Attributes": {
        "SentTimestamp": "1700000000000",
        "ApproximateReceiveCount": "2",
        "DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:111122223333:alerts",
    },
    "MessageAttributes": {
        "X-Alert-Key": {"DataType": "String", "StringValue": "shop-1"},
        "Weight": {"DataType": "Number", "StringValue": "7"},
        "Picture": {"DataType": "Binary", "BinaryValue": b"\x00"},
    },
}


def head(**more: object) -> list[str]:
    """The lines of the head of a message with these fields."""
    found = Message(id="m-1", receipt="r", body="", **more)  # type: ignore[arg-type]
    made = delivery(found, queue="alerts", origin="", integration="aws", now=7)
    return made.head.decode().splitlines()


def test_a_message_is_a_delivery_with_a_number_and_its_attributes() -> None:
    made = delivery(message(RAW), queue="dead", origin="alerts", integration="aws", now=7)
    assert (made.channel, made.key, made.received_at, made.body.decode()) == ("sqs", "aws", 7, RAW["Body"])
    assert made.head.decode().splitlines() == [
        "x-tocsin-once: sqs/0b1c-2",
        "x-sqs-queue: dead",
        "x-sqs-dead-letters-of: alerts",
        "x-sqs-message-id: 0b1c-2",
        "x-sqs-sent-at: 1700000000000",
        "x-sqs-receives: 2",
        "x-alert-key: shop-1",
        "weight: 7",
    ]
    assert message(RAW).origin == "arn:aws:sqs:eu-west-1:111122223333:alerts"


def test_it_counts_once_for_each_integration() -> None:
    made = delivery(message(RAW), queue="alerts", origin="", integration="aws", now=7)
    assert (
        Delivery(id="1", **asdict(made)).occurrence == Delivery(id="2", **asdict(made)).occurrence == "aws/sqs/0b1c-2"
    )


def test_the_least_that_sqs_says_is_enough() -> None:
    assert message({"MessageId": "m", "ReceiptHandle": "r"}) == Message(id="m", receipt="r", body="")


def test_a_sender_cannot_speak_in_our_name_nor_leave_credentials() -> None:
    lines = head(
        attributes={
            "X-Tocsin-Once": "sqs/other",
            "x-sqs-queue": "other",
            "Authorization": "test-secret",
            "X-Api-Key": "test-secret",
            "x\nx-tocsin-once": "y",
            "kind": "a\r\nx-tocsin-replay-of: 1\x00\u2028",
        }
    )
    assert lines == [
        "x-tocsin-once: sqs/m-1",
        "x-sqs-queue: alerts",
        "x-sqs-message-id: m-1",
        "x x-tocsin-once: y",
        "kind: a  x-tocsin-replay-of: 1  ",
    ]


def test_what_is_long_or_many_is_cut() -> None:
    lines = head(attributes={f"a{n}": "x" * 5000 for n in range(20)})
    assert len(lines) == 13
    assert lines[-1] == f"a9: {'x' * 1000}"


def test_half_a_character_is_no_obstacle() -> None:
    made = delivery(
        Message(id="m-1", receipt="r", body="\ud800", attributes={"a": "\ud800"}),
        queue="alerts",
        origin="",
        integration="aws",
        now=7,
    )
    assert (made.body, made.head.splitlines()[-1]) == (b"?", b"a: ?")


def test_a_number_that_is_none_of_amazons_names_nothing() -> None:
    made = delivery(Message(id="a b", receipt="r", body=""), queue="q", origin="", integration="aws", now=7)
    assert Delivery(id="1", **asdict(made)).occurrence == "1"


def test_an_error_says_what_its_code_means_if_we_know() -> None:
    assert (QueueError("AccessDenied").meaning != "", QueueError("Odd").meaning) == (True, "")
    assert str(QueueError("Odd")) == "Odd"
