"""Alertmanager's `opsgenie_configs`, unmodified, against a running server: only `api_url` is another."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.kernel import json
from tocsin.kernel.json import Json

ALERTMANAGER = shutil.which("prometheus-alertmanager")

CONFIG = """
route: {{receiver: tocsin, group_by: [alertname], group_wait: 50ms, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: tocsin
    opsgenie_configs:
      - api_url: {url}/opsgenie/
        api_key: {key}
        update_alerts: true
        message: '{{{{ .CommonLabels.alertname }}}}: {{{{ len .Alerts.Firing }}}} firing'
        priority: P2
        tags: 'disk,shop'
        responders: [{{type: team, name: ops}}]
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """Run one while the context lasts; its address."""
    assert ALERTMANAGER
    (folder / "alertmanager.yml").write_text(config)
    url = f"127.0.0.1:{free_port()}"
    command = [
        ALERTMANAGER,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        "--cluster.listen-address=",
        f"--web.listen-address={url}",
    ]
    with (folder / "alertmanager.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            until(lambda: answers(f"http://{url}/-/ready"))
            yield f"http://{url}"
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return ask(url)[0] == 200
    except OSError:
        return False


@pytest.mark.skipif(ALERTMANAGER is None, reason="prometheus-alertmanager is not installed")
def test_what_fires_and_changes_and_resolves_in_alertmanager_does_so_here(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", "teams: {ops: {}}") as (runtime, ready):
        key = runtime.made_key
        with alertmanager(tmp_path, CONFIG.format(url=ready.url, key=key)) as prometheus:

            def known() -> list[dict[str, Any]]:
                status, body, _ = ask(f"{ready.url}/v2/alerts?order=asc", headers={"authorization": f"GenieKey {key}"})
                assert status == 200
                return list(json.decode(body)["data"])

            def tell(*alerts: Json) -> None:
                told = json.encode([{"labels": {"alertname": "Disk", **labels}, **more} for labels, more in alerts])
                assert ask(f"{prometheus}/api/v2/alerts", told, {"content-type": "application/json"})[0] == 200

            tell(({"host": "a"}, {}))
            until(lambda: [each["message"] for each in known()] == ["Disk: 1 firing"])
            tell(({"host": "b"}, {}))
            until(lambda: [each["message"] for each in known()] == ["Disk: 2 firing"])
            [alert] = known()
            assert (alert["status"], alert["priority"]) == ("open", "P2")
            assert alert["count"] >= 2  # More, if it had to try again.
            assert alert["tags"] == ["disk", "shop"]
            over = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T00:01:00Z"}
            tell(({"host": "a"}, over), ({"host": "b"}, over))
            until(lambda: [each["status"] for each in known()] == ["closed"])
        until(lambda: {row.outcome for row in runtime.store.deliveries(100)} == {"handled"})
