"""Modules are short, say what they are, and the pure ones stay pure."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("src", "tests", "bench") for path in (HOUSE / folder).rglob("*.py"))
LINES_MAX = 500  # Beyond that a module has a second subject.
PURE = (
    "kernel",
    "regexes",
    "incidents",
    "changes",
    "heartbeats",
    "sources",
    "routing",
    "patterns",
    "schedules",
    "choosing",
    "asking",
    "noise",
    "digests",
    "notices",
    "saying",
    "conversing",
    "timetables",
    "expressions",
    "asl",
    "executions",
    "approvals",
    "automation",
)
PURE_MAY_IMPORT = {"msgspec", "tocsin"}
DOORS = {"expressions/expression.py": {"jsonata"}}  # One module may know a library; all others go through it.

# Each one asks the world for something that a pure package gets as a value.
IMPURE = [
    "import time",
    "from time import monotonic",
    "import random",
    "import uuid",
    "import secrets",
    "import os",
    "from os import urandom",
    "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)",
    "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)",
    "from datetime import date\n\nTODAY = date.today()",
    "import asyncio",
    "import threading",
    "from concurrent.futures import Future",
    "import socket",
    "import http.client",
    "from urllib.request import urlopen",
    "import sqlite3",
    "import logging",
    "from pathlib import Path",
    "import subprocess",
    "from tocsin import engine",
    "from tocsin.engine import runner",
]


def relative(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_and_opens_with_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < LINES_MAX, f"{relative(path)} has more than {LINES_MAX} lines: find its second subject"
    assert ast.get_docstring(ast.parse(text)), f"{relative(path)} must open with a sentence that says what it is"


@pytest.mark.parametrize("package", PURE)
def test_a_pure_package_needs_nothing_but_msgspec(package: str) -> None:
    wrong = [
        f"{relative(path)} imports {name}"
        for path in sorted((HOUSE / "src" / "tocsin" / package).rglob("*.py"))
        for name in imported(path)
        if name not in sys.stdlib_module_names
        and name not in PURE_MAY_IMPORT | DOORS.get(path.relative_to(HOUSE / "src" / "tocsin").as_posix(), set())
    ]
    assert wrong == []


def imported(path: Path) -> set[str]:
    """The top-level names of everything that the module at *path* imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("code", IMPURE)
def test_the_linter_bans_clocks_randomness_and_the_world_in_pure_packages(code: str) -> None:
    for package in PURE:
        assert bans(code, f"src/tocsin/{package}/example.py"), f"nothing stops {code!r} in {package}"


def test_the_linter_lets_the_edge_use_the_world() -> None:
    for code in IMPURE:
        assert not bans(code, "src/tocsin/sqlite/example.py")


def bans(code: str, path: str) -> bool:
    """Whether the project's own linter settings ban *code* in a module at *path*."""
    done = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "check", "--select", "TID251", "--stdin-filename", path, "-"],
        cwd=HOUSE,
        input=code + "\n",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in {0, 1}, done.stderr
    return "TID251" in done.stdout


def test_every_list_of_the_pure_packages_is_the_same() -> None:
    ignores = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    negated = next(pattern for pattern in ignores if pattern.startswith("!"))
    linted = re.fullmatch(r"!src/tocsin/\{(.+)\}/\*\*", negated)
    covered = re.search(r"^PURE := (.+)$", (HOUSE / "Makefile").read_text(), re.MULTILINE)
    assert linted
    assert covered
    assert tuple(linted[1].split(",")) == tuple(covered[1].split()) == PURE
