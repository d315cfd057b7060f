"""JSON texts of patterns and events: quick where they are sane, without recursion where they are not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import msgspec

from tocsin.errors import TocsinError
from tocsin.patterns.scalars import number

REST_MAX = 100  # Characters of a broken text that an error keeps.

_DECODER = msgspec.json.Decoder(float_hook=number)
_STRINGS = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_OPENED = object()


class EventError(TocsinError):
    """What was given as an event is not the text of a JSON object."""

    def __init__(self, sentence: str) -> None:
        """Say where the text stops to be JSON."""
        super().__init__("event-invalid", f"the event: {sentence}")


class NotJsonError(Exception):
    """The text is not JSON; the message says what was expected and where, *rest* is what stands there."""

    def __init__(self, sentence: str, rest: str) -> None:
        """Keep the rest apart, since it may be long."""
        super().__init__(sentence)
        self.rest = rest


class Members:
    """The members of a JSON object as they are written, also those of the same name."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        """Keep *pairs* in their order."""
        self.pairs = pairs


def object_of(event: Mapping[str, object] | str | bytes) -> Mapping[str, object]:
    """The decoded *event*.

    Raises:
        EventError: the text is not JSON in UTF-8, or not an object. A decoded event is taken as it is.
    """
    if isinstance(event, Mapping):
        return event
    if not isinstance(event, str | bytes):
        raise EventError("it must be a JSON object")
    try:
        value = _DECODER.decode(event)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        # Too deep, an integer of thousands of digits, half a surrogate pair: legal JSON all the same.
        value = _slowly(event)
    if not isinstance(value, dict):
        raise EventError("it must be a JSON object")
    return value


def read(text: str, object_from: Callable[[list[tuple[str, object]]], object]) -> object:
    """Decode *text*; *object_from* makes an object of its members. Numbers are doubles or `Unrounded`.

    Raises:
        NotJsonError: the text is not JSON (RFC 8259), or something stands after the value.
    """
    return _Reader(text, object_from).run()


def _slowly(event: str | bytes) -> object:
    try:
        return read(event if isinstance(event, str) else event.decode(), dict)
    except UnicodeDecodeError as error:
        raise EventError(f"it must be UTF-8, and byte {error.start} is not") from error
    except NotJsonError as error:
        raise EventError(str(error)) from error


class _Frame:
    """An object or array whose end has not been read; *name* awaits its value in an object."""

    __slots__ = ("closer", "items", "members", "name")

    def __init__(self, closer: str) -> None:
        self.closer = closer
        self.items: list[object] = []
        self.members: list[tuple[str, object]] = []
        self.name = ""

    def add(self, value: object) -> None:
        if self.closer == "}":
            self.members.append((self.name, value))
        else:
            self.items.append(value)


class _Reader:
    """The place in the text, and the frames around it: our own stack, since a hostile text is deeper than Python's."""

    __slots__ = ("at", "frames", "object_from", "text")

    def __init__(self, text: str, object_from: Callable[[list[tuple[str, object]]], object]) -> None:
        self.text = text
        self.object_from = object_from
        self.at = 0
        self.frames: list[_Frame] = []

    def run(self) -> object:
        while True:
            value = self._begin()
            while value is not _OPENED:
                if not self.frames:
                    return self._finish(value)
                frame = self.frames[-1]
                frame.add(value)
                value = self._go_on(frame)

    def _begin(self) -> object:
        """A scalar or an empty container; `_OPENED` where a value inside comes first."""
        for opener, closer in (("{", "}"), ("[", "]")):
            if self._take(opener):
                frame = _Frame(closer)
                if self._take(closer):
                    return self._closed(frame)
                self.frames.append(frame)
                if closer == "}":
                    self._name(frame)
                return _OPENED
        if self.text.startswith('"', self.at):
            return self._string()
        for word, value in _WORDS.items():
            if self._take(word):
                return value
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            raise self._expected("a value")
        self.at = found.end()
        return number(found.group())

    def _go_on(self, frame: _Frame) -> object:
        """After a value: `_OPENED` where the next one comes, or the container that ends here."""
        if self._take(","):
            if frame.closer == "}":
                self._name(frame)
            return _OPENED
        if not self._take(frame.closer):
            raise self._expected(f"a comma or {frame.closer!r}")
        self.frames.pop()
        return self._closed(frame)

    def _closed(self, frame: _Frame) -> object:
        return self.object_from(frame.members) if frame.closer == "}" else frame.items

    def _name(self, frame: _Frame) -> None:
        self._skip()
        if not self.text.startswith('"', self.at):
            raise self._expected("a name in quotes")
        frame.name = self._string()
        if not self._take(":"):
            raise self._expected("a colon")

    def _string(self) -> str:
        try:
            value, self.at = _STRINGS.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            self.at = error.pos
            raise self._expected("the rest of a string") from error
        return str(value)

    def _finish(self, value: object) -> object:
        self._skip()
        if self.at < len(self.text):
            raise self._expected("nothing more")
        return value

    def _take(self, token: str) -> bool:
        self._skip()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _expected(self, what: str) -> NotJsonError:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - self.text.rfind("\n", 0, self.at)
        rest = self.text[self.at : self.at + REST_MAX]
        return NotJsonError(f"expected {what} in line {line}, column {column}", rest)
