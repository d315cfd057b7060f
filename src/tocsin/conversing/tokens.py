"""Words as they were typed in a chat, taken apart: escapes, quotes, capitals and politeness are seen to here.

Source of the escapes: "Formatting text for app surfaces" of Slack's documentation (`<@U..>`, `<#C..|name>`,
`<https://..|label>`, `&amp;`, `&lt;`, `&gt;`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tocsin.incidents.telling import clean


def word_set(text: str) -> frozenset[str]:
    """The words of *text*."""
    return frozenset(text.split())


TEXT_MAX: Final = 3000  # Characters: a note is cut at 2000 anyway.
TOKENS_MAX: Final = 500

_ESCAPE: Final = re.compile(r"<([@#!]?)([^<>|]{1,1000})(?:\|([^<>|]{0,1000}))?>")
_INCIDENT: Final = re.compile(r"https?://[^\s?#]{1,500}/incidents/([0-9A-Za-z._-]{1,64})(?:[?#].*)?")
_PIECE: Final = re.compile(r'[^\s"]*"[^"]*"|\S+')
_RANGE: Final = re.compile(r"([0-9]{1,2}(?::[0-9]{2})?(?:am|pm)?)-([0-9]{1,2}(?::[0-9]{2})?(?:am|pm)?)", re.IGNORECASE)
_ENDS: Final = ".,!?;:"
_STRAIGHT: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201b": "'",
        "\u00b4": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u201f": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u00a0": " ",
        "\u202f": " ",
        "`": " ",
        "\u2026": " ",
    }
)
_SHORT: Final = {
    "who's": "who is",
    "whos": "who is",
    "what's": "what is",
    "whats": "what is",
    "where's": "where is",
    "how's": "how is",
    "it's": "it is",
    "i'm": "i am",
    "im": "i am",
    "i'll": "i will",
    "i've": "i have",
    "i'd": "i would",
    "that's": "that is",
    "can't": "can not",
    "cannot": "can not",
    "don't": "do not",
    "didn't": "did not",
    "isn't": "is not",
    "won't": "will not",
    "there's": "there is",
    "let's": "let us",
    "on-call": "oncall",
    "on-duty": "oncall",
    "onduty": "oncall",
}
_POLITE: Final = word_set(
    "/tocsin please pls plz kindly hey hi hello ok okay tocsin bot so and well now then just thanks thx ty cheers "
    "oh um uh dear morning evening quickly"
)
_THANKS: Final = word_set("thanks thank thx ty cheers danke merci")
_PRAISE: Final = word_set("great nice awesome perfect cool super wow bravo job")
_THANKFUL: Final = (
    _POLITE | _THANKS | _PRAISE | word_set("good well work bot done one you very much a lot that is was all")
)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """One word. *raw*: as written; *word*: in lower case, without the marks *end* that close a sentence or a part.

    *user*: the id of a person that a chat has put there. *incident*: the id in a link to one. *quoted*: it stood in
    quotes, and may have blanks.
    """

    raw: str
    word: str
    end: str = ""
    user: str = ""
    incident: str = ""
    quoted: bool = False


def tokens(text: str) -> tuple[Token, ...]:
    """The words of *text*; of one that is too long, those at its beginning."""
    found: list[Token] = []
    straight = clean(text[:TEXT_MAX]).translate(_STRAIGHT)
    last = 0
    for escape in _ESCAPE.finditer(straight):
        found += _plain(straight[last : escape.start()])
        found += _escaped(escape[1], escape[2], escape[3] or "")
        last = escape.end()
    found += _plain(straight[last:])
    return tuple(found[:TOKENS_MAX])


def unled(found: Sequence[Token]) -> Sequence[Token]:
    """*found* without the politeness at its beginning."""
    start = 0
    while start < len(found):
        if found[start].word in _POLITE and not found[start].quoted:
            start += 1
        elif words(found[start : start + 3]) in _ASKED:
            start += 3
        elif words(found[start : start + 2]) in _ASKED:
            start += 2
        else:
            break
    return found[start:]


def untrailed(found: Sequence[Token]) -> Sequence[Token]:
    """*found* without the politeness at its end."""
    end = len(found)
    while end:
        if found[end - 1].word in _POLITE and not found[end - 1].quoted:
            end -= 1
        elif words(found[end - 2 : end]) == ("thank", "you"):
            end -= 2
        else:
            break
    return found[:end]


def thanks(found: Sequence[Token]) -> bool:
    """Whether it is only a thank you, or praise."""
    said = [token.word for token in found if token.word]
    return set(said) <= _THANKFUL and bool(set(said) & (_THANKS | _PRAISE))


def words(found: Iterable[Token]) -> tuple[str, ...]:
    """Their words."""
    return tuple(token.word for token in found)


def text_of(found: Iterable[Token]) -> str:
    """Them as they were written, for people to read."""
    return " ".join(token.raw for token in found).strip(" ,;:-")


_ASKED: Final = frozenset(
    {
        ("can", "you"),
        ("could", "you"),
        ("would", "you"),
        ("will", "you"),
        ("i", "want", "to"),
        ("i", "would", "like"),
        ("i", "need", "to"),
        ("let", "us"),
        ("let", "me"),
        ("good", "morning"),
        ("good", "evening"),
        ("go", "ahead"),
        ("thank", "you"),
        ("i", "will"),
        ("we", "should"),
    }
)


def _plain(text: str) -> list[Token]:
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    found: list[Token] = []
    for piece in _PIECE.findall(text):
        found += _token(piece)
    return found


def _token(piece: str) -> list[Token]:
    if piece[:1] == '"' and piece[-1:] == '"' and len(piece) > 1:
        inner = " ".join(piece[1:-1].split())
        return [Token(raw=inner, word=inner.lower(), quoted=True)] if inner else []
    bare = piece.rstrip(_ENDS + ")]}'").lstrip("([{'") or piece
    linked = _INCIDENT.fullmatch(bare)
    if linked:
        return [Token(raw=piece, word=bare, incident=linked[1])]
    word = bare.lower()
    end = piece[-1] if piece[-1] in _ENDS and len(piece) > 1 else ""
    if word.removesuffix("'s") != word and word not in _SHORT:
        word = word.removesuffix("'s")
    if word in _SHORT:
        first, _, second = _SHORT[word].partition(" ")
        more = [Token(raw="", word=second, end=end)] if second else []
        return [Token(raw=piece, word=first, end="" if second else end), *more]
    spanned = _RANGE.fullmatch(word)
    if spanned and (":" in word or "m" in word):
        return [Token(raw=piece, word=spanned[1]), Token(raw="", word="-"), Token(raw="", word=spanned[2], end=end)]
    return [Token(raw=piece, word=word if word.strip(_ENDS) else "", end=end)]


def _escaped(sign: str, target: str, label: str) -> list[Token]:
    shown = " ".join(label.split()) or target
    if sign == "@":
        return [Token(raw=f"@{shown}", word=f"@{shown.lower()}", user=target)]
    if sign == "#":
        return [Token(raw=f"#{shown}", word=f"#{shown.lower()}")]
    if sign == "!":  # A mention of many, or a date: nothing of it is to be heard again.
        return [Token(raw=label, word=label.lower())] if label else []
    linked = _INCIDENT.fullmatch(target)
    if linked:
        return [Token(raw=target, word=target.lower(), incident=linked[1])]
    return _plain(shown if label else target.removeprefix("mailto:"))
