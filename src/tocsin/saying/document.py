"""A saying as JSON, for what carries it through a store; and back."""

from __future__ import annotations

import msgspec

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.saying.message import Saying


def document(saying: Saying) -> Json:
    """*saying* as JSON."""
    return json.decode(json.encode(saying))


def saying_of(found: Json) -> Saying | None:
    """The inverse of `document`; None for what is none, or of another version than ours. Total."""
    try:
        return msgspec.convert(found, Saying)
    except msgspec.ValidationError:
        return None
