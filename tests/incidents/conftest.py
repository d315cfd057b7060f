"""The stages that scenarios are played on; each is set up once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.incidents import stages
from tests.incidents.stages import Stage


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    match request.param:
        case "memory":
            yield stages.memory
        case "sqlite":
            yield stages.sqlite(folder)
        case "aws":
            with stages.aws(folder / "ministack.log") as made:
                yield made
