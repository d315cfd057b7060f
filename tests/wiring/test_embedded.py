"""The whole embedded runtime in this process: what comes in goes out, health is told, and it ends in order."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import http.server
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.ntfy.push_server import push_server
from tests.sns.signing import HEADERS, NOW, Web, encoded, notification, signed
from tests.wiring.serving import ask, serving, until
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.keys import KEY, USED, derived_key
from tocsin.wiring.outside import Outside
from tocsin.wiring.serving import listen, serve
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.wrong_keys import stored

JSON = {"content-type": "application/json"}


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


def incidents(runtime: Embedded) -> dict[str, Incident]:
    """All of them by title."""
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=100)
    return {state.face.title: state for state in (machine.decode(row.state) for row in rows)}


def settled(runtime: Embedded, count: int) -> bool:
    return len(incidents(runtime)) == count


def ring(url: str, title: str) -> None:
    assert ask(url, json.encode({"title": title}), JSON)[0] == 202


def test_an_alert_comes_in_and_the_address_which_is_told_once_survives_a_restart(db: Path) -> None:
    with serving(db) as (runtime, ready):
        assert ready.url == runtime.url
        first = urlsplit(ready.ingest_url).path
        ring(ready.ingest_url, "first")
        until(partial(settled, runtime, 1))
    with serving(db) as (runtime, ready):
        assert (ready.ingest_url, runtime.made_key) == ("", "")
        ring(ready.url + first, "second")
        until(partial(settled, runtime, 2))
    with closing(SqliteStore(db)) as store:
        assert store.backlog(1) == []
        assert len(store.listing("incident", live_only=True, limit=10)) == 2


def test_an_integration_with_a_key_of_its_own_concerns_its_team(db: Path) -> None:
    config = "teams: {a: , b: }\nintegrations: {lab: {team: b, key: key-of-the-lab-01}}"
    with serving(db, config) as (runtime, ready):
        assert runtime.ingest_url("lab") == f"{ready.url}/v1/in/key-of-the-lab-01"
        ring(runtime.ingest_url("lab"), "from the lab")
        until(lambda: incidents(runtime).get("from the lab"))
        assert incidents(runtime)["from the lab"].team == "b"


def test_a_database_of_a_former_version_keeps_its_addresses_and_loses_its_secret(db: Path) -> None:
    secret = bytes(range(32))
    with closing(SqliteStore(db)) as store:
        store.put_record("secret", "server", base64.b64encode(secret).decode())
    with serving(db, "integrations: {prod: }") as (runtime, ready):
        assert ready.ingest_url == ""
        for name in ("default", "prod"):
            ring(f"{ready.url}/v1/in/{derived_key(secret, name)}", f"from {name}")
        assert "server" not in runtime.store.records("secret")


def test_the_use_of_a_key_and_wrong_keys_outlive_a_restart(db: Path) -> None:
    with serving(db) as (_, ready):
        ring(ready.ingest_url, "x")
        assert ask(f"{ready.url}/v1/in/a-key-of-nobody", b"{}", {**JSON, "user-agent": "odd/1"})[0] == 403
    with serving(db) as (runtime, ready):
        assert list(runtime.store.records(USED)) == list(runtime.store.records(KEY))
        [wrong] = stored(runtime.store)
        assert (wrong.shown, wrong.path, wrong.peer, wrong.agent, wrong.count) == (
            "a-ke… (15 characters)", "/v1/in", "127.0.0.1", "odd/1", 1,
        )  # fmt: skip


def test_an_address_and_a_signature_are_asked_for_as_configured(db: Path) -> None:
    config = (
        "integrations:\n"
        "  far: {key: key-of-the-far-one, allow: 192.0.2.0/24}\n"
        "  hub: {key: key-of-the-hub-one, signature: {kind: github, secret: test-secret}}\n"
        "server: {proxies: 127.0.0.1}\n"
    )
    body = b'{"title": "x"}'
    signature = f"sha256={hmac.new(b'test-secret', body, hashlib.sha256).hexdigest()}"
    with serving(db, config) as (runtime, ready):
        far, hub = (runtime.ingest_url(name) for name in ("far", "hub"))
        assert ask(far, body, JSON)[0] == 403
        assert ask(far, body, {**JSON, "x-forwarded-for": "192.0.2.7, 198.51.100.1"})[0] == 403
        assert ask(far, body, {**JSON, "x-forwarded-for": "198.51.100.1, 192.0.2.7"})[0] == 202
        assert ask(hub, body, JSON)[0] == 401
        assert ask(hub, body, {**JSON, "x-hub-signature-256": signature})[0] == 202
        metrics = ask(f"{ready.url}/metrics")[1]
        assert b'tocsin_deliveries_refused_total{why="address"} 2.0' in metrics
        assert b'tocsin_deliveries_refused_total{why="signature"} 1.0' in metrics


def test_a_flood_waits_for_its_rate_and_nobody_for_the_flood(db: Path) -> None:
    now = [NOW]
    config = "integrations: {flood: {key: key-of-the-flood-1, rate: 1}}"
    with serving(db, config, Outside(clock=lambda: now[0])) as (runtime, ready):
        for number in range(5):
            ring(runtime.ingest_url("flood"), f"flood {number}")
        ring(ready.ingest_url, "calm")
        until(lambda: set(incidents(runtime)) == {"flood 0", "calm"})
        until(lambda: b'tocsin_parked{integration="flood"} 4.0' in ask(f"{ready.url}/metrics")[1])
        now[0] += 2 * MINUTE
        until(lambda: set(incidents(runtime)) == {"flood 0", "flood 1", "calm"})
        assert runtime.trouble() == ""
        for count in (4, 5, 6):
            now[0] += SECOND
            runtime.wake()
            until(partial(settled, runtime, count))


def test_a_signed_message_of_sns_is_verified_and_counts_once(db: Path) -> None:
    outside = Outside(clock=lambda: NOW, sns_fetch=Web())
    with serving(db, "", outside) as (runtime, ready):
        body = encoded(signed(notification(Message="the disk is full", Subject="disk")))
        for _ in range(2):
            assert ask(ready.ingest_url, body, HEADERS)[0] == 200
        forged = encoded(signed(notification(Message="forged"), key="another"))
        assert ask(ready.ingest_url, forged, HEADERS)[0] == 403
        until(lambda: not runtime.store.backlog(1))
        assert [(title, state.count) for title, state in incidents(runtime).items()] == [("disk", 1)]


def test_a_press_in_slack_comes_back_over_http(db: Path) -> None:
    with FakeSlack() as slack:
        ada = slack.add_user("ada")
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", signing_secret: "{slack.signing_secret}"}}\n'
        )
        with serving(db, config, Outside(slack_api=slack.base_url)) as (runtime, ready):
            slack.deliver_to(f"{ready.url}/slack/interactions")
            ring(ready.ingest_url, "CPU is high")
            slack.wait_for(slack.messages)
            assert ask(f"{ready.url}/slack/interactions", b"payload={}", {})[0] == 403
            slack.click(slack.messages()[0], "tocsin:acknowledge", ada)
            until(lambda: incidents(runtime)["CPU is high"].acknowledged_by == "ada")
        slack.assert_clean()


def test_a_press_in_slack_comes_back_by_the_socket(db: Path) -> None:
    with FakeSlack() as slack:
        ada = slack.add_user("ada")
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", app_token: "{slack.app_token}"}}\n'
        )
        with serving(db, config, Outside(slack_api=slack.base_url)) as (runtime, ready):
            ring(ready.ingest_url, "CPU is high")
            slack.wait_for(slack.messages)
            slack.wait_for(lambda: slack.sockets)
            slack.click(slack.messages()[0], "tocsin:acknowledge", ada)
            until(lambda: incidents(runtime)["CPU is high"].acknowledged_by == "ada")
            assert ask(f"{ready.url}/slack/interactions", b"payload={}", {})[0] != 200


def test_a_way_that_fails_is_an_alert_of_its_own(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with push_server() as push:
        push.status = 403
        with serving(db, f"responders: {{ada: {{ntfy: '{push.topic}'}}}}") as (runtime, ready):
            ring(ready.ingest_url, "CPU is high")
            until(lambda: any("ntfy does not deliver" in title for title in incidents(runtime)))
            until(lambda: incidents(runtime)["CPU is high"].unreached == ("responder:ada",))


def test_health_is_told_to_machines(db: Path) -> None:
    with serving(db) as (runtime, ready):
        assert ask(f"{ready.url}/healthz")[:2] == (200, b"ok\n")
        assert ask(f"{ready.url}/readyz")[:2] == (200, b"ok\n")
        assert b"tocsin_store_up 1.0" in ask(f"{ready.url}/metrics")[1]
        ring(ready.ingest_url, "CPU is high")
        until(lambda: incidents(runtime))
        with closing(sqlite3.connect(db)) as raw, raw:
            raw.execute("UPDATE aggregates SET wake_at = NULL")
        status, body, _ = ask(f"{ready.url}/readyz")
        assert (status, body) == (503, b"1 incident owes a next action without having one, first 1\n")


def test_a_store_that_is_away_is_not_ready_and_senders_hear_503(db: Path, tmp_path: Path) -> None:
    with serving(db) as (runtime, ready):
        ring(ready.ingest_url, "before")
        until(lambda: "before" in incidents(runtime))
        db.rename(tmp_path / "away.db")
        status, body, headers = ask(ready.ingest_url, b"{}", JSON)
        assert (status, headers["retry-after"]) == (503, "5")
        assert b"not stored, send it again" in body
        until(lambda: ask(f"{ready.url}/readyz")[0] == 503)
        assert b"tocsin_store_up 0.0" in ask(f"{ready.url}/metrics")[1]
        assert ask(f"{ready.url}/healthz")[0] == 200
        (tmp_path / "away.db").rename(db)
        until(lambda: ask(ready.ingest_url, b'{"title": "after"}', JSON)[0] == 202)
        until(lambda: "after" in incidents(runtime))
        until(lambda: ask(f"{ready.url}/readyz")[0] == 200)


@pytest.fixture
def watchman(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, threading.Event]]:
    """An address outside, and whether somebody came by."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    came = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/beat", came
        server.shutdown()
        thread.join()


