"""What people write becomes a silence, or a sentence that says why not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.policy import Policy
from tocsin.incidents.silence_making import UnclearError, Wish, extended, of_incident, silence
from tocsin.incidents.silences import Silence
from tocsin.incidents.state import Incident
from tocsin.kernel.time import DAY, HOUR

NOW = 1_700_000_000_000
WISH = Wish(
    id="s", by="ada", why=" disk \n swap ", starts_at=NOW, ends_at=NOW + HOUR, matchers=("service=db", "level!=info")
)


def incident(*keys: str) -> Incident:
    machine, state = IncidentMachine(), None
    for key in keys:
        alert = Alert(status=AlertStatus.FIRING, title=key, dedup_key=key, group_key="g", source="s")
        state = machine.decide(
            state, AlertReceived(alert, Plan(team="ops", policy=Policy(name="p", steps=(), everyone=()))), NOW
        ).state
    assert state is not None
    return state


def test_a_wish_becomes_a_silence() -> None:
    made = silence(WISH, NOW)
    assert (made.created_by, made.comment, made.starts_at, made.ends_at) == ("ada", "disk swap", NOW, NOW + HOUR)
    assert [str(each) for each in made.matchers] == ['service="db"', 'level!="info"']
    assert silence(replace(WISH, starts_at=NOW - HOUR), NOW).starts_at == NOW


def test_one_that_comes_again_has_no_times_of_its_own() -> None:
    made = silence(replace(WISH, every=("sun 02:00-04:00",), zone="UTC"), NOW)
    assert (made.starts_at, made.ends_at, made.last) == (0, 0, NOW + HOUR)
    assert silence(replace(WISH, every=("sat",), zone="UTC", ends_at=None), NOW).last is None
    everything = replace(WISH, every=("sat",), zone="UTC", matchers=(), team="ops")
    assert silence(everything, NOW).matchers == ()


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (replace(WISH, matchers=()), "say which alerts"),
        (replace(WISH, matchers=(), team="ops"), "say which alerts"),
        (replace(WISH, matchers=("service=~.*",)), "say which alerts"),
        (replace(WISH, matchers=(), maintenance=True), "say which alerts"),
        (replace(WISH, matchers=("db",)), "bad matcher format"),
        (replace(WISH, matchers=("a=b",) * 65), "65 matchers are too many"),
        (replace(WISH, why="  "), "say why"),
        (replace(WISH, ends_at=None), "say until when"),
        (replace(WISH, ends_at=NOW), "later than its beginning"),
        (replace(WISH, ends_at=NOW + 31 * DAY), "longer than 30d"),
        (replace(WISH, starts_at=NOW + 400 * DAY, ends_at=NOW + 401 * DAY), "begins in more than"),
        (replace(WISH, every=("sat",), zone="UTC", ends_at=NOW), "its last end has passed"),
    ],
)
def test_what_cannot_be_is_told(wish: Wish, sentence: str) -> None:
    with pytest.raises(UnclearError, match=sentence):
        silence(wish, NOW)


def test_an_end_can_be_moved() -> None:
    before = silence(WISH, NOW)
    after = extended(before, NOW + 2 * HOUR, "bo", NOW + 1)
    assert (after.ends_at, after.created_by, after.updated_at) == (NOW + 2 * HOUR, "ada", NOW + 1)
    assert extended(replace(before, created_by=""), NOW + 2 * HOUR, "bo", NOW).created_by == "bo"


@pytest.mark.parametrize(
    ("before", "ends_at", "sentence"),
    [
        (silence(WISH, NOW), NOW + 31 * DAY, "longer than 30d"),
        (silence(WISH, NOW), NOW, "later than the beginning"),
        (replace(silence(WISH, NOW), ends_at=NOW), NOW + HOUR, "it is over"),
        (replace(silence(WISH, NOW), every=("sat",)), NOW + 1, "only be made longer"),
    ],
)
def test_an_end_that_cannot_be_is_told(before: Silence, ends_at: int, sentence: str) -> None:
    with pytest.raises(UnclearError, match=sentence):
        extended(before, ends_at, "bo", NOW)


def test_an_incident_is_silenced_by_the_keys_of_its_alerts() -> None:
    assert of_incident(incident("a|b")) == Matcher(name="dedup_key", value="a|b")
    either = of_incident(incident("a.b", "c"))
    assert either.regex
    found = [key for key in ("a.b", "c", "axb", "d") if either.matches({"dedup_key": key})]
    assert found == ["a.b", "c"]


def test_an_incident_of_too_many_alerts_is_silenced_by_what_they_share() -> None:
    with pytest.raises(UnclearError, match="its 60 alerts are too many"):
        of_incident(incident(*(f"{'x' * 30}{number}" for number in range(60))))


@pytest.mark.parametrize("every", [("sun 02:00-04:00",) * 51, (",".join(["sun"] * 26),)])
def test_windows_have_bounds(every: tuple[str, ...]) -> None:
    with pytest.raises(UnclearError, match="window"):
        silence(replace(WISH, every=every, zone="UTC", ends_at=None), NOW)
