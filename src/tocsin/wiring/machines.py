"""All the machines that the engine drives; what most processes never meet is loaded when it is met."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tocsin.changes.machine import ChangeMachine
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.history_machine import HistoryMachine
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.whom import Whom
from tocsin.kernel.later import later
from tocsin.kernel.machine import Machine
from tocsin.noise.machine import RemedyMachine
from tocsin.schedules.recurring import next_turn
from tocsin.wiring import machine_names as names

if TYPE_CHECKING:
    from tocsin.approvals import machine as approvals
    from tocsin.automation import machine as automation
    from tocsin.automation.rule import Rules
    from tocsin.digests import machine as digests
    from tocsin.digests.machine import TurnOf
    from tocsin.executions import machine as executions
    from tocsin.executions.machine import Definitions
    from tocsin.notices import machine as notices
    from tocsin.schedules import questions
else:
    approvals = later("tocsin.approvals.machine")
    automation = later("tocsin.automation.machine")
    digests = later("tocsin.digests.machine")
    executions = later("tocsin.executions.machine")
    notices = later("tocsin.notices.machine")
    questions = later("tocsin.schedules.questions")


def machines(
    on_duty: OnDuty = nobody,
    turn_of: TurnOf | None = None,
    whom: Whom | None = None,
    definitions: Definitions = lambda _: None,
    rules: Rules = lambda _: None,
) -> tuple[Machine[Any, Any], ...]:
    """One of each; *on_duty* and *turn_of* know the schedules, *whom* the people, *definitions* the workflows.

    *rules*: those of the configuration.
    """
    return (
        IncidentMachine(on_duty, whom),
        HeartbeatMachine(),
        ChangeMachine(),
        SilenceMachine(next_turn),
        RemedyMachine(),
        _Later(names.DIGEST, lambda: digests.DigestMachine(turn_of or digests.nobody)),
        HistoryMachine(),
        _Later(names.QUESTION, lambda: questions.QuestionMachine()),  # noqa: PLW0108 - the module is loaded then.
        _Later(names.NOTICE, lambda: notices.NoticeMachine()),  # noqa: PLW0108 - the module is loaded then.
        _Later(names.EXECUTION, lambda: executions.ExecutionMachine(definitions)),
        _Later(names.APPROVAL, lambda: approvals.ApprovalMachine()),  # noqa: PLW0108 - the module is loaded then.
        _Later(names.RULE, lambda: automation.RuleMachine(rules)),
    )


class _Later:
    """A machine that is made when it is first asked something but its name."""

    decide: Any
    answers: Any
    wanted: Any
    standing: Any
    encode: Any
    decode: Any

    def __init__(self, name: str, make: Callable[[], Machine[Any, Any]]) -> None:
        self.name = name
        self._make = make

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - what a machine can do.
        made = self._make()
        for each in ("decide", "answers", "wanted", "standing", "encode", "decode"):
            setattr(self, each, getattr(made, each))
        return getattr(made, attribute)
