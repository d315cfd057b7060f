"""What the address of a ping says of the heartbeat."""

from __future__ import annotations

from tocsin.heartbeats.ping import PingKind
from tocsin.kernel.time import DAY, HOUR
from tocsin.sources import pings


def test_a_query_promises_and_a_status_tells_how_it_went() -> None:
    [ping] = pings.read("nightly/3", "every=1d&grace=1h", b"disk full").pings
    assert (ping.name, ping.kind, ping.every, ping.grace) == ("nightly", PingKind.FAIL, DAY, HOUR)
    assert ping.text == "exit status 3\n\ndisk full"


def test_a_query_of_too_many_fields_promises_nothing_and_the_ping_counts() -> None:
    found = pings.read("nightly", "&".join(f"field{number}=1d" for number in range(1000)) + "&every=1d", b"")
    [ping] = found.pings
    assert (ping.name, ping.kind, ping.every) == ("nightly", PingKind.SUCCESS, None)
    assert not found.problems


def test_a_promise_that_cannot_be_read_is_a_problem_and_the_ping_counts() -> None:
    found = pings.read("nightly", "every=soon&grace=1h", b"")
    assert [(problem.place, "soon" in problem.message) for problem in found.problems] == [("every", True)]
    assert found.pings[0].grace == HOUR
