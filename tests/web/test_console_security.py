"""Who may look, who may press, and what hostile text can do: nothing."""

from __future__ import annotations

import re
import socket

import pytest

from tests.web.console_desks import BEGIN
from tests.web.console_world import Stage, Visitor, World
from tocsin.engine.ports import Received
from tocsin.incidents.alerts import Link
from tocsin.kernel.time import DAY
from tocsin.web.console import forms
from tocsin.web.console.guard import CONTENT_SECURITY_POLICY
from tocsin.web.console.sessions import SESSION_TTL, SIGNIN_TTL, digest, signin_link

PAGES = [
    "/",
    "/incidents/{incident}",
    "/deliveries",
    "/deliveries/1",
    "/deliveries/1/raw",
    "/noise",
    "/workflows",
    "/workflows/close",
    "/runs/{incident}",
    "/questions/question-1",
    "/rules/nightly",
    "/keys",
    "/people",
]
BUTTONS = ["/incidents/{incident}", "/deliveries/1/replay", "/noise", "/workflows/close", "/runs/{incident}",
    "/questions/question-1", "/keys",
    "/keys/rotate", "/keys/revoke",
    "/people/me", "/people/links", "/people/browsers", "/people/browsers/remove", "/signout"]  # fmt: skip


@pytest.fixture
def port(stage: Stage, world: World) -> int:
    assert stage.world is world
    return stage.port


@pytest.fixture
def stranger(port: int) -> Visitor:
    return Visitor(port)


@pytest.fixture
def ada(world: World, port: int) -> Visitor:
    visitor = Visitor(port)
    visitor.enter(world.link("ada"))
    return visitor


@pytest.fixture
def incident(world: World) -> str:
    world.store.accept([Received(received_at=BEGIN, channel="in", key="prod", head=b"", body=b"{}")])
    return world.ring()


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_asked_to_sign_in(stranger: Visitor, incident: str, path: str) -> None:
    answer = stranger.get(path.format(incident=incident))
    assert answer.status == 401
    assert "Sign in first" in answer.text
    assert "Disk is full" not in answer.text


@pytest.mark.parametrize("path", BUTTONS)
def test_a_stranger_presses_in_vain(world: World, stranger: Visitor, incident: str, path: str) -> None:
    before = world.store.load([incident])[incident], world.store.deliveries(10)
    answer = stranger.post(path.format(incident=incident), {"verb": "acknowledge", "integration": "prod", "csrf": ""})
    assert answer.status == 401
    assert (world.store.load([incident])[incident], world.store.deliveries(10)) == before


