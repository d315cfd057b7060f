"""From nodes to values, driven by the table of keys: all that is wrong is collected, nothing stops at the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tocsin.incidents.policy import CHOSEN, NEXT, SCHEDULE
from tocsin.kernel.later import later
from tocsin.routing.plans import OWN, OWN_CHANNEL, OWN_TEAM
from tocsin.sources.mapped import VARIABLES
from tocsin.wiring.settings_asking import SMART_POLICY
from tocsin.wiring.settings_document import NULL, TEXT, at
from tocsin.wiring.settings_kinds import (
    NAME,
    Entry,
    Formula,
    Key,
    Kind,
    Many,
    Named,
    PatternOf,
    Ref,
    Secret,
    Section,
    Text,
    Url,
    entries,
    holds_secret,
)
from tocsin.wiring.settings_problems import Problem, nearest, shown, shown_key
from tocsin.wiring.settings_scalars import Wrong, expand, scalar, uses_environment

if TYPE_CHECKING:
    from tocsin.expressions import expression
    from tocsin.wiring import settings_patterns
else:
    expression = later("tocsin.expressions.expression")
    settings_patterns = later("tocsin.wiring.settings_patterns")

HIDDEN: Final = "…"
SUGGESTIONS_MAX: Final = 100  # Comparing every name with every other takes its time, and nobody reads more.
TEAM_PREFIX: Final = f"{OWN_TEAM}:"
CHANNEL_PREFIX: Final = f"{OWN_CHANNEL}:"
SCHEDULE_PREFIX: Final = SCHEDULE
NEXT_SUFFIX: Final = NEXT


class Invalid:
    """Stands where a value would, once its problem has been noted."""


INVALID: Final = Invalid()


class Reader:
    """Reads one document; afterwards *problems* has what is wrong, *literal_secrets* which secrets stand in it."""

    def __init__(self, text: str, environ: Mapping[str, str], names: Mapping[str, Iterable[str]]) -> None:
        """*names*: what is declared, by kind (`team`, `policy`, `responder`); of a missing kind every name will do."""
        self.problems: list[Problem] = []
        self.literal_secrets: list[tuple[ScalarNode, str]] = []
        self._taken: dict[tuple[Key, object], str] = {}
        self._lines = text.splitlines()
        self._environ = environ
        self._names = {kind: tuple(known) for kind, known in names.items()}

    def read(self, kind: Kind, node: Node, where: str, *, secret: bool = False) -> object:
        """The value of *node*, or INVALID."""
        match kind:
            case Section():
                return self._section(kind, node, where)
            case Named():
                return self._named(kind, node, where)
            case Many():
                return self._many(kind, node, where)
            case PatternOf():
                return self._pattern(kind, node, where)
            case Formula():
                return self._formula(kind, node, where)
            case _:
                return self._scalar(kind, node, where, secret=secret)

    def _section(self, kind: Section, node: Node, where: str) -> object:
        if is_null(node):
            pairs: list[tuple[Node, Node]] = []
        elif isinstance(node, MappingNode):
            pairs = node.value
        elif kind.short and isinstance(node, ScalarNode):
            pairs = [(ScalarNode(TEXT, kind.short, node.start_mark, node.start_mark), node)]
        else:
            return self._mistyped(kind, node, where, "keys and values")
        known, valid = entries(kind.struct), True
        values: dict[str, object] = {}
        for key, value in pairs:
            entry = known.get(key.value) if isinstance(key, ScalarNode) else None
            if entry is None:
                valid = self._unknown(key, where, known)
            elif is_null(value):
                valid = self._nothing(entry, key, where) and valid
            else:
                found = self.read(entry.key.kind, value, _below(where, entry.name), secret=entry.key.secret)
                values[entry.field] = found
                valid = found is not INVALID and self._unique(entry, found, value, _below(where, entry.name)) and valid
        written = {key.value for key, _ in pairs if isinstance(key, ScalarNode)}
        for entry in known.values():
            if entry.required and entry.name not in written:
                valid = self._note(node, where, "", f'the key "{entry.name}" is missing')
        return self._made(kind, values, node, where) if valid else INVALID

    def _made(self, kind: Section, values: dict[str, object], node: Node, where: str) -> object:
        made = kind.struct(**values)
        complaint = kind.check(made) if kind.check else ""
        if complaint:
            self._note(node, where, "", complaint)
            return INVALID
        return made

    def _unknown(self, key: Node, where: str, known: Iterable[str]) -> bool:
        if not isinstance(key, ScalarNode) or key.value == "<<":
            return False  # The document has noted it.
        near = self._nearest(key.value, known)
        message = f"unknown key {shown_key(key.value)}" + ("" if near else f"; known: {', '.join(known)}")
        return self._note(key, where, key.value.partition(":")[0], message, near)

    def _nothing(self, entry: Entry, key: Node, where: str) -> bool:
        """A key without a value is a key that does not stand there, unless it must, or a # has swallowed the value."""
        below = _below(where, entry.name)
        line = self._lines[key.end_mark.line] if key.end_mark.line < len(self._lines) else ""
        rest = line[key.end_mark.column :].lstrip(" :\"'").rstrip()
        kind = entry.key.kind
        if isinstance(kind, Text) and kind.shape and rest.startswith("#") and not isinstance(scalar(kind, rest), Wrong):
            return self._note(key, below, rest, f"in YAML a # begins a comment: write {shown(rest)} with its quotes")
        return not entry.required or self._note(key, below, "", "has no value, and must have one")

    def _unique(self, entry: Entry, found: object, node: Node, where: str) -> bool:
        if not entry.key.unique:
            return True
        first = self._taken.setdefault((entry.key, found), where)
        return first == where or self._note(node, where, HIDDEN, f"is the same as {first}; each needs its own")

    def _named(self, kind: Named, node: Node, where: str) -> object:
        if not isinstance(node, MappingNode):
            return self._mistyped(kind, node, where, f"{kind.word} names, each followed by a colon")
        found: dict[str, object] = {}
        valid = True
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                continue  # The document has noted it.
            name = key.value
            if not NAME.fullmatch(name):
                message = f"{shown_key(name)} cannot be a name; use letters, digits and . _ @ + -, at most 64"
                valid = self._note(key, where, name.partition(":")[0], message)
            elif name in kind.reserved:
                valid = self._note(
                    key, where, name, f'"{name}" cannot be the name of a {kind.word}: it has a meaning of its own'
                )
            found[name] = self.read(kind.of, value, _below(where, name))
        return found if valid and INVALID not in found.values() else INVALID

    def _many(self, kind: Many, node: Node, where: str) -> object:
        if isinstance(node, SequenceNode):
            items = [self._item(kind, item, f"{where}[{place}]") for place, item in enumerate(node.value)]
        elif kind.single and (isinstance(node, ScalarNode) or isinstance(kind.of, Section)):
            items = [self.read(kind.of, node, where)]
        else:
            return self._mistyped(kind, node, where, "a list")
        if len(items) < kind.least:
            self._note(node, where, "[]", f"is empty, and must have at least {kind.least}")
            return INVALID
        return tuple(items) if INVALID not in items else INVALID

    def _item(self, kind: Many, item: Node, where: str) -> object:
        if is_null(item):
            self._note(item, where, "", "nothing stands here")
            return INVALID
        return self.read(kind.of, item, where)

    def _pattern(self, kind: PatternOf, node: Node, where: str) -> object:
        if not isinstance(node, MappingNode):
            return self._mistyped(kind, node, where, "a pattern like {source: [aws.health]}")
        made, problems = settings_patterns.pattern(kind.subject, node, where, self._environ)
        self.problems += problems
        return INVALID if made is None else made

    def _formula(self, kind: Formula, node: Node, where: str) -> object:
        if not isinstance(node, ScalarNode):
            return self._mistyped(kind, node, where, "an expression, in quotes if it begins with [ or {")
        try:
            return expression.Expression(node.value, VARIABLES)
        except expression.ExpressionError as wrong:
            self._note(node, where, node.value, f"{shown(node.value)} is no expression: {wrong}")
            return INVALID

    def _scalar(self, kind: Kind, node: Node, where: str, *, secret: bool) -> object:
        if not isinstance(node, ScalarNode):
            return self._mistyped(kind, node, where, "one value")
        text = expand(node.value, self._environ)
        value = text if isinstance(text, Wrong) else scalar(kind, text)
        if isinstance(value, Wrong):
            hidden = secret or (isinstance(kind, Url) and "@" in node.value)  # It may carry a password.
            said, value_said = (HIDDEN, HIDDEN) if hidden else (node.value, shown(node.value))
            self._note(node, where, said, f"{value_said} {value.message}", value.nearest)
            return INVALID
        if isinstance(kind, Ref) and not self._exists(kind, str(value), node, where):
            return INVALID
        if secret and not uses_environment(node.value):
            self.literal_secrets.append((node, where))
        return Secret(str(value)) if secret else value

    def _exists(self, kind: Ref, name: str, node: Node, where: str) -> bool:
        """Whether *name* is declared; of the message only what the file itself says is shown, not what it asks for."""
        said = node.value if isinstance(node, ScalarNode) else name
        if (kind.to == "target" and name in OWN) or (kind.to == "policy" and name == SMART_POLICY):
            return True
        what, prefix = _target(name) if kind.to == "target" else (kind.to, "")
        known = self._names.get(what)
        bare = name.removeprefix(prefix)
        takes_next = prefix == SCHEDULE_PREFIX and bare.removesuffix(NEXT_SUFFIX) in (known or ())
        if known is None or bare in known or takes_next:
            return True
        near = self._nearest(said, (f"{prefix}{each}" for each in (*known, *(OWN if what == "responder" else ()))))
        return self._note(node, where, said, f"there is no {what} {shown(said.removeprefix(prefix))}", near)

    def _nearest(self, name: str, names: Iterable[str]) -> str:
        """The one of *names* that was meant; of a file that is wrong throughout, only for the first problems."""
        return nearest(name, names) if len(self.problems) < SUGGESTIONS_MAX else ""

    def _mistyped(self, kind: Kind, node: Node, where: str, wanted: str) -> Invalid:
        said = "a mapping" if isinstance(node, MappingNode) else "a list" if isinstance(node, SequenceNode) else ""
        if isinstance(node, ScalarNode):
            hidden = holds_secret(kind)
            said = "nothing" if is_null(node) else "a text" if hidden else shown(node.value)
        self._note(node, where, said, f"must be {wanted}, not {said}")
        return INVALID

    def _note(self, node: Node, where: str, value: str, message: str, near: str = "") -> bool:
        """Note a problem; the answer is False, since nothing is valid any more."""
        self.problems.append(at(node, where, value, message, near))
        return False


def is_null(node: Node) -> bool:
    """Whether nothing stands there."""
    return isinstance(node, ScalarNode) and node.tag == NULL


def _target(name: str) -> tuple[str, str]:
    """What a target names, and what stands before the name."""
    for prefix in (TEAM_PREFIX, CHANNEL_PREFIX, *CHOSEN):
        if name.startswith(prefix):
            rest = name.removeprefix(prefix)
            scheduled = prefix in CHOSEN and rest.startswith(SCHEDULE_PREFIX)
            return ("schedule", prefix + SCHEDULE_PREFIX) if scheduled else ("team", prefix)
    return ("schedule", SCHEDULE_PREFIX) if name.startswith(SCHEDULE_PREFIX) else ("responder", "")


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
