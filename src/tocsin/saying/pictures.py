"""The pictures that an alert brings: a graph of the metric, where its sender has drawn one.

A chat fetches a picture from where it is, so only public addresses are shown: a name, over https, that is no machine of
a house of its own. What is not certainly a picture stays a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from tocsin.incidents import telling
from tocsin.incidents.alerts import Alert

PICTURES_MAX: Final = 2  # A message is read on a telephone.
HREF_MAX: Final = 1900

_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".gif")
_IMAGE: Final = "image"  # What our sources call a link to a picture.
_ALT_MAX: Final = 300
_PUBLIC: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z]", re.ASCII)
_HOUSES: Final = (".local", ".internal", ".lan", ".home", ".corp", ".localdomain", ".localhost", ".intranet", ".arpa")


def pictures(face: Alert) -> Sequence[tuple[str, str]]:
    """The pictures of an alert: what each shows, in words, and its address; at most PICTURES_MAX."""
    found = {image.href: image.text for image in face.images if is_public(image.href)}
    for each in face.links:
        if (each.text.lower() == _IMAGE or _is_picture(each.href)) and is_public(each.href):
            found.setdefault(each.href, each.text)
    return [(_alt(text, face), href) for href, text in list(found.items())[:PICTURES_MAX]]


def is_public(href: str) -> bool:
    """Whether everybody may be sent there for a picture, as far as the address tells."""
    if len(href) > HREF_MAX:
        return False
    try:
        parts = urlsplit(href)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    named = _PUBLIC.fullmatch(host) is not None and not host.endswith(_HOUSES)
    return parts.scheme == "https" and named and port in {None, 443} and parts.username is None


def _is_picture(href: str) -> bool:
    return href.partition("?")[0].partition("#")[0].lower().endswith(_SUFFIXES)


def _alt(text: str, face: Alert) -> str:
    said = telling.one_line(text, _ALT_MAX)
    title = telling.one_line(face.title, _ALT_MAX)
    return said if said and said.lower() != _IMAGE else f"Graph: {title}" if title else "Graph"
