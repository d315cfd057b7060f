"""Words that are said to the bot: what they ask for, and who answers. Buttons of the answers say words, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from tocsin.conversing import requests as asked
from tocsin.conversing.replies import Reply
from tocsin.conversing.wishes import Pressed, Said
from tocsin.conversing.words import Understood, understand
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.incidents.telling import one_line
from tocsin.wiring.concierge import (
    words_keys,
    words_lists,
    words_oncall,
    words_opening,
    words_rules,
    words_silences,
    words_status,
    words_verbs,
)
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.words_opening import Opens
from tocsin.wiring.concierge.words_opening import opens as opening
from tocsin.wiring.concierge.words_room import SAY, ears, says, tell

WHY_MAX: Final = 300

_HELP: Final = (says("What can I say?", "help"),)


def said(desk: Desk, forms: Mapping[str, Callable[[Pressed], Reply]] | None = None) -> Callable[[Said], Reply]:
    """Who answers words. *forms*: the handlers of the presses that open forms (`form:silence` and the like)."""
    opens = opening(forms or {})

    def answer(wish: Said) -> Reply:
        request = understand(wish.text, ears(desk, wish))
        try:
            return _answer(desk, wish, request, opens)
        except StoreUnavailableError:
            raise
        except TocsinError as problem:
            return tell(_sentence(problem.message))

    return answer


def pressed(
    desk: Desk, forms: Mapping[str, Callable[[Pressed], Reply]] | None = None
) -> Mapping[str, Callable[[Pressed], Reply]]:
    """By verb: who answers the buttons of these answers."""
    answer = said(desk, forms)

    def say(wish: Pressed) -> Reply:
        text = wish.value.get("text")
        if not isinstance(text, str):
            return plain_answer("That button is from an older version; ask again.")
        return answer(Said(by=wish.by, place=wish.place, text=text, at=wish.at))

    return {SAY: say}


def _answer(desk: Desk, wish: Said, request: Understood, opens: Opens) -> Reply:
    match request:
        case asked.Unclear():
            return _unclear(request)
        case asked.Open() | asked.ListAlerts() | asked.Missed() | asked.Mine():
            return _list(desk, wish, request)
        case asked.Status():
            return words_status.status(desk, wish, request)
        case asked.Stats():
            return words_status.stats(desk, wish, request)
        case asked.OnCall():
            return words_oncall.oncall(desk, wish, request)
        case asked.KeyAsk():
            return words_keys.key(desk, wish, request)
        case asked.Test():
            return words_keys.ring(desk, wish, request)
        case asked.Run():
            return words_rules.run(desk, wish, request)
        case asked.Silences():
            return words_silences.silences(desk, wish)
        case asked.Help():
            return words_status.help_(request)
        case asked.Thanks():
            return tell("You are welcome.")
        case _:
            return _change(desk, wish, request, opens)


def _list(desk: Desk, wish: Said, request: asked.Open | asked.ListAlerts | asked.Missed | asked.Mine) -> Reply:
    match request:
        case asked.Open():
            return words_lists.opened(desk, wish, request)
        case asked.ListAlerts():
            return words_lists.all_alerts(desk, wish, request)
        case asked.Missed():
            return words_lists.missed(desk, wish, request)
        case asked.Mine():
            return words_lists.mine(desk, wish)
    assert_never(request)


def _change(
    desk: Desk,
    wish: Said,
    request: asked.Override
    | asked.EndOverride
    | asked.Swap
    | asked.AnswerSwap
    | asked.Silence
    | asked.EndSilence
    | asked.Verb
    | asked.Raise,
    opens: Opens,
) -> Reply:
    match request:
        case asked.Override():
            return words_oncall.override(desk, wish, request, opens)
        case asked.EndOverride():
            return words_oncall.end_override(desk, wish, request)
        case asked.Swap():
            return words_oncall.swap(desk, wish, request, opens)
        case asked.AnswerSwap():
            return words_oncall.answer_swap(desk, wish, request)
        case asked.Silence():
            return words_silences.silence(desk, wish, request, opens)
        case asked.EndSilence():
            return words_silences.end_silence(desk, wish, request)
        case asked.Raise():
            return words_opening.incident(wish, request, opens)
        case (
            asked.Acknowledge()
            | asked.Resolve()
            | asked.Snooze()
            | asked.Escalate()
            | asked.Pass()
            | asked.Reassign()
            | asked.Note()
        ):
            return words_verbs.act(desk, wish, request)
    assert_never(request)


def _sentence(message: str) -> str:
    """A refusal, as one says it to people."""
    text = one_line(message, WHY_MAX)
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _unclear(request: asked.Unclear) -> Reply:
    """It was not understood: what may have been meant can be said with a press."""
    meant = [says(line, line) for line in request.meant]
    hint = " Did you mean this?" if len(meant) == 1 else " Did you mean one of these?" if meant else ""
    return tell(one_line(request.why, WHY_MAX) + hint, actions=[*meant, *_HELP] if meant else _HELP)