def test_the_watchman_outside_hears_of_a_server_that_is_well(db: Path, watchman: tuple[str, threading.Event]) -> None:
    url, came = watchman
    with serving(db, f"heartbeat: {{url: '{url}'}}"):
        assert came.wait(30)


def test_a_connection_that_asked_for_something_else_first_may_still_ring(db: Path) -> None:
    with serving(db, "integrations: {default: {key: test-key-0123456789}}") as (_, ready):
        address = urlsplit(ready.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        event = json.encode({"routing_key": "test-key-0123456789", "event_action": "resolve", "dedup_key": "7"})
        for method, path, body, status in (
            ("GET", "/healthz", None, 200),
            ("POST", "/v1/in/test-key-0123456789", b"disk full", 202),
            ("PUT", "/v1/in/test-key-0123456789", b"disk full", 202),
            ("POST", "/v1/in/wrong", b"disk full", 403),
            ("POST", "/v2/enqueue", event, 202),
            ("POST", "/v2/enqueue", b"{}", 400),
            ("GET", "/healthz", None, 200),
        ):
            connection.request(method, path, body)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == status, (path, said)
            assert int(answer.getheader("content-length", "")) == len(said)
        connection.close()


def test_methods_that_mean_nothing_are_told_which_do(db: Path) -> None:
    with serving(db) as (_, ready):
        for path, methods, allowed in (
            ("/v1/in/x", ("DELETE", "PATCH"), "GET, POST, PUT, OPTIONS"),
            ("/v2/enqueue", ("GET", "HEAD", "DELETE", "OPTIONS", "PATCH"), "POST"),
        ):
            for method in methods:
                status, body, headers = ask(f"{ready.url}{path}", method=method)
                assert (status, headers["allow"]) == (405, allowed), (path, method)
                assert method == "HEAD" or b"send alerts with POST" in body


def test_links_are_those_of_the_public_address(db: Path) -> None:
    with serving(db, "server: {url: 'https://bell.example/'}") as (runtime, ready):
        assert ready.url == "https://bell.example"
        assert ready.ingest_url.startswith("https://bell.example/v1/in/")
        assert ready.console_url.startswith("https://bell.example/signin/")
        assert runtime.trouble() == ""


def test_a_browser_with_a_live_page_does_not_hold_up_the_end(db: Path) -> None:
    with serving(db) as (_, ready):
        token = ready.console_url.rsplit("/", 1)[1]
        status, _, headers = ask(f"{ready.url}/signin/{token}", b"", {"origin": ready.url})
        assert status == 303
        address = urlsplit(ready.url)
        live = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        live.request("GET", "/events", headers={"cookie": headers["set-cookie"].partition(";")[0]})
        stream = live.getresponse()
        assert stream.status == 200
    stream.read()  # It has an end.
    live.close()


def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    with closing(listen("127.0.0.1", 0)) as bound:
        bound.listen()
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", bound.getsockname()[1])


def test_a_file_that_is_no_database_stops_the_start(db: Path) -> None:
    db.write_bytes(b"these are my notes " * 100)
    settings: Settings = parse(b"", {}).settings
    with closing(listen("127.0.0.1", 0)) as bound, pytest.raises(StoreUnavailableError, match="not a database"):
        asyncio.run(serve(settings, db, bound, on_ready=lambda *_: pytest.fail("it began")))
