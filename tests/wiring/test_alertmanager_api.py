"""Alertmanager's API, request by request: what it answers, what it refuses, and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from tests.wiring.alertmanager_world import CONFIG, START, World, world
from tests.wiring.serving import ask, until
from tocsin.engine.ports import Received
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silences import Order, Silence
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, format_instant
from tocsin.web.senders import alertmanager, alertmanager_alerts
from tocsin.wiring import silences


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One server for all; tests use labels of their own."""
    with world(tmp_path_factory.mktemp("api") / "tocsin.db") as found:
        yield found


def names(api: World, query: str = "", integration: str = "default") -> list[str]:
    status, found = api.call(f"/api/v2/alerts{query}", integration=integration)
    assert status == 200, found
    return sorted(each["labels"]["alertname"] for each in found)


# Alerts


def test_an_alert_is_shown_as_it_was_posted(api: World) -> None:
    alert = {
        "labels": {"alertname": "Shown", "instance": "db-1", "empty": ""},
        "annotations": {"summary": "db-1 is slow", "runbook_url": "https://wiki.example/slow"},
        "startsAt": "2026-11-10T10:00:00.123Z",
        "endsAt": format_instant(START + HOUR),
        "generatorURL": "http://user:pass@Prom.example:9090/graph?g0.expr=a%7Cb",
    }
    assert api.call("/api/v2/alerts", [alert]) == (200, "")
    api.rest()
    [found] = api.call("/api/v2/alerts?filter=alertname=Shown")[1]
    assert found == {
        "labels": {"alertname": "Shown", "instance": "db-1"},
        "annotations": alert["annotations"],
        "startsAt": "2026-11-10T10:00:00.123Z",
        "endsAt": alert["endsAt"],
        "updatedAt": format_instant(START),
        "generatorURL": alert["generatorURL"],
        "fingerprint": "f9616e9256a7ded4",
        "receivers": [{"name": "ops"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }
    [line] = api.incidents()["Shown: db-1 is slow"].alerts.values()
    assert (line.sender, line.expires_at) == ("http://prom.example:9090", START + HOUR)


def test_times_that_are_missing_have_alertmanagers_defaults(api: World) -> None:
    zero = "0001-01-01T00:00:00Z"
    alerts = [
        {"labels": {"alertname": "NoTimes"}},
        {"labels": {"alertname": "ZeroTimes"}, "startsAt": zero, "endsAt": zero, "generatorURL": ""},
        {"labels": {"alertname": "EndOnly"}, "endsAt": format_instant(START + MINUTE), "annotations": None},
    ]
    assert api.call("/api/v1/alerts", alerts) == (200, "")
    api.rest()
    for name, ends_at in (
        ("NoTimes", START + 5 * MINUTE),
        ("ZeroTimes", START + 5 * MINUTE),
        ("EndOnly", START + MINUTE),
    ):
        [found] = api.call(f"/api/v2/alerts?filter=alertname={name}")[1]
        assert (found["startsAt"], found["endsAt"]) == (format_instant(START), format_instant(ends_at))
        assert api.incidents()[name].alerts[next(iter(api.incidents()[name].alerts))].sender == "prometheus"


def test_what_ended_is_over_and_what_was_never_told_of_is_nothing(api: World) -> None:
    alert = {"labels": {"alertname": "Over"}, "endsAt": format_instant(START - MINUTE)}
    assert api.call("/api/v2/alerts", [alert]) == (200, "")
    api.rest()
    assert names(api, "?filter=alertname=Over") == []


def test_valid_alerts_are_taken_whatever_stands_beside_them(api: World) -> None:
    bad: list[Json] = [
        7,
        {"labels": {}},
        {"labels": {"a": ""}},
        {"labels": 7},
        {"annotations": {}},
        {"labels": {"alertname": "x"}, "annotations": 7},
        {"labels": {"alertname": "x"}, "startsAt": "yesterday"},
        {"labels": {"alertname": "x"}, "endsAt": 7.5e300},
        {"labels": {"alertname": "x"}, "startsAt": "2026-01-01T10:00:00Z", "endsAt": "2026-01-01T09:00:00Z"},
    ]
    status, answer = api.call("/api/v2/alerts", [*bad, {"labels": {"alertname": "Good"}}])
    assert status == 400
    assert isinstance(answer, str)
    assert [place for place in range(10) if f"alerts[{place}]" in answer] == list(range(9))
    assert "alerts[8].endsAt: start time must be before end time" in answer
    api.rest()
    assert names(api, "?filter=alertname=Good") == ["Good"]
    assert any("Undecodable delivery" in title for title in api.incidents())


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b"null", b'"x"', b'[{"labels":{}}]', b"[[]]", b"[" * 5000])
def test_a_batch_with_nothing_in_it_is_refused_and_not_stored(api: World, body: bytes) -> None:
    before = api.runtime.store.deliveries(1)
    status, answer = api.call("/api/v2/alerts", body)
    assert (status, type(answer)) == (400, str)
    assert api.runtime.store.deliveries(1) == before


