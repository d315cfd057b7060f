"""Amazon resource names, and where the AWS console shows what they name."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

import msgspec

_ARN: Final = re.compile(r"arn:(aws[a-z-]{0,20}):([a-z0-9-]{1,40}):([a-z0-9-]{0,30}):([a-z0-9-]{0,30}):(\S.{0,1500})")
_REGION: Final = re.compile(r"[a-z]{2,4}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")

_CONSOLES: Final = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}

# Event sources whose console has another path than their name.
_PATHS: Final = {
    "application-autoscaling": "cloudwatch",
    "autoscaling": "ec2",
    "codebuild": "codesuite/codebuild",
    "codecommit": "codesuite/codecommit",
    "codedeploy": "codesuite/codedeploy",
    "codepipeline": "codesuite/codepipeline",
    "dlm": "ec2",
    "ec2fleet": "ec2",
    "ec2spotfleet": "ec2",
    "elasticmapreduce": "emr",
    "emr": "emr",
    "es": "aos",
    "health": "health",
    "inspector2": "inspector",
    "monitoring": "cloudwatch",
    "ssm": "systems-manager",
    "tag": "resource-groups",
}
_SERVICE: Final = re.compile(r"[a-z0-9-]{1,40}")


class Arn(msgspec.Struct, frozen=True):
    """The parts of `arn:partition:service:region:account:resource`; region and account may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def name(self) -> str:
        """The last part of the resource: what people call it."""
        parts = [part for part in re.split("[:/]", self.resource) if part not in {"", "*"}]
        if len(parts) > 1 and (self.service == "cloudformation" or self.resource.startswith("function:")):
            return parts[1]  # Behind it stands a number that nobody knows, or the version of a function.
        return parts[-1] if parts else self.resource


def parse(text: str) -> Arn | None:
    """The parts of *text*; None when it is no ARN."""
    found = _ARN.fullmatch(text)
    return Arn(*found.groups()) if found else None


def region(text: str) -> str:
    """*text* if it is a region's code; the name that people read ("EU (Ireland)") is none."""
    return text if _REGION.fullmatch(text) else ""


def alarm_page(arn: Arn) -> str:
    """The console's page of a CloudWatch alarm."""
    name = quote(arn.resource.removeprefix("alarm:"), safe="")
    return f"https://{console(arn.partition, arn.region)}/cloudwatch/home?region={arn.region}#alarmsV2:alarm/{name}"


def resource_page(arn: Arn) -> str:
    """The console's page of any resource; the console itself knows which, outside of China and GovCloud."""
    if arn.partition in _CONSOLES:
        return f"https://{console(arn.partition, arn.region)}/{_path(arn.service)}/home"
    return f"https://console.aws.amazon.com/go/view?arn={quote(arn_text(arn), safe=':/')}"


def service_page(source: str, region_code: str) -> str:
    """The console's first page of the service that sent an event (`aws.ecs`); empty if there is none."""
    service = source.removeprefix("aws.")
    if not source.startswith("aws.") or not _SERVICE.fullmatch(service) or not region(region_code):
        return ""
    return f"https://{console(partition_of(region_code), region_code)}/{_path(service)}/home?region={region_code}"


def partition_of(region_code: str) -> str:
    """The partition that a region belongs to."""
    return "aws-cn" if region_code.startswith("cn-") else "aws-us-gov" if region_code.startswith("us-gov-") else "aws"


def console(partition: str, region_code: str) -> str:
    """The host of the console in a region, or of the pages that belong to none."""
    host = _CONSOLES.get(partition, "console.aws.amazon.com")
    return f"{region_code}.{host}" if region_code else host


def arn_text(arn: Arn) -> str:
    """The ARN as text."""
    return f"arn:{arn.partition}:{arn.service}:{arn.region}:{arn.account}:{arn.resource}"


def _path(service: str) -> str:
    return _PATHS.get(service, service)
