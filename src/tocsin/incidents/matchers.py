"""Matchers: what a silence, or who asks for a list of alerts, wants of a label.

They are written as in Prometheus: `name="value"`, `name!=value`, `name=~"expression"`, `"any name"!~"expression"`. An
expression must match the whole value; a label that is not there has the empty value.

Source: "Matcher" and "UTF-8 strict mode" in the configuration page of Alertmanager's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.kernel.later import later

if TYPE_CHECKING:
    from tocsin import regexes
else:
    regexes = later("tocsin.regexes")


VALUE_MAX: Final = 1000  # Characters; a label's value has fewer.

_OPERATORS: Final = {"=": (False, True), "!=": (False, False), "=~": (True, True), "!~": (True, False)}
_WRITTEN: Final = re.compile(
    r"""\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>[^\s"'`,{}=!~\\]+))\s*"""
    r"""(?P<operator>=~|!~|!=|=)\s*"""
    r"""(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>[^"]*?))\s*""",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", '"': '"', "\\": "\\"}


class MatcherError(ValueError):
    """The matcher cannot be used; the text says which, and why."""


class Matcher(msgspec.Struct, frozen=True, kw_only=True):
    """The label *name* must be *value*, or match it as an expression; *equal* False: must not."""

    name: str
    value: str
    regex: bool = False
    equal: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether *labels* are as this matcher wants them; nothing is, if it is one that `check` refuses."""
        found = labels.get(self.name, "")
        if not self.regex:
            return (self.value == found) is self.equal
        try:
            return regexes.compiled(self.value).matches(found) is self.equal
        except (
            regexes.RegexError
        ):  # It was stored unchecked. Every alert is compared with it: rather one more is asked about.
            return False

    def __str__(self) -> str:
        operator = next(sign for sign, kind in _OPERATORS.items() if kind == (self.regex, self.equal))
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{operator}"{value}"'


def check(matcher: Matcher) -> Matcher:
    """*matcher*, which can be used. Raises MatcherError."""
    if not matcher.name:
        raise MatcherError(f"a matcher of {matcher.value[:100]!r} names no label")
    if max(len(matcher.name), len(matcher.value)) > VALUE_MAX:
        raise MatcherError(f"the matcher of {matcher.name[:100]!r} is longer than {VALUE_MAX} characters")
    if matcher.regex:
        try:
            regexes.compiled(matcher.value)
        except regexes.RegexError as problem:
            raise MatcherError(f"the matcher of {matcher.name[:100]!r}: {problem}") from None
    return matcher


def parse(text: str) -> Matcher:
    """The matcher in *text*, one in braces too. Raises MatcherError."""
    if len(text) > 4 * VALUE_MAX:
        raise MatcherError(f"a matcher of {len(text)} characters is too long")
    inner = text.strip()
    if inner[:1] == "{" and inner[-1:] == "}":
        inner = inner[1:-1].rstrip().removesuffix(",")
    found = _WRITTEN.fullmatch(inner)
    if found is None:
        raise MatcherError(f'bad matcher format: {text[:200]!r} is not like name="value"')
    name = found["name"] if found["quoted"] is None else _unescaped(found["quoted"])
    value = _unescaped(found["bare"] if found["text"] is None else found["text"])
    regex, equal = _OPERATORS[found["operator"]]
    return check(Matcher(name=name, value=value, regex=regex, equal=equal))


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether *labels* are as all of *matchers* want them."""
    return all(matcher.matches(labels) for matcher in matchers)


def _unescaped(text: str) -> str:
    """Only a few characters can be escaped; before all others a backslash means itself, as expressions need it."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text)
