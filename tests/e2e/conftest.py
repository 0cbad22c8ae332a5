"""The program against the simulator and a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import TILL_KEY
from tests.support.program import Program


@pytest.fixture
def control(simulator: Simulator) -> ControlClient:
    return simulator.control


@pytest.fixture
def program(simulator: Simulator, database_url: str, tmp_path: Path) -> Program:
    """``blinkpos`` as a shop sets it up, with a fresh database on the real server."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(
        folder=home,
        settings={
            "API_URL": simulator.api_url,
            "WS_URL": simulator.ws_url,
            "API_KEY": TILL_KEY,
            "MERCHANT": "cafe",
            "TIP_RECIPIENTS": "elturco",
            "DATABASE_URL": database_url,
        },
    )
