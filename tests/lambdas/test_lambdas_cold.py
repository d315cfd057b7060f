"""What a function loads, and when: the rule of docs/architecture.md, held with real first requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from bench import cold
from bench.cold import Start
from bench.cold_world import FUNCTIONS, world

NEVER = frozenset(
    {"PIL", "boto3", "botocore", "icalendar", "sqlite3", "tocsin.cli", "tocsin.sqlite", "tocsin.testing", "uvicorn"}
)
"""What neither the import of a handler nor its first usual request loads."""

NOT_AT_IMPORT = NEVER | {
    *("aiohttp", "cryptography", "jsonata", "jwt", "slack_sdk", "tocsin.asl.step", "tocsin.slack.api"),
    *("tocsin.sources.cloudwatch", "tocsin.sources.email", "tocsin.sources.github", "tocsin.wiring.slack_chat"),
}
"""What depends on the kind of sender, way or workflow: loaded when the first of its kind is met."""

THINKING = frozenset(
    {
        *("tocsin.dynamo.store", "tocsin.engine.runner", "tocsin.engine.worker", "tocsin.incidents.machine"),
        *("tocsin.sources.detection", "tocsin.wiring.serverless", "tocsin.wiring.settings_file", "yaml"),
    }
)
REACHING = THINKING | {"tocsin.engine.dispatcher", "tocsin.wiring.serverless_reach", "tocsin.wiring.transports"}
AT_IMPORT = {
    "slack": frozenset({"tocsin.aws.calls", "tocsin.slack.signature"}),
    "inbox": THINKING,
    "outbox": REACHING,
    "sweep": REACHING | {"tocsin.wiring.serverless_rounds", "tocsin.wiring.serverless_talk"},
    "web": REACHING | {"starlette.applications", "tocsin.wiring.serverless_site", "tocsin.wiring.serverless_talk"},
    "dead": THINKING,
}
"""What every usual request needs, and the handler therefore loads itself: nobody gains by putting it off."""

KINDS = {
    "slack": (),
    "inbox": ("tocsin.sources.cloudwatch",),
    "dead": ("tocsin.sources",),
}
"""What the first usual request may add of ours, where that is little: the format of its sender."""


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Start]]:
    folder = tmp_path_factory.mktemp("cold")
    with world(folder) as around:
        yield {name: cold.start(name, around, folder / "bytecode") for name in FUNCTIONS}


def under(names: Iterable[str], tops: frozenset[str]) -> set[str]:
    """Those of *names* that are one of *tops*, or in it."""
    return {name for name in names if any(f"{name}.".startswith(f"{top}.") for top in tops)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_loads_what_every_request_needs_and_nothing_of_a_kind(name: str, starts: dict[str, Start]) -> None:
    first = starts[name].first
    assert not under(first, NOT_AT_IMPORT)
    assert AT_IMPORT[name] <= set(first)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_first_request_loads_what_its_kind_needs(name: str, starts: dict[str, Start]) -> None:
    added = set(starts[name].modules) - set(starts[name].first)
    assert not under(added, NEVER)
    if name in KINDS:
        ours = {each for each in added if each.startswith("tocsin.")}
        assert all(each.startswith(KINDS[name]) for each in ours), ours


def test_the_first_requests_did_something(starts: dict[str, Start]) -> None:
    for name in ("inbox", "outbox", "dead"):
        assert starts[name].answer == {"batchItemFailures": []}
    assert starts["slack"].answer["statusCode"] == 200
    assert "Sign in" in starts["web"].answer["body"]
    assert "tocsin.slack.transport" in starts["outbox"].modules
