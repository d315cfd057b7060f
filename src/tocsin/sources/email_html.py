"""HTML as the text that a person would read; what it hides in scripts and styles is dropped.

Not on `html.parser`: what its tags leave open makes it read the rest again for each of them, so that a small mail could
cost minutes. Here every character is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>|<[!?][^<>]*>")
_ALT: Final = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HREF: Final = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" ?\n[ \n]*")

# What stands between these tags nobody reads. Where the end of the first two is missing, the rest is theirs, as in a
# browser; where the end of the others is missing, they were not meant.
_CODE: Final = frozenset({"script", "style"})
_HIDDEN: Final = _CODE | {"title", "template", "noscript", "svg", "object"}
_ENDS: Final = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _HIDDEN}
_BLOCKS: Final = (
    "address article aside blockquote br dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li ol p pre section "
    "table tbody thead tr ul"
)
_LINE: Final = frozenset(_BLOCKS.split())
_CELL: Final = frozenset({"td", "th"})


def text(html: str) -> str:
    """The words of *html*; a block begins a line of its own, a picture is what it says that it shows."""
    told = "".join(_pieces(_COMMENT.sub("", html)))
    return _LINES.sub("\n", _BLANKS.sub(" ", told)).strip()


def addresses(html: str) -> Iterator[str]:
    """Where the links of *html* lead, in order."""
    for tag in _TAG.finditer(html):
        if tag[2] and tag[2].lower() == "a" and not tag[1]:
            found = _HREF.search(tag[3])
            if found:
                yield unescape(found[1] or found[2] or "").strip()


def _pieces(html: str) -> Iterator[str]:
    place = 0
    endless: set[str] = set()
    while True:
        tag = _TAG.search(html, place)
        words = html[place : tag.start() if tag else len(html)]
        # Line breaks of the source are blanks; those of the text are made from tags.
        yield unescape(" ".join(words.split("\n")))
        if tag is None:
            return
        place = tag.end()
        name = (tag[2] or "").lower()
        if name in _HIDDEN and not tag[1] and name not in endless:
            end = _ENDS[name].search(html, place)
            if end is not None:
                place = end.end()
            elif name in _CODE:
                return
            else:
                endless.add(name)
        yield _instead(name, tag)


def _instead(name: str, tag: re.Match[str]) -> str:
    """What stands in the text where *tag* stood."""
    if name in _LINE:
        return "\n"
    if name in _CELL:
        return " "
    if name == "img":
        shown = _ALT.search(tag[3])
        return f" {unescape(shown[1] or shown[2] or '')} " if shown else ""
    return ""
