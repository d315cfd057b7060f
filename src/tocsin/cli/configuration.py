"""`tocsin init` and `tocsin check`: writes a configuration to begin with, tells everything that is wrong with one."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from tocsin.cli.printing import say
from tocsin.errors import TocsinError
from tocsin.wiring.settings import FILE, Settings
from tocsin.wiring.settings_file import TEMPLATE, inspect
from tocsin.wiring.settings_problems import Problem, SettingsError
from tocsin.wiring.settings_schema import schema_text

VALID = 0
INVALID = 1

_OWNER_ONLY = 0o600  # Secrets may come to stand in it.


def init(path: Path, *, force: bool) -> str:
    """Write a commented configuration to *path*; the answer, whole lines to print, says what to do next.

    Raises TocsinError `file-exists` (unless *force*: then the file is replaced, in one step) or `file-unwritable`.
    """
    try:
        if force:
            _replace(path)
        else:
            _create(path, os.O_EXCL)
    except FileExistsError:
        message = f"{path} exists already; --force replaces it"
        raise TocsinError("file-exists", message) from None
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        message = f"{path} cannot be written: {why}"
        raise TocsinError("file-unwritable", message) from None
    return _next_steps(path)


def check(path: Path | None, *, as_json: bool, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Whether the configuration at *path* is valid, as the exit code (0 or 1) and whole lines to print.

    None is `tocsin.yaml` in this folder, or the defaults if there is none. With *as_json* the text is an object
    `{"valid", "file", "problems", "warnings"}`, the latter two lists of the fields of `Problem`.
    """
    found = find(path)
    name = str(found) if found else FILE
    try:
        inspected = inspect(found, os.environ if environ is None else environ)
    except SettingsError as error:
        return INVALID, _as_json(name, error.problems, ()) if as_json else _refusal(name, error.problems)
    if as_json:
        return VALID, _as_json(name, (), inspected.warnings)
    warnings = [f"{warning.text(name)} (warning)" for warning in inspected.warnings]
    verdict = f"{name} is valid" if found else f"there is no {FILE} here; the defaults hold"
    return VALID, "\n".join([*warnings, f"{verdict}: {_contents(inspected.settings)}.\n"])


def run_init(given: argparse.Namespace) -> int:
    """`tocsin init`."""
    say(init(given.file, force=given.force))
    return VALID


def run_check(given: argparse.Namespace) -> int:
    """`tocsin check`."""
    if given.schema:
        say(schema())
        return VALID
    code, text = check(given.file, as_json=given.json)
    say(text)
    return code


def find(path: Path | None) -> Path | None:
    """The file to read: *path* if one was named, else `tocsin.yaml` in this folder if it is there, else None."""
    if path is not None:
        return path
    here = Path(FILE)
    return here if here.exists() else None


def schema() -> str:
    """The JSON Schema of the configuration, for `tocsin check --schema`."""
    return schema_text()


def _create(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(TEMPLATE.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path) -> None:
    """A crash in between leaves the old file or the new one, never half of it."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _create(new, os.O_TRUNC)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _next_steps(path: Path) -> str:
    option = "" if path == Path(FILE) else f" --config {path}"
    argument = "" if path == Path(FILE) else f" {path}"
    return f"""{path} is written. It is valid as it is; everything in it is optional.

Next:
  1. Name the people and teams in it, and how they are reached.
  2. tocsin check{argument}
  3. tocsin serve{option}
     It prints the console's sign-in link, and a curl line that rings the bell.
     Or, in your own AWS account and without a server: tocsin deploy{option}
"""


def _refusal(name: str, problems: Sequence[Problem]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([*(problem.text(name) for problem in problems), f"{name} is not valid: {count}.\n"])


def _as_json(name: str, problems: Sequence[Problem], warnings: Sequence[Problem]) -> str:
    document: dict[str, Any] = {
        "valid": not problems,
        "file": name,
        "problems": [asdict(problem) for problem in problems],
        "warnings": [asdict(warning) for warning in warnings],
    }
    return json.dumps(document, indent=2) + "\n"


def _contents(settings: Settings) -> str:
    counts = {
        "team": len(settings.teams),
        "responder": len(settings.responders),
        "policy": len(settings.policies),
        "route": len(settings.routes),
        "integration": len(settings.integrations),
    }
    return ", ".join(f"{count} {_plural(word, count)}" for word, count in counts.items())


def _plural(word: str, count: int) -> str:
    if count == 1:
        return word
    return "policies" if word == "policy" else f"{word}s"
