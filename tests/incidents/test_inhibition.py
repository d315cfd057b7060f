"""Inhibition rules: which marks an alert bears, so that whatever the rules say somebody is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.inhibition import AT_MOST, Inhibition, marks, rule_of
from tocsin.incidents.marks import Marks, is_storm, storm_mark, storm_of
from tocsin.incidents.matchers import parse
from tocsin.incidents.silences import MuteKind

ALERT = Alert(status=AlertStatus.FIRING, title="a", dedup_key="a", source="probe", labels={"rack": "1"})


def rule(name: str, source: str, target: str, *equal: str, critical: bool = False) -> Inhibition:
    return Inhibition(name=name, source=(parse(source),), target=(parse(target),), equal=equal, critical=critical)


def marked(title: str, *rules: Inhibition, severity: Severity = Severity.HIGH) -> Marks:
    return marks(replace(ALERT, title=title), severity, "default", rules) or Marks()


def test_a_source_and_its_target_share_a_mark() -> None:
    found = rule("r", 'alertname="a"', 'alertname="b"', "rack")
    [mark] = marked("a", found).mutes
    assert marked("b", found).mutable == (mark,)
    assert marked("c", found) == Marks()
    assert rule_of(mark) == "r"
    other = marks(replace(ALERT, labels={"rack": "2"}), Severity.HIGH, "", [found])
    assert other is not None
    assert other.mutes != (mark,)


def test_a_mark_changes_with_its_rule_and_its_name() -> None:
    rules = [
        rule("r", 'alertname="a"', 'alertname="b"'),
        rule("s", 'alertname="a"', 'alertname="b"'),
        rule("r", 'alertname="a"', 'alertname="c"'),
        rule("r", 'alertname="a"', 'alertname="b"', "rack"),
    ]
    assert len({marked("a", each).mutes for each in rules}) == 4


def test_nothing_inhibits_itself() -> None:
    assert marked("a", rule("r", 'alertname=~"a|b"', 'alertname=~"a|b"')).mutable == ()


def test_a_rule_inhibits_no_source_of_a_rule_above_it() -> None:
    up, down = rule("1", 'alertname="b"', 'alertname="c"'), rule("2", 'alertname="a"', 'alertname="b"')
    assert marked("b", up, down).mutable == ()
    assert len(marked("b", down, up).mutable) == 1


def test_matchers_see_how_severe_it_is_taken() -> None:
    found = rule("r", 'severity="critical"', 'severity="warning"')
    assert marked("a", found, severity=Severity.WARNING).mutable
    assert marked("a", found, severity=Severity.CRITICAL).mutes


def test_critical_alerts_are_inhibited_only_by_rules_that_say_so() -> None:
    lax, strict = (rule("r", 'alertname="a"', 'alertname="b"', critical=critical) for critical in (False, True))
    assert not marked("b", lax, severity=Severity.CRITICAL).mutable
    assert marked("b", strict, severity=Severity.CRITICAL).mutable


def test_a_mute_ends_a_time_after_the_incident_of_its_source_began() -> None:
    mute = rule("r", 'alertname="a"', 'alertname="b"').mute("m", "x" * 500, 1000)
    assert (mute.silence, mute.until, mute.kind, mute.why) == ("m", 1000 + AT_MOST, MuteKind.INHIBITION, "rule r")
    assert len(mute.by) == 100


NAMES = ("a", "b", "c", "d")


@given(st.lists(st.tuples(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES))), max_size=8))
def test_however_the_rules_stand_what_fires_is_not_inhibited_in_a_circle(
    written: list[tuple[set[str], set[str]]],
) -> None:
    rules = [
        rule(str(number), f'alertname=~"{"|".join(sorted(source))}"', f'alertname=~"{"|".join(sorted(target))}"')
        for number, (source, target) in enumerate(written)
    ]
    found = {name: marked(name, *rules) for name in NAMES}
    left = set(NAMES)
    while left:
        mutes = {mark for name in left for mark in found[name].mutes}
        asked = {name for name in left if not mutes.intersection(found[name].mutable)}
        assert asked, "somebody is asked about one of those that are left"
        left -= asked


def test_a_mark_of_a_storm_tells_its_team_and_time() -> None:
    mark = storm_mark("ops", 17)
    assert storm_of(mark) == ("ops", 17)
    assert is_storm(Marks(mutes=(mark,)))
    assert not is_storm(Marks(mutes=("inhibit/storm/1",)))
    assert not is_storm(None)
    assert storm_of("inhibit/r/1") is None
    assert storm_of("storm/ops/x") is None
    assert rule_of(mark) == ""
