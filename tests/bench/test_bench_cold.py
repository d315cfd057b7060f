"""The benchmark of cold starts starts functions cold, and compares them with the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import cold
from bench.cold import Start
from bench.cold_world import FUNCTIONS

pytest.importorskip("boto3", reason="cold starts are compared with the SDK")


def begun(imported: float, answered: float) -> Start:
    return Start(imported=imported, answered=answered, answer=None, first=("a",), modules=("a", "b"))


def test_a_ratio_beyond_its_target_is_missed() -> None:
    figure = cold._import("inbox", [begun(2.0, 3.0), begun(2.2, 3.0), begun(2.0, 3.0)], [1.0, 1.0, 1.0])
    assert (figure.met, figure.ratio) == (False, "2.00")
    assert cold._import("slack", [begun(0.5, 3.0)], [1.0]).met


def test_a_first_request_has_no_target() -> None:
    figure = cold._first("inbox", [begun(2.0, 3.0)], [1.0])
    assert (figure.met, figure.ratio, figure.name) == (
        None,
        "3.00",
        "inbox: until its first usual request was answered, 2 modules, s",
    )


def test_each_function_has_two_rows_and_the_first_round_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rounds: list[str] = []

    def start(name: str, *_: object) -> Start:
        rounds.append(name)
        return begun(9.0, 9.0) if len(rounds) <= len(FUNCTIONS) else begun(0.5, 1.0)

    monkeypatch.setattr(cold, "start", start)
    monkeypatch.setattr(cold, "_run", lambda *_: "1.0")
    found = cold.measure(tmp_path, quick=True)
    assert [figure.ratio for figure in found.figures] == ["0.50"] * len(FUNCTIONS) + ["1.00"] * len(FUNCTIONS)


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        cold._run("raise LookupError('no such thing')", cold.environ(tmp_path))
