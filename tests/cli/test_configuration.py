"""`tocsin init` writes what `tocsin check` accepts, and `tocsin check` tells everything."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tocsin.cli.configuration import INVALID, VALID, check, init, schema
from tocsin.errors import TocsinError
from tocsin.wiring.settings_file import TEMPLATE
from tocsin.wiring.settings_schema import PUBLISHED

SECRET = "open-sesame"


def test_init_writes_a_file_that_check_accepts(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    said = init(path, force=False)
    assert said.startswith(f"{path} is written.")
    assert f"tocsin check {path}" in said
    assert f"tocsin serve --config {path}" in said
    assert path.read_bytes() == TEMPLATE.read_bytes()
    code, text = check(path, as_json=False, environ={})
    assert code == VALID
    assert text.endswith(f"{path} is valid: 1 team, 0 responders, 0 policies, 0 routes, 1 integration.\n")


def test_init_lets_nobody_else_read_the_file(tmp_path: Path) -> None:
    for force in (False, True):
        init(tmp_path / "tocsin.yaml", force=force)
        assert stat.S_IMODE((tmp_path / "tocsin.yaml").stat().st_mode) == 0o600


def test_init_does_not_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(TocsinError, match="exists already; --force replaces it") as caught:
        init(path, force=False)
    assert caught.value.code == "file-exists"
    assert path.read_text(encoding="utf-8") == "mine"


def test_init_does_not_write_through_a_dangling_link(tmp_path: Path) -> None:
    link = tmp_path / "tocsin.yaml"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TocsinError):
        init(link, force=False)
    assert not (tmp_path / "elsewhere").exists()


def test_init_overwrites_when_forced(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("mine", encoding="utf-8")
    init(path, force=True)
    assert path.read_bytes() == TEMPLATE.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["none/tocsin.yaml", "a\0b"])
def test_init_says_why_it_cannot_write(tmp_path: Path, name: str, force: bool) -> None:
    with pytest.raises(TocsinError, match="cannot be written: ") as caught:
        init(tmp_path / name, force=force)
    assert caught.value.code == "file-unwritable"
    assert list(tmp_path.iterdir()) == []


def test_init_leaves_nothing_behind_when_it_cannot_replace(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(TocsinError, match="cannot be written: Is a directory"):
        init(folder, force=True)
    assert list(tmp_path.iterdir()) == [folder]


def test_the_next_steps_are_short_in_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = init(Path("tocsin.yaml"), force=False)
    assert "tocsin check\n" in said
    assert "tocsin serve\n" in said


def test_check_tells_everything_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("server: {port: x}\nteam: {}\n", encoding="utf-8")
    code, text = check(path, as_json=False, environ={})
    assert code == INVALID
    assert text.split("\n") == [
        f'{path}:1:16: server.port: "x" is not a whole number',
        f'{path}:2:1: unknown key "team"; did you mean "teams"?',
        f"{path} is not valid: 2 problems.",
        "",
    ]


def test_check_counts_one_problem_as_one(tmp_path: Path) -> None:
    code, text = check(tmp_path / "none", as_json=False)
    assert code == INVALID
    assert text.endswith("is not valid: 1 problem.\n")


def test_check_warns_and_accepts(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("teams: {a: , b: {slack: C0123}}\n", encoding="utf-8")
    code, text = check(path, as_json=False, environ={})
    assert code == VALID
    assert [line.endswith("(warning)") for line in text.splitlines()] == [True, True, False]


def test_check_speaks_json(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("server: {prot: 1}\n", encoding="utf-8")
    code, text = check(path, as_json=True, environ={})
    assert code == INVALID
    assert json.loads(text) == {
        "valid": False,
        "file": str(path),
        "problems": [
            {
                "line": 1,
                "column": 10,
                "where": "server",
                "value": "prot",
                "message": 'unknown key "prot"',
                "nearest": "port",
            }
        ],
        "warnings": [],
    }


def test_check_speaks_json_of_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("teams: {a: }\n", encoding="utf-8")
    code, text = check(path, as_json=True, environ={})
    assert code == VALID
    found = json.loads(text)
    assert (found["valid"], found["problems"], len(found["warnings"])) == (True, [], 1)


def test_check_finds_the_file_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = check(None, as_json=False)
    assert (code, text.split(":")[0]) == (VALID, "there is no tocsin.yaml here; the defaults hold")
    Path("tocsin.yaml").write_text("policies: {p: {steps: [{ask: team}]}, q: {steps: [{ask: team}]}}", encoding="utf-8")
    code, text = check(None, as_json=False)
    assert text.endswith("tocsin.yaml is valid: 1 team, 0 responders, 2 policies, 0 routes, 1 integration.\n")


def test_check_reads_the_environment_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text('mail: {smtp: "a:25", from: a@b, username: u, password: "${SESAME}"}\n', encoding="utf-8")
    monkeypatch.delenv("SESAME", raising=False)
    assert check(path, as_json=False)[0] == INVALID
    monkeypatch.setenv("SESAME", SECRET)
    code, text = check(path, as_json=False)
    assert code == VALID
    assert SECRET not in text


def test_the_schema_that_is_printed_is_the_published_one() -> None:
    assert schema() == PUBLISHED.read_text(encoding="utf-8")
