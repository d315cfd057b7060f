"""`tocsin send`: it finds the server of its database, and says what the other side said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.cli.terminal import Terminal
from tests.wiring.serving import serving, until
from tocsin.cli.access import SERVED_AT
from tocsin.sqlite.store import SqliteStore


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that answers every POST the same way; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_an_alert_is_sent_to_the_server_of_the_database(terminal: Terminal) -> None:
    terminal.configure()
    with serving(terminal.db, (terminal.folder / "tocsin.yaml").read_text(encoding="utf-8")) as (runtime, ready):
        runtime.store.put_record(*SERVED_AT, ready.url)
        said = terminal.type("send", "--key", "prod", "--severity", "warning", "--dedup-key", "k", "it", "burns")
        assert (said.code, said.out, said.err) == (0, "accepted as delivery 1\n", "")
        until(lambda: terminal.type("incidents", "--json").document)
        [row] = terminal.type("incidents", "--json").document
        assert (row["title"], row["severity"], row["team"]) == ("it burns", "warning", "ops")
        assert terminal.type("send", "--key", "prod", "--dedup-key", "k", "--resolve").code == 0
        until(lambda: not terminal.type("incidents", "--json").document)


def test_without_a_title_it_is_a_test_alert(terminal: Terminal) -> None:
    with serving(terminal.db) as (_, ready):
        assert terminal.type("send", "--url", ready.ingest_url).code == 0
        until(lambda: terminal.type("incidents", "--json").document)
        assert terminal.type("incidents", "--json").document[0]["title"] == "This is a test alert"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(terminal.db) as (runtime, ready):
        runtime.store.put_record(*SERVED_AT, ready.url)
        assert terminal.type("send", "hello").code == 0


def test_nobody_answers_where_no_server_runs(terminal: Terminal) -> None:
    terminal.make_database()
    with closing(SqliteStore(terminal.db)) as store:
        store.put_record(*SERVED_AT, "http://127.0.0.1:9")
    said = terminal.type("send", "hello")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("tocsin: nobody answers at http://127.0.0.1:9 (")
    assert said.err.endswith("); is `tocsin serve` running?\n")
    assert terminal.type("send", "--url", "http://127.0.0.1:9/x").err.startswith("tocsin: nobody answers there (")


def test_an_unknown_integration_is_named(terminal: Terminal) -> None:
    terminal.make_database()
    terminal.configure()
    said = terminal.type("send", "--key", "prd")
    assert (said.code, said.err) == (1, 'tocsin: there is no integration "prd"; did you mean "prod"?\n')


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://bell.example/", "is not an http or https URL"),
        ("bell.example/v1/in/x", "is not an http or https URL"),
        ("http://[::1/v1/in/x", "is not a URL: "),
    ],
)
def test_an_address_that_is_none_is_named(terminal: Terminal, url: str, why: str) -> None:
    said = terminal.type("send", "--url", url)
    assert said.code == 1
    assert said.err.startswith(f"tocsin: '{url}' {why}")


@pytest.mark.parametrize(
    ("status", "body", "headers", "why"),
    [
        (403, b'{"status":"refused","message":"this integration key is not known here"}', {},
         "(403): this integration key is not known here"),
        (503, b"come back \x1b[2J later", {}, "(503): come back �[2J later"),
        (500, b'["?"]', {}, '(500): ["?"]'),
        (502, b"", {}, "(502): Bad Gateway"),
        (301, b"", {"location": "https://bell.example/v1/in/x"},
         "(301): it redirects to https://bell.example/v1/in/x; use that address"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_the_words_of_the_other_side(
    terminal: Terminal, status: int, body: bytes, headers: dict[str, str], why: str
) -> None:
    with answering(status, body, **headers) as url:
        said = terminal.type("send", "--url", url)
    assert (said.code, said.out, said.err) == (1, "", f"tocsin: not accepted {why}\n")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b""])
def test_who_does_not_answer_like_tocsin_has_still_accepted(terminal: Terminal, body: bytes) -> None:
    with answering(200, body) as url:
        said = terminal.type("send", "--url", url)
    assert (said.code, said.out) == (0, "accepted, by something that does not answer like Tocsin\n")
