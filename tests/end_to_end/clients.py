"""Programs of others, as their distribution ships them: started on loopback, ended by their process."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

END_SECONDS = 10.0


def found(program: str) -> str:
    """Where *program* is; without it the test cannot be."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@contextmanager
def running(arguments: Sequence[str], folder: Path, log: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs while the context lasts; what it says stands in the file *log*."""
    with (folder / log).open("ab") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output, cwd=folder)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
