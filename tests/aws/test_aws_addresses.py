"""An address is a queue's, at Amazon's or wherever the environment sends the SDK, or it is refused."""

from __future__ import annotations

import pytest

from tocsin.aws.addresses import Address, complaint, dead_letters, is_named, parse

ALERTS = "https://sqs.eu-west-1.amazonaws.com/111122223333/alerts"


@pytest.mark.parametrize(
    ("url", "region", "name"),
    [
        (ALERTS, "eu-west-1", "alerts"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/a.fifo", "cn-north-1", "a.fifo"),
        ("https://us-gov-west-1.queue.amazonaws.com/111122223333/a_b-c", "us-gov-west-1", "a_b-c"),
        ("http://127.0.0.1:4566/111122223333/alerts", "", "alerts"),
        ("http://sqs.eu-west-1.amazonaws.com/111122223333/alerts", "", "alerts"),
    ],
)
def test_an_address_tells_region_account_and_name(url: str, region: str, name: str) -> None:
    assert parse(url) == Address(url, region, "111122223333", name)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://sqs.eu-west-1.amazonaws.com/111122223333/alerts",
        "https://[/111122223333/alerts",
        "https://sqs.eu-west-1.amazonaws.com/alerts",
        "https://sqs.eu-west-1.amazonaws.com/11112222333/alerts",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/a/b",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/a b",
        f"{ALERTS}?x=1",
        f"{ALERTS}#x",
    ],
)
def test_what_names_no_queue_is_told_so(url: str) -> None:
    assert parse(url) is None
    assert "is not the address of a queue" in complaint(url, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})


@pytest.mark.parametrize(
    "host",
    [
        "sqs.eu-west-1.amazonaws.com.evil.example",
        "evil.example",
        "sqs.eu-west-1.amazonaws.com:444",
        "x@sqs.eu-west-1.amazonaws.com",
        "sqs.evil.example.amazonaws.com",
        "169.254.169.254",
    ],
)
def test_a_foreign_host_is_for_the_environment_to_allow(host: str) -> None:
    url = f"https://{host}/111122223333/alerts"
    assert "is not at a host of Amazon SQS" in complaint(url, {"AWS_ENDPOINT_URL": ""})
    assert complaint(url, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}) == ""
    assert complaint(url, {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:4566"}) == ""


def test_amazons_own_needs_no_leave() -> None:
    assert complaint(ALERTS, {}) == ""


def test_a_dead_letter_queue_stands_beside_its_queue() -> None:
    address = parse(ALERTS)
    assert address is not None
    found = dead_letters(address, "arn:aws:sqs:eu-west-1:111122223333:alerts-dead")
    assert found == parse(f"{ALERTS}-dead")
    assert is_named(address, "arn:aws:sqs:eu-west-1:111122223333:alerts")
    assert not is_named(address, "arn:aws:sqs:eu-west-1:111122223333:alerts-dead")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "alerts",
        "arn:aws:sns:eu-west-1:111122223333:alerts",
        "arn:aws:sqs:us-east-1:111122223333:alerts",
        "arn:aws:sqs:eu-west-1:999999999999:alerts",
        "arn:aws:sqs:eu-west-1:111122223333:a/b",
    ],
)
def test_what_is_elsewhere_is_no_dead_letter_queue_of_it(arn: str) -> None:
    address = parse(ALERTS)
    assert address is not None
    assert dead_letters(address, arn) is None
    assert not is_named(address, arn)


def test_where_the_address_tells_no_region_any_will_do() -> None:
    address = parse("http://127.0.0.1:4566/111122223333/alerts")
    assert address is not None
    found = dead_letters(address, "arn:aws:sqs:eu-west-1:111122223333:dead")
    assert found is not None
    assert found.url == "http://127.0.0.1:4566/111122223333/dead"
