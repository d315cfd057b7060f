"""Secrets in SSM's Parameter Store: SecureStrings under one prefix, which functions read when they start.

Source: the Systems Manager API Reference (PutParameter, GetParametersByPath).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tocsin.aws.accounts import Cloud
from tocsin.aws.troubles import blamed
from tocsin.errors import TocsinError

VALUE_BYTES_MAX: Final = 4_096  # Of a standard parameter, which costs nothing.
DELETED_AT_ONCE: Final = 10  # More DeleteParameters does not take.


class Secrets:
    """The parameters under *prefix*, which begins and ends with a slash."""

    def __init__(self, cloud: Cloud, prefix: str) -> None:
        """Nobody is asked yet."""
        self._prefix = prefix
        self._ssm: Any = cloud.client("ssm")
        self._versions: dict[str, int] = {}

    def read(self) -> dict[str, str]:
        """All of them, by name without the prefix. Raises TocsinError."""
        with blamed(f"the reading of the secrets under {self._prefix} (ssm:GetParametersByPath, kms:Decrypt)"):
            pages = self._ssm.get_paginator("get_parameters_by_path").paginate(
                Path=self._prefix, WithDecryption=True, Recursive=False
            )
            found = {
                str(each["Name"]).removeprefix(self._prefix): each for page in pages for each in page["Parameters"]
            }
        self._versions = {name: int(each.get("Version", 1)) for name, each in found.items()}
        return {name: str(each["Value"]) for name, each in found.items()}

    def expected(self, fresh: Iterable[str]) -> dict[str, int]:
        """The version that each will have once those in *fresh* are written, by what was last read."""
        return self._versions | {name: self._versions.get(name, 0) + 1 for name in fresh}

    def write(self, values: Mapping[str, str]) -> None:
        """Write or replace them; each is encrypted. Raises TocsinError, which names no value."""
        for name, value in values.items():
            if not 0 < len(value.encode()) <= VALUE_BYTES_MAX:
                raise TocsinError("secret-size", f"{name} has {len(value.encode())} bytes, and may have 1 to 4,096")
        for name, value in values.items():
            with blamed(f"the writing of the secret {self._prefix}{name} (ssm:PutParameter)"):
                self._ssm.put_parameter(
                    Name=f"{self._prefix}{name}",
                    Description="Read by Tocsin for ${NAME} in tocsin.yaml",
                    Value=value,
                    Type="SecureString",
                    Overwrite=True,
                )

    def delete(self) -> list[str]:
        """Delete all of them; their names."""
        with blamed(f"the list of the secrets under {self._prefix} (ssm:GetParametersByPath)"):
            pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=self._prefix)
            names = [str(each["Name"]) for page in pages for each in page["Parameters"]]
        for start in range(0, len(names), DELETED_AT_ONCE):
            with blamed(f"the end of the secrets under {self._prefix} (ssm:DeleteParameters)"):
                self._ssm.delete_parameters(Names=names[start : start + DELETED_AT_ONCE])
        return names