def test_an_empty_batch_is_as_good_as_none(api: World) -> None:
    assert api.call("/api/v2/alerts", []) == (200, "")


def test_a_body_that_is_too_large_is_refused(api: World) -> None:
    assert api.call("/api/v2/alerts", b"[" + b" " * (8 * 1024 * 1024) + b"]")[0] == 413


def test_alerts_are_asked_for_by_matchers_and_states(api: World) -> None:
    api.call("/api/v2/alerts", [{"labels": {"alertname": name, "set": "asked"}} for name in ("One", "Two", "Three")])
    api.rest()
    api.silence("alertname=Two", minutes=9)
    every = "&filter=set=asked"
    found = {
        query: names(api, f"?{query}{every}")
        for query in (
            "", "filter=alertname%3D~%22T.*%22", "filter=alertname!=One", "filter=alertname!~One|Two",
            "silenced=false", "active=false", "active=false&silenced=0", "inhibited=false&unprocessed=false",
            "receiver=op.", "receiver=shop",
        )
    }  # fmt: skip
    assert list(found.values()) == [
        ["One", "Three", "Two"], ["Three", "Two"], ["Three", "Two"], ["Three"],
        ["One", "Three"], ["Two"], [], ["One", "Three", "Two"],
        ["One", "Three", "Two"], [],
    ]  # fmt: skip
    [two] = api.call("/api/v2/alerts?filter=alertname=Two")[1]
    assert two["status"]["state"] == "suppressed"
    assert len(two["status"]["silencedBy"]) == 1


@pytest.mark.parametrize(
    "query", ["filter=alertname", "filter=a%3D~(", "receiver=(", "active=perhaps", "&".join(["filter=a=b"] * 65)]
)
def test_a_question_that_makes_no_sense_is_refused(api: World, query: str) -> None:
    for path in ("alerts", "alerts/groups"):
        status, answer = api.call(f"/api/v2/{path}?{query}")
        assert (status, type(answer)) == (400, str)


def test_incidents_of_any_source_are_alerts_too(api: World) -> None:
    url = api.runtime.ingest_url("web")
    members = [
        {"status": status, "labels": {"alertname": f"Of{n}"}, "fingerprint": f"f{n}", "annotations": {}}
        for n, status in ((1, "firing"), (2, "firing"), (3, "resolved"))
    ]
    group = {"version": "4", "groupKey": "g", "externalURL": "http://am", "alerts": members}
    for body in ({"title": "The shop is down", "description": "it is red", "labels": {"a": "b"}}, group):
        assert ask(url, json.encode(body), {"content-type": "application/json"})[0] == 202
    api.rest()
    found = {each["labels"]["alertname"]: each for each in api.call("/api/v2/alerts", integration="web")[1]}
    assert set(found) == {"The shop is down", "Of1", "Of2"}
    assert found["The shop is down"]["annotations"] == {"description": "it is red"}
    assert found["Of2"]["labels"] == {"alertname": "Of2", "severity": "high", "dedup_key": "f2@http://am"}
    assert found["Of2"]["receivers"] == [{"name": "shop"}]
    prints = [each["fingerprint"] for each in api.call("/api/v2/alerts", integration="web")[1]]
    assert prints == sorted(prints)


def test_of_several_alerts_each_tells_what_silences_it(api: World) -> None:
    api.silence("alertname=~Part.*", minutes=9, matchers=[{"name": "alertname", "value": "Part.*", "isRegex": True}])
    members = [
        {"status": "firing", "labels": {"alertname": name}, "fingerprint": name, "annotations": {}}
        for name in ("Part1", "Part2", "Whole")
    ]
    body = {"version": "4", "groupKey": "parts", "externalURL": "http://am", "alerts": members}
    assert ask(api.runtime.ingest_url(), json.encode(body), {"content-type": "application/json"})[0] == 202
    api.rest()
    states = {
        each["labels"]["alertname"]: each["status"]["state"]
        for each in api.call("/api/v2/alerts?filter=alertname=~Part.|Whole")[1]
    }
    assert states == {"Part1": "suppressed", "Part2": "suppressed", "Whole": "active"}


