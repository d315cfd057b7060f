"""Modules that are loaded when something of them is first used."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tocsin import asl
from tocsin.kernel import later as under_test
from tocsin.kernel.later import function, later, load_all

SLOW = """
began = True
from late_gate import gate
gate.wait(30)
whole = True
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that nobody has loaded."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(under_test, "_KNOWN", {})
    return tmp_path


def test_a_module_is_loaded_when_something_of_it_is_used(modules: Path) -> None:
    (modules / "late_one.py").write_text("value = 7\n", encoding="utf-8")
    found = later("late_one")
    assert "late_one" not in sys.modules
    assert repr(found) == "<later late_one>"
    assert found.value == 7
    assert "late_one" in sys.modules


def test_what_a_module_does_not_have_is_missed_as_ever(modules: Path) -> None:
    (modules / "late_two.py").write_text("", encoding="utf-8")
    with pytest.raises(AttributeError, match="late_two"):
        _ = later("late_two").nothing


def test_a_function_is_loaded_when_it_is_called(modules: Path) -> None:
    (modules / "late_three.py").write_text("def twice(n, *, more=0):\n    return 2 * n + more\n", encoding="utf-8")
    twice = function("late_three.twice")
    assert "late_three" not in sys.modules
    assert (twice(4, more=1), twice.__name__) == (9, "twice")


def test_all_are_loaded_at_once_and_those_that_they_name(modules: Path) -> None:
    (modules / "late_four.py").write_text(
        "from tocsin.kernel.later import function\ncall = function('late_five.call')\n", encoding="utf-8"
    )
    (modules / "late_five.py").write_text("", encoding="utf-8")
    later("late_four")
    load_all()
    assert {"late_four", "late_five"} <= sys.modules.keys()


def test_who_comes_while_it_is_loaded_waits_for_the_whole_of_it(modules: Path) -> None:
    (modules / "late_gate.py").write_text("import threading\ngate = threading.Event()\n", encoding="utf-8")
    (modules / "late_six.py").write_text(SLOW, encoding="utf-8")
    gate = later("late_gate").gate
    found, seen = later("late_six"), []
    first = threading.Thread(target=lambda: seen.append(found.whole))
    first.start()
    while not hasattr(sys.modules.get("late_six"), "began"):
        pass
    second = threading.Thread(target=lambda: seen.append(found.whole))
    second.start()
    gate.set()
    first.join(30)
    second.join(30)
    assert seen == [True, True]


def test_every_module_of_ours_that_is_named_is_there() -> None:
    code = "import tocsin.lambdas.sweep, tocsin.wiring.embedded; from tocsin.kernel.later import load_all; load_all()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_module_takes_the_place_of_a_name_that_its_package_shows_late() -> None:
    assert not {module.name for module in pkgutil.iter_modules(asl.__path__)} & set(asl.__all__)
