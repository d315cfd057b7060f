"""What the services that keep data tell: each type once, and what mends it."""

from __future__ import annotations

from tests.sources.bodies import event, sns
from tocsin.kernel.json import Json

A = "eu-west-1:111122223333"


def data_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [*_databases(), *_caches(), *_buckets(), *_volumes(), *_backups(), *_jobs(), *_media()]


def _databases() -> list[tuple[str, Json]]:
    def rds(kind: str, number: str, category: str, message: str, what: str = "db") -> Json:
        named = f"arn:aws:rds:{A}:{what}:shop"
        detail = {
            "EventCategories": [category],
            "SourceType": what.upper(),
            "SourceArn": named,
            "Date": "2023-11-14T22:13:20.000Z",
            "SourceIdentifier": "shop",
            "Message": message,
            "EventID": f"RDS-EVENT-{number}",
        }
        return event(f"RDS DB {kind} Event", "aws.rds", detail, [named])

    def letter(number: str, message: str) -> Json:
        told = {
            "Event Source": "db-instance",
            "Event Time": "2023-11-14 22:13:20.000",
            "Identifier Link": "https://console.aws.amazon.com/rds/home?region=eu-west-1#dbinstance:id=shop",
            "Source ID": "shop",
            "Source ARN": f"arn:aws:rds:{A}:db:shop",
            "Event ID": f"http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-{number}",
            "Event Message": message,
        }
        return sns(told, "RDS Notification Message")

    def redshift(number: str, severity: str, message: str) -> Json:
        told = {
            "Event Source": "cluster",
            "Resource": "reports",
            "Event Time": "2023-11-14 22:13:20.000",
            "Identifier Link": "https://console.aws.amazon.com/redshift/home?region=eu-west-1#cluster-details:cluster=reports",
            "Severity": severity,
            "Category": ["Monitoring"],
            "About this Event": f"http://docs.aws.amazon.com/redshift/latest/mgmt/events.html#REDSHIFT-EVENT-{number}",
            "Event Message": message,
        }
        return sns(told, "Amazon Redshift INFO - Cluster reports")

    def statement(state: str, **more: Json) -> Json:
        detail = {"statementName": "nightly", "statementId": "7", "state": state, **more}
        named = [f"arn:aws:redshift:{A}:cluster:reports"]
        return event("Redshift Data Statement Status Change", "aws.redshift-data", detail, named)

    def search(kind: str, status: str, severity: str, what: str = "Service Software Update") -> Json:
        detail = {"event": what, "status": status, "severity": severity, "description": f"{what}: {status}."}
        return event(kind, "aws.es", detail, [f"arn:aws:es:{A}:domain/logs"])

    update = "Amazon OpenSearch Service Software Update Notification"
    return [
        ("database fails over", rds("Instance", "0013", "failover", "Multi-AZ instance failover started.")),
        ("database has failed over", rds("Instance", "0049", "failover", "Multi-AZ instance failover completed")),
        ("database fails over, on a topic", letter("0013", "Multi-AZ instance failover started.")),
        ("database has failed over, on a topic", letter("0049", "Multi-AZ instance failover completed")),
        ("database shuts down", rds("Instance", "0004", "availability", "DB instance shutdown")),
        ("database restarts", rds("Instance", "0006", "availability", "DB instance restarted")),
        ("database is full", letter("0007", "Allocated storage has been exhausted.")),
        ("database is enlarged", letter("0017", "Finished applying modification to allocated storage.")),
        ("database has stopped for want of room", letter("0221", "The database has been shut down.")),
        ("key of a database is gone", rds("Instance", "0419", "availability", "Unable to access the KMS key.")),
        ("key of a database is back", rds("Instance", "0420", "failure", "Can access the KMS key.")),
        ("database cannot be upgraded", rds("Instance", "0270", "maintenance", "The upgrade failed.")),
        ("database is upgraded", rds("Instance", "0268", "maintenance", "The engine version upgrade finished.")),
        ("database tells something", rds("Instance", "0092", "configuration change", "Finished updating.")),
        ("snapshot cannot be exported", rds("Snapshot", "0162", "notification", "Export failed.", "snapshot")),
        ("snapshot is exported", rds("Snapshot", "0164", "notification", "Export completed.", "snapshot")),
        ("replica stops", letter("0045", "Replication has stopped.")),
        ("replica goes on", letter("0046", "Replication for the Read Replica resumed")),
        ("backup of a database", letter("0002", "Finished DB Instance backup")),
        ("unknown trouble of a database", letter("9999", "The import failed.")),
        ("cluster fails over", rds("Cluster", "0073", "failover", "Started failover to shop-2.", "cluster")),
        ("cluster has failed over", rds("Cluster", "0071", "failover", "Completed failover to shop-2.", "cluster")),
        ("snapshot of a database", rds("Snapshot", "0042", "creation", "Manual snapshot created", "snapshot")),
        ("warehouse cannot be reached", redshift("3502", "ERROR", "Cluster reports: health status is unhealthy.")),
        ("warehouse tells something", redshift("2000", "INFO", "Cluster reports created.")),
        ("statement fails", statement("FAILED", error="relation does not exist")),
        ("statement finishes", statement("FINISHED")),
        ("search update fails", search(update, "Failed", "High")),
        ("search update completes", search(update, "Completed", "Informational")),
        ("search update there", search(update, "Available", "Informational")),
        ("search domain in error", search("Domain Error Notification", "Warning", "Medium", "KMS Key Inaccessible")),
    ]


