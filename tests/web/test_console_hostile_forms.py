"""Whatever a signed-in browser sends to the forms of the console is done or refused, and breaks nothing."""

from __future__ import annotations

import pytest

from tests.web.console_world import Stage, Visitor, World

HOSTILE = (
    "",
    "\x00",
    "\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-11-21T03:00+25:00",
    "9" * 400,
    "-1",
    "ops",
    "responder:",
    "responder:ada",
    "schedule:\ud800\ufffe".encode("utf-8", "replace").decode(),
    "../" * 30,
    "hold 0m",
    "silence 9999999999999d",
    "threshold 2 in 99999999999999999m",
    '["a", "title", "' + "#" * 500 + '"]',
    '["a", "key", "\\ud800"]',
    "[" * 5000,
    "(" * 999,
    'a=~"' + "(" * 900 + '"',
    "a" * 60_000,
)
FORMS = (
    ("/oncall/overrides", ("schedule", "who", "begins", "ends", "zone", "end", "here")),
    ("/oncall/swaps", ("schedule", "to", "begins", "ends", "back_begins", "back_ends", "zone", "answer", "id", "here")),
    ("/oncall/feeds", ("subject", "revoke", "here")),
    ("/silences", ("matchers", "for", "why", "every", "zone", "incident", "silence", "team")),
    ("/noise", ("for", "do", "key", "at", "title", "why")),
    ("/people/tokens", ("revoke",)),
    ("/people/browsers", ("subscription",)),
    ("/people/browsers/remove", ("name",)),
)
USUAL = {
    "/oncall/overrides": {"schedule": "ops", "who": "ada", "ends": "2026-11-22T03:00", "zone": "UTC"},
    "/oncall/swaps": {"schedule": "ops", "ends": "2026-11-23T03:00", "zone": "UTC"},
    "/silences": {"action": "make", "matchers": "service=db", "for": "3600000", "why": "x"},
    "/noise": {"for": '["prod", "title", "a"]', "do": "silence 7d"},
}


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_no_form_breaks_anything(stage: Stage, path: str, fields: tuple[str, ...]) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(stage.play(World()).link("ada"))
    csrf = visitor.get("/people").csrf
    for field in fields:
        for value in HOSTILE:
            answer = visitor.post(path, {"csrf": csrf, **USUAL.get(path, {}), field: value})
            assert answer.status < 500, (field, value[:50], answer.text)
            assert "a=b" not in visitor.cookies.values()
            if answer.status == 303:
                assert answer.location.startswith("/"), answer.location
                assert not answer.location.startswith("//"), answer.location
    for page in ("/oncall", "/silences", "/noise", "/people"):
        answer = visitor.get(page)
        assert answer.status == 200, answer.text
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/oncall", "/noise", "/stats", "/missed"])
def test_no_query_breaks_a_page(stage: Stage, path: str) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(stage.play(World()).link("ada"))
    for name in ("schedule", "view", "at", "zone", "days", "team", "done"):
        for value in ("0001-01-01", "9999-12-31", "%00", "%ED%A0%80", "%3Cscript%3Ealert(1)%3C/script%3E", "9" * 400):
            answer = visitor.get(f"{path}?{name}={value}")
            assert answer.status == 200, (name, value, answer.text)
            assert "<script>alert" not in answer.text
