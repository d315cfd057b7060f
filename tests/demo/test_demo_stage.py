"""The stage: time waits for the server, people for what they need, and whatever goes wrong is said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.demo.demo_world import NOW, World, set_up
from tocsin.demo import deliveries
from tocsin.demo.browser import Browser
from tocsin.demo.clock import StoryClock
from tocsin.demo.deliveries import BACKUP
from tocsin.demo.server import Server, ask
from tocsin.demo.trouble import StoryError
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.wiring.outside import Outside
from tocsin.wiring.serving import listen
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import complete


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with set_up(tmp_path) as made:
        yield made


def test_time_goes_exactly_where_it_is_told_to(world: World) -> None:
    world.stage.at(1, 3)
    assert world.stage.clock() == NOW + MINUTE + 3 * SECOND


def test_a_person_waits_for_the_page_and_time_passes_until_it_comes(world: World) -> None:
    world.stage.send(deliveries.backup_missed(), "a script")
    world.stage.press("bo", "acknowledge", BACKUP)  # bo is asked when ada has not answered for five minutes.
    assert world.stage.clock() == NOW + 5 * MINUTE
    assert "  05:00  Tocsin         No backup last night: no answer; asked bo\n" in world.told
    assert "  05:00  Tocsin         bo acknowledged\n" in world.told


def test_a_long_story_in_one_delivery_is_told_with_its_titles(world: World) -> None:
    both = b'[{"title": "One"}, {"title": "Two"}]'
    world.stage.send(replace(deliveries.backup_missed(), body=both, alerts=2), "a batch")
    assert "Slack          One, Two: pages ada\n" in world.told or "Slack          Two, One: pages ada\n" in world.told


def test_the_same_message_of_sns_again_is_nothing_new(world: World) -> None:
    alarm = deliveries.alarm(world.signer, NOW, "ALARM", 1)
    world.stage.send(alarm, "first")
    told = len(world.told)
    world.stage.send(alarm, "again")
    assert world.told[told:] == (
        "  00:00  CloudWatch     again\n  00:00  Tocsin         nothing new in it: nobody is asked again\n"
    )


def test_what_nobody_resolves_is_asked_of_everyone_and_every_page_counts_once(world: World) -> None:
    world.stage.send(deliveries.backup_missed(), "a script")
    world.stage.at(11)
    assert sorted(page.to for page in world.stage.watcher.pages) == ["#shop-alerts", "ada", "ada", "bo", "bo", "cy"]
    assert {page.incidents for page in world.stage.watcher.pages} == {("1",)}
    assert "Slack          pages ada, bo, cy and #shop-alerts\n" in world.told


def test_the_server_refuses_a_forged_alarm_and_the_story_ends(world: World) -> None:
    alarm = deliveries.alarm(world.signer, NOW, "ALARM", 1)
    forged = replace(alarm, body=alarm.body.replace(b"cannot pay", b"can pay!!!"))
    with pytest.raises(StoryError, match=r"CloudWatch was answered 403: .*the signature is wrong"):
        world.stage.send(forged, "forged")
    assert world.stage.sent == []


def test_a_press_that_the_server_does_not_take_ends_the_story(world: World) -> None:
    world.stage.send(deliveries.backup_missed(), "a script")
    click = world.stage.slack.click
    world.stage.slack.click = lambda *given: replace(click(*given), error="timeout")  # type: ignore[method-assign]
    with pytest.raises(StoryError, match="ada pressed Acknowledge, and the server did not take it: timeout"):
        world.stage.press("ada", "acknowledge", BACKUP)


def test_waiting_in_vain_names_what_was_waited_for(tmp_path: Path) -> None:
    wanted = r'waited in vain for a page for cy about "Nothing" with "Pass", and 0\.3 s'
    with set_up(tmp_path, speed=1, bound_s=0.3) as world, pytest.raises(StoryError, match=wanted):
        world.stage.press("cy", "pass", "Nothing")


def test_time_waits_for_a_busy_server_but_not_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.demo.stage.BUSY_MAX_S", 0.05)
    store = world.stage.server.runtime.store
    monkeypatch.setattr(store, "due", lambda now, limit: ["1"] if now < NOW + 20 * SECOND and limit else [])
    world.stage.at(1)
    assert world.stage.clock() == NOW + MINUTE


def test_an_end_of_the_server_is_noticed(world: World) -> None:
    runtime = world.stage.server.runtime
    runtime.end()
    world.stage.server._thread.join()
    with pytest.raises(StoryError, match="the server has ended"):
        world.stage.server.check()
    with pytest.raises(StoryError, match="the server did not answer GET /: ConnectionRefusedError"):
        ask("GET", runtime.url + "/")


def test_a_failure_of_the_server_is_told(world: World) -> None:
    server = world.stage.server
    server.runtime.end()
    server._thread.join()
    server._failure = RuntimeError("boom")
    with pytest.raises(StoryError, match=r"the server has ended: RuntimeError\('boom'\)"):
        server.check()


def test_a_server_that_cannot_begin_says_why(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").write_bytes(b"this is no database" * 100)
    with listen("127.0.0.1", 0) as bound:
        server = Server(complete(Settings()), tmp_path / "tocsin.db", bound, Outside())
        with pytest.raises(StoreUnavailableError), server:
            pass
        with pytest.raises(StoryError, match="the server has ended: StoreUnavailableError"):
            server.check()


def test_a_browser_needs_a_good_link_and_a_page_with_a_form(world: World) -> None:
    runtime = world.stage.server.runtime
    with pytest.raises(StoryError, match="/signin/nonsense answered 403 to its form"):
        Browser(runtime.url, "/signin/nonsense")
    signed_in = Browser(runtime.url, runtime.signin_url().removeprefix(runtime.url))
    with pytest.raises(StoryError, match="/incidents/77 answered 404 without a form"):
        signed_in.submit("/incidents/77", verb="resolve")


def test_a_server_that_speaks_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        port = silent.getsockname()[1]
        silent.close()
        with pytest.raises(StoryError, match="did not answer POST /x"):
            ask("POST", f"http://127.0.0.1:{port}/x", b"body")


def test_a_freed_clock_runs_by_itself_and_never_back() -> None:
    clock = StoryClock(NOW)
    clock.advance(MINUTE)
    assert clock() == clock() == NOW + MINUTE
    assert clock.seconds() == (NOW + MINUTE) / SECOND
    clock.free()
    first = clock()
    while clock() == first:
        pass
    assert first >= NOW + MINUTE
    with pytest.raises(AssertionError, match="by itself"):
        clock.advance(1)