def _caches() -> list[tuple[str, Json]]:
    def cache(name: str) -> Json:
        return sns({f"ElastiCache:{name}": "sessions"}, "Amazon ElastiCache Notification")

    return [
        ("node is replaced", cache("CacheNodeReplaceStarted")),
        ("node has been replaced", cache("CacheNodeReplaceComplete")),
        ("cache snapshot fails", cache("SnapshotFailed")),
        ("cache snapshot completes", cache("SnapshotComplete")),
        ("cache fails over", cache("FailoverComplete")),
        ("cache tells something", cache("CacheClusterParametersChanged")),
    ]


def _buckets() -> list[tuple[str, Json]]:
    def record(name: str, key: str = "orders/7.json") -> Json:
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-west-1",
            "eventTime": "2023-11-14T22:13:20.000Z",
            "eventName": name,
            "userIdentity": {"principalId": "AWS:EXAMPLE"},
            "requestParameters": {"sourceIPAddress": "198.51.100.7"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "alerts",
                "bucket": {"name": "shop", "arn": "arn:aws:s3:::shop"},
                "object": {"key": key, "size": 1024, "eTag": "d41d8cd9"},
            },
        }

    created = {
        "version": "0",
        "bucket": {"name": "shop"},
        "object": {"key": "orders/7.json", "size": 1024},
        "reason": "PutObject",
    }
    tried = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2023-11-14T22:13:20.000Z", "Bucket": "shop"}
    return [
        ("objects created", sns({"Records": [record("ObjectCreated:Put"), record("ObjectCreated:Copy", "a b.txt")]})),
        ("object not replicated", {"Records": [record("Replication:OperationFailedReplication")]}),
        ("object replicated late", {"Records": [record("Replication:OperationMissedThreshold")]}),
        ("object replicated at last", {"Records": [record("Replication:OperationReplicatedAfterThreshold")]}),
        ("object created, as an event", event("Object Created", "aws.s3", created, ["arn:aws:s3:::shop"])),
        ("bucket tries its topic", sns(tried, "Amazon S3 Notification")),
    ]


def _volumes() -> list[tuple[str, Json]]:
    volume = f"arn:aws:ec2:{A}:volume/vol-01234567"

    def change(result: str, cause: str = "") -> Json:
        detail = {"result": result, "cause": cause, "event": "createVolume", "request-id": "7"}
        return event("EBS Volume Notification", "aws.ec2", detail, [volume])

    def snapshot(result: str, number: int, cause: str = "") -> Json:
        named = f"arn:aws:ec2::eu-west-1:snapshot/snap-{number}"
        detail = {
            "event": "createSnapshot",
            "result": result,
            "cause": cause,
            "snapshot_id": named,
            "source": volume,
            "request-id": str(number),
        }
        return event("EBS Snapshot Notification", "aws.ec2", detail, [named])

    def snapshots(result: str, first: str, second: str, cause: str = "") -> Json:
        detail = {
            "event": "createSnapshots",
            "result": result,
            "cause": cause,
            "snapshots": [
                {"snapshot_id": f"arn:aws:ec2::eu-west-1:snapshot/snap-{name}", "source": f"{volume}-{name}"}
                for name in (first, second)
            ],
        }
        return event("EBS Multi-Volume Snapshots Completion Status", "aws.ec2", detail)

    return [
        ("volume fails", change("failed", "The key that encrypts it is disabled.")),
        ("volume is there", change("available")),
        ("snapshot fails", snapshot("failed", 1, "The volume is in error.")),
        ("snapshot succeeds", snapshot("succeeded", 2)),
        ("snapshots fail", snapshots("failed", "a", "b", "One of them has failed.")),
        ("snapshots succeed, in another order", snapshots("succeeded", "b", "a")),
    ]


