"""The same ledger on every PostgreSQL that can be had here, and through PgBouncer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from tests.simulation.ledgers import Run, run_on_postgres
from tests.support.clusters import VERSIONS, Cluster
from tests.support.pgbouncer import PgBouncer, pgbouncer

BOUNCER = "PgBouncer"


class Server(Protocol):
    """What gives a test its database."""

    def fresh_database(self) -> str:
        """Return the address of a new, empty database."""


class Bounced:
    """A PostgreSQL that is reached through PgBouncer."""

    def __init__(self, cluster: Cluster, bouncer: PgBouncer) -> None:
        self.cluster, self.bouncer = cluster, bouncer

    def fresh_database(self) -> str:
        return self.bouncer.url(self.cluster.fresh_database())


@pytest.fixture(scope="session", params=[*VERSIONS, BOUNCER])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Each server in turn."""
    folder = tmp_path_factory.mktemp("server")
    version = VERSIONS[-1] if request.param == BOUNCER else str(request.param)
    cluster = Cluster(version, folder / "cluster")
    cluster.make()
    with ExitStack() as stack:
        stack.enter_context(cluster.running())
        if request.param == BOUNCER:
            bouncer = stack.enter_context(pgbouncer(folder / "bouncer", cluster.url()))
            yield Bounced(cluster, bouncer)
        else:
            yield cluster


@pytest.fixture
def database_url(server: Server) -> str:
    """A fresh, empty database on it."""
    return server.fresh_database()


@pytest.fixture
def run(database_url: str) -> Run:
    """Run a body of the contract suites on it; the model has its turn elsewhere."""
    return lambda body: run_on_postgres(body, database_url)
