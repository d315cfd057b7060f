"""The formats of JSON objects, and how each is recognised: three tables, one row a format.

A reader may still find that an object is not its own after all; then the next one is asked. The order: what the
sender's address names, what its headers say, what the names in the object say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.kernel.json import Json
from tocsin.sources import alertmanager, chatbot, cloudevents, cloudwatch, eventbridge, pagerduty, prometheus
from tocsin.sources.aws import bodies as aws
from tocsin.sources.reading import Hints, Reader

# The formats that an address can name, as `github` of `/v1/in/KEY/github`.
_BY_FORM: Final[dict[str, Reader]] = {}

# The header that only this sender sets, and its reader.
_BY_HEADER: Final[tuple[tuple[str, Reader], ...]] = ()

# The names that a format always has, and its reader; the more telling rows first.
_BY_NAMES: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"labels"}), prometheus.read),
    (frozenset({"event_action"}), pagerduty.read),
    (frozenset({"alerts"}), alertmanager.read),
    (frozenset({"AlarmName", "NewStateValue"}), cloudwatch.read),
    (frozenset({"detail-type", "source"}), eventbridge.read),
    (frozenset({"specversion", "type", "source"}), cloudevents.read),
    (frozenset({"version", "source", "content"}), chatbot.read),
    (frozenset(), aws.read),  # It has a table of its own.
)


def readers(value: dict[str, Json], hints: Hints) -> Iterator[Reader]:
    """Those who might read *value*, the likeliest first."""
    if hints.form in _BY_FORM:
        yield _BY_FORM[hints.form]
    for header, reader in _BY_HEADER:
        if header in hints.headers:
            yield reader
    names = value.keys()
    for marks, reader in _BY_NAMES:
        if names >= marks:
            yield reader
