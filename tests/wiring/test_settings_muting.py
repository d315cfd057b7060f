"""Grouping, inhibition and storms in the configuration: what is right is taken, what is wrong is told."""

from __future__ import annotations

import pytest

from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.incidents.storms import Limits
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_muting import Storms, inhibitions, limits
from tocsin.wiring.settings_routes import routes

ALERT = Alert(status=AlertStatus.FIRING, title="disk", dedup_key="1", source="json")


def read(text: str) -> Settings:
    return parse(text.encode(), {}).settings


def test_a_rule_is_read() -> None:
    text = (
        """inhibit: [{source: alertname="a", target: ['b!="1"', 'c=~"x.*"'], equal: rack, at_most: 2h, critical: on}]"""
    )
    [rule] = inhibitions(read(text).inhibit)
    assert [str(each) for each in (*rule.source, *rule.target)] == ['alertname="a"', 'b!="1"', 'c=~"x.*"']
    assert (rule.equal, rule.at_most, rule.critical) == (("rack",), 2 * HOUR, True)


def test_without_the_key_there_are_no_storms_and_with_it_the_usual_ones() -> None:
    assert read("").storms is None
    assert read("storms:").storms is None
    assert read("storms: {}").storms == Storms()
    assert limits(Storms()) == Limits()
    assert limits(read("storms: {more_than: 3, times: 2, window: 1m, at_most: 1h}").storms or Storms()) == Limits(
        more_than=3, times=2, window=MINUTE, at_most=HOUR
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("inhibit: [{source: disk, target: b=1}]", "is no matcher: bad matcher format"),
        ("inhibit: [{source: 'a=~\"(\"', target: b=1}]", "is no matcher: the matcher of 'a'"),
        ("inhibit: [{target: b=1}]", "source"),
        ("inhibit: [{source: [], target: b=1}]", "source"),
        ("inhibit: [{source: a=1, target: b=1, equal: 'x y'}]", "is not the name of a label"),
        ("inhibit: [{source: a=1, target: b=1, at_most: 8d}]", "is too long; at most 7d"),
        ("storms: {more_than: 0}", "is not between 1 and 100000"),
        ("storms: {window: 5s}", "is too short; at least 1m"),
        (
            "routes: [{group_by: cluster}]",
            "is not one of resource, account, region, source, title, stack, or label:NAME",
        ),
        ("teams: {ops: {group_by: ['label:']}}", "is not one of resource"),
        ("integrations: {default: {group_by: [resource, 'label:a b']}}", "is not one of resource"),
    ],
)
def test_what_is_wrong_is_told(text: str, complaint: str) -> None:
    with pytest.raises(TocsinError) as caught:
        read(text)
    assert complaint in str(caught.value)


def test_a_rule_groups_before_its_integration_and_that_before_its_team() -> None:
    text = """
teams: {ops: {group_by: account}, shop: {}}
integrations: {default: {}, web: {group_by: [resource, region]}, shop: {team: shop}}
routes: [{when: {title: [cpu]}, group_by: "label:cluster"}]
"""
    made = routes(read(text))
    cpu = Alert(status=AlertStatus.FIRING, title="cpu", dedup_key="2", source="json")
    assert made.route(ALERT, "default", None).group_by == ("account",)
    assert made.route(ALERT, "web", None).group_by == ("resource", "region")
    assert made.route(ALERT, "shop", None).group_by == ()
    assert made.route(cpu, "web", None).group_by == ("label:cluster",)
