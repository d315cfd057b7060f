"""Databases: Amazon RDS and Amazon Redshift, by EventBridge and by the topics of their event subscriptions.

An event of RDS belongs to a category, but on a topic the category is missing, and it says too little in any case: that
a fail-over begins and that it has ended are of one category. So the events that matter stand here by their numbers,
each with its matter: that a database has restarted does not resolve that its storage is full. Sources: "Amazon RDS
event categories and event messages" in the Amazon RDS User Guide, and "Amazon Redshift event notifications" in the
Amazon Redshift Management Guide.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import CRITICAL, DONE, HIGH, NEWS, OVER, WARNING, Row, Sign, each, in_thread


def _numbered(thread: str, signs: dict[str, Sign]) -> dict[str, Sign]:
    """The events with these numbers, all about one matter."""
    found = {f"RDS-EVENT-{number}": sign for numbers, sign in signs.items() for number in numbers.split()}
    return in_thread(thread, found)


_EVENTS: Final = {
    **_numbered("availability", {"0004 0022": HIGH, "0006": OVER}),
    **_numbered("failover", {"0013 0050 0069 0070 0072 0073": HIGH, "0015 0049 0051 0065 0071": OVER, "0034": NEWS}),
    # What has been enlarged is not full any more.
    **_numbered("storage", {"0221": CRITICAL, "0007 0089 0222 0227 0330 0331": HIGH, "0017 0218": OVER}),
    **_numbered("storage autoscaling", {"0223 0224 0254": HIGH, "0225": WARNING, "0219 0220 0237": NEWS}),
    **_numbered("encryption key", {"0419": CRITICAL, "0418": HIGH, "0420": OVER}),
    **_numbered("replication", {"0045 0057": HIGH, "0046": OVER}),
    **_numbered("patching", {"0026": WARNING, "0027": OVER}),
    **_numbered("upgrade", {"0270": HIGH, "0158 0174 0188 0412": WARNING, "0268 0173 0176": OVER}),
    **_numbered("monitoring", {"0079 0080": WARNING}),
    **_numbered("burst balance", {"0189": WARNING}),
    **_numbered("export", {"0162": WARNING, "0164": OVER}),
    **_numbered("failure", {"0031 0035 0036 0058 0165": HIGH}),
}
_CATEGORIES: Final = {
    **each("failure|failover|low storage|availability", HIGH),
    **each("maintenance|security patching|notification|backup|configuration change|creation|deletion", NEWS),
    **each("read replica|recovery|restoration|security|backtrack|global failover|migration|serverless", NEWS),
}
INSTANCE: Final = Row(
    types=("RDS DB Instance Event",),
    service="RDS",
    source="aws.rds",
    title="RDS {SourceIdentifier|Source ID}: {Message|Event Message}",
    key=("SourceArn|Source ARN|SourceIdentifier|Source ID",),
    thread="{@word|@type}",
    outcome=("EventID", "Event ID", "EventCategories.*"),
    signs=_EVENTS | _CATEGORIES,
    judged=("Message", "Event Message"),
    page="rds/home?region={@region}#database:id={SourceIdentifier};is-cluster=false",
)
CLUSTER: Final = replace(
    INSTANCE,
    types=("RDS DB Cluster Event",),
    page="rds/home?region={@region}#database:id={SourceIdentifier};is-cluster=true",
)
OTHER: Final = replace(
    INSTANCE,
    types=(
        *("RDS DB Snapshot Event", "RDS DB Cluster Snapshot Event", "RDS DB Parameter Group Event"),
        *("RDS DB Security Group Event", "RDS DB Proxy Event", "RDS Blue Green Deployment Event"),
        "RDS Custom Engine Version Event",
    ),
    page="rds/home?region={@region}#events:",
)
# The same, as an event subscription puts it on a topic: without its categories, with a link of its own.
NOTIFICATION: Final = replace(
    INSTANCE, types=("RDS notification",), page="", links=(("RDS in the console", "Identifier Link"),)
)
REDSHIFT: Final = Row(
    types=("Redshift notification",),
    service="Redshift",
    source="aws.redshift",
    title="Redshift {Resource|Source ID|SourceId}: {Event Message|Message}",
    key=("Resource|Source ID|SourceId",),
    thread="{@word|@type}",
    otherwise=NEWS,
    outcome=("About this Event", "Event ID"),
    severity="Severity",
    page="redshiftv2/home?region={@region}#cluster-details?cluster={Resource}",
)
STATEMENT: Final = Row(
    types=("Redshift Data Statement Status Change",),
    service="Redshift",
    source="aws.redshift-data",
    title="Redshift statement {statementName|statementId} {@outcome}",
    key=("clusterId|workgroupName|@arn", "statementName"),
    outcome=("state",),
    signs={"FAILED": HIGH, "FINISHED": DONE, "ABORTED": NEWS},
    otherwise=NEWS,
    texts=("error",),
    page="redshiftv2/home?region={@region}#/queries-and-loads",
)

ROWS: Final = (INSTANCE, CLUSTER, OTHER, NOTIFICATION, REDSHIFT, STATEMENT)
