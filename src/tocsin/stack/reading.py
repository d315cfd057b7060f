"""Templates of CloudFormation as they stand in files: YAML whose short forms of functions become the long ones.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

import yaml

from tocsin.errors import TocsinError
from tocsin.kernel.json import Json

TEMPLATE: Final = "template.yaml"
MEMBER: Final = "member.yaml"  # For the organisation's other accounts.
AUTOMATION: Final = "automation.yaml"  # For those in which workflows may act.

_WITHOUT_PREFIX: Final = frozenset({"Ref", "Condition"})


class TemplateError(TocsinError):
    """A template cannot be read, or cannot be made."""

    def __init__(self, message: str) -> None:
        """Its code is `template-invalid`."""
        super().__init__("template-invalid", message)


class _Loader(yaml.SafeLoader):
    """YAML of CloudFormation: no objects of Python, no surprises with dates."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """`!Name value` as `{"Fn::Name": value}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in _WITHOUT_PREFIX else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> dict[str, Json]:
    """The template that *text* says, its functions in their long forms. Raises TemplateError."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader.
    except yaml.YAMLError as problem:
        raise TemplateError(f"The template is no YAML: {problem}") from problem
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise TemplateError("The template has no Resources")
    return found


def text(name: str = TEMPLATE) -> str:
    """The template *name* (TEMPLATE, MEMBER or AUTOMATION) as it stands in the package, with its comments."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def load(name: str = TEMPLATE) -> dict[str, Json]:
    """The template *name* (TEMPLATE, MEMBER or AUTOMATION) of the package."""
    return parse(text(name))
