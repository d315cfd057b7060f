"""Parameters are refused before anything is made, with the option, the value, and what it may be."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin import stack
from tocsin.cli.deploy_parameters import address, checked
from tocsin.errors import TocsinError

KNOWN: Any = stack.load()["Parameters"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LogDays", "5", "--set LogDays=5: it must be one of 1, 7, 14, 30, 60"),
        ("InboxConcurrency", "abc", "--set InboxConcurrency=abc: it must be a whole number from 2 to 1000. How many"),
        ("InboxConcurrency", "1", "it must be a whole number from 2 to 1000"),
        ("InboxConcurrency", "1001", "it must be a whole number from 2 to 1000"),
        ("ReservedConcurrency", "-1", "it must be a whole number from 0."),
        (
            "OrganizationId",
            "foo",
            "--set OrganizationId=foo: it must be of the form (o-[a-z0-9]{10,32})?. The organisation",
        ),
        ("SmsPages", "true", "it must be one of yes, no. Whether"),
        ("Logdays", "7", "the template has no parameter 'Logdays'; did you mean LogDays?"),
        ("CodeKey", "x", "the template has no parameter 'CodeKey'"),
    ],
)
def test_a_wrong_value_is_told_with_what_it_may_be(name: str, value: str, told: str) -> None:
    with pytest.raises(TocsinError) as caught:
        checked([(name, value)], KNOWN)
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LogDays", "90"),
        ("InboxConcurrency", "2"),
        ("InboxConcurrency", "1000"),
        ("ReservedConcurrency", "100"),
        ("OrganizationId", ""),
        ("OrganizationId", "o-a1b2c3d4e5"),
        ("EventSources", "aws.health,aws.ecs"),
        ("PublicUrl", "https://bell.example.com"),
    ],
)
def test_a_value_that_is_allowed_passes(name: str, value: str) -> None:
    assert checked([(name, value)], KNOWN) == {name: value}


@pytest.mark.parametrize("text", ["ops", "ops@", "@example.com", "a b@example.com", ""])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(TocsinError, match="that is no e-mail address like ops@"):
        address(text, KNOWN)


def test_an_address_passes() -> None:
    assert address("ops@example.com", KNOWN) == "ops@example.com"
