"""What AWS asks for, as facts: US dollars for a unit, in two regions, and what is free every month for ever.

A price is where its page says so; `seen` says how we know it. Tiers that begin beyond a hundred million alerts a month,
taxes, savings plans and what is free for the first twelve months only are left out, so bills are rather lower.
"""

from __future__ import annotations

from typing import Final

import msgspec

REGIONS: Final = ("us-east-1", "eu-west-1")
AS_OF: Final = "2026-11-27"

_PAGE: Final = "read on the service's page"
_OTHERS: Final = "told alike by several pages of 2025 and 2026"
_DERIVED: Final = "half of $1.4135 and $0.283, as AWS halved them in November 2024; not read there"
_KNOWN: Final = "by our knowledge of the list; not read there"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars for one *unit*; *each*: how many of what is counted are one unit. *free* units cost nothing a month."""

    name: str
    unit: str
    each: float
    us: float
    eu: float
    free: float = 0.0
    page: str
    seen: str

    def dollars(self, count: float, region: str, *, free: bool) -> float:
        """What *count* of it cost; *free*: with what is free every month."""
        units = max(0.0, count / self.each - (self.free if free else 0.0))
        return units * (self.us if region == REGIONS[0] else self.eu)


_MILLION: Final = 1e6

API: Final = Price(
    name="HTTP API: requests",
    unit="million",
    each=_MILLION,
    us=1.00,
    eu=1.11,
    page="aws.amazon.com/api-gateway/pricing",
    seen=f"us-east-1 {_OTHERS}; eu-west-1 {_KNOWN}",
)
SQS: Final = Price(
    name="SQS: requests, of 64 KB each",
    unit="million",
    each=_MILLION,
    us=0.40,
    eu=0.40,
    free=1.0,
    page="aws.amazon.com/sqs/pricing",
    seen=_OTHERS,
)
LAMBDA_REQUESTS: Final = Price(
    name="Lambda: requests",
    unit="million",
    each=_MILLION,
    us=0.20,
    eu=0.20,
    free=1.0,
    page="aws.amazon.com/lambda/pricing",
    seen=_OTHERS,
)
LAMBDA_TIME: Final = Price(
    name="Lambda: GB-seconds on arm64",
    unit="GB-second",
    each=1.0,
    us=0.0000133334,
    eu=0.0000133334,
    free=400_000.0,
    page="aws.amazon.com/lambda/pricing",
    seen=_OTHERS,
)
WRITES: Final = Price(
    name="DynamoDB: write request units",
    unit="million",
    each=_MILLION,
    us=0.625,
    eu=0.70675,
    page="aws.amazon.com/dynamodb/pricing/on-demand",
    seen=f"us-east-1 {_OTHERS}; eu-west-1 {_DERIVED}",
)
READS: Final = Price(
    name="DynamoDB: read request units",
    unit="million",
    each=_MILLION,
    us=0.125,
    eu=0.1415,
    page="aws.amazon.com/dynamodb/pricing/on-demand",
    seen=f"us-east-1 {_OTHERS}; eu-west-1 {_DERIVED}",
)
STORAGE: Final = Price(
    name="DynamoDB: GB-months, with those of the recovery",
    unit="GB-month",
    each=1.0,
    us=0.25 + 0.20,
    eu=0.283 + 0.2264,
    page="aws.amazon.com/dynamodb/pricing/on-demand",
    seen=_KNOWN,
)
TRANSITIONS: Final = Price(
    name="Step Functions: state transitions",
    unit="thousand",
    each=1000.0,
    us=0.025,
    eu=0.025,
    free=4.0,
    page="aws.amazon.com/step-functions/pricing",
    seen=_PAGE,
)
LOGS: Final = Price(
    name="CloudWatch Logs: GB taken in",
    unit="GB",
    each=1.0,
    us=0.50,
    eu=0.57,
    free=5.0,
    page="aws.amazon.com/cloudwatch/pricing",
    seen=f"us-east-1 {_OTHERS}; eu-west-1 {_KNOWN}",
)
ALARMS: Final = Price(
    name="CloudWatch: alarms",
    unit="alarm-month",
    each=1.0,
    us=0.10,
    eu=0.10,
    free=10.0,
    page="aws.amazon.com/cloudwatch/pricing",
    seen=f"{_OTHERS}; what is free was {_PAGE}",
)
METRICS: Final = Price(
    name="CloudWatch: metrics of our own",
    unit="metric-month",
    each=1.0,
    us=0.30,
    eu=0.30,
    free=10.0,
    page="aws.amazon.com/cloudwatch/pricing",
    seen=f"{_OTHERS}; what is free was {_PAGE}",
)
DASHBOARDS: Final = Price(
    name="CloudWatch: dashboards",
    unit="dashboard-month",
    each=1.0,
    us=3.00,
    eu=3.00,
    free=3.0,
    page="aws.amazon.com/cloudwatch/pricing",
    seen=f"{_OTHERS}; what is free was {_PAGE}",
)
TRACES: Final = Price(
    name="X-Ray: traces",
    unit="million",
    each=_MILLION,
    us=5.00,
    eu=5.00,
    free=0.1,
    page="aws.amazon.com/xray/pricing",
    seen=_KNOWN,
)

PRICES: Final = (
    API,
    SQS,
    LAMBDA_REQUESTS,
    LAMBDA_TIME,
    WRITES,
    READS,
    STORAGE,
    TRANSITIONS,
    LOGS,
    ALARMS,
    METRICS,
    DASHBOARDS,
    TRACES,
)
