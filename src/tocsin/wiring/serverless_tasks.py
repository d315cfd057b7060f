"""The tasks of runs, and the answers for Step Functions, in the serverless runtime: loaded when the first leaves."""

from __future__ import annotations

from tocsin.aws.calls import Caller
from tocsin.engine.ports import Transport
from tocsin.wiring import rules, runs, tasks
from tocsin.wiring.activities import Activities
from tocsin.wiring.answers import Answers
from tocsin.wiring.asking_people import AskingPeople
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_asking import StatesAnswers


class Working:
    """What does tasks. Kept as long as its `Thinking`."""

    def __init__(self, thinking: Thinking, calls: Caller) -> None:
        """*calls* answer tasks of Step Functions. Raises StoreUnavailableError."""
        settings, store, clock = thinking.settings, thinking.store, thinking.clock
        self.answers = Answers(thinking.accept, lambda: None, rules.answer_input)
        self.answers.attach(thinking.runner)
        tokens = tasks.Tokens(store, thinking.accept, clock)
        self.activities = Activities(store, tokens)
        asking = AskingPeople(lambda: settings, store, thinking.accept, clock, tokens.forget)
        self.transport: Transport = StatesAnswers(
            tasks.transport(
                settings,
                thinking.kept,
                thinking.accept,
                clock,
                tokens=tokens,
                book=tasks.JobBook(store),
                functions=tasks.functions(settings),
                activities=self.activities.offer(clock),
                find=lambda key: runs.find_by(store, key),
                answers=self.answers,
                people=asking.functions(),
            ),
            store,
            calls,
            thinking.accept,
            clock,
        )
