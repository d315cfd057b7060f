"""Ways in: whose an alert is, who is refused, what nobody can read, and what ends as a dead letter."""

from __future__ import annotations

import json

import pytest

from tests.lambdas.world import KEY, TOPIC, World
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Severity
from tocsin.lambdas import inbox, messages
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.keys import make_key, revoke_keys

ALERT = json.dumps({"title": "the queue is long", "status": "firing"})


def titles(world: World) -> list[str]:
    return sorted(each.face.title for each in world.incidents())


def test_a_stranger_with_a_key_comes_in(world: World) -> None:
    world.gateway(ALERT)
    world.run()
    assert [(each.integration, each.face.title) for each in world.incidents()] == [("web", "the queue is long")]


def test_a_stranger_without_a_key_does_not_and_is_noted(world: World) -> None:
    world.gateway(ALERT, key="nobody's-key-of-many-letters")
    world.run()
    assert not world.incidents()
    assert not world.table.inner.deliveries(9)
    assert "nobo" in str(world.table.inner.record("wrong-keys", "register"))


def test_a_sender_with_an_old_key_is_an_alert(world: World) -> None:
    key = make_key(world.table.inner, "web", world.clock())
    revoke_keys(world.table.inner, "web", world.clock())
    world.gateway(ALERT, key=key)
    world.run()
    assert any("still uses an old key" in title for title in titles(world))


def test_an_envelope_of_a_stranger_is_verified(world: World) -> None:
    forged = {
        "Type": "Notification",
        "TopicArn": TOPIC,
        "MessageId": "1",
        "Message": ALERT,
        "SigningCertURL": "https://x",
    }
    world.gateway(json.dumps(forged))
    world.run()
    assert not world.incidents()


def test_a_certificate_that_cannot_be_fetched_is_tried_again(world: World) -> None:
    def away(url: str) -> bytes:
        raise OSError(url)

    world.sns_fetch = away
    world.be_born()
    signed = {
        "Type": "Notification",
        "TopicArn": TOPIC,
        "MessageId": "1",
        "Message": ALERT,
        "Timestamp": "2026-11-27T10:00:00.000Z",
        "SignatureVersion": "2",
        "Signature": "AAAA",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
    }
    world.gateway(json.dumps(signed))
    world.inbox()
    assert not world.incidents()
    assert len(world.aws.queue) == 1


def test_one_message_of_sns_counts_once_however_often_it_is_written() -> None:
    with FakeSlack() as slack:
        world = World(slack)
        for _ in range(3):
            world.alarm()
        world.run()
        world.alarm()
        world.run()
        (incident,) = world.incidents()
        assert incident.count == 1
        world.running.forget()


def test_a_topic_belongs_to_the_integration_that_names_it_or_its_account() -> None:
    config = f"""
  topics: {{sns_topics: [{TOPIC}]}}
  accounts: {{sns_accounts: ["999988887777"]}}
"""
    with FakeSlack() as slack:
        world = World(slack, integrations=config)
        world.alarm()
        told = {"Type": "Notification", "MessageId": "b", "Message": ALERT}
        world.aws.send(json.dumps(told | {"TopicArn": "arn:aws:sns:eu-west-1:999988887777:x"}))
        world.aws.send(json.dumps(told | {"TopicArn": "odd", "MessageId": "c"}))
        world.run()
        assert sorted(each.integration for each in world.incidents()) == ["accounts", "default", "topics"]
        world.running.forget()


@pytest.mark.parametrize("body", ["\x00\x01", '{"nothing": "known"}', "[1, 2", '{"received": {"at": 1}}'])
def test_what_nobody_can_read_is_an_alert_and_no_loop(world: World, body: str) -> None:
    world.aws.send(body)
    world.run()
    assert len(world.incidents()) == 1
    assert not world.aws.queue
    assert not world.dead
    assert world.table.inner.health(world.clock()).backlog == 0


def test_a_stored_delivery_is_handled(world: World) -> None:
    (name,) = world.table.inner.accept(
        [Received(received_at=world.clock(), channel="in", key="web", head=b"", body=ALERT.encode())]
    )
    world.aws.send(json.dumps({"delivery": name}))
    world.aws.send(json.dumps({"delivery": "4711"}))
    world.run()
    assert titles(world) == ["the queue is long"]


