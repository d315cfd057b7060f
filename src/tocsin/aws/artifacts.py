"""The bucket from which functions are deployed, and what was deployed before; a tiny stack of its own makes it.

It is encrypted, versioned, open to nobody but the account, over TLS only. What is deleted there is gone after a month.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tocsin.aws.accounts import Cloud
from tocsin.aws.stacks import Event, Stacks, Wanted
from tocsin.aws.troubles import blamed, code_of
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.time import Instant

SUFFIX: Final = "-code"  # Of the little stack's name, behind the name of the great one.
BUCKET: Final = "Bucket"  # The output that names it.
KEPT_MAX: Final = 10  # Deployments that one can go back to.
DELETED_AT_ONCE: Final = 1_000  # More S3 does not take in one request.
NUMBER_DIGITS: Final = 15  # Of an instant in a name, so that names sort by it until the year 33658.

_HISTORY: Final = "history/"
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


def template() -> str:
    """The little stack. `tocsin destroy` empties the bucket first: CloudFormation deletes only an empty one."""
    bucket = {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": dict.fromkeys(
                ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"),
                True,
            ),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "what-was-deleted",
                        "Status": "Enabled",
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    }
                ]
            },
        },
    }
    everything = [{"Fn::GetAtt": [BUCKET, "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": BUCKET},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "OverTlsOnly",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": everything,
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    }
    whole = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Tocsin: the bucket that its functions are deployed from",
        "Resources": {BUCKET: bucket, "BucketPolicy": policy},
        "Outputs": {BUCKET: {"Value": {"Ref": BUCKET}}},
    }
    return json.encode(whole).decode()


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """What was deployed once: where its code and template lie, and what the template was given.

    *first*: when it was deployed for the first time, if somebody went back to it *at*.
    """

    at: Instant
    first: Instant
    version: str
    code: str
    template: str
    parameters: Mapping[str, str] = {}


class Artifacts:
    """The bucket of one stack."""

    def __init__(self, cloud: Cloud, bucket: str) -> None:
        """*bucket* is there."""
        self.bucket = bucket
        self._region = cloud.region
        self._s3 = cloud.client("s3")

    def put(self, key: str, data: bytes) -> bool:
        """Upload *data* unless something of this name is there: names are digests. Whether it was uploaded."""
        if self.has(key):
            return False
        with blamed(f"the upload of {key} to {self.bucket} (s3:PutObject)"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, ServerSideEncryption="AES256")
        return True

    def has(self, key: str) -> bool:
        """Whether something of this name is there. Raises TocsinError."""
        with blamed(f"the look for {key} in {self.bucket} (s3:GetObject)"):
            try:
                self._s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as problem:
                if code_of(problem) in _MISSING:
                    return False
                raise
        return True

    def get(self, key: str) -> bytes:
        """What lies there. Raises TocsinError."""
        with blamed(f"the download of {key} from {self.bucket} (s3:GetObject)"):
            found: bytes = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return found

    def url(self, key: str) -> str:
        """Where CloudFormation reads it."""
        suffix = ".cn" if self._region.startswith("cn-") else ""
        return f"https://s3.{self._region}.amazonaws.com{suffix}/{self.bucket}/{key}"

    # What was deployed

    def remember(self, deployment: Deployment) -> None:
        """Keep it among those that one can go back to, and forget the oldest with what only they need."""
        key = f"{_HISTORY}{deployment.at:0{NUMBER_DIGITS}}.json"
        self.put(key, msgspec.json.encode(deployment))
        names = self._names(_HISTORY)
        kept = self._read(names[-KEPT_MAX:])
        needed = {key for each in kept for key in (each.code, each.template)}
        needed |= {deployment.code, deployment.template}
        useless = [name for prefix in ("code/", "template/") for name in self._names(prefix) if name not in needed]
        for start in range(0, len(gone := names[:-KEPT_MAX] + useless), DELETED_AT_ONCE):
            self._delete([{"Key": key} for key in gone[start : start + DELETED_AT_ONCE]])

    def history(self) -> list[Deployment]:
        """What was deployed, the newest last."""
        return self._read(self._names(_HISTORY))

    def _read(self, names: list[str]) -> list[Deployment]:
        try:
            return [msgspec.json.decode(self.get(name), type=Deployment) for name in names]
        except msgspec.DecodeError as problem:
            raise TocsinError("history-damaged", f"{self.bucket}/{_HISTORY} cannot be read: {problem}") from None

    def _names(self, prefix: str) -> list[str]:
        with blamed(f"the list of {self.bucket} (s3:ListBucket)"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return sorted(str(each["Key"]) for page in pages for each in page.get("Contents", ()))

    def empty(self) -> int:
        """Delete every version of everything; how many there were."""
        count = 0
        with blamed(f"the list of {self.bucket} (s3:ListBucketVersions)"):
            for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                self._delete([{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found])
                count += len(found)
        return count

    def _delete(self, objects: list[dict[str, Any]]) -> None:
        if not objects:
            return
        with blamed(f"the end of old versions in {self.bucket} (s3:DeleteObject, s3:DeleteObjectVersion)"):
            done = self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := done.get("Errors"):
            raise TocsinError(
                "aws-denied", f"{errors[0].get('Key')} in {self.bucket} cannot be deleted: {errors[0].get('Message')}"
            )


def found(cloud: Cloud, stacks: Stacks, name: str) -> Artifacts | None:
    """The bucket of the stack *name*, if it was made."""
    stack = stacks.find(name + SUFFIX)
    bucket = stack.outputs.get(BUCKET, "") if stack is not None else ""
    return Artifacts(cloud, bucket) if bucket else None


def make(stacks: Stacks, name: str, label: str, tags: Mapping[str, str]) -> Iterator[Event]:
    """Make or renew the little stack of *name*; what happens meanwhile. Raises TocsinError."""
    proposal = stacks.propose(name + SUFFIX, Wanted(template=template(), tags=tags), label)
    if proposal is not None:
        yield from stacks.execute(proposal)
