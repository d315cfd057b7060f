"""One ministack for all tests of the DynamoDB store; without its package, they are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("ministack", reason="the tests against DynamoDB need ministack")

from tests.aws.cloud import logged_in, ministack
from tests.dynamo.tables import Tables


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    with ministack(tmp_path_factory.mktemp("dynamo") / "ministack.log") as url, logged_in(url):
        yield Tables()
