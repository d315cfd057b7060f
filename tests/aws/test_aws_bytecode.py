"""The bytecode in the zip: read without a look at the sources, the same each time, and left out where it cannot be."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tocsin.aws import bytecode
from tocsin.aws.bytecode import compiled, interpreters, loaded
from tocsin.errors import TocsinError

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
FILES = {
    "pkg/__init__.py": b"'''Words.'''\nNAMES = {'a', 'b', 'c'} & {'b', 'd'}\n",
    "pkg/one.py": b"def where():\n    raise LookupError\n",
    "pkg/broken.py": b"def (:\n",
    "other.py": b"value = 1\n",
    "pkg/data.json": b"{}",
}
MODULES = ("pkg", "pkg.one", "pkg.broken", "pkg.data", "sys")


def test_what_functions_load_is_compiled_and_nothing_else() -> None:
    tag = sys.implementation.cache_tag
    found = compiled(FILES, HERE, MODULES)
    assert set(found) == {f"pkg/__pycache__/__init__.{tag}.pyc", f"pkg/__pycache__/one.{tag}.pyc"}
    raw = found[f"pkg/__pycache__/one.{tag}.pyc"]
    assert raw[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(raw[4:8], "little") == 1  # Hash-based, and not checked.
    assert b"/var/task/pkg/one.py" in raw


def test_the_same_files_make_the_same_bytes() -> None:
    assert compiled(FILES, HERE, MODULES) == compiled(dict(reversed(FILES.items())), HERE, reversed(MODULES))


def test_it_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    files = FILES | compiled(FILES, HERE, MODULES)
    files["pkg/one.py"] = b"the source is not looked at"
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    program = "import pkg.one; print(pkg.one.where.__name__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "where\n"


@pytest.mark.parametrize("candidates", [[], ["/no/such/python"], [sys.executable]])
def test_without_a_python_of_the_version_there_is_none(candidates: list[str]) -> None:
    assert compiled(FILES, "2.6", MODULES, candidates) == {}


def test_a_python_that_fails_is_passed_over() -> None:
    asked: list[str] = []

    def run(words: Sequence[str], given: str, folder: Path) -> subprocess.CompletedProcess[str]:
        asked.append(words[0])
        if len(asked) == 1:
            return subprocess.CompletedProcess(words, 3, "", "another version")
        return bytecode._run(words, given, folder)

    assert len(compiled(FILES, HERE, MODULES, [sys.executable, sys.executable], run)) == 2
    assert len(asked) == 2


def test_pythons_are_looked_for_here_on_the_path_and_with_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(bytecode, "_run", lambda words, *_: subprocess.CompletedProcess(words, 0, "/uv/python\n", ""))
    assert list(interpreters("2.6")) == ["/bin/python2.6", "/uv/python"]
    assert next(iter(interpreters(HERE))) == sys.executable
    monkeypatch.setattr(bytecode, "_run", lambda words, *_: subprocess.CompletedProcess(words, 2, "", "no"))
    assert list(interpreters("2.6")) == ["/bin/python2.6"]
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert list(interpreters("2.6")) == []


def test_what_functions_load_is_found_by_loading_it() -> None:
    found = loaded()
    assert {"tocsin.lambdas.inbox", "tocsin.lambdas.slack", "tocsin.wiring.slack_chat", "msgspec"} <= found
    assert "tocsin.cli" not in found


def test_functions_that_cannot_be_loaded_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "_LOADS", "raise SystemExit('no such module')")
    with pytest.raises(TocsinError, match="cannot be loaded here: no such module"):
        loaded()
