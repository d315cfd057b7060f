"""The keys of workflows: their definitions, in files beside the configuration, read and checked when it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.kernel.later import later
from tocsin.wiring.settings_kinds import Key, Text

if TYPE_CHECKING:
    from tocsin import asl
else:
    asl = later("tocsin.asl")

PROBLEMS_MAX: Final = 10  # Of one definition; `tocsin workflow validate` tells them all.
BYTES_MAX: Final = 4 << 20  # More of a file is not read: a definition has a megabyte at most.

MODULE: Final = Text(
    most=200, shape=r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", what="a Python module like ops.chores"
)
_ROLE: Final = Text(
    most=300, shape=r"arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+", what="the ARN of a role of AWS IAM"
)

Wrong: TypeAlias = tuple[tuple[str | int, ...], str]


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow in Amazon States Language."""

    file: Annotated[
        str, Key(Text(most=500), "File of its definition; a relative name counts from the folder of this file.")
    ]
    role: Annotated[
        str | None,
        Key(_ROLE, "The role that its tasks assume at AWS; a state may name another. Without it the environment's."),
    ] = None


def anchored(workflows: Mapping[str, Workflow], folder: Path) -> dict[str, Workflow]:
    """*workflows*, their files counted from *folder*."""
    return {name: replace(each, file=str(folder / each.file)) for name, each in workflows.items()}


def definition_text(workflow: Workflow) -> str:
    """What its file says. Raises OSError, ValueError."""
    with Path(workflow.file).open("rb") as file:
        return file.read(BYTES_MAX).decode("utf-8")


def mistakes(workflows: Mapping[str, Workflow]) -> Iterator[Wrong]:
    """What is wrong with the definitions of anchored *workflows*, by the key that it is about."""
    for name, workflow in workflows.items():
        try:
            text = definition_text(workflow)
        except OSError as problem:
            yield ("workflows", name), f"{workflow.file} cannot be read: {problem.strerror}"
            continue
        except ValueError:
            yield ("workflows", name), f"{workflow.file} is no UTF-8 text, or no file at all"
            continue
        for found in asl.validate(text)[:PROBLEMS_MAX]:
            line = f":{found.line}" if found.line else ""
            yield ("workflows", name), f"{workflow.file}{line}: {found.message} ({found.location})"
