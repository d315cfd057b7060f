"""The console's section of browsers that ring."""

from __future__ import annotations

import pytest

from tests.web.console_desks import NAMES
from tests.web.console_world import Stage, Visitor, World
from tests.webpush.browser import FakeBrowser
from tocsin.web.console.browsers import called

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def register(visitor: Visitor, subscription: str) -> str:
    form = {"csrf": visitor.get("/people").csrf, "subscription": subscription}
    answer = visitor.post("/people/browsers", form, user_agent=CHROME)
    assert (answer.status, answer.location) == (303, "/people")
    return visitor.get("/people").flash


def test_a_browser_is_registered_and_removed(ada: Visitor, world: World) -> None:
    page = ada.get("/people").text
    assert f'data-key="{world.browsers.public_key}"' in page
    assert "None of yours rings yet." in page
    assert register(ada, FakeBrowser("https://push.example/1").written) == "This browser rings for Ada Lovelace now."
    assert world.browsers.rings("ada")
    assert "<bdi>Chrome on Linux</bdi>" in ada.get("/people").text
    (view,) = world.browsers.of("ada")
    assert ada.press("/people/browsers/remove", name=view.name).flash == "That browser rings no more."
    assert world.browsers.of("ada") == []


@pytest.mark.parametrize(
    ("subscription", "said"),
    [
        ("{}", "that is no subscription of a browser"),
        (FakeBrowser("http://push.example/1").written, "its address is not one of a push service"),
        (FakeBrowser("https://localhost/1").written, "its address is not a public one"),
    ],
)
def test_an_address_that_is_not_one_of_a_push_service_is_refused(
    ada: Visitor, world: World, subscription: str, said: str
) -> None:
    assert register(ada, subscription) == f"This browser cannot ring: {said}."
    assert not world.browsers.rings("ada")


def test_nobody_in_particular_has_no_browser(stage: Stage, world: World) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    page = visitor.get("/people")
    assert "Say above as whom you act" in page.text
    form = {"csrf": page.csrf, "subscription": FakeBrowser("https://push.example/1").written}
    assert visitor.post("/people/browsers", form).status == 404
    assert all(not world.browsers.rings(name) for name in NAMES)


def test_nobody_removes_the_browser_of_another(ada: Visitor, world: World) -> None:
    world.browsers.add("bob", FakeBrowser("https://push.example/1").written, "")
    (view,) = world.browsers.of("bob")
    form = {"csrf": ada.get("/people").csrf, "name": view.name}
    assert ada.post("/people/browsers/remove", form).status == 404
    assert world.browsers.rings("bob")


def test_the_service_worker_stands_where_it_may_speak_for_all_pages(stage: Stage, world: World) -> None:
    del world
    answer = Visitor(stage.port).get("/worker.js")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "showNotification" in answer.text


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Linux"),
        (CHROME + " Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/605.1", "Safari on Mac"),
        ("<script>", "A browser"),
    ],
)
def test_a_browser_is_called_by_two_words(agent: str, words: str) -> None:
    assert called(agent) == words
