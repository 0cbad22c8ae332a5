"""What every test stands on: an own environment, and real servers where they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Numbers and times are written as the locale does: here as where none is set.
os.environ["LC_ALL"] = "C.UTF-8"

from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.support.servers import PostgresServer, redis_program, redis_server

TILL_KEY = "blink_sim_till"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting, key or folder of the person who runs the tests is ever touched."""
    for name in tuple(os.environ):
        if name.startswith("BLINKPOS_"):
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One real PostgreSQL for a run (a worker has its own)."""
    server = PostgresServer(tmp_path_factory.mktemp("pg"))
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres: PostgresServer) -> str:
    """A fresh, empty database on the real server."""
    return postgres.fresh_database()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real redis-server of the test's own."""
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    with redis_server(program, tmp_path) as (url, _process):
        yield url


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Blink's stand-in over real HTTP and WebSockets, with the café's accounts."""
    with Simulator.running() as running:
        yield running


@dataclass(frozen=True, slots=True)
class SettingsMaker:
    """Makes settings for the simulator and the test's own database."""

    base: Settings

    def __call__(self, **changes: Any) -> Settings:  # noqa: ANN401 (fields of Settings)
        return replace(self.base, **changes)


@pytest.fixture
def make_settings(simulator: Simulator, database_url: str, tmp_path: Path) -> SettingsMaker:
    return SettingsMaker(
        Settings(
            api_url=simulator.api_url,
            ws_url=simulator.ws_url,
            api_key=Secret(TILL_KEY),
            merchant="cafe",
            tip_recipients=parse_recipients(["elturco"]),
            till="counter 1",
            database_url=Secret(database_url),
            data_dir=tmp_path / "data",
            state_dir=tmp_path / "state",
        )
    )
