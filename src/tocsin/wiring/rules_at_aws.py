"""Which rules AWS itself carries out in the serverless runtime, and which stay ours."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.automation.rule import Mode
from tocsin.kernel import json
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_rules import RuleSettings

_MOST: Final = RuleSettings(command="any").max


def by_aws(rule: RuleSettings) -> bool:
    """Whether EventBridge itself starts the workflows of *rule*.

    It can where nothing has to be decided: no input is made, nothing is counted, stopped or tried again; and where the
    event is one of AWS itself (each `source` that it asks for begins with `aws.`), which comes over a bus. Everything
    else, and what people say and integrations send, is decided by the same machine as in `tocsin serve`: another event
    may come by HTTP as well, where EventBridge does not see it.
    """
    plain = rule.mode == Mode.PARALLEL and rule.max == _MOST and not rule.retries and not rule.dry_run
    woken = rule.schedule is not None if rule.event is None else _of_aws(rule.event.source)
    own = rule.webhook or rule.command is not None or rule.integration is not None or rule.consume
    return plain and woken and not own and rule.input is None and bool(rule.workflow)


def _of_aws(pattern: str) -> bool:
    """Whether only AWS itself writes events that match."""
    document = json.decode(pattern)
    sources = document.get("source") if isinstance(document, dict) else None
    if not isinstance(sources, list) or not sources:
        return False
    return all(isinstance(each, str) and each.startswith("aws.") for each in sources)


def ours(settings: Settings) -> Settings:
    """*settings* with the rules that our own machine decides: those that AWS carries out would run twice."""
    return replace(settings, rules={name: rule for name, rule in settings.rules.items() if not by_aws(rule)})
