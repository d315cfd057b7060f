"""What the console's pages show: the lists, one incident, the deliveries, keys and people, and the errors."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.web.console_desks import BEGIN
from tests.web.console_world import Answer, Stage, Visitor, World, due
from tocsin.engine.ports import Commit, Received
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Muted, Noted, PageFailed, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.web.console import deliveries, overview
from tocsin.web.console.outlook import outlook
from tocsin.web.console.visits import FRAGMENT


def titles(answer: Answer) -> list[str]:
    return re.findall(r'<a class="title"[^>]*><bdi>(.*?)</bdi>', answer.text)


def headings(answer: Answer) -> list[str]:
    return re.findall(r'<h2 class="status \w+">(.*?)</h2>', answer.text)


def plain(answer: Answer) -> str:
    """What a person reads of it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


def received(world: World, body: bytes, *, key: str = "prod", head: bytes = b"") -> str:
    (name,) = world.store.accept([Received(received_at=world.now, channel="in", key=key, head=head, body=body)])
    return name


def test_an_empty_list_tells_how_to_ring_the_bell(ada: Visitor, world: World) -> None:
    answer = ada.get("/")
    assert "All quiet" in answer.text
    assert "Send a test alert" in answer.text
    assert 'href="/keys"' in answer.text
    world.people.known = {}
    assert "add an integration" in ada.get("/").text


def test_who_waits_for_an_answer_comes_first_then_the_worst_then_the_oldest(ada: Visitor, world: World) -> None:
    world.give(Acknowledged(by="ada"), world.ring("taken", severity=Severity.CRITICAL))
    world.give(Snoozed(by="bob", until=BEGIN + HOUR), world.ring("asleep", severity=Severity.CRITICAL))
    world.ring("old warning", severity=Severity.WARNING)
    world.now += 1
    world.ring("old critical", severity=Severity.CRITICAL)
    world.now += 1
    world.ring("new critical", severity=Severity.CRITICAL)
    world.ring("by the way", kind=Kind.NOTIFICATION)
    world.give(Resolved(by="cy", note=""), world.ring("gone"))
    answer = ada.get("/")
    assert titles(answer) == [
        *("old critical", "new critical", "old warning"),
        *("taken", "asleep", "by the way", "gone"),
    ]
    assert headings(answer) == ["Triggered", "Acknowledged", "Snoozed, silenced or held", "Announced", "Last resolved"]
    assert "3 triggered 1 acknowledged 1 snoozed or held 1 announced" in plain(answer)
    assert 'data-count="3"' in answer.text
    assert '<span class="severity critical">critical</span>' in answer.text


