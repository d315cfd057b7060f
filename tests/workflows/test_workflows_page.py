"""docs/workflows.md: its first workflow does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tocsin import asl
from tocsin.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "workflows.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    for name, body in zip(("tidy.asl.json", "mocks.json", "busy.case.json"), found, strict=True):
        (tmp_path / name).write_text(body, encoding="utf-8")
    chores = re.search(r"```python\n(def find_old.*?)```", text, re.DOTALL)
    assert chores
    (tmp_path / "chores.py").write_text(chores[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_workflow_is_checked_run_tested_and_drawn(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tries = ["--mock", "mocks.json", "--case", "busy"]
    assert main(["workflow", "validate", "tidy.asl.json"]) == 0
    assert main(["workflow", "run", "tidy.asl.json", "--input", '{"days": 30}', *tries]) == 0
    told = capsys.readouterr().out
    assert "tidy.asl.json is valid" in told
    assert "SUCCEEDED after 00:01:00 of virtual time" in told
    assert main(["workflow", "test", "."]) == 0
    assert main(["workflow", "picture", "tidy.asl.json", *tries, "--width", "340", "--out", "run.svg"]) == 0
    mock = '{"errorOutput": {"error": "Busy"}}'
    assert main(["workflow", "state", "tidy.asl.json", "--state", "Find", "--level", "TRACE", "--mock", mock]) in {0, 1}
    told = capsys.readouterr().out
    assert "ok   busy.case.json" in told
    assert "RETRIABLE" in told
    assert (folder / "run.svg").read_text(encoding="utf-8").startswith("<svg")


def test_its_functions_do_the_work(folder: Path) -> None:
    chores: dict[str, asl.memory.Function] = {}
    exec((folder / "chores.py").read_text(encoding="utf-8"), chores)  # noqa: S102 - the page's own lines.
    definition = asl.parse((folder / "tidy.asl.json").read_text(encoding="utf-8"))
    assert asl.run(definition, {"days": 30}, functions=chores).output == [{"deleted": "a.log"}, {"deleted": "b.log"}]
    assert asl.run(definition, {"days": 1}, functions=chores).output == []