@pytest.mark.parametrize("path", BUTTONS)
@pytest.mark.parametrize("token", [None, "", "wrong", "\u20ac", "\ud800"])
def test_a_form_without_the_sessions_token_is_refused(
    world: World, ada: Visitor, incident: str, path: str, token: str | None
) -> None:
    before = world.store.load([incident])[incident], world.store.deliveries(10)
    form = "verb=acknowledge&integration=prod" + ("" if token is None else f"&csrf={quoted(token)}")
    answer = ada.send(
        "POST",
        path.format(incident=incident),
        form.encode(),
        {"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 403
    assert "That was not accepted" in answer.text
    assert (world.store.load([incident])[incident], world.store.deliveries(10)) == before
    assert ada.get("/").status == 200


def quoted(token: str) -> str:
    return "".join(f"%{byte:02x}" for byte in token.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(
    world: World, ada: Visitor, incident: str, headers: dict[str, str]
) -> None:
    token = ada.get("/people").csrf
    answer = ada.post(f"/incidents/{incident}", {"csrf": token, "verb": "resolve"}, **headers)
    assert answer.status == 403
    assert world.state(incident).live
    assert Visitor(ada.port).post(world.link(), {}, **headers).status == 403


def test_a_form_from_our_own_origin_is_taken(world: World, ada: Visitor, incident: str) -> None:
    token = ada.get("/people").csrf
    headers = {"origin": f"http://127.0.0.1:{ada.port}", "sec_fetch_site": "same-origin"}
    answer = ada.post(f"/incidents/{incident}", {"csrf": token, "verb": "resolve"}, **headers)
    assert answer.status == 303
    assert not world.state(incident).live


def test_a_token_of_another_session_is_refused(world: World, ada: Visitor, incident: str) -> None:
    bob = Visitor(ada.port)
    bob.enter(world.link("bob"))
    answer = ada.post(f"/incidents/{incident}", {"csrf": bob.get("/people").csrf, "verb": "resolve"})
    assert answer.status == 403


def test_nothing_happens_on_get(world: World, ada: Visitor, incident: str) -> None:
    token = ada.get("/people").csrf
    for path in (f"/incidents/{incident}?verb=resolve&csrf={token}", "/deliveries/1/replay", "/signout", "/people/me"):
        assert ada.get(path).status in {200, 405}
    assert world.state(incident).live
    assert ada.get("/").status == 200


def test_a_link_works_once_and_looking_does_not_use_it_up(world: World, stranger: Visitor) -> None:
    link = world.link()
    for _ in range(3):
        looked = stranger.get(link)
        assert looked.status == 200
        assert "Sign in here" in looked.text
        assert "set-cookie" not in looked.headers
    assert stranger.enter(link).location == "/"
    assert stranger.get("/").status == 200
    again = Visitor(stranger.port)
    refused = again.post(link)
    assert refused.status == 403
    assert "no good any more" in refused.text
    assert again.cookies == {}
    assert again.get(link).status == 403


def test_a_link_expires(world: World, stranger: Visitor) -> None:
    link = world.link()
    world.now += SIGNIN_TTL
    assert stranger.get(link).status == 403
    assert stranger.post(link).status == 403


def test_a_session_expires(world: World, ada: Visitor) -> None:
    world.now += SESSION_TTL - 1
    assert ada.get("/").status == 200
    world.now += 1
    assert ada.get("/").status == 401
    assert ada.get("/events").status == 401


def test_expired_links_and_sessions_are_forgotten(world: World, ada: Visitor) -> None:
    world.link()
    world.now += SESSION_TTL
    assert ada.get("/").status == 401
    world.link()
    assert len(world.store.records("session")) == 0
    assert len(world.store.records("signin")) == 1


def test_a_made_up_cookie_opens_nothing(stranger: Visitor) -> None:
    for cookie in ("x", "a" * 4000, ""):
        stranger.cookies = {"tocsin": cookie}
        assert stranger.get("/").status == 401


def test_a_damaged_session_record_opens_nothing(world: World, ada: Visitor) -> None:
    world.store.put_record("session", digest(ada.cookies["tocsin"]), {"expires_at": "tomorrow"})
    assert ada.get("/").status == 401


def test_signing_out_ends_the_session_for_a_stolen_cookie_too(ada: Visitor) -> None:
    thief = Visitor(ada.port, dict(ada.cookies))
    assert ada.post("/signout", {"csrf": ada.get("/people").csrf}).location == "/signin"
    assert "tocsin" not in ada.cookies
    assert thief.get("/").status == 401
    assert thief.get("/signin").status == 200


def test_the_store_holds_no_secret(world: World, ada: Visitor) -> None:
    link = world.link()
    kept = str([*world.store.records("signin").items(), *world.store.records("session").items()])
    assert link.rpartition("/")[2] not in kept
    assert ada.cookies["tocsin"] not in kept


def test_the_cookie_is_hidden_from_scripts_and_other_sites(world: World, stranger: Visitor) -> None:
    line = stranger.enter(world.link()).headers["set-cookie"]
    assert line.startswith("tocsin=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={30 * DAY // 1000}"} <= set(line.split("; "))
    assert "Secure" not in line


def test_under_https_the_cookie_is_bound_to_the_host(stage: Stage) -> None:
    world = stage.play(World(public_url="https://bell.example/"))
    visitor = Visitor(stage.port)
    line = visitor.enter(world.link()).headers["set-cookie"]
    assert line.startswith("__Host-tocsin=")
    assert "Secure" in line
    assert "Domain" not in line
    token = visitor.get("/people").csrf
    made = visitor.post("/people/links", {"csrf": token, "as": ""}, origin="https://bell.example")
    assert made.status == 200
    assert re.search(r'value="https://bell\.example/signin/test-token-\d+"', made.text)


@pytest.mark.parametrize(
    "path", [*PAGES, "/signin", "/signin/wrong", "/nowhere", "/static/console.css", "/static/none", "/people/me"]
)
def test_every_answer_carries_the_policy(ada: Visitor, incident: str, path: str) -> None:
    answer = ada.get(path.format(incident=incident))
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    if not path.startswith("/static/console"):
        assert answer.headers["cache-control"] == "no-store"


def test_no_page_names_a_foreign_host_or_has_a_script_of_its_own(ada: Visitor, incident: str) -> None:
    for path in PAGES:
        text = ada.get(path.format(incident=incident)).text
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', text) == []
        assert (
            re.findall(r"<script(?! src=\"/static/(?:console|push)\.js\?v=[0-9a-f]{12}\" defer></script>)", text) == []
        )
        assert re.findall(r"\s(?:on\w+|style)=", text) == []


HOSTILE = "<script>alert(1)</script></textarea></title>\x00\u202egnp.exe\"'><img src=x onerror=alert(1)>"


def test_hostile_words_are_only_words(world: World, ada: Visitor) -> None:
    incident = world.ring(HOSTILE, description=HOSTILE, labels={HOSTILE: HOSTILE}, key="hostile")
    for path in ("/", f"/incidents/{incident}"):
        text = ada.get(path).text
        assert "&lt;script&gt;alert(1)" in text
        assert re.findall(r"<script>|<img src=x|</textarea></title>|[\x00\u202e]", text) == []
        assert "\u2400\ufffdgnp.exe" in text


def test_a_link_that_is_not_of_the_web_is_not_one(world: World, ada: Visitor) -> None:
    links = (
        Link("bad", "javascript:alert(1)"),
        Link("good", "https://runbook.example/?a=1&b=2"),
        Link("", "http://x/"),
    )
    text = ada.get(f"/incidents/{world.ring(links=links)}").text
    assert "javascript:" not in text
    assert 'href="https://runbook.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow"' in text
    assert ">http://x/</bdi>" in text


def test_a_flash_that_we_did_not_say_is_not_shown(ada: Visitor, world: World) -> None:
    ada.post("/people/me", {"csrf": ada.get("/people").csrf, "as": "bob"})
    said = ada.cookies["tocsin-said"]
    for forged in ("Um9n.00", "", "x", said[::-1]):
        ada.cookies["tocsin-said"] = forged
        assert ada.get("/people").flash == ""
    ada.cookies["tocsin-said"] = said
    assert ada.get("/people").flash == "You act as Bob Bemer now."
    assert ada.get("/people").flash == ""
    assert world.store.records("session")


def test_forms_have_limits(ada: Visitor) -> None:
    urlencoded = {"content-type": "application/x-www-form-urlencoded"}
    assert ada.send("POST", "/keys", b"a=" + b"x" * forms.FORM_BYTES_MAX, urlencoded).status == 413
    assert ada.send("POST", "/keys", b"a=1&" * (forms.FIELDS_MAX + 1), urlencoded).status == 400
    assert ada.send("POST", "/keys", b"{}", {"content-type": "application/json"}).status == 415
    assert ada.send("POST", "/keys", b"\xff\xfe=%zz&\x00", urlencoded).status == 403


def test_a_form_that_stays_away_is_not_waited_for(ada: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "READ_TIMEOUT_S", 0.01)
    with socket.create_connection(("127.0.0.1", ada.port), timeout=20) as connection:
        connection.sendall(
            b"POST /keys HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            b"content-length: 10\r\n\r\na="
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_a_form_that_breaks_off_does_nothing(ada: Visitor, world: World) -> None:
    with socket.create_connection(("127.0.0.1", ada.port), timeout=20) as connection:
        connection.sendall(
            b"POST /keys HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            b"content-length: 10\r\n\r\na="
        )
    assert ada.get("/").status == 200
    assert world.store.deliveries(10) == []


def test_a_link_is_a_path_for_the_one_who_starts_tocsin(world: World) -> None:
    assert signin_link(world.store, "test-token", BEGIN, "ada") == "/signin/test-token"
    assert world.store.record("signin", digest("test-token")) == {"as": "ada", "expires_at": BEGIN + SIGNIN_TTL}
