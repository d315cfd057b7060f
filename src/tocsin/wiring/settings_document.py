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

BYTES_MAX: Final = 1 << 20  # A thousand teams fit; reading more takes longer than a start may.
DEPTH_MAX: Final = 40  # Deeper than any pattern, shallow enough for the parser's recursion.
VALUES_MAX: Final = 100_000  # With aliases followed: a file of a few lines can unfold to more than the memory.

NULL: Final = "tag:yaml.org,2002:null"
BOOL: Final = "tag:yaml.org,2002:bool"
INT: Final = "tag:yaml.org,2002:int"
FLOAT: Final = "tag:yaml.org,2002:float"
TEXT: Final = "tag:yaml.org,2002:str"

_TAGS: Final = frozenset({NULL, BOOL, INT, FLOAT, TEXT, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})
_QUOTED: Final = re.compile(r"'(?!<)[^']{2,}'")  # A part of the file in a parser's message: it may be a secret.
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Unreadable(Exception):  # noqa: N818 - it never leaves this package.
    """The bytes have no nodes; the problem says why."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.message)
        self.problem = problem


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with the plain words of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema) and bounded depth."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way.
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401 - PyYAML's own way.
        self.depth += 1
        if self.depth > DEPTH_MAX:
            mark = self.peek_event().start_mark
            raise Unreadable(_at(mark, f"nested deeper than {DEPTH_MAX} levels"))
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


_Loader.add_implicit_resolver(NULL, re.compile(r"null|Null|NULL|~|"), ["n", "N", "~", ""])
_Loader.add_implicit_resolver(BOOL, re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF"))
_Loader.add_implicit_resolver(INT, re.compile(r"[-+]?[0-9]+"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    FLOAT, re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), list("-+.0123456789")
)


def compose(raw: bytes) -> tuple[MappingNode | None, str, list[Problem]]:
    """The root mapping (None: the file is empty), the text, and what is wrong in any of its nodes. Raises Unreadable."""
    text = _decoded(raw)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except yaml.reader.ReaderError as problem:
        line, column = _place(text, problem.position)
        message = f"the character U+{ord(text[problem.position]):04X} must not stand in a YAML file"
        raise Unreadable(Problem(line=line, column=column, where="", value="", message=message)) from None
    except yaml.MarkedYAMLError as problem:
        raise Unreadable(_syntax(problem, text)) from None
    except (ValueError, OverflowError):  # `\UFFFFFFFF` in double quotes, `%YAML 1.999…`.
        mark = loader.get_mark()
        raise Unreadable(_at(mark, "this is no YAML: a number is too large")) from None
    finally:
        loader.dispose()
    if root is None or (isinstance(root, ScalarNode) and root.tag == NULL):
        return None, text, []
    if not isinstance(root, MappingNode):
        raise Unreadable(_at(root.start_mark, "the file must hold keys and values like `teams:`"))
    _bound(root)
    return root, text, _problems(root)


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
        message = f"the file has {len(raw)} bytes; at most {BYTES_MAX} are read"
        raise Unreadable(Problem(line=0, column=0, where="", value=str(len(raw)), message=message))
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
    mark = problem.problem_mark or problem.context_mark
    words = problem.problem or problem.context or ""
    if "'\\t'" in words:
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
    return _at(mark, f"this is no YAML: {words}") if text else _at(mark, words)


def _bound(root: Node) -> None:
    """Refuse what contains itself, and what unfolds to too many values."""
    sizes: dict[int, int] = {}
    open_: set[int] = set()

    def size(node: Node) -> int:
        if id(node) in open_:
            raise Unreadable(_at(node.start_mark, "this value contains itself"))
        if id(node) not in sizes:
            open_.add(id(node))
            sizes[id(node)] = 1 + sum(size(child) for child in _children(node))
            open_.remove(id(node))
        return sizes[id(node)]

    if size(root) > VALUES_MAX:
        raise Unreadable(_at(root.start_mark, f"with its aliases followed, the file has more than {VALUES_MAX} values"))


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _problems(root: Node) -> list[Problem]:
    """What is wrong whatever the keys mean: tags, equal keys, keys that are no words, characters that nobody can write."""
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
            found.append(at(node, "", "", "half a character stands here (\\ud800 to \\udfff)"))
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
