"""Fifty tills on one server, twenty sales a second, with servers taken away in the middle.

Nothing may be lost. The figures are printed (``-rP``) and written to ``build/load.json``;
they are no assertion, for they are the machine's as much as the program's.
"""

from __future__ import annotations

import json
import os
import platform
import select
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from blinkpos_desktop.services.store import auditing
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.simulator.client import ControlClient
from tests.load.tills import SATS_A_SALE, TIP_PERCENT
from tests.support import ledger
from tests.support.clusters import VERSIONS, Cluster
from tests.support.servers import free_port, redis_program, serving

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

ROOT: Final = Path(__file__).resolve().parents[2]
SHOPS: Final = 25
"""Blink allows an account 60 invoices a minute: two tills each."""
TILLS: Final = 50
PROCESSES: Final = 2
SALES_A_SECOND: Final = 20
SECONDS: Final = 60
REDIS_GOES_AT, REDIS_IS_BACK_AT = 15, 25
POSTGRES_RESTARTS_AT: Final = 35
PATIENCE: Final = 120.0


@contextmanager
def _simulator() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "blinkpos_desktop.simulator", "--with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def _open_shops(control: ControlClient) -> list[dict[str, Any]]:
    """Each has a collecting account, a merchant and somebody who gets tips; return the tills."""
    for number in range(SHOPS):
        for role in ("till", "cafe", "staff"):
            control.open_account(f"{role}_{number}")
        control.give_key(f"till_{number}", f"blink_load_{number}")
    every = TILLS / SALES_A_SECOND
    return [
        {
            "name": f"till {number}",
            "key": f"blink_load_{number % SHOPS}",
            "merchant": f"cafe_{number % SHOPS}",
            "staff": f"staff_{number % SHOPS}",
            "offset": every * number / TILLS,
        }
        for number in range(TILLS)
    ]


class Sellers:
    """The processes that the tills are in."""

    def __init__(self, told: dict[str, Any], tills: list[dict[str, Any]], stack: ExitStack) -> None:
        self.processes = []
        for number in range(PROCESSES):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.load.tills"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=ROOT,
                    text=True,
                )
            )
            stack.callback(process.kill)
            self.processes.append(process)
            self._say(process, json.dumps({**told, "tills": tills[number::PROCESSES]}))
        assert [self._hear(each) for each in self.processes] == ["ready"] * PROCESSES

    def go(self) -> None:
        for process in self.processes:
            self._say(process, "go")

    def figures(self) -> dict[str, Any]:
        """Wait for the end; return what all of them measured."""
        told = [json.loads(self._hear(each)) for each in self.processes]
        assert [each.wait(PATIENCE) for each in self.processes] == [0] * PROCESSES
        together: dict[str, Any] = {
            name: [value for each in told for value in each[name]]
            for name in ("charge", "green", "done", "sold", "late")
        }
        for name in ("refused", "health"):
            together[name] = sum((Counter(each[name]) for each in told), Counter())
        for name in ("tipped", "missed", "cpu"):
            together[name] = sum(each[name] for each in told)
        return together

    def _say(self, process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def _hear(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], PATIENCE)
        assert readable, "the tills are silent"
        return process.stdout.readline().strip()


async def test_fifty_tills_lose_nothing(tmp_path: Path) -> None:
    redis = redis_program()
    if redis is None:
        pytest.skip("there is no redis-server on this machine, and no wheel brings one")
    cluster = Cluster(VERSIONS[-1], tmp_path / "cluster")
    # As docs/scaling.md has it, and durable: the figures are of real commits.
    cluster.options |= {"fsync": "on", "max_connections": "300", "shared_buffers": "128MB"}
    cluster.make()
    port = free_port()
    cache = [str(redis), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with ExitStack() as stack, ExitStack() as database, ExitStack() as first_redis:
        urls = stack.enter_context(_simulator())
        control = stack.enter_context(ControlClient(urls["control_url"]))
        tills = _open_shops(control)
        server = database.enter_context(cluster.running())
        url = cluster.fresh_database()
        first_redis.enter_context(serving(cache, port, tmp_path))
        told = {
            **urls,
            "database_url": url,
            "redis_url": f"redis://127.0.0.1:{port}/0",
            "folder": str(tmp_path),
            "every": TILLS / SALES_A_SECOND,
            "seconds": SECONDS,
        }
        sellers = Sellers(told, tills, stack)
        began = time.monotonic()
        sellers.go()
        _sleep_until(began + REDIS_GOES_AT)
        first_redis.close()  # by SIGKILL
        _sleep_until(began + REDIS_IS_BACK_AT)
        stack.enter_context(serving(cache, port, tmp_path))
        _sleep_until(began + POSTGRES_RESTARTS_AT)
        server.send_signal(signal.SIGINT)  # a fast shutdown
        server.wait()
        stack.enter_context(cluster.running())
        figures = sellers.figures()
        took = time.monotonic() - began
        await _check(url, control, figures)
    _tell(figures, took)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


async def _check(url: str, control: ControlClient, figures: dict[str, Any]) -> None:
    sold = figures["sold"]
    assert len(set(sold)) == len(sold)
    for late in figures["late"]:
        print(_story(url, late))  # noqa: T201 (what the next line is about)
    assert not figures["late"]
    # It was away and came back, at every till.
    assert figures["health"]["Redis away"] >= TILLS
    assert figures["health"]["Redis ok"] >= 2 * TILLS
    rows = {row["payment_hash"]: row for row in ledger.payments(url) if row["paid_at"]}
    assert set(rows) == set(sold)
    assert {row["state"] for row in rows.values()} == {"completed"}
    tips = SATS_A_SALE * TIP_PERCENT // 100 * figures["tipped"]
    balances = control.balances()
    for name, sats in (("cafe", SATS_A_SALE * len(sold)), ("staff", tips), ("till", 0)):
        assert sum(balances[f"{name}_{number}"]["BTC"] for number in range(SHOPS)) == sats, name
    control.verify()
    store = PostgresStore(url, process=uuid4(), till="auditor")
    await store.open()
    try:
        books = await auditing.audit(store.connections)
    finally:
        await store.close()
    assert not books.findings
    assert books.payments == len(sold)
    assert books.owed_sats == 0


def _story(url: str, payment_hash: str) -> list[dict[str, Any]]:
    [payment] = [each for each in ledger.payments(url) if each["payment_hash"] == payment_hash]
    events = ledger.rows(url, "SELECT * FROM events ORDER BY id")
    return [each for each in events if each["payment_id"] == payment["id"]]


def _tell(figures: dict[str, Any], took: float) -> None:
    shown = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "tills": TILLS,
        "sales": len(figures["sold"]),
        "refused": dict(figures["refused"]),
        "missed": figures["missed"],
        "tills_cpu_ms_a_sale": round(1000 * figures["cpu"] / len(figures["sold"])),
        "seconds": round(took, 1),
        "sales_a_second": round(len(figures["sold"]) / took, 1),
        **{f"{name}_ms": _quantiles(figures[name]) for name in ("charge", "green", "done")},
    }
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    text = json.dumps(shown, indent=2)
    (build / "load.json").write_text(text + "\n")
    print(text)  # noqa: T201 (the figures that this is for)


def _quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}
