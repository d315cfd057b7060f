"""Every dependency has its reason, and every version is locked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def project() -> dict[str, Any]:
    return tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


def required(*, dev: bool) -> list[Requirement]:
    """What pyproject.toml asks for: at run time and to build, and to develop if *dev*."""
    settings = project()
    groups, extras = settings["dependency-groups"], settings["project"]["optional-dependencies"]
    lines = settings["project"]["dependencies"] + groups["build"]
    if dev:
        lines += groups["dev"] + [line for extra in extras.values() for line in extra]
    return [Requirement(line) for line in lines]


def locked(name: str) -> dict[str, str]:
    """The versions in the lock file *name*, by package."""
    pins = re.findall(r"^([\w.-]+)==(\S+)", (HOUSE / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


def test_every_dependency_has_its_reason_and_nothing_else_has() -> None:
    table = (HOUSE / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    reasons = {canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)` \|", table, re.MULTILINE)}
    assert reasons == {canonicalize_name(requirement.name) for requirement in required(dev=True)}


def test_every_ignored_lint_has_its_reason() -> None:
    text = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.findall(r'^  "[A-Z]+[0-9]*",.*$', text, re.MULTILINE)
    assert len(ignored) > len(project()["tool"]["ruff"]["lint"]["ignore"])
    assert [line for line in ignored if not re.search(r"# \S", line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_host(lock: str) -> None:
    text = (HOUSE / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_has_its_hashes(lock: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", (HOUSE / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(entries) == len(locked(lock)) > 0
    assert [entry.partition("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("lock", "dev"), [(LOCKS[0], False), (LOCKS[1], True)])
def test_the_lock_file_holds_what_the_project_asks_for(lock: str, dev: bool) -> None:
    versions = locked(lock)
    missing = [
        str(requirement)
        for requirement in required(dev=dev)
        if not requirement.specifier.contains(versions.get(canonicalize_name(requirement.name), "0"))
    ]
    assert missing == [], "run `make lock`"


def test_developing_uses_the_versions_that_run() -> None:
    run, dev = locked(LOCKS[0]), locked(LOCKS[1])
    assert run.items() <= dev.items()
