"""The template of one team: the core, and what its workflows and rules need beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.kernel.json import Json
from tocsin.stack import flows, reading
from tocsin.stack.reading import TemplateError
from tocsin.wiring.rules_at_aws import by_aws
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_workflows import Workflow, definition_text

RESOURCES_MAX: Final = 500  # Of one template (CloudFormation quotas).
TARGETS_MAX: Final = 5  # Of one rule (EventBridge quotas).


def build(settings: Settings, read: Callable[[Workflow], str] = definition_text) -> dict[str, Json]:
    """The template for *settings*, whose workflows are anchored; *read* gives the text of a definition.

    Raises TemplateError, and what *read* raises.
    """
    template = reading.load()
    resources = template["Resources"]
    assert isinstance(resources, dict)
    for name, workflow in settings.workflows.items():
        _add(resources, flows.flow_resources(name, read(workflow), workflow.role))
    started = {workflow: None for rule in settings.rules.values() if by_aws(rule) for workflow in rule.workflow}
    _add(resources, flows.starter(started))
    if any(rule.workflow and not by_aws(rule) for rule in settings.rules.values()):
        _add(resources, flows.ends())
    for name, rule in settings.rules.items():
        if by_aws(rule) and len(set(rule.workflow)) > TARGETS_MAX:
            raise TemplateError(f"The rule {name} starts more than {TARGETS_MAX} workflows; EventBridge takes no more")
        _add(resources, flows.rule_resources(name, rule))
    if len(resources) > RESOURCES_MAX:
        raise TemplateError(
            f"The stack would have {len(resources)} resources, and CloudFormation takes {RESOURCES_MAX}: "
            f"{len(settings.workflows)} workflows and {len(settings.rules)} rules are too many for one stack"
        )
    return template


def _add(resources: dict[str, Json], more: dict[str, Json]) -> None:
    assert not resources.keys() & more.keys(), "Logical ids are made so that no two are the same."
    resources.update(more)
