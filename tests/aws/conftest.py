"""One ministack for all tests of AWS; without its package, they are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("ministack", reason="the tests against AWS need ministack")

from tests.aws.cloud import Cloud, environment, ministack


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with (
        ministack(tmp_path_factory.mktemp("ministack") / "ministack.log") as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment(url).items():
            patch.setenv(name, value)
        yield Cloud(url)
