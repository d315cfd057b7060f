"""The formats of JSON objects, and how each is recognised: three tables, one row a format.

A reader may still find that an object is not its own after all; then the next one is asked. The order: what the
sender's address names, what its headers say, what the names in the object say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Final, TypeAlias

from tocsin.kernel.json import Json
from tocsin.sources import (
    alertmanager,
    bitbucket,
    chatbot,
    cloudevents,
    cloudwatch,
    email_services,
    eventbridge,
    github,
    gitlab,
    jenkins,
    monitors,
    pagerduty,
    pagerduty_changes,
    pagerduty_v1,
    prometheus,
    sentry,
    slack_webhook,
)
from tocsin.sources.aws import bodies as aws
from tocsin.sources.reading import Hints, Reader

# The formats that an address can name, as `github` of `/v1/in/KEY/github`.
_BY_FORM: Final[dict[str, Reader]] = {
    **monitors.BY_FORM,
    bitbucket.SOURCE: bitbucket.read,
    github.SOURCE: github.read,
    gitlab.SOURCE: gitlab.read,
    jenkins.SOURCE: jenkins.read,
    "pagerduty_v1": pagerduty_v1.read,
    pagerduty_changes.FORM: pagerduty_changes.read,
    sentry.SOURCE: sentry.read,
    slack_webhook.SOURCE: slack_webhook.read,
}

# The header that only this sender sets, and its reader.
_BY_HEADER: Final[tuple[tuple[str, Reader], ...]] = (
    (github.HEADER, github.read),
    (gitlab.HEADER, gitlab.read),
    (bitbucket.HEADER, bitbucket.read),
    (sentry.HEADER, sentry.read),
)

# The names that a format always has, and its reader; the more telling rows first.
_BY_NAMES: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"labels"}), prometheus.read),
    (frozenset({"event_action"}), pagerduty.read),
    (frozenset({"service_key", "event_type"}), pagerduty_v1.read),
    (frozenset({"routing_key", "payload"}), pagerduty_changes.read),
    (frozenset({"alerts"}), alertmanager.read),
    (frozenset({"AlarmName", "NewStateValue"}), cloudwatch.read),
    (frozenset({"detail-type", "source"}), eventbridge.read),
    (frozenset({"specversion", "type", "source"}), cloudevents.read),
    (frozenset({"version", "source", "content"}), chatbot.read),
    *monitors.BY_NAMES,
    (frozenset({"repository", "sender"}), github.read),
    (frozenset({"zen", "hook_id"}), github.read),
    (frozenset({"object_kind"}), gitlab.read),
    (frozenset({"repository", "actor"}), bitbucket.read),
    (frozenset({"name", "url", "build"}), jenkins.read),
    (frozenset({"action", "data", "actor"}), sentry.read),
    (frozenset({"project", "culprit", "event"}), sentry.read),
    (frozenset({"attachments"}), slack_webhook.read),
    (frozenset({"text", "blocks"}), slack_webhook.read),
    (frozenset({"notificationType", "mail", "receipt"}), email_services.read_ses),
    (frozenset({"recipient", "sender", "subject"}), email_services.read_mailgun),
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
    rows = [*_OF_ANY, *(row for name in names & _INDEX.keys() for row in _INDEX[name])]
    rows.sort(key=_PLACE)
    for _, marks, reader in rows:
        if names >= marks:
            yield reader


_Row: TypeAlias = tuple[int, frozenset[str], Reader]  # With its place in the table.

_PLACE: Final = itemgetter(0)
_ROWS: Final[tuple[_Row, ...]] = tuple((place, marks, reader) for place, (marks, reader) in enumerate(_BY_NAMES))
_OF_ANY: Final = tuple(row for row in _ROWS if not row[1])  # Readers that look for themselves.


def _indexed() -> dict[str, list[_Row]]:
    """The rows by that name of theirs which the fewest others have: only what an object could be is looked at."""
    common = Counter(chain.from_iterable(marks for marks, _ in _BY_NAMES))
    index: dict[str, list[_Row]] = {}
    for row in (row for row in _ROWS if row[1]):
        index.setdefault(min(row[1], key=lambda name: (common[name], name)), []).append(row)
    return index


_INDEX: Final = _indexed()
