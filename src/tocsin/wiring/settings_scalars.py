"""Single values of a configuration file: what a text must be to count as a duration, a number, an address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tocsin.kernel.time import SECOND, Duration, format_duration, parse_duration
from tocsin.wiring.settings_kinds import Choice, Flag, Kind, Network, Span, Text, Url, Whole
from tocsin.wiring.settings_problems import nearest

_ENVIRONMENT: Final = re.compile(r"\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BLANK: Final = re.compile(r"[\x00-\x20\x7f\\]")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")
_NUMERIC: Final = re.compile(
    r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?"
)  # Every resolver reads these as IPv4, each its own way.
_METADATA: Final = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_DIGITS_MAX: Final = 18  # A number with more digits is a slip of the keyboard.


class Wrong(msgspec.Struct, frozen=True):
    """A text is not what it must be: *message* goes on after the value, *nearest* is what was probably meant."""

    message: str
    nearest: str = ""


def expand(text: str, environ: Mapping[str, str]) -> str | Wrong:
    """*text* with `${NAME}` replaced from *environ*, and `${` for `$${`."""
    wrong: list[Wrong] = []

    def value(found: re.Match[str]) -> str:
        if found[1]:
            return "${"
        if found[2] is None:
            wrong.append(Wrong("has a ${ that is not followed by NAME}; write $${ for the characters themselves"))
        elif found[2] not in environ:
            near = nearest(found[2], environ)
            wrong.append(Wrong(f"asks for {found[2]}, which the environment does not have", near))
        else:
            return environ[found[2]]
        return ""

    expanded = _ENVIRONMENT.sub(value, text)
    if wrong:
        return wrong[0]
    return Wrong("is filled in with bytes that are not UTF-8") if _SURROGATE.search(expanded) else expanded


def uses_environment(text: str) -> bool:
    """Whether `${NAME}` stands in *text*."""
    return any(found[2] for found in _ENVIRONMENT.finditer(text))


def scalar(kind: Kind, text: str) -> object:
    """The value of *text* as *kind* wants it, or a `Wrong`."""
    if not text.strip():
        return Wrong("is empty")
    if text != text.strip():
        return Wrong("begins or ends with a blank")
    if _CONTROL.search(text):
        return Wrong("has a control character or a line break")
    match kind:
        case Text():
            return _text(kind, text)
        case Whole():
            return _whole(kind, text)
        case Flag():
            return _FLAGS.get(text.lower(), Wrong("is neither true nor false"))
        case Span():
            return _span(kind, text)
        case Choice():
            return (
                text if text in kind.words else Wrong(f"is none of {', '.join(kind.words)}", nearest(text, kind.words))
            )
        case Url():
            problem = _address_problem(text, plain=kind.plain)
            return Wrong(problem) if problem else text
        case Network():
            return _network(text)
        case _:
            return text


_FLAGS: Final[dict[str, object]] = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _text(kind: Text, text: str) -> str | Wrong:
    if len(text) > kind.most:
        return Wrong(f"has {len(text)} characters, and may have {kind.most}")
    if kind.shape and not re.fullmatch(kind.shape, text):
        return Wrong(f"is not {kind.what}")
    message, meant = kind.check(text) if kind.check else ("", "")
    return Wrong(message, meant) if message else text


def _whole(kind: Whole, text: str) -> int | Wrong:
    if not re.fullmatch(rf"[-+]?[0-9]{{1,{_DIGITS_MAX}}}", text):
        return Wrong("is not a whole number")
    number = int(text)
    return number if kind.least <= number <= kind.most else Wrong(f"is not between {kind.least} and {kind.most}")


def _span(kind: Span, text: str) -> Duration | Wrong:
    duration = parse_duration(text)
    if duration is None:
        return Wrong("is not a duration; write a number and a unit, like 30s, 5m, 1h30m or 7d")
    if duration < kind.least:
        return Wrong(f"is too short; at least {_exactly(kind.least)}")
    return duration if duration <= kind.most else Wrong(f"is too long; at most {_exactly(kind.most)}")


def _network(text: str) -> str | Wrong:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        near = str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return Wrong("is no network; write an address like 192.0.2.7, or a network like 192.0.2.0/24 or 2001:db8::/32")
    return Wrong("has bits set behind its prefix", near)


def _exactly(duration: Duration) -> str:
    assert duration % SECOND == 0, "a limit has whole seconds"
    return format_duration(duration)


def _address_problem(text: str, *, plain: bool) -> str:
    """Why *text* is no address that may be fetched; empty if it is one."""
    if _BLANK.search(text):
        return "has a blank or a backslash, which no address has"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "is no address: its host or its port cannot be read"
    if parts.scheme not in {"http", "https"} or not text.lower().startswith(f"{parts.scheme}://"):
        return "is not an address that begins with https:// or http://"
    if parts.username is not None or parts.password is not None:
        return "carries a user name or a password, which addresses must not"
    if port == 0:
        return "is no address: its host or its port cannot be read"
    if parts.fragment or "#" in text or (plain and (parts.query or "?" in text)):
        return "must end with its path: no ? and no #" if plain else "must have no #"
    return _host_problem(parts.hostname or "")


def _host_problem(host: str) -> str:
    """Why nothing may be fetched from *host*: it is none, or one where a machine keeps its own credentials."""
    if ":" not in host and not _NUMERIC.fullmatch(host):
        if not _HOST.fullmatch(host):
            return "has no host, or one that cannot be"
        return _NOBODY if host.rstrip(".").lower() in _METADATA else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "has a host that is neither a name nor an IP address"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    refused = address.is_link_local or address.is_multicast or address.is_unspecified or str(address) == "fd00:ec2::254"
    return _NOBODY if refused else ""


_NOBODY: Final = "points at an address that belongs to nobody who could be told"
