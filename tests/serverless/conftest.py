"""The deployed stack; without ministack's package, the tests on it are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("ministack", reason="the stack is deployed on ministack")

from tests.serverless.stage import Stage
from tests.serverless.stage import stage as staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage")) as made:
        yield made