def test_what_another_function_took_in_is_handled(world: World) -> None:
    received = Received(received_at=world.clock(), channel="in", key="web", head=b"", body=ALERT.encode())
    world.running.hand_over(messages.again(received))
    world.run()
    assert titles(world) == ["the queue is long"]


def test_a_timer_that_was_overtaken_commits_nothing(world: World) -> None:
    world.alarm()
    world.run()
    (row,) = world.table.inner.listing("incident", live_only=True, limit=9)
    commits = world.table.counts["commit"]
    world.aws.send(json.dumps({"due": row.id, "version": 1}))
    world.aws.send(json.dumps({"due": "nobody", "version": 1}))
    world.run()
    assert world.table.counts["commit"] == commits


def test_while_the_store_is_away_every_message_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("away")

    world.alarm()
    with monkeypatch.context() as patch:
        patch.setattr(world.table.inner, "accept", away)
        world.inbox()
        patch.setattr(world.table.inner, "records", away)
        world.running.forget()
        world.inbox()
    assert len(world.aws.queue) == 1
    world.run()
    assert len(world.incidents()) == 1


def test_only_what_failed_comes_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handling fails after all was stored: nothing was settled, and a copy counts once."""
    world.alarm()
    inner = world.table.inner
    commit = inner.commit
    broken = [True]

    def once(commits: object) -> object:
        if broken.pop() if broken else False:
            raise StoreUnavailableError("away")
        return commit(commits)

    monkeypatch.setattr(inner, "commit", once)
    world.inbox()
    assert len(world.aws.queue) == 1
    world.run()
    (incident,) = world.incidents()
    assert incident.count == 1
    assert world.table.inner.health(world.clock()).backlog == 1  # The first copy; the sweep settles it.
    world.pass_time(61)
    assert world.table.inner.health(world.clock()).backlog == 0
    assert len(world.pages(world.ada)) == 1


def test_timers_that_cannot_be_handled_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.alarm()
    world.run()

    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    world.clock.ahead += 6 * 60 * 1000
    world.timers()
    with monkeypatch.context() as patch:
        patch.setattr(world.table.inner, "load", away)
        failed = inbox.take(world.running, world.aws.queue)
    assert failed == {each["messageId"] for each in world.aws.queue}


def test_dead_letters_are_an_alert_and_are_kept_for_a_replay(world: World) -> None:
    world.alarm()
    world.gateway(ALERT)
    world.gateway(ALERT, key="nobody's")
    world.running.hand_over(
        messages.again(Received(received_at=1, channel="console", key="", head=b"", body=b"{}")),
    )
    world.aws.send('{"due": "1-p"}')
    world.aws.send(json.dumps({"DDBStreamBatchInfo": {"shardId": "1"}, "requestContext": {}}))
    world.dead, world.aws.queue = world.aws.queue, []
    assert world.bury() == {"batchItemFailures": []}
    world.run()
    (incident,) = world.incidents()
    assert incident.face.title == "6 messages could not be handled (inbox-dead)"
    assert incident.severity is Severity.HIGH
    kept = [row for row in world.table.inner.deliveries(9) if row.outcome.startswith("dead letter")]
    assert sorted(row.channel for row in kept) == ["console", "in", "in", "sqs"]
    assert KEY not in str([world.table.inner.delivery(row.id) for row in kept])
    alarm = next(row for row in kept if row.channel == "sqs")
    assert world.table.inner.replay(alarm.id)
    world.pass_time(61)
    assert len(world.incidents()) == 2


def test_dead_letters_told_twice_are_one_alert(world: World) -> None:
    world.alarm()
    letters, world.aws.queue = world.aws.queue, []
    for _ in range(2):
        world.dead = list(letters)
        world.bury()
    world.run()
    (incident,) = world.incidents()
    assert incident.count == 1


def test_dead_letters_that_cannot_be_kept_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    world.alarm()
    world.dead, world.aws.queue = world.aws.queue, []
    name = world.dead[0]["messageId"]
    world.running.thinking()
    monkeypatch.setattr(world.table.inner, "accept", away)
    assert world.bury() == {"batchItemFailures": [{"itemIdentifier": name}]}
