"""`run WORD`: a rule that waits for the word is fired, by somebody whom the configuration knows."""

from __future__ import annotations

from tocsin.conversing.replies import Answer
from tocsin.conversing.requests import Run
from tocsin.conversing.wishes import Said
from tocsin.incidents.telling import one_line
from tocsin.saying.text import code
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.words_room import NOT_KNOWN, is_known, says, tell
from tocsin.wiring.rules import Order, ordered

TEXT_MAX = 1000
LISTED_MAX = 5


def run(desk: Desk, wish: Said, request: Run) -> Answer:
    """Fire it, and say what was decided. Blocks on the store."""
    if not is_known(desk, wish.by):
        return tell(NOT_KNOWN)
    rules = {rule.command: name for name, rule in desk.settings().rules.items() if rule.command}
    if not rules:
        return tell(f"No rule waits for a word yet: {code('command')} of a rule in tocsin.yaml names one.")
    word = next((each for each in rules if each.lower() == request.word.lower()), "")
    if not word:
        named = f'No rule waits for the word "{one_line(request.word, 60)}". ' if request.word else ""
        choices = [says(f"run {each}", f"run {each}") for each in sorted(rules)[:LISTED_MAX]]
        return tell(f"{named}What shall run?", actions=choices)
    said = {
        "by": wish.by.responder,
        "name": wish.by.name,
        "chat": wish.by.chat,
        "channel": wish.place.channel,
        "incident": wish.place.incident,
        "text": request.text[:TEXT_MAX],
    }
    handled = desk.do(ordered(Order(command=word, said=said), wish.at))
    if not handled:
        return tell(f"{word}: it is stored, and will be done in a moment.")
    decided = ", ".join(dict.fromkeys(one_line(each.reason, 60) for each in handled))
    return tell(f"{word}: {decided}.")
