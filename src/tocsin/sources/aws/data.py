"""Where data lives: ElastiCache, OpenSearch, S3, EBS, Backup, DLM, Glue, Athena, AppFlow, MediaConvert.

A cluster or a volume stays, so what says that it works again resolves; a backup is taken for the next of its resource,
a job or a flow for the next of its name. A query or a conversion has nothing that could come back. Source of the
names: the events reference in the Amazon EventBridge documentation, and the user guides of the services.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import DONE, HIGH, NEWS, OVER, WARNING, Row, each, in_thread, said

_CACHE_EVENTS: Final = {
    thread: {f"{thread}{end}": sign for end, sign in ends.items()}
    for thread, ends in {
        "AddCacheNode": {"Failed": HIGH, "Complete": DONE},
        "CacheClusterProvisioning": {"Failed": HIGH, "Complete": DONE},
        "CacheClusterScaling": {"Failed": HIGH, "Complete": DONE},
        "CacheClusterRestore": {"Failed": HIGH, "Complete": DONE},
        "CacheNodeReplace": {"Started": WARNING, "Complete": OVER},
        "CreateReplicationGroup": {"Failed": HIGH, "Complete": DONE},
        "ReplicationGroupScaling": {"Failed": HIGH, "Complete": DONE},
        "Snapshot": {"Failed": HIGH, "Complete": DONE},
        "NodeReplacement": {"Scheduled": WARNING, "Rescheduled": WARNING, "Canceled": OVER},
        "Failover": {"Complete": WARNING},
    }.items()
}
CACHE: Final = Row(
    types=("ElastiCache notification",),
    service="ElastiCache",
    source="aws.elasticache",
    title="ElastiCache {name}: {event!plain}",
    key=("name",),
    thread="{event}",
    outcome=("event",),
    signs={word: sign for thread, signs in _CACHE_EVENTS.items() for word, sign in in_thread(thread, signs).items()},
    page="elasticache/home?region={@region}#/",
)
SEARCH: Final = Row(
    types=(
        *("Amazon ES Service Software Update Notification", "Amazon OpenSearch Service Software Update Notification"),
        *("Amazon ES Auto-Tune Notification", "Amazon OpenSearch Service Auto-Tune Notification"),
        *("Amazon OpenSearch Service Cluster Status Notification", "Domain Error Notification"),
        *("Amazon OpenSearch Service Notification", "Amazon OpenSearch Service Maintenance Update"),
        "Amazon OpenSearch Service Domain Update Notification",
        "Amazon OpenSearch Service VPC Endpoint Notification",
    ),
    service="OpenSearch",
    source="aws.es",
    title="OpenSearch {@resource}: {event} {status!plain}",
    key=("@arn", "event"),
    outcome=("status",),
    signs=each("Completed|Succeeded", DONE)
    | each("Available|Started|Pending|Cancelled|Not Eligible|Eligible", NEWS)
    | {"Failed": HIGH, "Required": WARNING},
    severity="severity",
    texts=("description",),
    page="aos/home?region={@region}#opensearch/domains/{@arn!name}",
)
OBJECT: Final = Row(
    types=(
        *("Object Created", "Object Deleted", "Object Restore Initiated", "Object Restore Completed"),
        *("Object Restore Expired", "Object Storage Class Changed", "Object Access Tier Changed", "Object ACL Updated"),
        *("Object Tags Added", "Object Tags Deleted", "S3 notification"),
    ),
    service="S3",
    source="aws.s3",
    title="s3://{bucket.name|s3.bucket.name}/{object.key|s3.object.key}: {eventName|@type}",
    key=("bucket.name|s3.bucket.name", "object.key|s3.object.key"),
    thread="{eventName|@type}",
    outcome=("eventName", "@type"),
    signs={"ReducedRedundancyLostObject": HIGH}
    | in_thread(
        "replication",
        {
            "Replication:OperationFailedReplication": HIGH,
            "Replication:OperationMissedThreshold": WARNING,
            "Replication:OperationReplicatedAfterThreshold": OVER,
        },
    ),
    otherwise=NEWS,
    page="s3/object/{bucket.name|s3.bucket.name}?region={@region}&prefix={object.key|s3.object.key}",
)
S3_TEST: Final = Row(
    types=("S3 test notification",),
    service="S3",
    source="aws.s3",
    title="The bucket {Bucket} sends its notifications here",
    key=("Bucket",),
    otherwise=NEWS,
)
VOLUME: Final = Row(
    types=("EBS Volume Notification",),
    service="EBS",
    source="aws.ec2",
    title="EBS volume {@resource}: {event!plain} {@outcome}",
    key=("@arn", "event"),
    outcome=("result",),
    signs={"failed": HIGH} | each("available|attached|deleted|modifying|optimizing|completed", NEWS),
    texts=("cause",),
    page="ec2/home?region={@region}#VolumeDetails:volumeId={@resource}",
)
SNAPSHOT: Final = Row(
    types=("EBS Snapshot Notification",),
    service="EBS",
    source="aws.ec2",
    title="Snapshot of {source|snapshot_id}: {event!plain} {@outcome}",
    key=("source|snapshot_id", "event"),
    outcome=("result",),
    signs={"failed": HIGH, "succeeded": DONE},
    texts=("cause",),
    page="ec2/home?region={@region}#SnapshotDetails:snapshotId={snapshot_id!name}",
)
SNAPSHOTS: Final = Row(
    types=("EBS Multi-Volume Snapshots Completion Status",),
    service="EBS",
    source="aws.ec2",
    title="Snapshots of several volumes {@outcome}: {snapshots.0.source}[ and {snapshots.1.source}]",
    key=("snapshots.*.source",),
    outcome=("result",),
    signs={"failed": HIGH, "succeeded": DONE},
    texts=("cause", "snapshots.*.status"),
    page="ec2/home?region={@region}#Snapshots:",
)
BACKUP: Final = Row(
    types=("Backup Job State Change",),
    service="Backup",
    source="aws.backup",
    title="Backup of {resourceArn|@resource|backupVaultName} {@outcome}",
    key=("resourceArn|@arn|backupVaultName",),
    outcome=("state", "status"),
    signs=each("FAILED|EXPIRED", HIGH) | {"COMPLETED": DONE, "PARTIAL": WARNING, "ABORTED": NEWS},
    phrases={
        "failed": said(HIGH, "failed"),
        "expired": said(HIGH, "expired"),
        "completed with issues": said(WARNING, "completed with issues"),
        "completed": said(DONE, "completed"),
        "aborted": said(NEWS, "aborted"),
        "started": said(NEWS, "started"),
    },
    otherwise=NEWS,
    judged=("message",),
    texts=("statusMessage", "message"),
    page="backup/home?region={@region}#/jobs",
)
COPY: Final = replace(
    BACKUP, types=("Copy Job State Change",), title="Copy of the backup of {resourceArn|@resource} {@outcome}"
)
# One restore is not the next turn of another.
RESTORE: Final = replace(
    BACKUP,
    types=("Restore Job State Change",),
    title="Restore of {resourceArn|recoveryPointArn|@resource} {@outcome}",
    key=("resourceArn|recoveryPointArn|@arn",),
    signs={**BACKUP.signs, "COMPLETED": NEWS},
    phrases={**BACKUP.phrases, "completed": said(NEWS, "completed")},
)
LIFECYCLE: Final = Row(
    types=("DLM Policy State Change",),
    service="Data Lifecycle Manager",
    source="aws.dlm",
    title="Lifecycle policy {policy_id|@resource}: {@outcome}",
    key=("policy_id!short|@resource",),
    outcome=("state",),
    signs={"ERROR": said(HIGH, "it makes no snapshots any more"), "ENABLED": OVER, "DISABLED": NEWS},
    texts=("cause",),
    page="ec2/home?region={@region}#Lifecycle:",
)
GLUE: Final = Row(
    types=("Glue Job State Change",),
    service="Glue",
    source="aws.glue",
    title="Glue job {jobName} {@outcome}",
    key=("jobName",),
    outcome=("state",),
    signs=each("FAILED|TIMEOUT|ERROR", HIGH) | {"SUCCEEDED": DONE, "STOPPED": NEWS},
    texts=("message",),
    page="gluestudio/home?region={@region}#/editor/job/{jobName}/runs",
)
GLUE_RUN: Final = replace(
    GLUE,
    types=("Glue Job Run Status",),
    title="Glue job {jobName} runs longer than expected",
    signs={},
    otherwise=WARNING,
)
CRAWLER: Final = Row(
    types=("Glue Crawler State Change",),
    service="Glue",
    source="aws.glue",
    title="Glue crawler {crawlerName} {@outcome}",
    key=("crawlerName",),
    outcome=("state",),
    signs={"Failed": HIGH, "Succeeded": DONE, "Started": NEWS},
    texts=("errorMessage", "message"),
    page="glue/home?region={@region}#/v2/data-catalog/crawlers/view/{crawlerName}",
)
QUALITY: Final = Row(
    types=("Data Quality Evaluation Results Available",),
    service="Glue",
    source="aws.glue-dataquality",
    title="Data quality of {context.tableName|context.jobName|rulesetNames.0} {@outcome}[, score {score}]",
    key=("context.databaseName", "context.tableName|context.jobName", "rulesetNames.*"),
    what="{context.tableName|context.jobName|rulesetNames.0}",
    outcome=("state",),
    signs={"FAILED": HIGH, "SUCCEEDED": DONE},
    page="glue/home?region={@region}#/",
)
QUERY: Final = Row(
    types=("Athena Query State Change",),
    service="Athena",
    source="aws.athena",
    title="Athena query in workgroup {workgroupName} {@outcome}",
    key=("workgroupName",),
    outcome=("currentState",),
    signs={"FAILED": WARNING},
    otherwise=NEWS,
    texts=("athenaError.errorMessage",),
    page="athena/home?region={@region}#/query-editor/history/{queryExecutionId}",
)
FLOW: Final = Row(
    types=(
        *("AppFlow End Flow Run Report", "AppFlow Start Flow Run Report", "AppFlow Event Flow Report"),
        *("AppFlow Event Flow Deactivated", "AppFlow Scheduled Flow Deactivated"),
    ),
    service="AppFlow",
    source="aws.appflow",
    title="Flow {flow-name}: {@outcome}",
    key=("flow-name",),
    thread="flow",
    outcome=("status", "@type"),
    signs={
        "Execution Failed": HIGH,
        "Execution Successful": DONE,
        "AppFlow Event Flow Deactivated": said(HIGH, "it was deactivated"),
        "AppFlow Scheduled Flow Deactivated": said(HIGH, "it was deactivated"),
    },
    otherwise=NEWS,
    texts=("reason", "message"),
    page="appflow/home?region={@region}#/details/{flow-name}",
)
MEDIA: Final = Row(
    types=("MediaConvert Job State Change",),
    service="MediaConvert",
    source="aws.mediaconvert",
    title="MediaConvert job in queue {queue} {@outcome}[: {errorMessage}]",
    key=("queue",),
    outcome=("status",),
    signs={
        "ERROR": said(HIGH, "failed"),
        "NEW_WARNING": said(WARNING, "has a warning"),
        "COMPLETE": said(NEWS, "is complete"),
    },
    otherwise=NEWS,
    texts=("jobId", "warnings.*.code"),
    page="mediaconvert/home?region={@region}#/jobs/summary/{jobId}",
)
DATASET: Final = Row(
    types=("IoT Analytics Dataset Lifecycle Notification",),
    service="IoT Analytics",
    source="aws.iotanalytics",
    title="IoT Analytics data set {dataset-name}: {@outcome}",
    key=("dataset-name",),
    outcome=("state",),
    signs={"CONTENT_DELIVERY_FAILED": HIGH, "CONTENT_DELIVERY_SUCCEEDED": DONE},
    texts=("message",),
)

ROWS: Final = (
    *(CACHE, SEARCH, OBJECT, S3_TEST),
    *(
        VOLUME,
        SNAPSHOT,
        SNAPSHOTS,
        BACKUP,
        COPY,
        RESTORE,
        LIFECYCLE,
        GLUE,
        GLUE_RUN,
        CRAWLER,
        QUALITY,
        QUERY,
        FLOW,
        MEDIA,
        DATASET,
    ),
)
