from collections.abc import Iterator

import pytest

from blinkpos_desktop.simulator.server import Simulator
from tests.integration.simulator.asking import Asker


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator.running() as simulator:
        yield simulator


@pytest.fixture
def blink(sim: Simulator) -> Iterator[Asker]:
    asker = Asker(sim)
    yield asker
    asker.http.close()
    sim.do(lambda world: world.ledger.verify())
