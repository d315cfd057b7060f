"""What can be typed, fetched or measured is documented, and the examples are right; UPDATE=1 rewrites the tables.

Two neighbours hold the rest: every configuration key (tests/wiring/test_settings_schema.py) and every reason
(tests/incidents/test_incident_documentation.py).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import BaseRoute, Mount, Route

from tocsin.cli.main import parser
from tocsin.engine.ports import Commit, Delivery, Handled, Health, Outgoing
from tocsin.engine.runner import Outcome
from tocsin.web.openapi.surfaces import SURFACES
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.metrics import Metrics
from tocsin.wiring.outside import Outside
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

HOUSE = Path(__file__).parents[2]
COMMANDS = HOUSE / "docs" / "commands.md"
HTTP = HOUSE / "docs" / "http.md"
PAGES = sorted([HOUSE / "README.md", *(HOUSE / "docs").rglob("*.md")])

ARGUMENTS = re.compile(r"(<!-- arguments of `([a-z]+)` -->\n)(.*?)(<!-- end -->)", re.DOTALL)
METRICS = re.compile(r"(<!-- metrics -->\n)()(.*?)(<!-- end -->)", re.DOTALL)
ROUTE = re.compile(r"^\| `([A-Z]+) (/\S*)` \| [^|]+ \| [0-9][^|]* \|$", re.MULTILINE)
ROW = re.compile(r"^(\| `([A-Z]+) (/\S*)` \| [^|]+ \| )[0-9][^|]* \|$", re.MULTILINE)
REST = "{rest}"
EXAMPLE = re.compile(r"^ *(?:\$ )?(?:\.venv/bin/)?(tocsin [a-z-].*)$", re.MULTILINE)
QUOTED = re.compile(r"`tocsin ([a-z-][^`]*)`")


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    [added] = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(added.choices)


def arguments(name: str) -> str:
    """The table of what a command takes."""
    command = commands()[name]
    rows = [
        f"| `{called(action)}` | {sentence(action)} |"
        for action in command._actions
        if not isinstance(action, argparse._HelpAction)
    ]
    head = ["", f"**tocsin {name}**: {command.description}", "", "| argument | |", "|---|---|"]
    return "\n".join([*head, *rows, "", ""])


def called(action: argparse.Action) -> str:
    """How an argument is written."""
    what = "{" + ",".join(action.choices) + "}" if action.choices else action.metavar or action.dest.upper()
    if not action.option_strings:
        return f"[{what}]" if action.nargs in {"?", "*"} else str(what)
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {what}"


def sentence(action: argparse.Action) -> str:
    assert action.help, f"{called(action)} has no help"
    return action.help.replace("|", "\\|")


def renewed(page: Path, tables: re.Pattern[str], make: Callable[[str], str]) -> tuple[str, str]:
    """A page as it is, and as it should be."""
    text = page.read_text(encoding="utf-8")
    right = tables.sub(lambda found: found[1] + make(found[2]) + found[4], text)
    if os.environ.get("UPDATE"):
        page.write_text(right, encoding="utf-8")
        text = right
    return text, right


def test_every_command_and_every_argument_is_documented() -> None:
    text, right = renewed(COMMANDS, ARGUMENTS, arguments)
    assert text == right, "UPDATE=1 renews it; read the difference"
    assert sorted(name for _, name, _, _ in ARGUMENTS.findall(text)) == sorted(commands())


def test_every_command_has_an_example() -> None:
    shown = {line.split()[1] for line in EXAMPLE.findall(COMMANDS.read_text(encoding="utf-8"))}
    assert shown == set(commands())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_the_calls_on_a_page_are_right(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in EXAMPLE.findall(text):
        tried(line)
    for quoted in QUOTED.findall(text):
        name = quoted.split()[0]
        assert name.startswith("-") or name in commands(), f"there is no `tocsin {quoted}`"


def tried(line: str) -> None:
    """Read a call as the shell and the parser would."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if word[0] in "|&;<>":
            break
        words.append(word)
    parser().parse_args(words[1:])


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Every route of the runtime with all that can be set up, as (method, path)."""
    folder = tmp_path_factory.mktemp("routes")
    guid = "11111111-1111-1111-1111-111111111111"
    teams = f"microsoft_teams: {{app_id: {guid}, app_password: test-secret, tenant: {guid}}}"
    settings = parse(f"slack: {{bot_token: test-token, signing_secret: test-secret}}\n{teams}".encode(), {}).settings

    async def look() -> set[tuple[str, str]]:
        with embedded(settings, folder / "tocsin.db") as runtime:
            return set(listed(runtime.app().routes))

    return asyncio.run(look())


@contextmanager
def embedded(settings: Settings, db: Path) -> Iterator[Embedded]:
    runtime = Embedded(settings, db, "http://127.0.0.1", Outside(), lambda: None)
    try:
        yield runtime
    finally:
        runtime.stop()


def listed(found: Sequence[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in found:
        if isinstance(route, Mount):
            guard: Any = route.app
            yield from listed(guard._app.routes)  # The console, behind its guard.
        else:
            assert isinstance(route, Route)
            path = re.sub(r":\w+}", "}", route.path)
            for method in route.methods or ():
                yield method, path


def test_every_http_route_is_documented(routes: set[tuple[str, str]]) -> None:
    told = ROUTE.findall(HTTP.read_text(encoding="utf-8"))
    assert len(told) == len(set(told))
    assert set(told) == {(method, path) for method, path in routes if method != "HEAD"}


def test_every_http_route_is_in_the_openapi_document(routes: set[tuple[str, str]]) -> None:
    served = {(method, path) for method, path in routes if method != "HEAD"}
    told = {(each.method, each.path) for surface in SURFACES for each in surface.operations}
    assert {(method, path) for method, path in served if REST not in path} <= told
    for method, path in told - served:
        assert any(method == its and path.startswith(begin(route)) for its, route in served if REST in route), path


def begin(path: str) -> str:
    """What is fixed of a route that takes whatever comes below it."""
    return path.removesuffix(REST)


def answers(routes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """What the OpenAPI document says of each route; of one that takes whatever comes, all that is said below it."""
    found: dict[tuple[str, str], list[int]] = {}
    for method, path in routes:
        said = [
            each.answers
            for surface in SURFACES
            for each in surface.operations
            if each.method == method and (each.path == path or (REST in path and each.path.startswith(begin(path))))
        ]
        found[method, path] = sorted({status for one in said for status in one})
    return found


def test_the_answers_of_a_route_are_those_of_the_openapi_document(routes: set[tuple[str, str]]) -> None:
    text, told = HTTP.read_text(encoding="utf-8"), answers(routes)
    right = ROW.sub(lambda row: f"{row[1]}{', '.join(map(str, told[row[2], row[3]]))} |", text)
    if os.environ.get("UPDATE"):
        HTTP.write_text(right, encoding="utf-8")
        text = right
    assert text == right, "UPDATE=1 renews it; read the difference"


def metrics(_: str) -> str:
    """The table of all figures."""
    rows = ["", "| figure | labels | |", "|---|---|---|"]
    for family in figures():
        labels = sorted({name for sample in family.samples for name in sample.labels} - {"le"})
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows.append(f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {family.documentation} |")
    return "\n".join([*rows, "", ""])


def figures() -> list[Metric]:
    """Every figure, each of which has been counted at least once."""
    well = Health(
        backlog=0, oldest_backlog_at=None, oldest_due_at=None, pending=0, oldest_pending_at=None, live={}, broken=()
    )
    counted = Metrics(lambda _: well, lambda: 0, lambda: {"prod": 1}, lambda: {("slack", "is_archived"): 1})
    counted.accepted(1)
    counted.refused("key")
    delivery = Delivery(id="1", received_at=0, channel="in", key="", head=b"", body=b"")
    counted.settled(delivery, "", [Outcome("1", "opened")])
    page = Outgoing(
        id="1", aggregate="1", machine="incident", receiver="r", kind="page", facts={}, coalesce="", urgent=True,
        created_at=0, not_before=0,
    )  # fmt: skip
    counted.result(page, "slack", "delivered")
    counted.committed(
        [
            Commit(
                aggregate="1", machine="incident", expected=0, state=b"", wake_at=None, live=True, owes=True, rank=0,
                handled=(Handled("1", 0, "held", ""),),
            )
        ]
    )  # fmt: skip
    families = text_string_to_metric_families(counted.text().decode())
    return [family for family in families if not family.name.endswith("_created")]


def test_every_metric_is_documented() -> None:
    text, right = renewed(HTTP, METRICS, metrics)
    assert text == right, "UPDATE=1 renews it; read the difference"
    known = set(re.findall(r"^\| `(tocsin_\w+)`", text, re.MULTILINE))
    assert set(re.findall(r"\btocsin_[a-z_]+\b", text)) == known
