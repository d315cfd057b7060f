"""What a run is told: that it begins, what became of a task, that somebody stops it or lets it go on."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.asl.execution import Names, Redriven, Stopped, TaskBeat, TaskFailed, TaskSucceeded
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Tick


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The task of another run that has started this one. *waits*: for its end; *text*: it wants JSON texts then."""

    run: str
    task: str
    text: bool = False
    waits: bool = True


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A run begins. *run*: its id. *definition*: the id of the definition that it keeps for life.

    *seed* decides what chance gives in it, and must not be guessed: the tokens of its tasks follow from it.
    *role*: the ARN of the role at AWS that its tasks assume; empty: none. *by*: the responder who has started it.
    """

    run: str
    workflow: str
    definition: str
    input: Json
    names: Names
    seed: str
    parent: Parent | None = None
    role: str = ""
    by: str = ""


class Unawaited(msgspec.Struct, frozen=True, kw_only=True):
    """The *task* of the other *run* that has started this one waits for its end no more; *why* ends a sentence."""

    run: str
    task: str
    why: str


Answer: TypeAlias = TaskSucceeded | TaskFailed | TaskBeat
Input: TypeAlias = Started | Answer | Stopped | Redriven | Unawaited | Tick