# What karma asks for: `/metrics` for the version, then status, silences and groups; silences are made and ended by POST
# and DELETE. As in github.com/prymitive/karma, internal/alertmanager and internal/mapper/v017.


def test_karma_finds_all_that_it_asks_for(api: World) -> None:
    api.call("/api/v2/alerts", [{"labels": {"alertname": "Karma", "n": n}} for n in ("1", "2")])
    api.rest()
    name = api.silence("alertname=Karma", "n=1", minutes=9)
    assert 'version="0.27.0"' in api.call("/metrics")[1]
    status = api.call("/api/v2/status")[1]
    assert set(status) == {"cluster", "versionInfo", "config", "uptime"}
    assert status["cluster"] == {"status": "disabled", "peers": []}
    assert set(status["versionInfo"]) == {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}
    groups = api.call("/api/v2/alerts/groups")[1]
    [group] = [each for each in groups if each["labels"] == {"alertname": "Karma"}]
    assert group["receiver"] == {"name": "ops"}
    assert [(each["labels"]["n"], each["status"]["silencedBy"]) for each in group["alerts"]] == [
        ("1", [name]),
        ("2", []),
    ]
    [silence] = [each for each in api.call("/api/v2/silences")[1] if each["id"] == name]
    assert set(silence) == {
        "id", "status", "updatedAt", "matchers", "startsAt", "endsAt", "createdBy", "comment",
    }  # fmt: skip
    assert silence["matchers"][0] == {"name": "alertname", "value": "Karma", "isRegex": False, "isEqual": True}
    assert api.call(f"/api/v2/silence/{name}", method="DELETE") == (200, "")


def test_alerts_without_a_name_are_a_group_of_their_own(api: World) -> None:
    api.call("/api/v2/alerts", [{"labels": {"nameless": "yes"}}], integration="web")
    api.rest()
    groups = api.call("/api/v2/alerts/groups?filter=nameless=yes", integration="web")[1]
    assert [(each["labels"], len(each["alerts"])) for each in groups] == [({}, 1)]


# Silences


def silence(**more: Json) -> dict[str, Json]:
    return {
        "matchers": [{"name": "alertname", "value": "X", "isRegex": False, "isEqual": True}],
        "startsAt": format_instant(START),
        "endsAt": format_instant(START + HOUR),
        "createdBy": "cy",
        "comment": "why",
        **more,
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "this is not JSON"),
        ([], "an object is needed"),
        (silence(endsAt=None), "endsAt is null, and no time"),
        (silence(endsAt=7), "endsAt is 7, and no time"),
        (silence(startsAt="soon"), 'startsAt is "soon", and no time'),
        (silence(endsAt=format_instant(START)), "start time must be before end time"),
        (silence(startsAt=format_instant(0), endsAt=format_instant(9)), "end time can't be in the past"),
        (silence(matchers=[]), "at least one matcher required"),
        (silence(matchers=None), "at least one matcher required"),
        (silence(matchers=[{"name": "a", "value": "b"}] * 65), "65 matchers are too many"),
        (silence(matchers=["a=b"]), '"a=b" is no matcher'),
        (silence(matchers=[{"name": "", "value": "b"}]), "names no label"),
        (silence(matchers=[{"name": "a", "value": 7}]), "value is 7, and no text"),
        (silence(matchers=[{"name": "a", "value": "(", "isRegex": True}]), "a group does not end"),
        (silence(matchers=[{"name": "a", "value": "b", "isRegex": "yes"}]), 'isRegex is "yes"'),
        (silence(matchers=[{"name": "a", "value": "", "isEqual": None}]), "must not match the empty string"),
        (silence(matchers=[{"name": "a", "value": ".*", "isRegex": True}]), "must not match the empty string"),
        (silence(createdBy=7), "createdBy is 7, and no text"),
    ],
)
def test_what_is_no_silence_is_refused(api: World, body: Json, why: str) -> None:
    status, answer = api.call("/api/v2/silences", body)
    assert (status, why in answer) == (400, True), answer


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "1", "x y"])
def test_a_silence_that_is_not_there_is_404(api: World, name: str) -> None:
    api.call("/api/v2/alerts", [{"labels": {"alertname": "First"}}])  # An incident's name is no silence.
    api.rest()
    assert api.call(f"/api/v2/silence/{quote(name)}")[0] == 404
    assert api.call(f"/api/v2/silence/{quote(name)}", method="DELETE")[0] == 404
    assert api.call("/api/v2/silences", silence(id=name))[0] == 404


