"""Which rules AWS itself carries out in the serverless runtime, and which stay ours."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.automation.rule import Mode
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_rules import RuleSettings

_MOST: Final = RuleSettings(command="any").max


def by_aws(rule: RuleSettings) -> bool:
    """Whether EventBridge itself starts the workflows of *rule*.

    It can where nothing has to be decided: no input is made, nothing is counted, stopped or tried again. Everything
    else, and what people say and integrations send, is decided by the same machine as in `tocsin serve`.
    """
    plain = rule.mode == Mode.PARALLEL and rule.max == _MOST and not rule.retries and not rule.dry_run
    woken = rule.event is not None or rule.schedule is not None
    own = rule.webhook or rule.command is not None or rule.integration is not None or rule.consume
    return plain and woken and not own and rule.input is None and bool(rule.workflow)


def ours(settings: Settings) -> Settings:
    """*settings* with the rules that our own machine decides: those that AWS carries out would run twice."""
    return replace(settings, rules={name: rule for name, rule in settings.rules.items() if not by_aws(rule)})
