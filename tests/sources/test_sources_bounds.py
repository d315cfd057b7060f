"""Limits of text, labels, keys, links and times."""

from __future__ import annotations

import pytest

from tocsin.incidents.alerts import DESCRIPTION_MAX, KEY_MAX, LABELS_MAX, TITLE_MAX, AlertStatus, Link, Severity
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds, words


def test_a_line_is_one_line_and_cut() -> None:
    assert bounds.line("  a\n\tb\x00c\u202ed  ") == "a b c d"
    assert bounds.line(" " * 5000 + "x" * 5000) == "x" * (TITLE_MAX - 1) + "…"
    assert bounds.line("x" * TITLE_MAX) == "x" * TITLE_MAX


def test_prose_keeps_its_lines_and_is_cut() -> None:
    assert bounds.prose("\r\n a\r\nb\x00\tc\n") == "a\nb\tc"
    assert bounds.prose("é" * 9000) == "é" * (DESCRIPTION_MAX - 1) + "…"


def test_a_long_key_stays_different_from_others() -> None:
    one, other = bounds.key("x" * 600 + "1"), bounds.key("x" * 600 + "2")
    assert len(one) == len(other) == KEY_MAX
    assert one != other
    assert bounds.key("x" * KEY_MAX) == "x" * KEY_MAX


def test_digests_of_other_parts_differ() -> None:
    assert (
        len({bounds.digest("ab", "c"), bounds.digest("a", "bc"), bounds.digest("abc"), bounds.digest("abc", "")}) == 4
    )


def test_labels_are_bounded_and_say_something() -> None:
    assert bounds.labels([("a", None), ("b", ""), ("c", " "), ("d", 0), ("e", False)]) == {"d": "0", "e": "false"}
    assert len(bounds.labels((str(number), "x") for number in range(1000))) == LABELS_MAX
    (name, value), *_ = bounds.labels([("n" * 1000, "v" * 1000)]).items()
    assert (len(name), len(value)) == (bounds.NAME_MAX, bounds.LABEL_MAX)
    assert bounds.labels([("a\nb", "c\x00d")]) == {"a b": "c d"}


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "ftp://host.example/",
        "//host.example",
        "https://",
        "https://host.example/a b",
        "https://host.example/\n",
        "https://host.example/<script>",
        'https://host.example/"',
        "https://host.example/" + "x" * bounds.LINK_MAX,
        7,
        None,
        ["https://host.example"],
    ],
)
def test_a_link_is_plain_http_or_nothing(href: Json) -> None:
    assert bounds.links([("Look", href)]) == ()


def test_links_are_few_and_different() -> None:
    found = bounds.links([("", "HTTP://host.example/a|b"), ("Again", "HTTP://host.example/a|b")])
    assert found == (Link("Link", "HTTP://host.example/a%7Cb"),)
    assert len(bounds.links(("x", f"https://host.example/{number}") for number in range(99))) == bounds.LINKS_MAX


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20.000+0000", 1_700_000_000_000),
        (1_700_000_000, 1_700_000_000_000),
        (1_700_000_000.5, 1_700_000_000_500),
        (1_700_000_000_000, 1_700_000_000_000),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("2" * 1_000_000, None),
        (float("inf"), None),
        (10**400, None),
        (0, None),
        (-1, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_an_instant_is_read_from_what_senders_write(value: Json, instant: int | None) -> None:
    assert bounds.instant(value) == instant


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a", "a"),
        (None, ""),
        (True, "true"),
        (1, "1"),
        (1.5, "1.5"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_a_value_is_said_as_people_write_it(value: Json, told: str) -> None:
    assert bounds.said(value) == told


def test_of_a_long_list_the_beginning_is_said() -> None:
    assert len(bounds.said(["x"] * 1_000_000)) < DESCRIPTION_MAX + 100
    assert len(bounds.quoted("x" * 1_000_000)) == bounds.QUOTE_MAX


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("Critical", Severity.CRITICAL),
        (" P1 ", Severity.CRITICAL),
        ("error", Severity.HIGH),
        ("warn", Severity.WARNING),
        ("none", Severity.INFO),
        ("purple", Severity.HIGH),
        ("x" * 1000, Severity.HIGH),
        (None, Severity.HIGH),
        ({"a": 1}, Severity.HIGH),
    ],
)
def test_every_word_for_a_severity_has_a_meaning(value: Json, severity: Severity) -> None:
    assert words.severity(value) is severity


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("OK", AlertStatus.RESOLVED),
        (0, AlertStatus.RESOLVED),
        ("0", AlertStatus.RESOLVED),
        ("ack", AlertStatus.ACKNOWLEDGED),
        (False, AlertStatus.FIRING),
        (1, AlertStatus.FIRING),
        ("down", AlertStatus.FIRING),
        (None, AlertStatus.FIRING),
    ],
)
def test_only_a_word_that_ends_it_ends_an_alert(value: Json, status: AlertStatus) -> None:
    assert words.status(value) is status


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("arn:aws:sns:eu-west-1:111122223333:alerts", "alerts"),
        ("arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/7", "shop"),
        ("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/web:*", "web"),
        ("arn:aws:s3:::*", "*"),
    ],
)
def test_an_arn_has_a_name_that_people_use(text: str, name: str) -> None:
    arn = arns.parse(text)
    assert arn is not None
    assert arn.name == name
    assert arns.arn_text(arn) == text


@pytest.mark.parametrize("text", ["", "arn:aws:sns", "arn:aws:sns:eu-west-1:1:", "x" * 100_000, "arn:evil/:sns:::x"])
def test_what_is_no_arn_is_none(text: str) -> None:
    assert arns.parse(text) is None


def test_the_console_of_each_partition_is_linked() -> None:
    gov = arns.parse("arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:a b")
    assert gov is not None
    host = "us-gov-west-1.console.amazonaws-us-gov.com"
    assert arns.alarm_page(gov) == f"https://{host}/cloudwatch/home?region=us-gov-west-1#alarmsV2:alarm/a%20b"
    assert arns.service_page("aws.ecs", "us-gov-west-1") == f"https://{host}/ecs/home?region=us-gov-west-1"
    china = arns.parse("arn:aws-cn:s3:::shop")
    assert china is not None
    assert arns.resource_page(china) == "https://console.amazonaws.cn/s3/home"


@pytest.mark.parametrize(
    ("source", "region"), [("com.example", "eu-west-1"), ("aws.ecs", "mars"), ("aws.a/b", "eu-west-1")]
)
def test_no_link_is_made_of_what_is_no_service_or_region(source: str, region: str) -> None:
    assert arns.service_page(source, region) == ""


def test_tags_are_the_first_words_each_once() -> None:
    assert bounds.tags(["a", "b", "a", "", None, {}, True, 7, "x" * 90]) == ("a", "b", "7", "x" * 49 + "…")
    assert len(bounds.tags(str(number) for number in range(100))) == 20
