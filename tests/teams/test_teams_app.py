"""The app package, and the command that writes it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tocsin.cli.main import main
from tocsin.errors import TocsinError
from tocsin.teams.app import COMMANDS, manifest, package

APP = "11111111-1111-1111-1111-111111111111"
URL = "https://tocsin.example.com"


def test_the_package_has_a_manifest_and_two_icons_and_is_the_same_each_time() -> None:
    made = package("Tocsin", APP, URL)
    assert made == package("Tocsin", APP, URL)
    with zipfile.ZipFile(io.BytesIO(made)) as held:
        assert sorted(held.namelist()) == ["color.png", "manifest.json", "outline.png"]
        told = json.loads(held.read("manifest.json"))
        with Image.open(io.BytesIO(held.read("color.png"))) as colour:
            assert (colour.size, colour.format) == ((192, 192), "PNG")
            assert colour.getpixel((0, 0)) == (0x8B, 0x1A, 0x1A, 255)
        with Image.open(io.BytesIO(held.read("outline.png"))) as outline:
            assert outline.size == (32, 32)
            assert outline.getpixel((0, 0)) == (0, 0, 0, 0)
            assert outline.getpixel((16, 16)) == (255, 255, 255, 255)
    assert told == manifest("Tocsin", APP, URL)


def test_the_manifest_keeps_within_microsofts_limits() -> None:
    told = manifest("Tocsin", APP, URL)
    [bot] = told["bots"]
    assert (bot["botId"], bot["scopes"]) == (APP, ["personal", "team"])
    assert len(told["description"]["short"]) <= 80
    assert len(told["name"]["full"]) <= 100
    assert len(COMMANDS) <= 10
    assert all(len(title) <= 32 and len(text) <= 128 for title, text in COMMANDS)
    assert told["id"] != APP


@pytest.mark.parametrize(
    ("name", "app", "url", "why"),
    [
        ("", APP, URL, "must have 1 to 30 characters"),
        ("T" * 31, APP, URL, "must have 1 to 30 characters"),
        ("Tocsin", "mine", URL, "is no GUID"),
        ("Tocsin", APP, "http://x", "needs a public https address"),
    ],
)
def test_what_teams_would_not_take_is_refused(name: str, app: str, url: str, why: str) -> None:
    with pytest.raises(TocsinError, match=why):
        manifest(name, app, url)


def test_the_command_writes_the_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, config = tmp_path / "app.zip", tmp_path / "tocsin.yaml"
    config.write_text(
        f"server: {{url: {URL}}}\nmicrosoft_teams: {{app_id: {APP}, app_password: test-secret, tenant: {APP}}}\n"
    )
    assert main(["teams", "manifest", "--config", str(config), "--out", str(out)]) == 0
    assert out.read_bytes() == package("Tocsin", APP, URL)
    assert capsys.readouterr().out.startswith(f"{out}: upload it in Teams")


def test_without_a_bot_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["teams", "manifest"]) == 1
    assert "say which bot" in capsys.readouterr().err
    assert main(["teams", "manifest", "--app-id", APP]) == 1
    assert "public https address" in capsys.readouterr().err
