"""What every test gets: the same examples on every run, and no browser where none is wanted."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine must not turn a test red: no deadline, no complaint about slow examples.
settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci")

collect_ignore = ["browser"] if os.environ.get("TOCSIN_NO_BROWSER") else []


def pytest_report_header() -> str | None:
    return "tests/browser: left out, as TOCSIN_NO_BROWSER is set" if collect_ignore else None
