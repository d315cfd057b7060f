"""What the figures were measured on, and whether everything that measuring needs is there."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path
from typing import Final

NEEDED: Final = {"wrk": "wrk", "prometheus-alertmanager": "prometheus-alertmanager"}  # Debian package by program.
SYNCS: Final = 100

_MEMORY_ONLY: Final = {"tmpfs", "ramfs"}


def missing(folder: Path) -> str:
    """What is missing for a measurement with its files in *folder*, in a sentence; empty when nothing is."""
    packages = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if packages:
        return f"The benchmark needs {' and '.join(packages)}: apt-get install {' '.join(packages)}"
    kind = _file_system(folder)
    if kind in _MEMORY_ONLY:
        return f"{folder} is on {kind}: an fsync costs nothing there, so that the figures would say nothing."
    return ""


def description(folder: Path) -> str:
    """One line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = f"{platform.system()} {platform.release().partition('-')[0]}"
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB; {kernel}, "
        f"{_file_system(folder)}, fsync of 4 KiB {_sync_ms(folder):.2f} ms; Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; Alertmanager {_alertmanager()}"
    )


def priority() -> str:
    """How much we are preferred to others, as the end of a sentence; what we start inherits it."""
    level = os.nice(0)
    return f", we ran at nice {level}" if level else ""


class Usage:
    """How much of the processors others take from now on: their work makes ours slow."""

    def __init__(self) -> None:
        """Begin."""
        self._began = _spent()

    def others(self) -> float:
        """The share (0 to 1) since the beginning that neither we nor what we have started and ended has used."""
        total, busy, own = (after - before for before, after in zip(self._began, _spent(), strict=True))
        return max(0.0, busy - own) / total if total else 0.0


def _spent() -> tuple[float, float, float]:
    """Processor seconds since the start of the machine: all that there were, those that were used, and by us."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    per_second = os.sysconf("SC_CLK_TCK")
    own = sum(os.times()[:4])
    return sum(ticks) / per_second, (sum(ticks) - idle) / per_second, own


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, kind, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1]


def _sync_ms(folder: Path) -> float:
    path = folder / "sync"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            began = time.monotonic()
            os.fsync(file.fileno())
            times.append(time.monotonic() - began)
    path.unlink()
    return statistics.median(times) * 1000


def _alertmanager() -> str:
    said = subprocess.run(["prometheus-alertmanager", "--version"], check=False, capture_output=True, text=True)
    words = (said.stdout + said.stderr).split()
    return words[words.index("version") + 1] if "version" in words else "of unknown version"
