"""The ledger of the contract suites: its model, and PostgreSQL."""

from __future__ import annotations

import pytest

from tests.simulation.ledgers import Run, run_on_model, run_on_postgres


@pytest.fixture(params=["model", "PostgreSQL"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a body with a fresh ledger."""
    if request.param == "model":
        return run_on_model
    database_url: str = request.getfixturevalue("database_url")
    return lambda body: run_on_postgres(body, database_url)
