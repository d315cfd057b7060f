"""The benchmark of cold starts imports what the functions import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import cold

pytest.importorskip("boto3", reason="cold starts are compared with the SDK")


@pytest.mark.parametrize("name", cold.FUNCTIONS)
def test_what_is_counted_can_be_imported(name: str) -> None:
    modules, _ = cold.FUNCTIONS[name]
    subprocess.run([sys.executable, "-c", cold._code(modules)], check=True)


def test_a_ratio_beyond_its_target_is_missed() -> None:
    figure = cold._figure("inbox", [2.0, 2.2, 2.0], [1.0, 1.0, 1.0], 1.3)
    assert (figure.met, figure.ratio) == (False, "2.00")
    assert cold._figure("slack", [0.5], [1.0], 0.6).met


def test_an_empty_process_is_taken_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cold, "_seconds", lambda code: 0.1 if code == "pass" else 0.5)
    found = cold.measure(tmp_path, quick=True)
    assert len(found.figures) == len(cold.FUNCTIONS)
    assert found.figures[0].tocsin.startswith("0.40")