def test_a_row_tells_who_is_asked_and_what_happens_next(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert "Asking Ada Lovelace, then in 5 min asks Bob Bemer" in plain(ada.get("/"))
    assert "asks you" in ada.get("/").text
    due(world, incident)
    assert "Asking Bob Bemer, then in 5 min asks everyone in ops" in plain(ada.get("/"))
    assert "asks you" not in ada.get("/").text
    due(world, incident)
    assert "Asking everyone in ops, then in 15 min asks everyone in ops again" in plain(ada.get("/"))
    assert "asks you" in ada.get("/").text
    world.now += HOUR
    assert "then at once asks everyone in ops again" in plain(ada.get("/"))


def test_the_words_for_every_standing(ada: Visitor, world: World) -> None:
    incident = world.ring()
    page = f"/incidents/{incident}"
    world.give(PageFailed(receiver="responder:ada", rung=0, error="no address", final=True), incident)
    assert "Asking Bob Bemer" in plain(ada.get(page))
    world.give(PageFailed(receiver="responder:bob", rung=1, error="no address", final=True), incident)
    world.give(PageFailed(receiver="team:ops", rung=2, error="no address", final=True), incident)
    assert "Asking everyone in ops; everyone in ops could not be reached" in plain(ada.get(page))
    world.give(Acknowledged(by="bob"), incident)
    assert "Acknowledged by Bob Bemer" in plain(ada.get(page))
    assert "in 1 h 0 min asks Bob Bemer, if it is still open" in plain(ada.get(page))
    world.give(Snoozed(by="ada", until=world.now + 50 * HOUR), incident)
    assert "Snoozed by Ada Lovelace" in plain(ada.get(page))
    assert "in 2 d 2 h asks Ada Lovelace again" in plain(ada.get(page))
    world.give(Resolved(by="ada", note="Made room"), incident)
    world.now += 3 * MINUTE
    assert "It is over: resolved by Ada Lovelace 3 min ago. What helped: Made room" in plain(ada.get(page))
    assert "nothing, it is over" in plain(ada.get(page))


def test_more_names_than_anybody_reads_are_counted() -> None:
    policy = Policy(
        name="many", steps=(Step(tuple(f"responder:p{number}" for number in range(7))),), everyone=("room:x",)
    )
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    machine = IncidentMachine()
    state = machine.decide(None, AlertReceived(alert, Plan(team="ops", policy=policy)), BEGIN).state
    assert state
    found = outlook(machine, state, {"p1": "Per"})
    assert found.who == "asking p0, Per, p2, p3 and 3 more"
    assert found.then == "asks room x"


def test_a_step_without_targets_asks_nobody() -> None:
    policy = Policy(name="empty", steps=(Step(()),), everyone=())
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    machine = IncidentMachine()
    state = machine.decide(None, AlertReceived(alert, Plan(team="ops", policy=policy)), BEGIN).state
    assert state
    assert outlook(machine, state, {}).who == "asking nobody"


def test_a_source_may_resolve_and_acknowledge_too(ada: Visitor, world: World) -> None:
    for status, words in (
        (AlertStatus.ACKNOWLEDGED, "Acknowledged by json"),
        (AlertStatus.RESOLVED, "It is over: resolved by itself"),
    ):
        incident = world.ring()
        plan = world.state(incident).plan
        same = msgspec.structs.replace(world.state(incident).face, status=status)
        world.give(AlertReceived(same, plan), incident)
        assert words in plain(ada.get(f"/incidents/{incident}"))


def test_a_notification_asks_nobody(ada: Visitor, world: World) -> None:
    incident = world.ring("backup done", kind=Kind.NOTIFICATION)
    text = plain(ada.get(f"/incidents/{incident}"))
    assert "Only announced, nobody is asked" in text
    assert "in 1 min closes by itself" in text


def test_filters_by_team_and_status(ada: Visitor, world: World) -> None:
    world.ring("ours", team="ops")
    world.ring("theirs", team="shop")
    world.ring("lost team's", team="gone")
    world.give(Acknowledged(by="bob"), world.ring("taken", team="shop"))
    world.give(Resolved(by="bob"), world.ring("done", team="shop"))
    world.ring("news", team="shop", kind=Kind.NOTIFICATION)
    assert titles(ada.get("/?team=shop")) == ["theirs", "taken", "news"]
    assert titles(ada.get("/?team=shop&status=acknowledged")) == ["taken"]
    assert titles(ada.get("/?status=announced")) == ["news"]
    assert titles(ada.get("/?status=resolved")) == ["done"]
    assert "<option>gone</option>" in ada.get("/").text
    assert "<option selected>shop</option>" in ada.get("/?team=shop").text
    none = ada.get("/?team=nobody&status=snoozed")
    assert titles(none) == []
    assert "Show all open incidents" in none.text


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=x", "?page=99999999999999999", "?before=x", "?before=1", "?status=x", "?page=-1&team="]
)
def test_a_senseless_question_asks_for_nothing_in_particular(ada: Visitor, world: World, query: str) -> None:
    world.ring()
    assert titles(ada.get(f"/{query}")) == ["Disk is full"]


def test_the_resolved_are_listed_newest_first(ada: Visitor, world: World) -> None:
    for number in range(3):
        world.now += MINUTE
        world.give(Resolved(by="ada"), world.ring(f"past {number}"))
    assert titles(ada.get("/?status=resolved")) == ["past 2", "past 1", "past 0"]


