"""The console's page of keys: what is shown of them, new ones, the end of old ones, wrong ones, and a test alert."""

from __future__ import annotations

import re

import msgspec

from tests.web.console_desks import BEGIN
from tests.web.console_world import Visitor, World
from tocsin.web.ports import WrongKey


def test_keys_are_told_apart_by_their_last_characters(ada: Visitor, world: World) -> None:
    text = " ".join(ada.get("/keys").text.split())
    assert "rings for team <b><bdi>ops</bdi></b>" in text
    assert re.search(
        r"<code>…wxyz</code> made .*2 d 0 h ago</time>, last used .*1 h 0 min ago</time>, ends .*in 1 h", text
    )
    assert "<code>…conf</code> from the configuration, never used" in text
    assert "Wrong keys" not in text
    world.desk.held = []
    assert "nobody can send here yet" in ada.get("/keys").text
    world.people.known = {}
    assert "There is no integration yet" in ada.get("/keys").text


def test_a_new_key_is_shown_on_the_answer_and_stored_nowhere(ada: Visitor) -> None:
    answer = ada.post("/keys/rotate", {"csrf": ada.get("/keys").csrf, "integration": "prod"})
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "A new key for <bdi>prod</bdi>" in answer.text
    assert "curl -d 'The cellar is flooded' http://bell.example/v1/in/test-key?a=1&amp;b=&#39;2&#39;" in answer.text
    assert "test-key" not in ada.get("/keys").text
    assert ada.post("/keys/rotate", {"csrf": ada.get("/keys").csrf, "integration": "other"}).status == 404


def test_a_key_is_revoked(ada: Visitor, world: World) -> None:
    page = ada.press("/keys/revoke", integration="prod", hint="wxyz")
    assert page.flash == "Revoked: the key …wxyz of prod opens nothing any more."
    assert [key.hint for key in world.desk.held] == ["conf"]
    token = ada.get("/keys").csrf
    for form in ({"hint": "wxyz"}, {"hint": ""}, {}, {"hint": "conf", "integration": "other"}):
        assert ada.post("/keys/revoke", {"csrf": token, "integration": "prod"} | form).status == 404


def test_wrong_keys_are_shown_as_the_words_that_they_are(ada: Visitor, world: World) -> None:
    entry = WrongKey(
        shown="<b>x… (26 characters)", integration="", path="/v1/in", peer="192.0.2.7", agent="<script>",
        first_at=BEGIN, last_at=BEGIN, count=1,
    )  # fmt: skip
    lost = msgspec.structs.replace(entry, shown="…wxyz", integration="prod", peer="", path="", agent="", count=7)
    world.desk.found = [entry, lost]
    text = ada.get("/keys").text
    assert "<code>&lt;b&gt;x… (26 characters)</code> not known here: 1 time, last" in text
    assert "at <code>/v1/in</code> from <bdi>192.0.2.7</bdi>, as <bdi>&lt;script&gt;</bdi>" in text
    assert "<code>…wxyz</code> <b>an old key of <bdi>prod</bdi></b>: 7 times, last" in text
    assert "at <code>?</code> from <bdi>an unknown address</bdi></li>" in text


def test_a_test_alert_takes_the_way_of_every_alert(ada: Visitor, world: World) -> None:
    page = ada.press("/keys", integration="prod")
    assert page.flash == "The bell rings. This is your test alert."
    assert "Test alert" in page.text
    delivery = world.store.delivery("1")
    assert delivery
    assert (delivery.channel, delivery.key) == ("in", "prod")
    assert b"Ada Lovelace rang the bell" in delivery.body
    assert delivery.header("content-type") == "application/json"
    world.asleep = True
    ada.press("/people/me", **{"as": ""})
    assert "stored" in ada.press("/keys", integration="prod").flash
    second = world.store.delivery("2")
    assert second
    assert b"Somebody on the console" in second.body
    assert ada.post("/keys", {"csrf": ada.get("/people").csrf, "integration": "other"}).status == 404
