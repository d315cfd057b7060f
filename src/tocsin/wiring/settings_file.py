"""Loading the configuration: a file and the environment become settings, or a list of everything that is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tocsin.wiring.settings import DEFAULT, EVERYONE, FILE, Settings, Slack, Team, slack_complaint
from tocsin.wiring.settings_advice import advice, strangers
from tocsin.wiring.settings_document import BYTES_MAX, Unreadable, at, compose
from tocsin.wiring.settings_integrations import Integration
from tocsin.wiring.settings_kinds import Secret, Section
from tocsin.wiring.settings_problems import Problem, SettingsError
from tocsin.wiring.settings_reader import Reader, is_null
from tocsin.wiring.settings_workflows import anchored, mistakes

TEMPLATE: Final = Path(__file__).with_name("tocsin.yaml")
"""The commented file that `tocsin init` writes."""

_DECLARED: Final = {
    "team": "teams",
    "policy": "policies",
    "responder": "responders",
    "schedule": "schedules",
    "integration": "integrations",
    "workflow": "workflows",
}
_IN_THE_OPEN: Final = (
    "a secret stands here, and others may read the file: use ${NAME}, or allow it to its owner only (chmod 600)"
)
SLACK_VARIABLES: Final = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
"""What of the environment counts without a file; a file names what it wants as `${NAME}`."""
_ENVIRONMENT: Final = "the environment"
_NO_FILE: Final = "there is no such file; `tocsin init` writes one"


class Inspection(msgspec.Struct, frozen=True):
    """The settings, and what is legal and yet probably not meant."""

    settings: Settings
    warnings: tuple[Problem, ...]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of the file at *path*, with `${NAME}` from *environ*. Raises SettingsError.

    None: the defaults, with Slack if its tokens are in *environ* (SLACK_VARIABLES).
    """
    return inspect(path, environ).settings


def inspect(path: Path | None, environ: Mapping[str, str]) -> Inspection:
    """As `load`, and what should be looked at again. Raises SettingsError."""
    if path is None:
        return Inspection(complete(Settings(slack=_slack(environ))), ())
    raw, mode = _contents(path)
    return parse(raw, environ, str(path), public=bool(mode & (stat.S_IRGRP | stat.S_IROTH)))


def parse(raw: bytes, environ: Mapping[str, str], file: str = FILE, *, public: bool = False) -> Inspection:
    """As `inspect`, of the bytes of a file; *file* is what messages call it, *public*: others may read it."""
    try:
        root, text, problems = compose(raw)
    except Unreadable as unreadable:
        raise SettingsError(file, [unreadable.problem]) from None
    if root is None:
        return Inspection(complete(Settings()), tuple(_everywhere(message) for _, message in advice(Settings())))
    reader = Reader(text, environ, _names(root))
    settings = reader.read(Section(Settings), root, "")
    problems += reader.problems
    if isinstance(settings, Settings):
        settings = replace(settings, workflows=anchored(settings.workflows, Path(file).parent))
        problems += [
            at(_locate(root, path), ".".join(str(step) for step in path), "", message)
            for path, message in (*strangers(settings, environ), *mistakes(settings.workflows))
        ]
    if problems or not isinstance(settings, Settings):
        raise SettingsError(file, problems)
    warnings = [
        at(_locate(root, path), ".".join(str(step) for step in path), "", message) for path, message in advice(settings)
    ]
    if public:
        warnings += [at(node, where, "", _IN_THE_OPEN) for node, where in reader.literal_secrets]
    return Inspection(complete(settings), tuple(sorted(warnings, key=lambda problem: (problem.line, problem.column))))


def _slack(environ: Mapping[str, str]) -> Slack | None:
    """The Slack app of *environ*, for who has no file. Raises SettingsError."""
    bot, app, signing = (environ.get(name, "").strip() for name in SLACK_VARIABLES)
    if not bot:
        return None
    found = Slack(
        bot_token=Secret(bot),
        app_token=Secret(app) if app else None,
        signing_secret=Secret(signing) if signing else None,
    )
    if complaint := slack_complaint(found):
        for key, name in zip(("bot_token", "app_token", "signing_secret"), SLACK_VARIABLES, strict=True):
            complaint = complaint.replace(key, name)
        raise SettingsError(_ENVIRONMENT, [_everywhere(f"Slack: {complaint}")])
    return found


def complete(settings: Settings) -> Settings:
    """*settings* with what is always there: a team, the integration `default`, everybody's name."""
    responders = {name: replace(each, name=each.name or name) for name, each in settings.responders.items()}
    teams = settings.teams or {EVERYONE: Team(members=tuple(responders))}
    first = next(iter(teams))
    integrations = {DEFAULT: Integration()} | settings.integrations
    return replace(
        settings,
        responders=responders,
        teams=teams,
        routes=tuple(replace(each, name=each.name or f"route {n}") for n, each in enumerate(settings.routes, 1)),
        integrations={name: replace(each, team=each.team or first) for name, each in integrations.items()},
    )


def _locate(root: Node, path: Iterable[str | int]) -> Node:
    """Where *path*, which stands in the file, is: the item of a list, the key of a mapping."""
    node = shown = root
    for step in path:
        if isinstance(step, int):
            if isinstance(node, SequenceNode):  # One alone may stand without brackets.
                shown = node = node.value[step]
        else:
            shown, node = next(pair for pair in node.value if pair[0].value == step)
    return shown


def _names(root: MappingNode) -> dict[str, tuple[str, ...]]:
    """What the file declares, by kind; without those whose declaration is no mapping, a problem of its own."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, key in _DECLARED.items():
        node = next((value for name, value in root.value if name.value == key), None)
        if node is None or is_null(node):
            found[kind] = ()
        elif isinstance(node, MappingNode):
            found[kind] = tuple(name.value for name, _ in node.value if isinstance(name, ScalarNode))
    if "integration" in found:
        found["integration"] = (DEFAULT, *found["integration"])
    return found if found.get("team", True) else {**found, "team": (EVERYONE,)}


def _everywhere(message: str) -> Problem:
    return Problem(line=0, column=0, where="", value="", message=message)


def _contents(path: Path) -> tuple[bytes, int]:
    """The bytes of a file, never more than can be read, and its permissions."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1), os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        message = _NO_FILE
    except OSError as problem:
        message = f"cannot be read: {problem.strerror}"
    except ValueError:  # A NUL byte in the name.
        message = _NO_FILE
    raise SettingsError(str(path), [_everywhere(message)])
