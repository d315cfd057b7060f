"""One ministack for all tests of AWS; without its package, they are left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ministack", reason="the tests against AWS need ministack")

from tests.aws.account import Account
from tests.aws.cloud import Cloud, environment, ministack
from tocsin.aws import stacks


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with (
        ministack(tmp_path_factory.mktemp("ministack") / "ministack.log") as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment(url).items():
            patch.setenv(name, value)
        yield Cloud(url)


@pytest.fixture(autouse=True)
def _here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder's emulator may have been started since in this process, and the environment is then its."""
    if "cloud" in request.fixturenames:
        cloud: Cloud = request.getfixturevalue("cloud")
        for name, value in environment(cloud.url).items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def account(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Account:
    del cloud
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setattr(stacks, "PAUSE_SECONDS", 0.02)  # Ministack is quicker than AWS.
    return Account(tmp_path, capsys)
