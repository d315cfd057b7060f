"""Words to requests: what comes after a slash command or a mention, terse or plain, or what may have been meant.

A text is read in this order: thanks; a command as its first word (`ack 3`, `silence disk 2h`); what people say of an
incident they have before them (`I am on it`); a question by the words that it has (`who is on call tonight?`). What
changes anything begins with its verb, so that a story that somebody tells does nothing. Total: any text is a request or
`Unclear`, in a time that its length bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from tocsin.conversing import requests as asked
from tocsin.conversing import sentences, times
from tocsin.conversing.ears import SEVERITIES, Ears, Heard, When, alike, hear, nearest, person
from tocsin.conversing.silencing import NO_TIME, UNTIL, silence
from tocsin.conversing.tokens import Token, text_of, thanks, tokens, unled, untrailed, words
from tocsin.conversing.usage import COMMANDS, HEADS, usage

Understood: TypeAlias = asked.Request | asked.Unclear

CLOSE: Final = 0.7  # How alike (0 to 1) a word must be to a command for it to be meant: a slip, not another word.
SHOWN_MAX: Final = 60  # Characters of what was not understood.

_NUMBER: Final = re.compile(r"#?[0-9]+(?:-[0-9a-z]+)*")
_POINTING: Final = frozenset(
    ("it", "this", "that", "one", "the", "incident", "alert", "alarm", "issue", "problem", "number", "nr", "no", "me")
)
_BREAKS: Final = frozenset(",;:")
_NOTHING_NOTED: Final = asked.Unclear(why="An empty note says nothing; write a word or two.")
_LISTS: Final = frozenset({"list", "show", "all"})


def understand(text: str, ears: Ears) -> Understood:
    """What *text* asks for."""
    all_said = _joined(tokens(text))
    if thanks(all_said):
        return asked.Thanks()
    said = unled([token for token in all_said if token.word])
    if not said:
        return asked.Help()
    return _command(said, ears) or _sentence(said, ears) or _unclear(said, ears)


def _command(said: Sequence[Token], ears: Ears) -> Understood | None:
    bare = sentences.without_i(said)
    first = bare[0].word.lstrip("/")
    special = _SPECIAL.get(first)
    if special is not None and (found := special(bare[1:], ears)) is not None:
        return found
    if ears.incident and sentences.have_it(bare):
        return asked.Acknowledge()
    if ears.incident and sentences.not_me(bare):
        return asked.Pass(text=text_of(said))
    if person(bare[0], ears) and sentences.covers(bare):
        return _override([bare[0], *bare[2:]], ears)
    if first not in HEADS:
        return None
    if words(bare[1:2]) == ("over",) or (first == "cover" and bare is not said):
        return _covers(bare, ears)
    if bare[0].end and bare[1:] and HEADS[first] in _TEXTS:  # `resolved, was a full disk`
        return _texts(HEADS[first], text_of(bare[1:]))
    return _READ[HEADS[first]](bare[1:], ears)


def _texts(name: str, text: str) -> Understood:
    """A verb for the incident of the thread, and what is said of it."""
    match name:
        case "resolve":
            return asked.Resolve(text=text)
        case "pass":
            return asked.Pass(text=text)
        case "note" if text:
            return asked.Note(text=text)
        case "note":
            return _NOTHING_NOTED
        case _:
            return asked.Acknowledge()


def _sentence(said: Sequence[Token], ears: Ears) -> Understood | None:
    name = sentences.command(said)
    if not name:
        return None
    if name == "help":
        topic = next((HEADS[word] for word in words(said) if word in HEADS and word not in {"do", "open"}), "")
        return asked.Help(topic=topic)
    if name == "silences":
        return asked.Silences()
    return _READ[name](said, ears)


def _unclear(said: Sequence[Token], ears: Ears) -> asked.Unclear:
    """Nothing fits: perhaps a slip of the keyboard."""
    line = text_of(said)
    for place, token in enumerate(said[:3]):
        if token.quoted or len(token.word) < 3:  # noqa: PLR2004 - shorter ones are like anything.
            continue
        meant = {HEADS[head]: head for head in reversed(alike(token.word, list(HEADS), CLOSE))}
        if meant:
            rest = text_of(said[place + 1 :])
            lines = [f"{head} {rest}".strip()[: SHOWN_MAX * 4] for head in reversed(meant.values())]
            odd = line if token.word in HEADS else token.word
            return asked.Unclear(why=f'I did not understand "{_cut(odd)}".', meant=tuple(lines))
    why = f'I did not understand "{_cut(line)}".'
    return asked.Unclear(why=why, meant=("open", "oncall", "help") if not ears.incident else ("ack", "help"))


# ── What is only looked at ───────────────────────────────────────────────────────────────────────────────────────────
def _status(said: Sequence[Token], ears: Ears) -> Understood:
    return asked.Status(team=hear(said, ears, When.NEVER, sentences.STOP).team)


def _open(said: Sequence[Token], ears: Ears) -> Understood:
    heard = hear(said, ears, When.NEVER, sentences.STOP)
    return _unknown("open", heard, ears) or asked.Open(
        team=heard.team or heard.schedule, severity=heard.severity, words=_search(heard)
    )


def _alerts(said: Sequence[Token], ears: Ears) -> Understood:
    heard = hear(said, ears, When.PAST, sentences.STOP)
    return _unknown("alerts", heard, ears) or asked.ListAlerts(
        since=heard.start, until=heard.until, team=heard.team, severity=heard.severity, words=_search(heard)
    )


def _missed(said: Sequence[Token], ears: Ears) -> Understood:
    heard = hear(said, ears, When.PAST, sentences.STOP)
    return _unknown("missed", heard, ears) or asked.Missed(since=heard.start, team=heard.team)


def _mine(said: Sequence[Token], ears: Ears) -> Understood:
    del said, ears
    return asked.Mine()


def _stats(said: Sequence[Token], ears: Ears) -> Understood:
    heard = hear(said, ears, When.PAST, sentences.STOP)
    return _unknown("stats", heard, ears) or asked.Stats(since=heard.start, until=heard.until, team=heard.team)


def _oncall(said: Sequence[Token], ears: Ears) -> Understood:
    heard = hear(said, ears, When.MOMENT, sentences.STOP)
    wrong = _unknown("oncall", heard, ears) or _leftover("oncall", said, heard, ears)
    return wrong or asked.OnCall(
        schedule=heard.schedule,
        team="" if heard.schedule else heard.team,
        at=heard.start if heard.timed else None,
        who=next(iter(heard.people), ""),
    )


def _key(said: Sequence[Token], ears: Ears) -> Understood:
    found = set(words(said))
    name = next((each for each in ears.integrations if each.lower() in found), "")
    heard = hear(said, ears, When.NEVER, sentences.STOP)
    if wrong := _unknown("key", heard, ears):
        return wrong
    return asked.KeyAsk(integration=name or heard.integration, new=bool(found & {"new", "rotate", "another"}))


def _raise(said: Sequence[Token], ears: Ears) -> Understood:
    del ears
    nouns = [place for place, word in enumerate(words(said[:3])) if word in {"incident", "alert", "alarm"}]
    rest = said[nouns[0] + 1 :] if nouns else said  # `raise an incident: the shop is slow`
    return asked.Raise(title=text_of(rest))


def _test(said: Sequence[Token], ears: Ears) -> Understood:
    return asked.Test(severity=hear(said, ears, When.NEVER, sentences.STOP).severity)


def _run(said: Sequence[Token], ears: Ears) -> Understood:
    del ears
    return asked.Run(word=said[0].raw, text=text_of(said[1:])) if said else asked.Run()


def _help(said: Sequence[Token], ears: Ears) -> Understood:
    del ears
    known = [found.name for word in words(said) if (found := usage(word)) is not None]
    return asked.Help(topic=known[0] if known else "")


# ── On call ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _override(said: Sequence[Token], ears: Ears) -> Understood:
    first = words(said[:1])
    if first and first[0] in {"remove", "end", "undo", "delete", "cancel"} and len(said) > 1:
        return asked.EndOverride(name=said[1].word)
    heard = hear(said, ears, When.SPAN, sentences.STOP | {"cover", "covers", "override", "shift"})
    wrong = _unknown("override", heard, ears) or _leftover("override", said, heard, ears)
    schedule = heard.schedule or heard.team
    return wrong or asked.Override(
        schedule=schedule, who=next(iter(heard.people), ""), start=heard.start, until=heard.until
    )


def _covers(said: Sequence[Token], ears: Ears) -> Understood:
    """`I cover tonight`, `I take over until 18:00`."""
    rest = [token for token in said[1:] if token.word not in {"over", "for"}]
    found = _override(rest, ears)
    if isinstance(found, asked.Override) and not found.who:
        return asked.Override(schedule=found.schedule, who=ears.me, start=found.start, until=found.until)
    return found


def _swap(said: Sequence[Token], ears: Ears) -> Understood:
    first = words(said[:1])[0] if said else ""
    if first in {"accept", "decline", "withdraw"}:
        return asked.AnswerSwap(action=first, name=said[1].word if len(said) > 1 else "")
    if first in _LISTS and len(said) == 1:
        return asked.AnswerSwap(action="list")
    heard = hear(said, ears, When.SPAN, sentences.STOP | {"swap", "ask", "cover", "shift", "shifts"})
    wrong = _unknown("swap", heard, ears) or _leftover("swap", said, heard, ears)
    to = next((who for who in heard.people if who != ears.me), "")
    return wrong or asked.Swap(schedule=heard.schedule or heard.team, to=to, start=heard.start, until=heard.until)


def _answered_swap(action: str) -> Callable[[Sequence[Token], Ears], Understood | None]:
    def read(said: Sequence[Token], ears: Ears) -> Understood | None:
        del ears
        names = [token.word for token in said if token.word not in {"the", "swap"}]
        return asked.AnswerSwap(action=action, name=names[0] if names else "") if "swap" in words(said) else None

    return read


# ── Incidents ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _ack(said: Sequence[Token], ears: Ears) -> Understood:
    return asked.Acknowledge(which=_which_only(said, ears))


def _escalate(said: Sequence[Token], ears: Ears) -> Understood:
    return asked.Escalate(which=_which_only(said, ears))


def _resolve(said: Sequence[Token], ears: Ears) -> Understood:
    which, rest = _which(said, ears)
    return asked.Resolve(which=which, text=text_of(rest))


def _pass(said: Sequence[Token], ears: Ears) -> Understood:
    which, rest = _which(said, ears)
    return asked.Pass(which=which, text=text_of(rest))


def _note(said: Sequence[Token], ears: Ears) -> Understood:
    which, rest = _which(said, ears, pointing=False)
    text = text_of(rest)
    if not text and which and not _NUMBER.fullmatch(which):
        which, text = "", text_of(said)  # Without a colon all of it is the note.
    if not text:
        return _NOTHING_NOTED
    return asked.Note(which=which, text=text)


def _snooze(said: Sequence[Token], ears: Ears) -> Understood:
    said = untrailed(said)
    all_words = words(said)
    for place in range(len(said)):
        found = times.until(all_words[place : place + 12], ears.here)
        if found and not said[place].quoted:
            about = [*said[:place], *said[place + found[1] :]]
            return asked.Snooze(which=_which_only(about, ears), until=found[0])
    return NO_TIME if UNTIL & set(all_words) else asked.Snooze(which=_which_only(said, ears))


def _assign(said: Sequence[Token], ears: Ears) -> Understood:
    said = untrailed(said)
    people = [(place, who) for place, token in enumerate(said) if (who := person(token, ears))]
    if not people:
        named = [token for token in said if token.word not in _POINTING | {"to"}]
        meant = nearest(named[-1].word, list(ears.people)) if named else ""
        why = f'I know nobody called "{_cut(named[-1].word)}".' if named else "Say to whom."
        return asked.Unclear(why=why, meant=(f"assign {meant}",) if meant else ())
    place, who = people[-1]
    rest = [token for token in (*said[:place], *said[place + 1 :]) if token.word != "to"]
    return asked.Reassign(to=who, which=_which_only(rest, ears))


def _which_only(said: Sequence[Token], ears: Ears) -> str:
    """The incident that is named where nothing else is said; what stands behind a comma says nothing more."""
    said = untrailed(said)
    stop = next((place + 1 for place, token in enumerate(said) if token.end in _BREAKS and token.end), len(said))
    which, rest = _which(said[:stop], ears, pointing=True)
    return which or " ".join(token.word for token in rest if token.word not in {"now", "me", "in", "on", "to"})


def _which(said: Sequence[Token], ears: Ears, *, pointing: bool = True) -> tuple[str, Sequence[Token]]:
    """The incident that is named first, and the words after it.

    In the thread of one it needs a number: all words are about that one.
    """
    start = 0
    while pointing and start < len(said) and said[start].word in _POINTING and not said[start].quoted:
        start += 1
        if said[start - 1].end:
            break
    rest = said[start:]
    if not rest:
        return "", ()
    first = rest[0]
    if first.incident or (not first.quoted and _NUMBER.fullmatch(first.word)):
        return first.incident or first.word.lstrip("#"), rest[1:]
    if ears.incident or (start and said[start - 1].end):
        return "", rest
    if first.quoted:
        return first.raw, rest[1:]
    stop = next((place + 1 for place, token in enumerate(rest) if token.end in _BREAKS and token.end), len(rest))
    return text_of(rest[:stop]), rest[stop:]


# ── Silences ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _silence(said: Sequence[Token], ears: Ears) -> Understood:
    first = words(said[:1])
    if first and first[0] in _LISTS and len(said) == 1:
        return asked.Silences()
    if first and first[0] in {"end", "expire", "undo", "remove", "stop"} and len(said) > 1:
        return asked.EndSilence(name=text_of(said[1:]))
    return silence(said, ears)


def _unsilence(said: Sequence[Token], ears: Ears) -> Understood:
    del ears
    left = [token for token in untrailed(said) if token.word not in _POINTING | {"alerts"}]
    return asked.EndSilence(name=text_of(left)) if left else asked.Silences()


def _silences(said: Sequence[Token], ears: Ears) -> Understood:
    del said, ears
    return asked.Silences()


# ── What could not be read ───────────────────────────────────────────────────────────────────────────────────────────
def _search(heard: Heard) -> str:
    return " ".join(token.raw.strip(".,!?;:") for token in heard.left)


def _unknown(command: str, heard: Heard, ears: Ears) -> asked.Unclear | None:
    if not heard.unknown:
        return None
    meant = nearest(heard.unknown, [*ears.teams, *ears.schedules, *ears.integrations, *SEVERITIES])
    why = f'There is no "{_cut(heard.unknown)}".'
    return asked.Unclear(why=why, meant=(f"{command} {meant}",) if meant else ())


def _leftover(command: str, said: Sequence[Token], heard: Heard, ears: Ears) -> asked.Unclear | None:
    """A word that is neither a name nor a time, where no other can stand."""
    if not heard.left:
        return None
    odd = heard.left[0]
    meant = nearest(odd.word.lstrip("@"), ears.names)
    why = f'I know no schedule, team or person called "{_cut(odd.word)}", and it is no time.'
    line = " ".join(meant if token is odd else token.word for token in said if token.word)
    head = "" if words(said[:1]) and said[0].word in HEADS else f"{command} "
    return asked.Unclear(why=why, meant=(f"{head}{line}",) if meant else ())


def _joined(said: Sequence[Token]) -> list[Token]:
    """`on call` and `on duty` are one word; the `me` of `show me` is nobody."""
    found: list[Token] = []
    for token in said:
        if token.word in {"call", "duty"} and found and found[-1].word == "on" and not found[-1].quoted:
            before = found.pop()
            token = Token(raw=f"{before.raw} {token.raw}", word="oncall", end=token.end)  # noqa: PLW2901
        if token.word == "me" and found and found[-1].word in {"show", "tell"}:
            continue
        found.append(token)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


_TEXTS: Final = frozenset({"resolve", "pass", "note", "ack"})
_SPECIAL: Final[Mapping[str, Callable[[Sequence[Token], Ears], Understood | None]]] = {
    "silences": _silences,
    "unsilence": _unsilence,
    "unmute": _unsilence,
    "accept": _answered_swap("accept"),
    "decline": _answered_swap("decline"),
    "withdraw": _answered_swap("withdraw"),
}
_READ: Final[Mapping[str, Callable[[Sequence[Token], Ears], Understood]]] = {
    "status": _status,
    "open": _open,
    "alerts": _alerts,
    "missed": _missed,
    "mine": _mine,
    "oncall": _oncall,
    "override": _override,
    "swap": _swap,
    "silence": _silence,
    "ack": _ack,
    "resolve": _resolve,
    "snooze": _snooze,
    "escalate": _escalate,
    "pass": _pass,
    "assign": _assign,
    "note": _note,
    "raise": _raise,
    "test": _test,
    "key": _key,
    "stats": _stats,
    "run": _run,
    "help": _help,
}
assert set(_READ) == {command.name for command in COMMANDS}
