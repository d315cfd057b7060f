"""How Step Functions spells the names of AWS: services, actions, parameters, errors.

Services are named after their id in one lower-case word, actions in camelCase, parameters and results in PascalCase, in
which an acronym is a word like any other (`DBInstanceArn` is `DbInstanceArn`), and every error ends with `Exception`.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from typing import Final

# Where the SDK's own name of a service is not its id in one lower-case word.
SERVICES: Final = {
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigrationservice": "dms",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
    "states": "stepfunctions",
}

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z][A-Za-z0-9])")
_ACRONYM: Final = re.compile(r"([A-Z]+)([A-Z][a-z])")
_NUMBER: Final = re.compile(r"([0-9])([A-Za-z])")


def bare(name: str) -> str:
    """*name* in one lower-case word."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def pascal(name: str) -> str:
    """*name* in PascalCase: `DynamoDB` is `DynamoDb`, `MD5OfBody` is `Md5OfBody`, `ACM PCA` is `AcmPca`."""
    words = re.sub(r"[^A-Za-z0-9]+", " ", name)
    for place, between in ((_CAMEL, " "), (_ACRONYM, r"\1 \2"), (_NUMBER, r"\1 \2")):
        words = place.sub(between, words)
    return "".join(word[:1].upper() + word[1:].lower() for word in words.split())


def exception(name: str) -> str:
    """The name of an error, which ends with `Exception` whatever the service calls it."""
    stem = name.removesuffix("Fault") if name.endswith("Fault") else name
    return stem if stem.endswith("Exception") else f"{stem}Exception"
