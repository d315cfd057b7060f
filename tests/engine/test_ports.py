"""What a delivery says of itself."""

from __future__ import annotations

import pytest

from tests.engine.bells import NOW
from tocsin.engine.ports import ONCE, REPLAY_OF, Delivery


def delivery(head: str) -> Delivery:
    return Delivery(
        received_at=NOW, channel="in", key="ops", head=head.encode("utf-8", "surrogateescape"), body=b"", id="7"
    )


def test_a_header_is_found_by_its_name_and_the_first_counts() -> None:
    found = delivery("host: tocsin.example\nx-a: 1\nx-a: 2\nx-ab: 3")
    assert (found.header("x-a"), found.header("host"), found.header("x")) == ("1", "tocsin.example", None)


def test_a_delivery_without_a_head_has_no_header() -> None:
    assert delivery("").header("host") is None


def test_a_header_with_broken_characters_is_read_all_the_same() -> None:
    assert delivery("x-a: b\udcff").header("x-a") == "b\ufffd"


@pytest.mark.parametrize(
    ("head", "occurrence"),
    [
        ("", "7"),
        (f"{ONCE}: 11-22", "ops/11-22"),
        (f"{REPLAY_OF}: 3\n{ONCE}: 11-22", "7"),  # Who replays a delivery wants it to count.
    ],
    ids=["unnumbered", "numbered", "replayed"],
)
def test_a_numbered_delivery_counts_once_unless_it_is_replayed(head: str, occurrence: str) -> None:
    assert delivery(head).occurrence == occurrence
