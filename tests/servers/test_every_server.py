"""PostgreSQL 15 to 18 and PgBouncer in transaction mode: the ledger's own tests, once on each."""

from __future__ import annotations

import pytest

from tests.integration.test_golden import test_the_golden_case  # noqa: F401 (collected here)
from tests.integration.test_migrations import (  # noqa: F401 (the same)
    test_a_failure_leaves_nothing_behind,
    test_a_newer_database_is_refused,
    test_many_connections_at_once_apply_them_once,
    test_two_processes_at_once_apply_them_once,
)
from tests.simulation.test_contract_books import *  # noqa: F403 (the whole suite)
from tests.simulation.test_contract_choices import *  # noqa: F403 (the same)
from tests.simulation.test_contract_store import *  # noqa: F403 (the same)

pytestmark = pytest.mark.long
