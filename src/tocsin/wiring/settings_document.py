"""From the bytes of a YAML file to nodes with places: bounded, without tags, and with one meaning for every word.

Of YAML 1.1 only the shape is kept: what a plain word means is decided by the key it stands under, so that a responder
may be called `no` and an account may begin with a zero.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tocsin.wiring.settings_problems import Problem, shown_key

BYTES_MAX: Final = 1 << 18  # Thousands of teams fit; reading more takes longer than a start may.
DEPTH_MAX: Final = 40  # Deeper than any pattern, shallow enough for the parser's recursion.
VALUES_MAX: Final = 100_000  # With aliases followed: a file of a few lines can unfold to more than the memory.

NULL: Final = "tag:yaml.org,2002:null"
BOOL: Final = "tag:yaml.org,2002:bool"
INT: Final = "tag:yaml.org,2002:int"
FLOAT: Final = "tag:yaml.org,2002:float"
TEXT: Final = "tag:yaml.org,2002:str"

_TAGS: Final = frozenset({NULL, BOOL, INT, FLOAT, TEXT, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})
_QUOTED: Final = re.compile(r"'(?!<)[^'\s]{2,}'")  # A part of the file in a parser's message: it may be a secret.
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):
    """The bytes have no nodes; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.message)
        self.problem = problem


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with bounded depth, and with the plain words of YAML 1.2.

    They are those of https://yaml.org/spec/1.2.2/#103-core-schema.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way.
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401 - PyYAML's own way.
        self.depth += 1
        if self.depth > DEPTH_MAX:
            assert parent is not None, "the first level is not too deep"
            raise Unreadable(_at(parent.start_mark, f"nested deeper than {DEPTH_MAX} levels"))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.add_implicit_resolver(NULL, re.compile(r"(?:null|Null|NULL|~|)\Z"), ["n", "N", "~", ""])
_Loader.add_implicit_resolver(BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF"))
_Loader.add_implicit_resolver(INT, re.compile(r"[-+]?[0-9]+\Z"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    FLOAT, re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z"), list("-+.0123456789")
)


def compose(raw: bytes) -> tuple[MappingNode | None, str, list[Problem]]:
    """The root mapping (None: the file is empty), the text, and what is wrong in any node. Raises Unreadable."""
    text = _decoded(raw)
    try:
        root = _root(text)
    except yaml.reader.ReaderError as problem:
        line, column = _place(text, problem.position)
        message = f"the character U+{ord(text[problem.position]):04X} must not stand in a YAML file"
        raise Unreadable(Problem(line=line, column=column, where="", value="", message=message)) from None
    except yaml.MarkedYAMLError as problem:
        raise Unreadable(_syntax(problem, text)) from None
    if root is None or (isinstance(root, ScalarNode) and root.tag == NULL):
        return None, text, []
    if not isinstance(root, MappingNode):
        raise Unreadable(_at(root.start_mark, "the file must hold keys and values like `teams:`"))
    _bound(root)
    return root, text, _problems(root)


def _root(text: str) -> Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except (ValueError, OverflowError):  # `"\UFFFFFFFF"`, `%YAML 1.999…`: PyYAML leaves these to Python.
        raise Unreadable(_at(loader.get_mark(), "this is no YAML: a number in an escape is too large")) from None
    finally:
        loader.dispose()


def at(node: Node, where: str, value: str, message: str, nearest: str = "") -> Problem:
    """A problem with *node*."""
    mark = node.start_mark
    return Problem(
        line=mark.line + 1, column=mark.column + 1, where=where, value=value, message=message, nearest=nearest
    )


def _at(mark: Any, message: str) -> Problem:  # noqa: ANN401 - PyYAML's marks have no common type.
    return Problem(line=mark.line + 1, column=mark.column + 1, where="", value="", message=message)


def _decoded(raw: bytes) -> str:
    if len(raw) > BYTES_MAX:
        message = f"the file has more than {BYTES_MAX} bytes"
        raise Unreadable(Problem(line=0, column=0, where="", value="", message=message))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line, column = _place(raw[: problem.start].decode("utf-8-sig", "replace"), -1)
        message = f"the file is not UTF-8: byte {problem.start} is 0x{raw[problem.start]:02X}"
        raise Unreadable(Problem(line=line, column=column, where="", value="", message=message)) from None


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position] if position >= 0 else text
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _syntax(problem: yaml.MarkedYAMLError, text: str) -> Problem:
    """The parser's complaint in words that help, without any part of the file that may be a secret."""
    mark, words = problem.problem_mark, problem.problem or ""
    assert mark is not None, "PyYAML always says where"
    line = "".join(text.splitlines()[mark.line : mark.line + 1])
    if "'\\t'" in words or line.lstrip(" ").startswith("\t"):
        return _at(mark, "a tab stands here; YAML indents with spaces")
    if "undefined alias" in words:
        return _at(mark, "a value that begins with * needs quotes")
    if words.startswith("second occurrence"):
        return _at(mark, "this anchor stands twice")
    if "but found another document" in words:
        return _at(mark, "a second document begins here; there must be one only")
    words = _QUOTED.sub("this", words)
    if problem.context and problem.context_mark is not None:
        words = f"{_QUOTED.sub('this', problem.context)} of line {problem.context_mark.line + 1}: {words}"
    return _at(mark, f"this is no YAML: {words}")


def _bound(root: Node) -> None:
    """Refuse what contains itself, and what unfolds too far: an alias is short, its value is long.

    An alias follows its anchor, so that a value is measured before it is used again: we recurse as deep as the text.
    """
    measures: dict[int, tuple[int, int] | None] = {}

    def measure(node: Node) -> tuple[int, int]:
        if id(node) in measures:
            known = measures[id(node)]
            if known is None:
                raise Unreadable(_at(node.start_mark, "this value contains itself"))
            return known
        measures[id(node)] = None
        inner = [measure(child) for child in _children(node)]
        size = 1 + sum(size for size, _ in inner)
        depth = 1 + max((depth for _, depth in inner), default=0)
        if size > VALUES_MAX:
            raise Unreadable(_at(node.start_mark, f"with its aliases followed, this has more than {VALUES_MAX} values"))
        if depth > DEPTH_MAX:
            raise Unreadable(_at(node.start_mark, f"with its aliases followed, this is deeper than {DEPTH_MAX} levels"))
        measures[id(node)] = size, depth
        return size, depth

    measure(root)


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _problems(root: Node) -> list[Problem]:
    """What is wrong whatever the keys mean: tags, equal keys, keys that are no words. Raises Unreadable."""
    found: list[Problem] = []
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += _children(node)
        if node.tag not in _TAGS:
            found.append(at(node, "", "", "tags are not read; a value that begins with ! needs quotes"))
        if isinstance(node, ScalarNode) and _SURROGATE.search(node.value):
            raise Unreadable(_at(node.start_mark, "half a character stands here (\\ud800 to \\udfff)"))
        if isinstance(node, MappingNode):
            found += _key_problems(node)
    return found


def _key_problems(node: MappingNode) -> list[Problem]:
    found = []
    first: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            found.append(at(key, "", "", "a key must be a word"))
        elif key.value == "<<" and not key.style:
            found.append(at(key, "", "<<", "merge keys (<<) are not read; write the keys out"))
        elif key.value in first:
            message = f"the key {shown_key(key.value)} stands twice; the first is in line {first[key.value]}"
            found.append(at(key, "", key.value, message))
        else:
            first[key.value] = key.start_mark.line + 1
    return found
