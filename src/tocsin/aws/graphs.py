"""Graphs of CloudWatch metrics, drawn by CloudWatch: the one permission is `cloudwatch:GetMetricWidgetImage`.

Sources: the CloudWatch API Reference (GetMetricWidgetImage; "Metric Widget Structure and Syntax"), the STS API
Reference (GetCallerIdentity, which needs no permission). Where requests go, and who signs them, the SDK decides from
its own environment (`AWS_PROFILE`, `AWS_ENDPOINT_URL` ...).
"""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from tocsin.incidents.alerts import Alert, Metric
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, Duration

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 5
KEPT_MAX: Final = 64  # Pictures: the room's message and the pages show the same.
CLIENTS_MAX: Final = 16  # A sender names the region; a client of the SDK has some megabytes.
BYTES_MAX: Final = 1_000_000
WIDTH, HEIGHT = 720, 360  # Shown at half of it on a telephone.

_REGION: Final = re.compile(r"[a-z]{2,3}(-[a-z]{2,12}){1,3}-[0-9]{1,2}")
_SOURCE: Final = "cloudwatch"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_STATISTIC: Final = "Average"
_PERIOD: Final = 300
_TITLE_MAX: Final = 100

log = logging.getLogger(__name__)


class CloudWatchGraphs:
    """`tocsin.posting.graphs.Graphs`. Any thread."""

    def __init__(self, span: Duration = 3 * HOUR) -> None:
        """*span*: how much of the past a graph shows. Nobody is asked yet."""
        self._span = span
        self._lock = threading.Lock()
        self._clients: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._account: str | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def has(self, incident: Incident) -> bool:
        """See the port."""
        face = incident.face
        return face.source == _SOURCE and face.metric is not None and _REGION.fullmatch(face.region) is not None

    def graph(self, name: str, incident: Incident) -> bytes | None:
        """See the port. A metric of another account than ours would be an empty graph, so there is none."""
        face = incident.face
        if not self.has(incident) or face.metric is None:
            return None
        with self._lock:
            kept = self._kept.get(name)
        if kept is not None:
            return kept
        found = self._asked(face, widget(face.metric, face, self._span))
        if found is not None:
            with self._lock:
                self._kept[name] = found
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
        return found

    def _asked(self, face: Alert, described: str) -> bytes | None:
        """The SDK's codes are logged, never its sentences, which quote what was signed."""
        try:
            if face.account and face.account != self._ours(face.region):
                return None
            answer = self._client("cloudwatch", face.region).get_metric_widget_image(
                MetricWidget=described, OutputFormat="png"
            )
        except ClientError as error:
            log.info("CloudWatch draws no graph: %s", error.response.get("Error", {}).get("Code", "unknown"))
            return None
        except (BotoCoreError, OSError, ValueError) as error:
            log.info("CloudWatch draws no graph: %s", type(error).__name__)
            return None
        image = answer.get("MetricWidgetImage")
        good = isinstance(image, bytes) and image.startswith(_PNG) and len(image) <= BYTES_MAX
        return image if good else None

    def _ours(self, region: str) -> str:
        if self._account is None:
            self._account = str(self._client("sts", region).get_caller_identity()["Account"])
        return self._account

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401 - untyped SDK.
        with self._lock:  # A session is not for several threads.
            found = self._clients.get((service, region))
            if found is None:
                config = Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 1},  # Nobody waits for a picture.
                )
                found = boto3.Session(region_name=region).client(service, config=config)
                self._clients[service, region] = found
                while len(self._clients) > CLIENTS_MAX:
                    self._clients.popitem(last=False)
            return found


def widget(metric: Metric, face: Alert, span: Duration) -> str:
    """What CloudWatch is to draw: the metric as its alarm reads it, and the threshold as a line."""
    named = [part for pair in metric.dimensions for part in pair]
    how = {"stat": metric.statistic or _STATISTIC, "period": metric.period or _PERIOD}
    described: dict[str, Any] = {
        "metrics": [[metric.namespace, metric.name, *named, how]],
        "region": face.region,
        "title": face.title[:_TITLE_MAX],
        "view": "timeSeries",
        "width": WIDTH,
        "height": HEIGHT,
        "start": f"-PT{span // MINUTE}M",
        "end": "PT0H",
    }
    if metric.threshold is not None:
        described["annotations"] = {"horizontal": [{"label": "threshold", "value": metric.threshold}]}
    return json.encode(described).decode()