def _backups() -> list[tuple[str, Json]]:
    database = f"arn:aws:rds:{A}:db:shop"

    def job(state: str, kind: str = "Backup", **more: Json) -> Json:
        detail = {"backupJobId": "7", "state": state, "resourceArn": database, "resourceType": "RDS", **more}
        return event(f"{kind} Job State Change", "aws.backup", detail, [f"arn:aws:backup:{A}:recovery-point:7"])

    def letter(words: str) -> Json:
        told = (
            f"An AWS Backup job {words}. Resource ARN : {database}. BackupJob ID : 1b2345b2-f22c-4dab-5eb6-bbc7890ed123"
        )
        return sns(told, "Notification from AWS Backup")

    def policy(state: str, cause: str = "") -> Json:
        named = f"arn:aws:dlm:{A}:policy/policy-0123456789abcdef"
        return event(
            "DLM Policy State Change", "aws.dlm", {"state": state, "cause": cause, "policy_id": named}, [named]
        )

    restored = {"restoreJobId": "7", "status": "FAILED", "resourceType": "EBS", "statusMessage": "No room."}
    return [
        ("backup fails", job("FAILED", statusMessage="The role may not.")),
        ("backup fails, as text", letter("failed")),
        ("backup completed, as text", letter("was completed successfully")),
        ("backup completed", job("COMPLETED")),
        ("backup expired, as text", letter("expired before completion")),
        ("copy fails", job("FAILED", "Copy")),
        ("copy completed", job("COMPLETED", "Copy")),
        ("restore fails", event("Restore Job State Change", "aws.backup", restored, [f"arn:aws:backup:{A}:job:7"])),
        ("policy in error", policy("ERROR", "The role may not.")),
        ("policy enabled", policy("ENABLED")),
    ]


def _jobs() -> list[tuple[str, Json]]:
    def glue(state: str, kind: str = "Glue Job State Change", **more: Json) -> Json:
        detail = {"jobName": "orders", "severity": "ERROR", "state": state, "jobRunId": "jr_7", **more}
        return event(kind, "aws.glue", detail)

    def crawler(state: str, **more: Json) -> Json:
        return event("Glue Crawler State Change", "aws.glue", {"crawlerName": "orders", "state": state, **more})

    def quality(state: str, score: float) -> Json:
        context = {"contextType": "GLUE_DATA_CATALOG", "tableName": "orders", "databaseName": "shop"}
        detail = {"state": state, "score": score, "rulesetNames": ["orders"], "context": context}
        return event("Data Quality Evaluation Results Available", "aws.glue-dataquality", detail)

    def flow(kind: str, **more: Json) -> Json:
        return event(f"AppFlow {kind}", "aws.appflow", {"flow-name": "crm", **more})

    query = {
        "currentState": "FAILED",
        "previousState": "RUNNING",
        "workgroupName": "primary",
        "queryExecutionId": "01234567-0123-0123-0123-012345678901",
        "statementType": "DML",
    }
    return [
        ("job fails", glue("FAILED", message="JobRun 7 failed to execute")),
        ("job succeeds", glue("SUCCEEDED", severity="INFO")),
        ("job takes long", glue("RUNNING", "Glue Job Run Status")),
        ("crawler fails", crawler("Failed", errorMessage="Access denied")),
        ("crawler succeeds", crawler("Succeeded")),
        ("data is bad", quality("FAILED", 0.5)),
        ("data is good", quality("SUCCEEDED", 1.0)),
        ("query fails", event("Athena Query State Change", "aws.athena", query)),
        ("flow fails", flow("End Flow Run Report", status="Execution Failed")),
        ("flow works", flow("End Flow Run Report", status="Execution Successful")),
        ("flow is deactivated", flow("Event Flow Deactivated")),
    ]


def _media() -> list[tuple[str, Json]]:
    def media(status: str, **more: Json) -> Json:
        detail = {"status": status, "jobId": "1515-abc", "queue": f"arn:aws:mediaconvert:{A}:queues/Default", **more}
        return event("MediaConvert Job State Change", "aws.mediaconvert", detail)

    def dataset(state: str) -> Json:
        detail = {"dataset-name": "sensors", "state": state, "message": "It could not be delivered."}
        return event("IoT Analytics Dataset Lifecycle Notification", "aws.iotanalytics", detail)

    return [
        ("conversion fails", media("ERROR", errorCode=1040, errorMessage="Unable to open the input file")),
        ("conversion completes", media("COMPLETE")),
        ("data set not delivered", dataset("CONTENT_DELIVERY_FAILED")),
        ("data set delivered", dataset("CONTENT_DELIVERY_SUCCEEDED")),
    ]