def test_pages_of_the_list_lead_through_all_of_it(ada: Visitor, world: World) -> None:
    world.fill(120)
    seen, path = [], "/"
    for _ in range(5):
        answer = ada.get(path)
        seen += titles(answer)
        older = re.search(r'<a rel="next" href="([^"]+)"', answer.text)
        if not older:
            break
        path = older[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 121
    assert '<a rel="prev" href="/?page=2">Back</a>' in ada.get("/?page=3").text
    assert "101 to 121 of 121" in ada.get("/?page=3").text
    assert ada.get("/?page=4").status == 200


def test_a_hundred_thousand_open_incidents_are_read_a_window_at_a_time(ada: Visitor, world: World) -> None:
    world.fill(100_000)
    world.store.limits.clear()
    first = ada.get("/")
    assert sum(world.store.limits) <= overview.WINDOW_MAX + 1 + overview.RESOLVED_WINDOW_MAX
    assert len(titles(first)) == overview.PAGE_MAX
    assert len(first.body) < 150_000
    assert "1000+ triggered" in plain(first)
    assert "older ones" in first.text
    last = ada.get(f"/?page={overview.WINDOW_MAX // overview.PAGE_MAX}")
    beyond = re.search(r'<a rel="next" href="(/\?before=[^"]+)"', last.text)
    assert beyond
    world.store.limits.clear()
    next_window = ada.get(beyond[1].replace("&amp;", "&"))
    assert sum(world.store.limits) <= 2 * overview.WINDOW_MAX + 1
    assert set(titles(next_window)).isdisjoint(titles(first))
    assert titles(next_window)[0] == f"Flood {100_000 - 2 * overview.WINDOW_MAX + 1}"
    assert "To the newest" in next_window.text


def test_an_incident_shows_its_alerts_firing_ones_first(ada: Visitor, world: World) -> None:
    incident = world.ring("first")
    plan = world.state(incident).plan
    for number in range(60):
        name = f"alert {number}"
        alert = Alert(status=AlertStatus.FIRING, title=name, dedup_key=name, source="json", severity=Severity.WARNING)
        world.give(AlertReceived(alert, plan), incident)
    over = Alert(status=AlertStatus.RESOLVED, title="first", dedup_key="first", source="json")
    world.give(AlertReceived(over, plan), incident)
    answer = ada.get(f"/incidents/{incident}")
    states = re.findall(r'<span class="state">(\w+)</span>', answer.text)
    assert len(states) == 50
    assert set(states) == {"firing"}
    assert "and 11 more" in answer.text
    assert "61 received, 60 firing" in answer.text


def test_the_timeline_is_newest_first_and_has_no_empty_lines(ada: Visitor, world: World) -> None:
    incident = world.ring()
    for _ in range(3):
        world.ring()
    world.now += MINUTE
    world.give(Noted(by="bob", text="looking"), incident)
    lines = re.findall(r'<span class="line"><bdi>(.*?)</bdi>', ada.get(f"/incidents/{incident}").text)
    assert lines == ["bob: looking", "opened; asked ada"]


def test_an_incident_shows_its_facts(ada: Visitor, world: World) -> None:
    incident = world.ring(
        "cpu", account="123", region="eu-west-1", resource="i-1", description="hot", labels={"stage": "prod"}
    )
    text = plain(ada.get(f"/incidents/{incident}"))
    for words in ("Team ops", "Policy usual", "Account 123", "Region eu-west-1", "Resource i-1", "stage prod", "hot"):
        assert words.replace(" ", "") in text.replace(" ", "")
    assert "21 Nov 03:00 UTC" in text
    assert f"<code>{incident}</code>" in ada.get(f"/incidents/{incident}").text


def test_only_buttons_that_mean_something_are_on(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert buttons(ada, incident) == {"Acknowledge": True, "Pass": True, "Escalate": True}
    world.give(Acknowledged(by="ada"), incident)
    assert buttons(ada, incident) == {"It is yours": False, "Pass": True, "Escalate": True}
    world.give(Acknowledged(by="bob"), incident)
    assert buttons(ada, incident) == {"Take over": True, "Pass": False, "Escalate": True}
    assert "You are not asked" in ada.get(f"/incidents/{incident}").text
    ada.press("/people/me", **{"as": ""})
    assert "Say who you are" in ada.get(f"/incidents/{incident}").text
    world.give(Resolved(by="bob"), incident)
    assert buttons(ada, incident) == {}


def buttons(visitor: Visitor, incident: str) -> dict[str, bool]:
    text = visitor.get(f"/incidents/{incident}").text
    verbs = re.search(r'<div class="verbs">(.*?)</div>', text, re.DOTALL)
    found = re.findall(r"<button[^>]*?( disabled)?>(.*?)</button>", verbs[1]) if verbs else []
    return {label: not off for off, label in found}


def test_a_fragment_has_the_live_parts_only(ada: Visitor, world: World) -> None:
    incident = world.ring()
    for path, parts in (
        ("/", {"pulse", "heading", "list"}),
        (
            f"/incidents/{incident}",
            {"pulse", "standing", "actions", "ahead", "story", "facts", "ladder", "alerts"},
        ),
        ("/deliveries", {"pulse", "list"}),
    ):
        whole, fragment = ada.get(path), ada.get(path, **{FRAGMENT: "1"})
        assert "<html" not in fragment.text
        for answer in (whole, fragment):
            assert set(re.findall(r'id="([\w-]+)" data-live', answer.text)) == parts


def test_deliveries_are_listed_newest_first_in_pages(ada: Visitor, world: World) -> None:
    for number in range(60):
        name = received(world, b"x" * (number * 100), key="prod" if number % 2 else "")
        world.store.settle({name: "undecodable" if number == 59 else ""})
    first = ada.get("/deliveries")
    assert re.findall(r'id="delivery-(\d+)"', first.text) == [str(number) for number in range(60, 10, -1)]
    assert "undecodable" in first.text
    assert "5.8 KiB" in first.text
    second = ada.get("/deliveries?before=11")
    assert re.findall(r'id="delivery-(\d+)"', second.text) == [str(number) for number in range(10, 0, -1)]
    assert "0 B" in second.text
    assert len(re.findall(r'id="delivery-', ada.get("/deliveries?before=x").text)) == 50


def test_no_delivery_yet(ada: Visitor) -> None:
    assert "How to send something" in ada.get("/deliveries").text


def test_a_delivery_is_shown_as_it_came(ada: Visitor, world: World) -> None:
    body = b'\n{"title": "</pre><script>alert(1)</script>", "rtl": "\xe2\x80\xae", "nul": "\x00"}'
    name = received(world, body, head=b"content-type: application/json\nuser-agent: <b>")
    text = ada.get(f"/deliveries/{name}").text
    assert "<script>alert" not in text
    assert "\n\n{&#34;title&#34;: &#34;&lt;/pre&gt;&lt;script&gt;" in text
    assert "⟨U+202E⟩" in text
    assert "\u2400" in text
    assert "user-agent: &lt;b&gt;" in text
    assert "The same, laid out as JSON" in text
    raw = ada.get(f"/deliveries/{name}/raw")
    assert raw.body == body
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"] == f'attachment; filename="delivery-{name}.bin"'


def test_a_delivery_links_what_came_of_it(ada: Visitor, world: World) -> None:
    page = ada.press("/keys", integration="prod")
    incident = re.search(r"<code>(.*?)</code>", page.text)
    assert incident
    text = ada.get("/deliveries/1").text
    assert f'<a href="/incidents/{incident[1]}"><bdi>Test alert</bdi></a>' in text
    world.store.settle({received(world, b"{}"): ""})
    assert "no incident that is remembered" in ada.get("/deliveries/2").text


def test_a_replayed_delivery_waits_again(ada: Visitor, world: World) -> None:
    name = received(world, b"{}")
    world.store.settle({name: "undecodable"})
    assert ada.press(f"/deliveries/{name}/replay").flash == "Delivery 1 was taken in once more: it is the newest now."
    assert [delivery.body for delivery in world.store.backlog(10)] == [b"{}"]
    assert '<a href="/deliveries/1">1</a>' in ada.get("/deliveries/2").text


def test_a_delivery_that_is_gone_meanwhile_is_not_replayed(
    ada: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = received(world, b"{}")
    monkeypatch.setattr(world.store, "replay", lambda _: False)
    assert ada.press(f"/deliveries/{name}/replay").flash == "Delivery 1 is gone, so it cannot be replayed."


@pytest.mark.parametrize(
    ("raw", "form", "text", "cut", "pretty"),
    [
        (b"", "text", "", False, ""),
        (b"hello\r\nworld\r", "text", "hello\nworld\u240d", False, ""),
        (b"[1]", "text", "[1]", False, "[\n  1\n]"),
        (b'"only text"', "text", '"only text"', False, ""),
        (b"\xff\x00A", "hex", f"00000000  {'ff 00 41':<48} ..A", False, ""),
        ("é".encode() * 40_000, "text", "é" * 32_768, True, ""),
        (b"a" + "é".encode() * 40_000, "text", "a" + "é" * 32_767, True, ""),
    ],
)
def test_a_body_is_presented(raw: bytes, form: str, text: str, cut: bool, pretty: str) -> None:
    assert deliveries.presentable(raw) == deliveries.Body(form=form, text=text, cut=cut, pretty=pretty)


def test_a_long_binary_body_is_cut() -> None:
    body = deliveries.presentable(b"\xff" * 100_000)
    assert body.cut
    assert body.text.count("\n") == deliveries.HEX_BYTES_MAX / 16 - 1
    late = deliveries.presentable(b"a" * 70_000 + b"\xff")
    assert (late.form, late.cut) == ("text", True)


def test_people_choose_who_they_are(ada: Visitor) -> None:
    assert '<a class="me" href="/people"><bdi>Ada Lovelace</bdi></a>' in ada.get("/").text
    assert ada.press("/people/me", **{"as": "bob"}).flash == "You act as Bob Bemer now."
    assert '<option value="bob" selected>Bob Bemer</option>' in ada.get("/people").text
    assert "nobody in particular" in ada.press("/people/me", **{"as": ""}).flash
    assert "Who are you?" in ada.get("/").text
    token = ada.get("/people").csrf
    assert ada.post("/people/me", {"csrf": token, "as": "mallory"}).status == 404
    assert ada.post("/people/links", {"csrf": token, "as": "mallory"}).status == 404


def test_a_link_for_a_colleague(ada: Visitor) -> None:
    made = ada.post("/people/links", {"csrf": ada.get("/people").csrf, "as": "cy"})
    assert "A sign-in link for <bdi>Cy &lt;script&gt;" in made.text
    url = re.search(rf'value="http://127\.0\.0\.1:{ada.port}(/signin/[\w-]+)"', made.text)
    assert url
    colleague = Visitor(ada.port)
    colleague.enter(url[1])
    assert "Cy &lt;script&gt;" in colleague.get("/").text


def test_a_responder_who_left_the_configuration_acts_as_nobody(stage: Stage, world: World) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(world.link("former"))
    assert "Who are you?" in visitor.get("/").text


@pytest.mark.parametrize(
    "path", ["/nowhere", "/incidents/none", "/deliveries/99", "/deliveries/x", "/deliveries/9/raw"]
)
def test_what_is_not_there_is_said_so(ada: Visitor, path: str) -> None:
    answer = ada.get(path)
    assert answer.status == 404
    assert "There is nothing here" in answer.text


def test_what_is_silenced_is_not_called_snoozed(ada: Visitor, world: World) -> None:
    incident = world.ring("Disk is full")
    world.give(Muted(dedup_key="Disk is full", mute=Mute(silence="s", by="bob", until=BEGIN + HOUR, why="")), incident)
    text = ada.get(f"/incidents/{incident}").text
    marks = text.partition('class="marks"')[2].partition("</p>")[0]
    assert ">silenced<" in marks
    assert 'silenced by bob until <time class="at" datetime="2026-11-21T04:00:00.000Z">21 Nov 04:00 UTC</time>' in text
    assert "snoozed" not in marks


def test_an_aggregate_of_another_machine_is_no_incident(ada: Visitor, world: World) -> None:
    other = Commit(
        aggregate="h1", machine="heartbeat", expected=0, state=b"{}", wake_at=None, live=True, owes=False, rank=1
    )
    world.store.commit([other])
    assert ada.get("/incidents/h1").status == 404
    assert ada.post("/incidents/h1", {"csrf": ada.get("/people").csrf, "verb": "resolve"}).status == 404


def test_a_store_that_does_not_answer(ada: Visitor, world: World) -> None:
    world.store.broken = True
    answer = ada.get("/")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert "The store does not answer" in answer.text
    assert "disk I/O error" in answer.text
    assert "content-security-policy" in answer.headers


def test_a_fault_of_ours_has_an_id_and_no_details(
    ada: Visitor, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def burst(*_: object, **__: object) -> object:
        raise ZeroDivisionError("details")

    monkeypatch.setattr(world.store, "deliveries", burst)
    answer = ada.get("/deliveries")
    assert answer.status == 500
    assert "details" not in answer.text
    found = re.search(r"internal error ([\w-]+)", answer.text)
    assert found
    assert found[1] in caplog.text
    assert "content-security-policy" in answer.headers


def test_static_files_are_kept_under_a_name_that_changes(ada: Visitor) -> None:
    text = ada.get("/").text
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript"), ("bell.svg", "image/svg+xml")):
        url = re.search(rf'"(/static/{re.escape(name)}\?v=\w+)"', text)
        assert url
        answer = ada.get(url[1])
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
        assert ada.get(f"/static/{name}").headers["cache-control"] == "no-cache"
