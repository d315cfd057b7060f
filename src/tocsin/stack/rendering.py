"""A template as the one text that is sent to CloudFormation: JSON without a space too much."""

from __future__ import annotations

from typing import Any, Final

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.stack.reading import TemplateError

INLINE_BYTES_MAX: Final = 51_200  # Of a template that goes with the request itself (CloudFormation quotas).
BYTES_MAX: Final = 1_000_000  # ... and of one that lies in S3.

_DOCUMENTS: Final = frozenset({"DashboardBody", "DefinitionString"})  # JSON in a string.


def render(template: dict[str, Json]) -> str:
    """*template* as JSON. Raises TemplateError if CloudFormation would not take it, wherever it lies."""
    found = json.encode(_tight(template))
    if len(found) > BYTES_MAX:
        raise TemplateError(
            f"The template has {len(found)} bytes, and CloudFormation takes {BYTES_MAX}: "
            "the definitions of the workflows are too large for one stack"
        )
    return found.decode()


def fits_inline(body: str) -> bool:
    """Whether it may go with the request; else it goes by S3."""
    return len(body.encode()) <= INLINE_BYTES_MAX


def _tight(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON.
    """*value*, the documents in its strings without their spaces: what `Fn::Sub` replaces stands in strings only."""
    if isinstance(value, dict):
        return {key: _tight(each, name if key == "Fn::Sub" else key) for key, each in value.items()}
    if isinstance(value, list):
        return [_tight(each, name) for each in value]
    if isinstance(value, str) and name in _DOCUMENTS:
        return json.encode(json.decode(value)).decode()
    return value
