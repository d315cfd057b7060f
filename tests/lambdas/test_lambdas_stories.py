"""Alerts come in and pages go out, through the functions as AWS calls them."""

from __future__ import annotations

from tests.lambdas.world import World
from tocsin.incidents.state import Status


def test_an_alarm_pages_one_person_and_is_shown_in_the_room(world: World) -> None:
    world.alarm()
    world.run()
    assert len(world.incidents()) == 1
    assert len(world.pages(world.ada)) == 1
    assert not world.pages(world.grace)
    assert len(world.slack.messages(world.room)) == 1
    assert world.table.inner.health(world.clock()).backlog == 0
    world.slack.assert_clean()


def test_a_timer_pages_the_next_person(world: World) -> None:
    world.alarm()
    world.run()
    world.clock.ahead += 6 * 60 * 1000
    world.run()
    assert len(world.pages(world.grace)) == 1
    assert len(world.pages(world.ada)) == 1


def test_what_is_over_is_resolved(world: World) -> None:
    world.alarm()
    world.run()
    world.alarm(state="OK")
    world.run()
    assert [incident.status for incident in world.incidents()] == [Status.RESOLVED]
