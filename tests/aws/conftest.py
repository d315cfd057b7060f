"""One ministack for all tests of AWS; without its package, they are left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ministack", reason="the tests against AWS need ministack")

from tests.aws.account import Account
from tests.aws.cloud import Cloud, logged_in, ministack
from tocsin.aws import stacks


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with ministack(tmp_path_factory.mktemp("ministack") / "ministack.log") as url, logged_in(url):
        yield Cloud(url)


@pytest.fixture(autouse=True)
def _here(request: pytest.FixtureRequest) -> Iterator[None]:
    """Another folder's emulator may have been started since in this process, and the environment is then its."""
    cloud: Cloud | None = request.getfixturevalue("cloud") if "cloud" in request.fixturenames else None
    if cloud is None or os.environ["AWS_ENDPOINT_URL"] == cloud.url:
        yield
        return
    with logged_in(cloud.url):
        yield


@pytest.fixture
def account(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Account:
    del cloud
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setattr(stacks, "PAUSE_SECONDS", 0.02)  # Ministack is quicker than AWS.
    return Account(tmp_path, capsys)
