"""What a team says about a sender's events: the keys of `integrations.NAME.mapping`, each an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tocsin.kernel.later import later
from tocsin.sources.mapped import NAMES
from tocsin.wiring.settings_kinds import Formula, Key

if TYPE_CHECKING:
    from tocsin.expressions import expression as jsonata
    from tocsin.sources import mapping
else:
    jsonata = later("tocsin.expressions.expression")
    mapping = later("tocsin.sources.mapping")

_FORMULA: Final = Formula()


class SourceMapping(msgspec.Struct, frozen=True, kw_only=True):
    """An expression for each field of the alert; what is not said stays what it would be."""

    title: Annotated[jsonata.Expression | None, Key(_FORMULA, "One line; of a list all.")] = None
    description: Annotated[
        jsonata.Expression | None, Key(_FORMULA, "Text; of a list or an object a line for each entry.")
    ] = None
    status: Annotated[
        jsonata.Expression | None,
        Key(_FORMULA, "`firing`, `acknowledged`, `resolved`, or the sender's own word; or whether it fires."),
    ] = None
    severity: Annotated[
        jsonata.Expression | None, Key(_FORMULA, "`critical`, `high`, `warning`, `info`, or the sender's own word.")
    ] = None
    kind: Annotated[
        jsonata.Expression | None, Key(_FORMULA, "`alert`, or `notification`, for which nobody is paged.")
    ] = None
    dedup_key: Annotated[
        jsonata.Expression | None,
        Key(_FORMULA, "What alerts merge by, never their state; where the sender has none, title and resource."),
    ] = None
    group_key: Annotated[jsonata.Expression | None, Key(_FORMULA, "What alerts become one incident by.")] = None
    resource: Annotated[jsonata.Expression | None, Key(_FORMULA, "What it is about: a host, a service.")] = None
    account: Annotated[jsonata.Expression | None, Key(_FORMULA, "The AWS account.")] = None
    region: Annotated[jsonata.Expression | None, Key(_FORMULA, "The AWS region.")] = None
    links: Annotated[
        jsonata.Expression | None,
        Key(_FORMULA, "An address; an object of addresses by their texts; a list of `{text, href}`."),
    ] = None
    labels: Annotated[
        jsonata.Expression | None, Key(_FORMULA, "An object; it replaces the labels that were found.")
    ] = None
    tags: Annotated[jsonata.Expression | None, Key(_FORMULA, "A word, or a list of words.")] = None
    occurred_at: Annotated[
        jsonata.Expression | None, Key(_FORMULA, "When: ISO 8601, or seconds or milliseconds since 1970.")
    ] = None
    items: Annotated[
        jsonata.Expression | None,
        Key(_FORMULA, "A list: each item is an alert, and what the other expressions see."),
    ] = None
    ignore: Annotated[jsonata.Expression | None, Key(_FORMULA, "True: no alert.")] = None

    def compiled(self) -> mapping.Mapping | None:
        """The mapping; None if it says nothing."""
        said = {name: expression for name in NAMES if (expression := getattr(self, name)) is not None}
        return mapping.Mapping(said) if said else None
