"""The formats of JSON objects, and how each is recognised: three tables, one row a format.

A reader may still find that an object is not its own after all; then the next one is asked. The order: what the
sender's address names, what its headers say, what the names in the object say. The module of a format is loaded when
its reader is first asked: a team has senders of few kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Final, TypeAlias

from tocsin.kernel.json import Json
from tocsin.sources import monitors
from tocsin.sources.reading import Hints, Reader, reader

# The formats that an address can name, as `github` of `/v1/in/KEY/github`.
_BY_FORM: Final[dict[str, Reader]] = {
    **monitors.BY_FORM,
    "bitbucket": reader("bitbucket.read"),
    "github": reader("github.read"),
    "gitlab": reader("gitlab.read"),
    "jenkins": reader("jenkins.read"),
    "pagerduty_v1": reader("pagerduty_v1.read"),
    "pagerduty_changes": reader("pagerduty_changes.read"),
    "sentry": reader("sentry.read"),
    "slack": reader("slack_webhook.read"),
}

# The header that only this sender sets, and its reader.
_BY_HEADER: Final[tuple[tuple[str, Reader], ...]] = (
    ("x-github-event", reader("github.read")),
    ("x-gitlab-event", reader("gitlab.read")),
    ("x-event-key", reader("bitbucket.read")),
    ("sentry-hook-resource", reader("sentry.read")),
)

# The names that a format always has, and its reader; the more telling rows first.
_BY_NAMES: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"labels"}), reader("prometheus.read")),
    (frozenset({"event_action"}), reader("pagerduty.read")),
    (frozenset({"service_key", "event_type"}), reader("pagerduty_v1.read")),
    (frozenset({"routing_key", "payload"}), reader("pagerduty_changes.read")),
    (frozenset({"alerts"}), reader("alertmanager.read")),
    (frozenset({"AlarmName", "NewStateValue"}), reader("cloudwatch.read")),
    (frozenset({"detail-type", "source"}), reader("eventbridge.read")),
    (frozenset({"specversion", "type", "source"}), reader("cloudevents.read")),
    (frozenset({"version", "source", "content"}), reader("chatbot.read")),
    *monitors.BY_NAMES,
    (frozenset({"repository", "sender"}), reader("github.read")),
    (frozenset({"zen", "hook_id"}), reader("github.read")),
    (frozenset({"object_kind"}), reader("gitlab.read")),
    (frozenset({"repository", "actor"}), reader("bitbucket.read")),
    (frozenset({"name", "url", "build"}), reader("jenkins.read")),
    (frozenset({"action", "data", "actor"}), reader("sentry.read")),
    (frozenset({"project", "culprit", "event"}), reader("sentry.read")),
    (frozenset({"attachments"}), reader("slack_webhook.read")),
    (frozenset({"text", "blocks"}), reader("slack_webhook.read")),
    (frozenset({"notificationType", "mail", "receipt"}), reader("email_services.read_ses")),
    (frozenset({"recipient", "sender", "subject"}), reader("email_services.read_mailgun")),
    (frozenset(), reader("aws.bodies.read")),  # It has a table of its own.
)


def readers(value: dict[str, Json], hints: Hints) -> Iterator[Reader]:
    """Those who might read *value*, the likeliest first."""
    if hints.form in _BY_FORM:
        yield _BY_FORM[hints.form]
    for header, found in _BY_HEADER:
        if header in hints.headers:
            yield found
    names = value.keys()
    rows = [*_OF_ANY, *(row for name in names & _INDEX.keys() for row in _INDEX[name])]
    rows.sort(key=_PLACE)
    for _, marks, found in rows:
        if names >= marks:
            yield found


_Row: TypeAlias = tuple[int, frozenset[str], Reader]  # With its place in the table.

_PLACE: Final = itemgetter(0)
_ROWS: Final[tuple[_Row, ...]] = tuple((place, marks, found) for place, (marks, found) in enumerate(_BY_NAMES))
_OF_ANY: Final = tuple(row for row in _ROWS if not row[1])  # Readers that look for themselves.


def _indexed() -> dict[str, list[_Row]]:
    """The rows by that name of theirs which the fewest others have: only what an object could be is looked at."""
    common = Counter(chain.from_iterable(marks for marks, _ in _BY_NAMES))
    index: dict[str, list[_Row]] = {}
    for row in (row for row in _ROWS if row[1]):
        index.setdefault(min(row[1], key=lambda name: (common[name], name)), []).append(row)
    return index


_INDEX: Final = _indexed()
