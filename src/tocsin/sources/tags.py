"""Tags as senders write them: a list, or one text with commas; `name:value` is a label too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocsin.incidents.alerts import TAGS_MAX
from tocsin.kernel.json import Json
from tocsin.sources import bounds


def read(value: Json) -> tuple[str, ...]:
    """The first TAGS_MAX different tags of *value*; none if it is neither a text nor a list."""
    if isinstance(value, str):
        value = value[: bounds.LINK_MAX * 2].split(",")
    if not isinstance(value, list):
        return ()
    return bounds.tags(value[: TAGS_MAX * 10])


def labels(tags: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The tags that have a name and a value, as pairs of both."""
    for tag in tags:
        name, colon, value = tag.partition(":")
        if colon and name.strip() and value.strip():
            yield name.strip(), value.strip()