def test_the_silence_of_another_key_is_not_there(api: World) -> None:
    name = api.silence("alertname=Foreign", minutes=9)
    assert api.call(f"/api/v2/silence/{name}", integration="web")[0] == 404
    assert api.call(f"/api/v2/silence/{name}", method="DELETE", integration="web")[0] == 404
    assert api.call(f"/api/v2/silence/{name}")[1]["id"] == name


def test_a_silence_is_changed_in_its_place_where_alertmanager_does_so(api: World) -> None:
    active = api.silence("alertname=Active", minutes=9)
    pending = api.silence("alertname=Pending", minutes=30, starts_in=20)
    assert api.silence("alertname=Active", minutes=19, id=active, comment="longer") == active
    assert api.silence("alertname=Pending", minutes=30, starts_in=25, id=pending) == pending
    assert api.silence("alertname=Active", minutes=19, starts_in=1, id=active) != active
    assert api.silence("alertname=Pending", minutes=30, starts_in=-5, id=pending) != pending
    again = api.silence("alertname=Active", minutes=19, id=active)
    assert again != active
    found = {each["id"]: each for each in api.call("/api/v2/silences")[1]}
    assert (found[active]["status"]["state"], found[pending]["status"]["state"]) == ("expired", "expired")
    assert found[active]["comment"] == "longer"
    assert api.call(f"/api/v2/silence/{active}", method="DELETE") == (200, "")


def test_a_silence_without_a_beginning_begins_now(api: World) -> None:
    body = silence(matchers=[{"name": "alertname", "value": "Now"}])
    del body["startsAt"]
    name = api.call("/api/v2/silences", body)[1]["silenceID"]
    assert api.call(f"/api/v2/silence/{name}")[1]["startsAt"] == format_instant(START)


