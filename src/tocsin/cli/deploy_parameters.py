"""The parameters of the template as people set them: names and values are checked here, before anything is made.

CloudFormation would say the same, but only after a bucket was made and the code uploaded, and not in which option.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin.errors import TocsinError
from tocsin.wiring.settings_problems import nearest

EMAIL: Final = "FallbackEmail"
CODE_BUCKET: Final = "CodeBucket"
CODE_KEY: Final = "CodeKey"
SECRETS: Final = "SecretsPrefix"

_OURS: Final = frozenset({CODE_BUCKET, CODE_KEY, SECRETS})


def checked(settings: Iterable[tuple[str, str]], known: Mapping[str, Any]) -> dict[str, str]:
    """*settings* as said with `--set`, all of which the template knows and allows. Raises TocsinError."""
    said = dict(settings)
    for name, value in said.items():
        if name not in known or name in _OURS:
            near = nearest(name, [each for each in known if each not in _OURS])
            raise TocsinError(
                "parameter-unknown",
                f"the template has no parameter {name!r}" + (f"; did you mean {near}?" if near else ""),
            )
        if wrong := _wrong(value, known[name]):
            raise TocsinError("parameter-invalid", f"--set {name}={value}: it must be {wrong}. {_about(known[name])}")
    return said


def address(text: str, known: Mapping[str, Any]) -> str:
    """The e-mail address *text*, which the template allows. Raises TocsinError."""
    if _wrong(text, known[EMAIL]):
        raise TocsinError("parameter-invalid", f"--email {text}: that is no e-mail address like ops@example.com")
    return text


def _wrong(value: str, parameter: Mapping[str, Any]) -> str:
    """What *value* would have to be; empty: it may be so."""
    allowed = [str(each) for each in parameter.get("AllowedValues", ())]
    if allowed and value not in allowed:
        return f"one of {', '.join(allowed)}"
    if parameter["Type"] == "Number" and (wrong := _no_number(value, parameter)):
        return wrong
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"of the form {pattern}"
    return ""


def _no_number(value: str, parameter: Mapping[str, Any]) -> str:
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    number = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
    fits = number is not None and (least is None or number >= least) and (most is None or number <= most)
    if fits:
        return ""
    bounds = [f"{word} {bound}" for word, bound in (("from", least), ("to", most)) if bound is not None]
    return " ".join(["a whole number", *bounds])


def _about(parameter: Mapping[str, Any]) -> str:
    return str(parameter.get("Description", ""))
