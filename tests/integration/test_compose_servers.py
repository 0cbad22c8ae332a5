"""docker-compose.yml's servers as real programs with the same options, and a sale on them.

No Docker engine is needed: what an image's entry point does with its variables is done here.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from blinkpos_desktop.domain.facts import PaymentCompleted
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.settings import Secret
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside, running
from tests.support.clusters import Cluster
from tests.support.servers import free_port, redis_program, serving

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("hasty")]

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
EXAMPLE = (ROOT / ".env.example").read_text()
PASSWORD = secrets.token_hex(24)


def address(name: str, port: int) -> str:
    """Return a till's setting as .env.example gives it."""
    found = re.search(rf"{name}=(\S+)", EXAMPLE)
    assert found
    return re.sub(r":\d+/", f":{port}/", found[1].replace("PASSWORD", PASSWORD))


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run the service ``postgres``; yield its address."""
    service = SERVICES["postgres"]
    variables = service["environment"]
    default = re.search(r":-postgres:(\d+)", service["image"])
    assert default
    cluster = Cluster(default[1], folder)
    assert variables["POSTGRES_USER"] == "blinkpos"
    cluster.make(*variables["POSTGRES_INITDB_ARGS"].split(), password=PASSWORD)
    program, *options = service["command"]
    assert program == "postgres"
    assert options[::2] == ["-c"] * (len(options) // 2)
    cluster.options |= dict(option.split("=", 1) for option in options[1::2])
    with cluster.running():
        with cluster.look() as connection:
            connection.execute(f"CREATE DATABASE {variables['POSTGRES_DB']}".encode())
        program, *arguments = service["healthcheck"]["test"][1:]
        ready = [cluster.programs / program, *arguments, "-h", "127.0.0.1", "-p", str(cluster.port)]
        subprocess.run(ready, check=True)
        yield address("BLINKPOS_DATABASE_URL", cluster.port)


@contextmanager
def redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the service ``redis`` by its own script; yield its address and process."""
    program = redis_program()
    if program is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    service, port = SERVICES["redis"], free_port()
    (folder / "data").mkdir(parents=True)

    def here(text: str) -> str:
        # In the container these are /tmp and /data, and the port is the container's own.
        moved = text.replace("$$", "$").replace("/tmp/", f"{folder}/")
        return moved.replace("/data", f"{folder}/data").replace("redis-cli", f"redis-cli -p {port}")

    shell, flag, script = service["command"]
    script = here(script).rstrip() + f" --bind 127.0.0.1 --port {port}\n"
    path = f"{program.parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "REDIS_PASSWORD": PASSWORD}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with serving([shell, flag, script], port, folder) as process:
            kind, check = service["healthcheck"]["test"]
            assert kind == "CMD-SHELL"
            subprocess.run(["sh", "-c", here(check)], check=True, env=environment)
            yield address("BLINKPOS_REDIS_URL", port), process


async def test_a_till_sells_on_the_servers_of_the_compose_file(
    make_settings: SettingsMaker, simulator: Simulator, tmp_path: Path
) -> None:
    with postgres(tmp_path / "pg") as database_url, redis(tmp_path / "redis") as (url, process):
        settings = make_settings(database_url=Secret(database_url), redis_url=Secret(url))
        async with running(settings, simulator) as till:
            await till.facts.wait_for(
                PartChanged, lambda f: (f.part, f.health) == (Part.REDIS, Health.OK)
            )
            payment = await till.charge()
            await till.customer_pays(payment)
            await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
        await aside(_check_servers, database_url, process)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (21, 2)
    simulator.control.verify()


def _check_servers(database_url: str, redis: subprocess.Popen[bytes]) -> None:
    with psycopg.connect(database_url) as connection:
        for name, value in (("data_checksums", "on"), ("max_connections", "300")):
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == (value,)
    command = Path(f"/proc/{redis.pid}/cmdline")
    if command.exists():
        assert b"redis-server" in command.read_bytes()
        assert PASSWORD.encode() not in command.read_bytes(), "the list of processes shows it"
    # A wrong password is refused by both.
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database_url.replace(PASSWORD, "guess"))
