"""What becomes one incident: equal values of what a plan groups by."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tocsin.incidents.alerts import KEY_MAX, Alert, AlertStatus, Plan
from tocsin.incidents.grouping import FIELDS, grouped, stack, values
from tocsin.incidents.policy import Policy

ALERT = Alert(
    status=AlertStatus.FIRING,
    title="disk full",
    dedup_key="1",
    source="cloudwatch",
    account="111122223333",
    region="eu-west-1",
    resource="db-1",
    labels={"cluster": "blue", "empty": ""},
)
PLAN = Plan(team="ops", policy=Policy(name="p", steps=(), everyone=()))


def by(*names: str) -> Plan:
    return replace(PLAN, group_by=names)


def test_equal_values_are_one_group_and_others_are_another() -> None:
    first = grouped(ALERT, by("account", "region")).group_key
    assert first == grouped(replace(ALERT, resource="db-2", title="cpu"), by("account", "region")).group_key
    assert first != grouped(replace(ALERT, region="us-east-1"), by("account", "region")).group_key
    assert first != grouped(ALERT, replace(by("account", "region"), team="shop")).group_key
    assert first != grouped(ALERT, by("account")).group_key


def test_without_any_value_it_stays_as_its_sender_groups_it() -> None:
    assert grouped(ALERT, by()) == ALERT
    assert grouped(ALERT, by("label:rack", "label:empty", "stack")) == ALERT
    own = replace(ALERT, group_key="theirs")
    assert grouped(own, by("label:rack")).group_key == "theirs"
    assert grouped(own, by("resource")).group_key != "theirs"


def test_a_value_that_is_missing_counts_as_empty() -> None:
    assert values(ALERT, ("label:cluster", "label:rack")) == {"cluster": "blue", "rack": ""}
    assert grouped(ALERT, by("label:cluster", "label:rack")).group_key


def test_every_field_can_be_grouped_by() -> None:
    found = values(replace(ALERT, tags=("aws:cloudformation:stack-name:shop",)), FIELDS)
    assert found == {
        "resource": "db-1",
        "account": "111122223333",
        "region": "eu-west-1",
        "source": "cloudwatch",
        "title": "disk full",
        "stack": "shop",
    }
    assert values(ALERT, ("label:alertname",)) == {"alertname": "disk full"}
    assert values(ALERT, ("unknown",)) == {}


def test_a_long_key_is_cut_and_stays_its_own() -> None:
    long = replace(ALERT, resource="x" * 2000)
    first, second = (grouped(each, by("resource")).group_key for each in (long, replace(long, resource="x" * 1999)))
    assert len(first) == KEY_MAX
    assert first != second


@pytest.mark.parametrize(
    "alert",
    [
        replace(ALERT, labels={"aws:cloudformation:stack-name": "shop"}),
        replace(ALERT, labels={"tag_aws_cloudformation_stack_name": "shop", "stack": "other"}),
        replace(ALERT, labels={"stack_name": "shop"}),
        replace(ALERT, labels={"StackName": "shop"}),
        replace(ALERT, tags=("env:prod", "aws_cloudformation_stack-name:shop")),
        replace(ALERT, tags=("aws:cloudformation:stack-name=shop",)),
        replace(ALERT, resource="arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0b1c"),
        replace(ALERT, resource="shop", labels={"service": "CloudFormation"}),
    ],
)
def test_a_stack_is_found_as_collectors_write_it(alert: Alert) -> None:
    assert stack(alert) == "shop"


def test_most_alerts_know_no_stack() -> None:
    assert stack(replace(ALERT, labels={"stack": "", "haystack": "x"}, tags=("stack",))) == ""
