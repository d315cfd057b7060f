"""Inhibition through all machines: what another alert explains asks nobody while that fires, and nothing for ever."""

from __future__ import annotations

import pytest

from tests.wiring.quiet_world import START, World
from tocsin.engine.ports import Job, Outgoing
from tocsin.incidents.marks import MUTED_BY
from tocsin.kernel.machine import TELL
from tocsin.kernel.time import HOUR
from tocsin.wiring.settings_muting import inhibitions

RULES = """
inhibit:
  - {name: power, source: alertname="power", target: 'alertname=~"switch|host"', equal: [rack], at_most: 6h}
  - {name: switch, source: alertname="switch", target: alertname="host", equal: [rack]}
"""


@pytest.fixture
def life() -> World:
    return World(RULES).start()


def test_what_a_source_explains_asks_nobody_and_asks_when_that_is_over(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", rack="1")
    assert life.called("switch") == "inhibited"
    assert life.pages == {"responder:ada power": 1}
    life.send("power", "resolved")
    assert life.reasons("switch") == ["opened", "inhibition over"]
    assert life.pages["responder:ada switch"] == 1


def test_a_source_that_comes_later_takes_back_what_is_asked(life: World) -> None:
    life.send("switch", rack="1")
    life.send("switch", rack="2")
    assert life.called("switch") == "triggered"
    life.send("power", rack="2")
    assert life.called("switch") == "inhibited"
    life.press("resolve", "power")
    assert life.reasons("switch") == ["opened", "repeated", "inhibition begun", "inhibition over"]


def test_labels_must_be_equal_and_those_that_neither_has_are(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", rack="2")
    assert life.called("switch") == "triggered"
    life.send("power", "resolved")
    life.send("power", rack="")
    life.send("host")
    assert life.called("host") == "inhibited"


def test_a_critical_alert_is_not_inhibited_unless_the_rule_says_so(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", severity="critical", rack="1")
    assert life.called("switch") == "triggered"
    strict = World(RULES.replace("at_most: 6h", "critical: true")).start()
    strict.send("power", rack="1")
    strict.send("switch", severity="critical", rack="1")
    assert strict.called("switch") == "inhibited"


def test_what_becomes_critical_asks_at_once(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", rack="1")
    life.send("switch", severity="critical", rack="1")
    assert life.called("switch") == "triggered"


def test_the_end_of_one_cause_asks_nobody_while_another_is_there(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", rack="1")
    life.send("host", rack="1")
    life.send("switch", "resolved")
    assert life.called("host") == "inhibited"
    life.send("power", "resolved")
    assert life.reasons("host") == ["opened", "inhibition over", "inhibition over"]
    assert life.pages["responder:ada host"] == 1


def test_a_second_source_of_the_same_mark_goes_on_muting() -> None:
    two = World('inhibit: [{source: \'team=~"a|b"\', target: alertname="host"}]').start()
    two.send("first", team="a")
    two.send("second", team="b")
    two.send("host")
    two.send("first", "resolved")
    assert two.called("host") == "inhibited"
    two.send("second", "resolved")
    assert two.called("host") == "triggered"


def test_rules_in_a_circle_leave_the_head_of_it_asked() -> None:
    circle = World(
        """
inhibit:
  - {source: alertname="a", target: 'alertname=~"a|b"'}
  - {source: alertname="b", target: alertname="c"}
  - {source: alertname="c", target: 'alertname=~"a|b|c"'}
"""
    ).start()
    for title in ("c", "b", "a"):
        circle.send(title)
    assert [circle.called(title) for title in "abc"] == ["triggered", "inhibited", "inhibited"]


def test_an_inhibition_is_over_when_its_time_is(life: World) -> None:
    life.send("power", rack="1")
    life.wait(2 * HOUR)
    life.send("switch", rack="1")
    life.wait(4 * HOUR)
    assert life.reasons("switch") == ["opened", "muted long enough"]
    life.send("switch", rack="1")
    assert life.called("switch") == "triggered"


def test_a_notification_inhibits_nothing(life: World) -> None:
    life.send("power", rack="1", kind="notification")
    life.send("switch", rack="1")
    assert life.called("switch") == "triggered"


def test_what_is_acknowledged_or_silenced_still_inhibits(life: World) -> None:
    life.send("power", rack="1")
    life.press("acknowledge", "power")
    life.send("switch", rack="1")
    assert life.called("switch") == "inhibited"


def test_a_start_goes_on_with_what_was_inhibited_and_frees_what_no_rule_inhibits(life: World) -> None:
    life.send("power", rack="1")
    life.send("switch", rack="1")
    again = life.again(RULES)
    assert again.called("switch") == "inhibited"
    changed = again.again(RULES.replace("name: power", "name: electricity"))
    assert changed.reasons("switch") == ["opened", "inhibition over"]
    bare = life.again("")
    assert not bare.quiet.used
    assert bare.called("switch") == "triggered"


def test_what_was_muted_by_a_value_that_is_not_true_any_more_is_told_so(life: World) -> None:
    life.send("power", rack="1")
    marks = life.state("power").alerts["power"].marks
    assert marks is not None
    asks = Outgoing(
        id="1/0", aggregate="7", machine="incident", receiver="machine:incident", kind=TELL, coalesce="", urgent=False,
        facts={"what": MUTED_BY, "silence": marks.mutes[0]}, created_at=START, not_before=START,
    )  # fmt: skip
    answer = life.quiet.spread(lambda *_: ())
    assert list(answer(Job(asks, None, None), life.now)) == []
    life.send("power", "resolved")
    [told] = answer(Job(asks, None, None), life.now)
    assert (told["what"], told["incident"], told["silence"]) == ("unmuted", "7", marks.mutes[0])


def test_rules_get_names_that_tell_them_apart() -> None:
    rule = '{source: a="1", target: b="1"}'
    named = '{name: x, source: a="1", target: b="1"}'
    settings = World(f"inhibit: [{rule}, {rule}, {named}, {named}]").settings
    assert [each.name for each in inhibitions(settings.inhibit)] == ["#1", "#2", "x", "x #4"]
