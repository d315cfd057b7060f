"""Plain words: which command a sentence asks for that does not begin with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.conversing.tokens import Token, word_set, words

SENTENCE_MAX: Final = 30  # Words: who says more tells a story, and asks for nothing.

_OPENERS: Final = word_set(
    "who whom what which when where how is are was were do does did am any anything anybody anyone "
    "somebody someone show list give tell get find see display print all my our send make ring fire "
    "trigger run create i we can could should next current currently has have count everything nothing "
    "every stop today yesterday new last"
)

# A command, and the sets of which a sentence must have a word each. The first that fits counts.
_RULES: Final[Sequence[tuple[str, Sequence[frozenset[str]]]]] = tuple(
    (name, tuple(frozenset(words.split()) for words in needs))
    for name, needs in (
        ("help", ("how", "do can to does could", "i we you one silence mute ack resolve snooze override swap")),
        ("help", ("what", "can could", "you i we", "do say ask tell")),
        ("swap", ("cover take swap trade", "my", "shift shifts turn turns duty oncall")),
        ("swap", ("cover stand step", "for", "me")),
        ("mine", ("my", "shift shifts turn turns")),
        ("mine", ("when", "i my me", "oncall duty next")),
        ("mine", ("am", "i", "oncall")),
        ("oncall", ("oncall",)),
        ("oncall", ("who whom which", "duty")),
        ("key", ("key keys endpoint webhook integration integrations",)),
        ("key", ("url address id", "my our the what where show send")),
        ("key", ("where", "send", "alerts")),
        ("missed", ("miss missed unanswered",)),
        ("silences", ("silenced muted silences mutes",)),
        ("test", ("test", "send ring make fire trigger run give create")),
        ("mine", ("my mine", "incidents alerts pages incident work open")),
        ("mine", ("assigned", "me")),
        ("mine", ("what which", "i me", "have do on")),
        ("stats", ("stats statistics figures numbers",)),
        ("stats", ("how", "was were", "week month day")),
        ("alerts", ("all every everything", "alerts incidents alarms alert notifications")),
        ("alerts", ("alerts alarms incidents happened notifications came", "last since yesterday today past week")),
        ("alerts", ("happened came",)),
        ("alerts", ("warnings criticals", "last since yesterday today past week")),
        ("open", ("open firing fires burning broken wrong unresolved happening active down up fire",)),
        ("open", ("incidents alerts alarms problems issues incident critical warnings",)),
        ("open", ("who which", "has on")),
        ("mine", ("my",)),
        ("status", ("status ok fine alive well health healthy there going things everything state quiet",)),
    )
)

# What says nothing in a question, once it is known which one it is.
STOP: Final = _OPENERS.union(*(need for name, needs in _RULES for need in needs)) | word_set(
    "a an the at in of for from to with by about me us you please now right team teams schedule this that "
    "there then it be been so far still got going on ones one it's want need like see everyone people "
    "person until during and or only with without incl including closed resolved include must will shall "
    "long since hours days ago week weeks month months day hour tonight did do does not yet count number "
    "many much tocsin bot time times - & me"
)

_HAVE: Final = frozenset(
    {
        ("on", "it"),
        ("on", "this"),
        ("have", "it"),
        ("have", "this"),
        ("got", "it"),
        ("got", "this"),
        ("looking", "into"),
        ("looking", "at"),
        ("working", "on"),
        ("see", "it"),
    }
)
_NOT_ME: Final = frozenset(
    {
        ("not", "me"),
        ("can", "not"),
        ("someone", "else"),
        ("somebody", "else"),
        ("not", "now"),
        ("am", "busy"),
        ("busy",),
        ("not", "mine"),
    }
)
_COVERS: Final = frozenset({"covers", "cover", "takes", "replaces", "stands"})


def without_i(said: Sequence[Token]) -> Sequence[Token]:
    """*said* without an `I`, `I am` or `I have` in front, which makes a sentence of a command."""
    found = words(said[:3])
    if found[:1] not in (("i",), ("we",)) or len(said) == 1:
        return said
    if found[1:2] in (("am",), ("are",), ("just",)) and len(said) > 2:  # noqa: PLR2004 - something must follow.
        return said[2:]
    if found[1:2] == ("have",) and found[2:3] not in (("it",), ("this",)) and len(said) > 2:  # noqa: PLR2004
        return said[2:]
    return said[1:]


def have_it(said: Sequence[Token]) -> bool:
    """Whether somebody says that they are on it."""
    return words(said[:2]) in _HAVE


def not_me(said: Sequence[Token]) -> bool:
    """Whether somebody says that they cannot."""
    return words(said[:2]) in _NOT_ME or words(said[:1]) in _NOT_ME


def covers(said: Sequence[Token]) -> bool:
    """Whether the second word says that the first covers: `bo covers ops tonight`."""
    return len(said) > 1 and said[1].word in _COVERS


def command(said: Sequence[Token]) -> str:
    """The command that a sentence asks for, or empty."""
    if not 0 < len(said) <= SENTENCE_MAX or said[0].word not in _OPENERS:
        return ""
    found = set(words(said))
    return next((name for name, needs in _RULES if all(need & found for need in needs)), "")
