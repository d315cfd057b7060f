"""What `${NAME}` means in a function: the parameters below a prefix in Systems Manager, read once when it starts."""

from __future__ import annotations

from typing import Any, Final

from tocsin.aws.calls import SSM, AwsError, Caller
from tocsin.errors import TocsinError

PAGES_MAX: Final = 100  # Of ten parameters each.


def secrets(calls: Caller, prefix: str) -> dict[str, str]:
    """The parameters directly below *prefix* by the last part of their name.

    Raises TocsinError `secrets-unreadable`, which names the prefix and AWS's code, and nothing else.
    """
    path = "/" + prefix.strip("/")
    found: dict[str, str] = {}
    given: dict[str, Any] = {"Path": path, "WithDecryption": True, "Recursive": False, "MaxResults": 10}
    for _ in range(PAGES_MAX):
        try:
            page = calls.call(SSM, "GetParametersByPath", given)
        except AwsError as problem:
            message = f"the parameters below {path} cannot be read: {problem.code}"
            raise TocsinError("secrets-unreadable", message) from None
        for each in page.get("Parameters", ()):
            found[str(each["Name"]).rpartition("/")[2]] = str(each["Value"])
        if not page.get("NextToken"):
            break
        given["NextToken"] = page["NextToken"]
    return found
