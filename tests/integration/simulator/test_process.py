"""The simulator as a process, and as a thread that leaves nothing behind."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx
import pytest

from blinkpos_desktop.simulator.accounts import Currency
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.ledger import DEALER, OUTSIDE, Ledger, Posting
from blinkpos_desktop.simulator.scenario import cafe
from blinkpos_desktop.simulator.server import Simulator


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "blinkpos_desktop.simulator", *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def read(pipe: IO[str] | None) -> str:
    assert pipe is not None
    return pipe.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_ends_cleanly_at_a_signal(number: signal.Signals) -> None:
    with process("--network", "signet") as running:
        urls = json.loads(read(running.stdout))
        assert set(urls) == {"api_url", "ws_url", "control_url"}
        assert urls["api_url"].startswith("http://127.0.0.1:")
        with ControlClient(urls["control_url"]) as control:
            assert control.settings()["network"] == "signet"
        running.send_signal(number)
        out, err = running.communicate(timeout=10)
        assert (running.returncode, out, err) == (0, "", "")


def test_a_process_ends_with_its_parent() -> None:
    with process("--with-parent") as running:
        assert json.loads(read(running.stdout))
        out, err = running.communicate(timeout=10)
        assert (running.returncode, out, err) == (0, "", "")


def test_it_listens_on_loopback_only() -> None:
    with Simulator.running() as sim:
        assert sim._socket.getsockname()[0] == "127.0.0.1"
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", sim.port))


def test_it_leaves_no_thread_and_no_port_behind() -> None:
    before = threading.active_count()
    with Simulator.running() as sim:
        sim.control.lay_fault("hang")
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(sim.api_url, json={"query": "{ me { id } }"}, timeout=0.1)
        sim.control.lay_fault("delay", seconds=3600)
        client = threading.Thread(target=_ask_and_be_cut_off, args=[sim.api_url])
        client.start()
        assert sim.control.wait_for_requests("me", 2)
    client.join()
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.post(sim.api_url, json={})
    with Simulator.running(port=sim.port) as again:
        assert again.port == sim.port


def _ask_and_be_cut_off(url: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(url, json={"query": "{ me { id } }"})


def test_ids_follow_from_the_seed() -> None:
    def wallets(seed: int) -> list[str]:
        return [w.id for a in cafe(seed=seed).accounts.all() for w in a.wallets]

    assert wallets(1) == wallets(1)
    assert not set(wallets(1)) & set(wallets(2))


def test_the_world_is_reached_in_its_own_thread_and_on_its_own_clock() -> None:
    now = 1_700_000_000.0
    with Simulator.running(cafe(clock=lambda: now)) as sim:
        assert sim.do(lambda world: world.clock.seconds()) == 1_700_000_000
        assert sim.control.advance(60) == now + 60
        assert sim.do(lambda _: threading.current_thread().name) == "simulator"
        with pytest.raises(ZeroDivisionError):
            sim.do(lambda _: 1 // 0)


def test_the_ledger_refuses_what_comes_from_nowhere() -> None:
    ledger = Ledger()
    with pytest.raises(AssertionError, match="out of nothing"):
        ledger.post(
            at=0, reason="x", postings=(Posting(holder="a", currency=Currency.BTC, amount=1),)
        )


def test_the_ledger_finds_debts_and_second_settlements() -> None:
    def pay(ledger: Ledger, source: str, target: str) -> None:
        ledger.post(
            at=0,
            reason="settle",
            payment_hash="h",
            postings=(
                Posting(holder=source, currency=Currency.BTC, amount=-1),
                Posting(holder=target, currency=Currency.BTC, amount=1),
            ),
        )

    debts = Ledger()
    pay(debts, "a", "b")
    with pytest.raises(AssertionError, match="owes"):
        debts.verify()
    twice = Ledger()
    pay(twice, OUTSIDE, "b")
    twice.verify()
    pay(twice, DEALER, "b")
    with pytest.raises(AssertionError, match="2 times"):
        twice.verify()
