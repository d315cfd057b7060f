"""Small named documents: written, replaced, and taken once."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from tocsin.kernel.json import Json
from tocsin.testing.conformance.subject import THREADS, Subject, at_once

DOCUMENTS: tuple[Json, ...] = ({}, {"a": [1, 2.5, None, True, "x"], "": {"b": -(2**53)}}, [], "text", 0, False)


class RecordsConformance(Subject):
    """`record`, `records`, `put_record`, `take_record`."""

    def test_there_is_nothing_before_it_is_put(self) -> None:
        store = self.make()
        assert store.record("session", "x") is None
        assert store.records("session") == {}
        assert store.take_record("session", "x") is None

    def test_a_document_comes_back_as_it_was(self) -> None:
        store = self.make()
        for document in DOCUMENTS:
            store.put_record("session", "x", document)
            assert store.record("session", "x") == document
            assert store.records("session") == {"x": document}
            assert store.take_record("session", "x") == document
            assert store.record("session", "x") is None

    def test_a_document_can_be_replaced(self) -> None:
        store = self.make()
        store.put_record("session", "x", {"n": 1})
        store.put_record("session", "x", {"n": 2})
        assert store.record("session", "x") == {"n": 2}
        assert store.records("session") == {"x": {"n": 2}}

    def test_kinds_do_not_know_each_other(self) -> None:
        store = self.make()
        store.put_record("session", "x", 1)
        store.put_record("key", "x", 2)
        store.put_record("key", "y", 3)
        assert store.records("key") == {"x": 2, "y": 3}
        assert store.take_record("key", "x") == 2  # noqa: PLR2004 - what was put there.
        assert store.records("session") == {"x": 1}
        assert store.records("nothing") == {}

    def test_a_document_is_taken_once(self) -> None:
        store = self.make()
        store.put_record("link", "x", {"who": "ada"})
        assert store.take_record("link", "x") == {"who": "ada"}
        assert store.take_record("link", "x") is None
        assert store.records("link") == {}

    def test_of_several_threads_one_takes_the_document(self) -> None:
        store = self.make()
        for _ in range(5):
            store.put_record("link", "x", {"who": "ada"})
            taken = at_once(lambda _: store.take_record("link", "x"))
            assert [found for found in taken if found is not None] == [{"who": "ada"}]
            assert len(taken) == THREADS

    def test_a_document_belongs_to_the_store_alone(self) -> None:
        store = self.make()
        document = {"list": [1]}
        store.put_record("session", "x", document)
        document["list"].append(2)
        store.record("session", "x")["list"].append(3)
        store.records("session")["x"]["list"].append(4)
        assert store.record("session", "x") == {"list": [1]}
