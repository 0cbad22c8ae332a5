"""What a worker's kills share: one PostgreSQL, one warm process, one schedule."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from tests.crash.nursery import Nursery
from tests.crash.schedule import QUICK, Schedule, Target, explore
from tests.crash.trial import Place
from tests.integration.conftest import hasty as hasty  # noqa: PLC0414 (a fixture, passed on)
from tests.support.servers import PostgresServer

SEED = 21


@pytest.fixture(scope="session")
def place(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Nursery() as nursery:
        yield Place(postgres, nursery, tmp_path_factory.mktemp("crash"))


@pytest.fixture(scope="session")
def schedule(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Schedule:
    """Every point that the programs arrive at, found by running them without a kill.

    One worker runs them, and all have the same order.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "points.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if text := file.read():
            known = [Target(**each | {"first": tuple(each["first"])}) for each in json.loads(text)]
        else:
            known = explore(place, QUICK)
            file.write(json.dumps([asdict(each) for each in known]))
    return Schedule(known, SEED)
