"""The zip of the functions, fetched and packed as `tocsin deploy` does it: how large it is, and how long that takes."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from bench.figures import Figure, Result, number
from tocsin.aws import bundle

SHOWN: Final = 6  # The largest parts.


def measure(folder: Path, quick: bool) -> Result:  # noqa: ARG001, FBT001 - as all subjects are called.
    """The figures."""
    with tempfile.TemporaryDirectory() as packages:
        began = time.perf_counter()
        bundle.fetch(Path(packages))
        fetched = time.perf_counter()
        files = bundle.contents(Path(packages), {bundle.CONFIG: b""})
        made = bundle.pack(files)
        packed = time.perf_counter()
    size = len(made.data)
    figures = (
        Figure(
            name="zip, MB",
            tocsin=number(size / 1e6, 1),
            target=f"below {bundle.BYTES_MAX // 10**6}",
            met=size < bundle.BYTES_MAX,
        ),
        Figure(name="unpacked, MB", tocsin=number(sum(map(len, files.values())) / 1e6, 1)),
        Figure(name="fetched in, s", tocsin=number(fetched - began, 1)),
        Figure(name="packed in, s", tocsin=number(packed - fetched, 1)),
    )
    return Result(name="code", peer="", figures=figures, notes=(f"Unpacked, in MB: {_largest(files)}.",))


def _largest(files: dict[str, bytes]) -> str:
    parts: Counter[str] = Counter()
    for name, data in files.items():
        parts[name.partition("/")[0]] += len(data)
    return ", ".join(f"{name} {number(size / 1e6, 1)}" for name, size in parts.most_common(SHOWN))
