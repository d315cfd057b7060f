"""Work for workers: activities, and tasks that wait for their tokens."""

from __future__ import annotations

from typing import Final

from tocsin.web.openapi.answers import told
from tocsin.web.openapi.oncall import ALWAYS, ENDED, TOKEN, UNKNOWN, content, row, whole
from tocsin.web.openapi.writing import TEXT, Operation, Parameter, Surface

_WAIT: Final = Parameter(name="wait", says="How many seconds to wait for work, up to 60; else 20.", schema=TEXT)

ACTIVITIES: Final = Surface(
    name="activities",
    says="Workers of workflows: they ask for tasks, and answer them. A token stands for a responder.",
    operations=(
        Operation(
            method="POST",
            path="/api/v1/activities/{name}/next",
            says="The next task of an activity, with its token and its input.",
            answers=told(*ALWAYS, (200, whole("The task. It is yours.")), (204, ENDED)),
            parameters=(_WAIT,),
            security=TOKEN,
        ),
        row(
            "POST",
            "/api/v1/tasks/succeed",
            "A task that waits for its token is done.",
            (204, ENDED),
            UNKNOWN,
            body=content(("token", "output"), {"token": TEXT, "output": {}}),
        ),
        row(
            "POST",
            "/api/v1/tasks/fail",
            "A task that waits for its token has failed.",
            (204, ENDED),
            UNKNOWN,
            body=content(("token", "error"), {"token": TEXT, "error": TEXT, "cause": TEXT}),
        ),
        row(
            "POST",
            "/api/v1/tasks/beat",
            "A task that waits for its token is at work.",
            (204, ENDED),
            UNKNOWN,
            body=content(("token",), {"token": TEXT}),
        ),
    ),
)
