"""Whose account it is, and in which region: asked of AWS before anything is changed there."""

from __future__ import annotations

import os
import re
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
import msgspec
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

from tocsin.aws.troubles import blamed, trouble
from tocsin.errors import TocsinError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
ATTEMPTS: Final = 6  # The SDK's own, with growing pauses: an update asks for progress often.

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_CONFIG: Final = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    user_agent_extra="tocsin",
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are at AWS. *number* has twelve digits; *who* is an ARN."""

    number: str
    who: str
    region: str
    partition: str


class Cloud:
    """One login: clients of services, all in one region."""

    def __init__(self, *, profile: str = "", region: str = "") -> None:
        """Empty: what the environment and the SDK's files say. Raises TocsinError: no such profile, no region.

        AWS_REGION counts as in AWS's own command line, though this SDK reads only AWS_DEFAULT_REGION.
        """
        region = region or os.environ.get("AWS_REGION", "")
        if region and not _REGION.fullmatch(region):
            raise TocsinError("aws-region", f"{region!r} is not a region like eu-central-1")
        try:
            self._session = boto3.Session(profile_name=profile or None, region_name=region or None)
        except BotoCoreError as problem:
            raise trouble(problem, "the login") from problem
        if not self._session.region_name:
            raise TocsinError(
                "aws-region", "no region is chosen; name one with --region, or AWS_REGION: eu-central-1, for example"
            )
        self._clients: dict[str, Any] = {}

    @property
    def session(self) -> Any:  # noqa: ANN401 - boto3 has no types.
        """The login itself, for who makes clients in a way of their own."""
        return self._session

    @property
    def region(self) -> str:
        """Where things are made."""
        return str(self._session.region_name)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type.
        """The client of a service; made once."""
        if service not in self._clients:
            with blamed(f"the login for {service}"):
                self._clients[service] = self._session.client(service, config=_CONFIG)
        return self._clients[service]

    def identify(self, expected: str = "") -> Account:
        """Who we are. Raises TocsinError: no credentials, expired ones, or another account than *expected*."""
        with blamed("the question who we are (sts:GetCallerIdentity)"):
            found = self.client("sts").get_caller_identity()
        account = Account(
            number=str(found["Account"]),
            who=str(found["Arn"]),
            region=self.region,
            partition=str(found["Arn"]).split(":")[1],
        )
        if expected and account.number != expected:
            raise TocsinError(
                "aws-account",
                f"these credentials belong to account {account.number} ({account.who}), and --account says {expected}; "
                "choose the other profile with --profile or AWS_PROFILE",
            )
        return account
