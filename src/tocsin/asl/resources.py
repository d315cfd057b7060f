"""What the Resource of a Task names, and which events of the history tell of it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

_LAMBDA: Final = re.compile(r"arn:[^:]*:lambda:[^:]*:[^:]*:function:(.+)")
_ACTIVITY: Final = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:activity:(.+)")
_SERVICE: Final = re.compile(
    r"arn:[^:]*:states:([^:]*):([^:]*):(aws-sdk:)?([A-Za-z0-9_-]+):([A-Za-z0-9]+)(?:\.(sync|sync:2|waitForTaskToken))?"
)
WAITS: Final = "waitForTaskToken"
RESOURCES_MAX: Final = 1000  # That are remembered: each is read several times in a step.


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """*kind*: `lambda` (by its ARN), `activity`, `service` or `local`; *type* and *action* as histories call them."""

    kind: str
    name: str = ""
    type: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is over only when somebody answers with its token."""
        return self.pattern == WAITS


@lru_cache(maxsize=RESOURCES_MAX)
def resource(text: str) -> Resource:
    """What *text* names; what is no ARN is a local function of that name."""
    if found := _LAMBDA.fullmatch(text):
        return Resource(kind="lambda", name=found[1])
    if found := _ACTIVITY.fullmatch(text):
        return Resource(kind="activity", name=found[1])
    if found := _SERVICE.fullmatch(text):
        pattern = found[6] or ""
        service = f"aws-sdk:{found[4]}" if found[3] else found[4]
        return Resource(
            kind="service",
            type=service,
            action=f"{found[5]}.{pattern}" if pattern else found[5],
            name=found[5],
            pattern=pattern,
        )
    return Resource(kind="local", name=text)
