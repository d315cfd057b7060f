"""What came in: stored whole, in order, until it is settled."""

# A test's name is its sentence.
# ruff: noqa: D102

from __future__ import annotations

from tocsin.engine.ports import REPLAY_OF
from tocsin.testing.conformance.subject import HANDLED, NOW, THREADS, UNKNOWN_IDS, Subject, at_once, received

GROUP = 600  # More than any backend stores in one statement or one request.


class DeliveriesConformance(Subject):
    """`accept`, `backlog`, `settle`, `delivery`, `deliveries`, `replay`."""

    def test_ids_are_decimal_and_grow_in_the_order_of_acceptance(self) -> None:
        store = self.make()
        ids = [*store.accept([received(b"1"), received(b"2")]), *store.accept([received(b"3")])]
        numbers = [int(name) for name in ids]
        assert numbers == sorted(set(numbers))
        assert ids == [str(number) for number in numbers]
        assert [store.delivery(name).body for name in ids] == [b"1", b"2", b"3"]  # type: ignore[union-attr]

    def test_accepting_nothing_gives_no_ids(self) -> None:
        store = self.make()
        assert list(store.accept([])) == []
        store.accept([received()])
        assert list(store.accept([])) == []
        assert len(store.backlog(10)) == 1

    def test_a_delivery_comes_back_byte_for_byte(self) -> None:
        store = self.make()
        given = received(bytes(range(256)), received_at=NOW + 7, channel="slack", key="prod", head=b"x: \xff\x00\r")
        (name,) = store.accept([given])
        found = store.delivery(name)
        assert found is not None
        assert (found.id, found.received_at, found.channel, found.key) == (name, NOW + 7, "slack", "prod")
        assert (found.head, found.body) == (given.head, given.body)
        assert store.backlog(1) == [found]

    def test_an_empty_body_and_an_empty_head_are_kept_too(self) -> None:
        store = self.make()
        (name,) = store.accept([received(b"", head=b"", key="")])
        found = store.delivery(name)
        assert found is not None
        assert (found.head, found.body, found.key) == (b"", b"", "")

    def test_a_large_group_is_stored_whole_and_in_order(self) -> None:
        store = self.make()
        ids = list(store.accept([received(str(number).encode()) for number in range(GROUP)]))
        assert [found.id for found in store.backlog(GROUP + 1)] == ids
        assert [found.body for found in store.backlog(GROUP + 1)] == [str(number).encode() for number in range(GROUP)]

    def test_what_several_threads_accept_is_all_there_under_its_own_id(self) -> None:
        store = self.make()
        given = at_once(lambda number: (number, store.accept([received(str(number).encode())] * 5)))
        ids = [name for _, names in given for name in names]
        assert len(set(ids)) == THREADS * 5
        assert all(store.delivery(name).body == str(number).encode() for number, names in given for name in names)  # type: ignore[union-attr]
        assert {found.id for found in store.backlog(100)} == set(ids)

    def test_the_backlog_gives_the_oldest_first_and_no_more_than_asked(self) -> None:
        store = self.make()
        ids = store.accept([received(received_at=NOW - number) for number in range(4)])
        assert [found.id for found in store.backlog(3)] == list(ids[:3])
        assert list(store.backlog(0)) == []

    def test_the_backlog_goes_on_beyond_an_id(self) -> None:
        store = self.make()
        ids = store.accept([received()] * 4)
        assert [found.id for found in store.backlog(2, ids[0])] == list(ids[1:3])
        assert list(store.backlog(2, ids[3])) == []
        assert list(store.backlog(2, "999999999999999999999")) == []

    def test_who_goes_on_beyond_what_was_seen_misses_nothing_that_several_threads_accept(self) -> None:
        store = self.make()
        seen: list[str] = []

        def follow() -> None:
            found = store.backlog(7, seen[-1] if seen else "")
            seen.extend(delivery.id for delivery in found)

        def work(number: int) -> None:
            for _ in range(10):
                if number:
                    store.accept([received()] * number)
                else:
                    follow()

        at_once(work)
        while len(seen) < 10 * sum(range(THREADS)):
            before = len(seen)
            follow()
            assert len(seen) > before
        assert seen == [found.id for found in store.backlog(len(seen) + 1)]

    def test_what_is_settled_leaves_the_backlog_and_the_rest_stays_in_order(self) -> None:
        store = self.make()
        ids = store.accept([received()] * 6)
        store.settle({ids[1]: "", ids[4]: "undecodable"})
        assert [found.id for found in store.backlog(10)] == [ids[0], ids[2], ids[3], ids[5]]
        store.settle({ids[2]: "", ids[3]: ""})
        assert [found.id for found in store.backlog(10)] == [ids[0], ids[5]]
        assert store.delivery(ids[1]) is not None

    def test_settling_nothing_or_unknown_ids_changes_nothing(self) -> None:
        store = self.make()
        ids = store.accept([received()] * 3)
        store.settle({})
        store.settle(dict.fromkeys(UNKNOWN_IDS, "lost"))
        assert [found.id for found in store.backlog(10)] == list(ids)
        store.settle({ids[1]: "", "abc": "", "0": "lost"})
        assert [found.id for found in store.backlog(10)] == [ids[0], ids[2]]

    def test_an_outcome_noted_for_an_unknown_id_is_not_inherited(self) -> None:
        store = self.make()
        (first,) = store.accept([received()])
        store.settle({str(int(first) + 1): "lost"})
        (second,) = store.accept([received()])
        assert [row.outcome for row in store.deliveries(1)] == [""]
        store.settle({second: ""})
        assert [row.outcome for row in store.deliveries(1)] == [HANDLED]

    def test_the_first_outcome_stays_when_a_delivery_is_settled_again(self) -> None:
        store = self.make()
        first, second = store.accept([received()] * 2)
        store.settle({first: "undecodable", second: ""})
        store.settle({first: "", second: "undecodable"})
        assert [row.outcome for row in store.deliveries(2)] == [HANDLED, "undecodable"]

    def test_an_unknown_id_is_no_delivery(self) -> None:
        store = self.make()
        store.accept([received()])
        assert [store.delivery(name) for name in UNKNOWN_IDS] == [None] * len(UNKNOWN_IDS)

    def test_the_list_has_the_newest_first_with_sizes_and_outcomes(self) -> None:
        store = self.make()
        first, second = store.accept([received(b"12345", channel="pagerduty", key="prod"), received(b"")])
        store.settle({first: "undecodable"})
        rows = store.deliveries(10)
        assert [(row.id, row.size, row.outcome) for row in rows] == [(second, 0, ""), (first, 5, "undecodable")]
        assert (rows[1].received_at, rows[1].channel, rows[1].key) == (NOW, "pagerduty", "prod")

    def test_the_list_can_be_paged_to_its_end(self) -> None:
        store = self.make()
        ids = list(store.accept([received()] * 5))
        pages: list[str] = []
        before = ""
        while page := store.deliveries(2, before):
            pages += [row.id for row in page]
            before = page[-1].id
        assert pages == ids[::-1]
        assert [row.id for row in store.deliveries(2, "999999999999999999999")] == ids[:2:-1]
        assert list(store.deliveries(2, "abc")) == []

    def test_a_replay_is_a_new_delivery_that_says_of_which(self) -> None:
        store = self.make()
        (first,) = store.accept([received(b"\x00\xff", head=b"a: \xff\x00\nb: c", channel="am", key="prod")])
        store.settle({first: "undecodable"})
        assert store.replay(first)
        (copy,) = store.backlog(10)
        assert int(copy.id) > int(first)
        assert copy.header(REPLAY_OF) == first
        assert copy.head == f"{REPLAY_OF}: {first}\n".encode() + b"a: \xff\x00\nb: c"
        assert (copy.body, copy.channel, copy.key, copy.received_at) == (b"\x00\xff", "am", "prod", NOW)
        assert [row.outcome for row in store.deliveries(10)] == ["", "undecodable"]

    def test_a_replay_of_a_delivery_without_a_head_has_one_header(self) -> None:
        store = self.make()
        (first,) = store.accept([received(head=b"")])
        assert store.replay(first)
        assert store.backlog(2)[1].head == f"{REPLAY_OF}: {first}".encode()

    def test_a_replay_of_a_replay_names_the_one_it_copies(self) -> None:
        store = self.make()
        (first,) = store.accept([received()])
        assert store.replay(first)
        second = store.backlog(2)[1].id
        assert store.replay(second)
        assert store.backlog(3)[2].header(REPLAY_OF) == second

    def test_an_unknown_id_cannot_be_replayed(self) -> None:
        store = self.make()
        store.accept([received()])
        assert [store.replay(name) for name in UNKNOWN_IDS] == [False] * len(UNKNOWN_IDS)
        assert len(store.backlog(10)) == 1