def test_long_lists_are_read_in_pages(api: World, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("Long", "Longer", "Longest", "Paged")
    before = names(api)
    monkeypatch.setattr(alertmanager_alerts, "PAGE", 1)
    monkeypatch.setattr(silences, "PAGE", 1)
    assert names(api) == before
    assert len(before) > 3
    name = api.silence("alertname=Paged", minutes=9)
    assert api.incidents()["Paged is bad"].silenced
    assert api.call(f"/api/v2/silence/{name}", method="DELETE") == (200, "")
    api.rest()
    assert not api.incidents()["Paged is bad"].silenced


def test_silences_are_listed_active_first_and_by_their_matchers(api: World) -> None:
    for minutes, starts_in in ((9, 0), (5, 0), (60, 50), (60, 40)):
        api.silence("alertname=Listed", minutes=minutes, starts_in=starts_in)
    over = [api.silence("alertname=Listed", minutes=7) for _ in range(2)]
    for name in over:
        api.call(f"/api/v2/silence/{name}", method="DELETE")
    found = api.call("/api/v2/silences?filter=alertname=%22Listed%22")[1]
    assert [each["status"]["state"] for each in found] == [
        "active",
        "active",
        "pending",
        "pending",
        "expired",
        "expired",
    ]
    assert found[0]["endsAt"] < found[1]["endsAt"]
    assert found[2]["startsAt"] < found[3]["startsAt"]
    assert api.call("/api/v2/silences?filter=alertname=~%22Listed%22")[1] == []
    assert api.call("/api/v2/silences?filter=x")[0] == 400


# The server


def test_what_alertmanager_has_no_words_for_is_neither_listed_nor_changed(api: World) -> None:
    begin = api.now + 100 * HOUR
    plain = Silence(
        id="ours",
        integration="web",
        matchers=(Matcher(name="own", value="x"),),
        starts_at=begin,
        ends_at=begin + HOUR,
        created_by="ada",
        tell=("responder:ada",),
    )
    again = replace(plain, id="again", every=("mon-fri 02:00-04:00",), zone="UTC", starts_at=0, ends_at=0)
    for made in (plain, again, replace(plain, id="team", team="shop"), replace(plain, id="all", matchers=())):
        body = json.encode(Order(make=made))
        api.runtime.store.accept([Received(received_at=api.now, channel="silence", key="", head=b"", body=body)])
    api.rest()
    listed = api.call("/api/v2/silences?filter=own%3Dx", integration="web")[1]
    assert {each["id"] for each in listed} == {"ours", "again"}
    for name in ("again", "team", "all"):
        assert api.call(f"/api/v2/silence/{name}", method="DELETE", integration="web")[0] == 404
    changed = {
        "id": "ours",
        "matchers": [{"name": "own", "value": "x", "isRegex": False}],
        "startsAt": format_instant(begin),
        "endsAt": format_instant(begin + 2 * HOUR),
        "createdBy": "cy",
        "comment": "longer",
    }
    assert api.call("/api/v2/silences", changed, integration="web") == (200, {"silenceID": "ours"})
    api.rest()
    stored = SilenceMachine().decode(api.runtime.store.load(["ours"])["ours"].state).silence
    assert (stored.tell, stored.ends_at, stored.created_by) == (("responder:ada",), begin + 2 * HOUR, "cy")
    for name in ("ours", "again", "team", "all"):
        body = json.encode(Order(end=name, for_good=True))
        api.runtime.store.accept([Received(received_at=api.now, channel="silence", key="", head=b"", body=body)])
    api.rest()


def test_the_server_tells_of_itself(api: World) -> None:
    assert api.call("/-/healthy") == (200, "OK")
    assert api.call("/-/ready") == (200, "OK")
    assert api.call("/api/v2/receivers", integration="web")[1] == [{"name": "shop"}, {"name": "ops"}]
    assert 'receiver: "shop"' in api.call("/api/v2/status", integration="web")[1]["config"]["original"]


ROUTES = [
    ("POST", "/api/v2/alerts", [{"labels": {"alertname": "X"}}]),
    ("POST", "/api/v1/alerts", [{"labels": {"alertname": "X"}}]),
    ("GET", "/api/v2/alerts", None),
    ("GET", "/api/v2/alerts/groups", None),
    ("GET", "/api/v2/silences", None),
    ("POST", "/api/v2/silences", silence()),
    ("GET", "/api/v2/silence/x", None),
    ("DELETE", "/api/v2/silence/x", None),
    ("GET", "/-/ready", None),
]


def test_a_wrong_key_is_refused_everywhere(api: World) -> None:
    others = [("GET", path, None) for path in ("/api/v2/status", "/api/v2/receivers", "/metrics", "/-/healthy")]
    for method, path, body in [*ROUTES, *others]:
        raw = None if body is None else json.encode(body)
        status, answer, _ = ask(f"{api.runtime.url}/am/wrong{path}", raw, {}, method)
        assert (status, b"key is not known" in answer) == (403, True), path


def test_our_own_trouble_is_503_on_every_route_never_400_or_429(tmp_path: Path) -> None:
    """Alertmanager and Prometheus come again on 5xx only; what they hear 4xx for they drop at once."""
    db = tmp_path / "tocsin.db"
    webhook = {
        "version": "4",
        "groupKey": "g",
        "externalURL": "x",
        "alerts": [{"status": "firing", "labels": {"a": "b"}}],
    }
    with world(db) as found:
        found.post("Before")
        db.rename(tmp_path / "away.db")
        table = [(method, f"{found.base()}{path}", body) for method, path, body in ROUTES]
        table += [("POST", found.runtime.ingest_url(), webhook)]
        for method, url, body in table:
            raw = None if body is None else json.encode(body)
            status, answer, headers = ask(url, raw, {"content-type": "application/json"}, method)
            assert status == 503, (method, url, answer)
            assert headers.get("retry-after") or url.endswith("/-/ready")
        (tmp_path / "away.db").rename(db)
        until(lambda: found.call("/api/v2/alerts", [{"labels": {"alertname": "After"}}])[0] == 200)
        found.rest()
        assert "After" in found.incidents()


def test_who_waits_too_long_for_the_outcome_is_answered_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alertmanager, "OUTCOME_SECONDS", 0.0)
    with world(tmp_path / "tocsin.db", CONFIG) as found:
        assert found.silence("alertname=X", minutes=1)
