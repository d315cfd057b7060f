"""Text that people and machines really send: quotes, wildcards, NUL, every script, and far too much of it."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from typing import Final

from tocsin.engine.ports import Handled
from tocsin.testing.conformance.subject import HANDLED, NOW, Subject, commit, confirmation, handled, outgoing, received

HOSTILE: Final = (
    "",
    " ",
    "'; DROP TABLE deliveries; --",
    '"quoted" `and` \\escaped\\',
    "%_*?[a-z]{}",
    "a\x00b",
    "a\x00c",
    "\x00",
    "line\nbreak\r\ttab\x1b[31m",
    "Ärger",
    "A\u0308rger",  # The same to the eye, another text.
    "ärger",
    "ÄRGER",
    "警報 🔔 \u202eright to left",
    "\ufeff\ufffd\uffff\U0010ffff",
    "null",
    "1",
    "01",
    "1.0",
    "x" * 100_000,
)


class HostileTextConformance(Subject):
    """Every text in every place, kept apart from every other."""

    def test_every_text_is_an_id_a_key_and_a_story_of_its_own(self) -> None:
        store = self.make()
        steps = [
            commit(text, state=text.encode(), claims=((text, None),), handled=handled(text, reason=text, story=text))
            for text in HOSTILE
        ]
        assert {result.value for result in store.commit(steps)} == {"committed"}
        assert {name: found.state for name, found in store.load(HOSTILE).items()} == {
            text: text.encode() for text in HOSTILE
        }
        assert store.find(HOSTILE) == store.seen(HOSTILE) == {text: text for text in HOSTILE}
        for text in HOSTILE:
            assert list(store.timeline(text, 10)) == [Handled(text, NOW, text, text)]

    def test_every_text_is_a_machine_of_its_own(self) -> None:
        store = self.make()
        store.commit([commit(f"of {text}", machine=text) for text in HOSTILE])
        for text in HOSTILE:
            assert [row.id for row in store.listing(text, live_only=True, limit=9)] == [f"of {text}"]

    def test_lists_of_hostile_ids_can_be_paged(self) -> None:
        store = self.make()
        store.commit([commit(text) for text in HOSTILE])
        found = [row.id for row in store.listing("incident", live_only=False, limit=100)]
        assert found == sorted(HOSTILE, reverse=True)
        for number, text in enumerate(found):
            page = store.listing("incident", live_only=False, limit=100, before=(NOW, text))
            assert [row.id for row in page] == found[number + 1 :]

    def test_every_text_goes_out_and_comes_back(self) -> None:
        store = self.make()
        items = tuple(
            outgoing(text, receiver=text, kind=text, facts={text: text}, coalesce=text and f"one {text}")
            for text in HOSTILE
        )
        store.commit([commit("a", outbox=items)])
        assert {item.id: item for item in store.pending(NOW, per_receiver=9)} == {item.id: item for item in items}
        for item in items:
            assert list(store.pending(NOW, per_receiver=9, receivers=[item.receiver])) == [item]
        store.confirm(
            [confirmation(text, text, receiver=text, transport=text, receipt={text: text}) for text in HOSTILE]
        )
        assert list(store.pending(NOW, per_receiver=9)) == []
        for text in HOSTILE:
            assert store.receipts(text) == {(text, text): {text: text}}

    def test_every_text_names_a_record(self) -> None:
        store = self.make()
        for text in HOSTILE:
            store.put_record(text, text, {text: text})
        for text in HOSTILE:
            assert store.records(text) == {text: {text: text}}
            assert store.take_record(text, text) == {text: text}

    def test_every_text_is_kept_with_a_delivery(self) -> None:
        store = self.make()
        ids = store.accept([received(channel=text, key=text, head=text.encode()) for text in HOSTILE])
        store.settle(dict(zip(ids, HOSTILE, strict=True)))
        found = [store.delivery(name) for name in ids]
        assert [(item.channel, item.key, item.head) for item in found if item] == [
            (text, text, text.encode()) for text in HOSTILE
        ]
        assert [row.outcome for row in store.deliveries(100)] == [text or HANDLED for text in HOSTILE[::-1]]
