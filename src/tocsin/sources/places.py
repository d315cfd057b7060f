"""What stands at a place of a JSON value, the place being a dotted path: every step may be missing or of any type."""

from __future__ import annotations

from tocsin.incidents.alerts import DESCRIPTION_MAX
from tocsin.kernel.json import Json
from tocsin.sources import bounds
from tocsin.sources.bounds import said


def at(value: Json, path: str) -> Json:
    """The value at *path*; None when a step is missing, or leads into what is no object."""
    for step in path.split("."):
        if type(value) is not dict:
            return None
        value = value.get(step)
    return value


def thing(value: Json, path: str) -> dict[str, Json]:
    """The object at *path*; an empty one for everything else."""
    found = at(value, path)
    return found if type(found) is dict else {}


def things(value: Json, path: str, limit: int) -> list[dict[str, Json]]:
    """The objects among the first *limit* items of the list at *path*."""
    found = at(value, path)
    return [item for item in found[:limit] if type(item) is dict] if type(found) is list else []


def text(value: Json, *paths: str) -> str:
    """What the first of *paths* says that says anything in one word or many; no longer than a description."""
    for path in paths:
        found = at(value, path)
        if type(found) in bounds.WRITTEN:
            told = said(found)[:DESCRIPTION_MAX].strip()
            if told:
                return told
    return ""
