"""Measures the stated times: ``make bench``, in under a minute with ``ARGS=--quick``.

Medians over several runs, on this machine, as a table on stdout and as JSON in
build/bench/. Nothing but a wheel's PostgreSQL is needed; an installed one is
measured as the server, and a redis-server where there is one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks import counter, growth, machine, sales, servers
from benchmarks.wire import counted, writing_transactions

RESULTS: Final = Path(__file__).resolve().parents[1] / "build" / "bench"
AT_ONCE: Final = (1, 10, 50)
PARTS: Final = {
    "store": "store: the sale, its transfers, its first attempt",
    "attach": "the invoice attached",
    "claim": "claim both transfers, number their invoices",
    "prepare": "a recipient's invoice stored",
    "paid": "paid",
    "start send": "claim a transfer and the turn, write that it is sent",
    "end send": "a transfer settled",
    "complete": "complete: the last transfer settled",
}
"""The calls of a sale, as they follow one another."""
_DISK: Final = "on the disk, bytes a sale"
_EVENTS: Final = "its events among them"
_BYTES: Final = (_DISK, _EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    runs: int
    sales: int
    reads: int
    payments: tuple[int, ...]
    counter_sales: int
    keys: int


FULL: Final = Effort(
    runs=5,
    sales=500,
    reads=1000,
    payments=(10_000, 100_000, 1_000_000),
    counter_sales=1000,
    keys=1000,
)
QUICK: Final = Effort(runs=2, sales=100, reads=200, payments=(10_000,), counter_sales=20, keys=50)


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything")
    parser.add_argument("--only", choices=("sales", "growth", "counter"), help="one part")
    options = parser.parse_args(arguments)
    effort = QUICK if options.quick else FULL
    found: dict[str, Any] = {"machine": machine.describe(), "at": datetime.now(UTC).isoformat()}
    if options.quick:
        found["quick"] = True
    # A socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    try:
        if options.only in {None, "counter"}:
            _tell("the counter")
            found["counter"] = counter.measure(
                folder, runs=effort.runs, sales=effort.counter_sales, keys=effort.keys
            )
        if options.only in {None, "sales"}:
            found["sales"] = _sales(folder, effort)
        if options.only in {None, "growth"}:
            found["growth"] = _growth(folder, effort)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(found)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}.json"
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(
        f"\nwritten to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"
    )
    return 0


def _sales(folder: Path, effort: Effort) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with servers.redis(folder) as redis_url:
        for name, place in (("built in", servers.embedded), ("server", servers.server)):
            with place(folder / name.replace(" ", "-")) as conninfo:
                found[f"{name}, version"] = servers.version_of(conninfo)
                if name == "built in":
                    found["counts"] = asyncio.run(_count(conninfo))
                for with_redis in (False, True) if redis_url else (False,):
                    kind = f"{name}, {'with' if with_redis else 'without'} Redis"
                    _tell(kind)
                    url = redis_url if with_redis else None
                    found[kind] = asyncio.run(_sell(conninfo, url, effort))
    return found


async def _count(conninfo: str) -> dict[str, float]:
    sold = 20
    url = servers.fresh_database(conninfo)
    async with counted(url) as (through, wire), sales.opened(through, None) as store:
        await sales.sell_many(store, at_once=1, sales=2)
        commits, asked = writing_transactions(url), wire.round_trips
        await sales.sell_many(store, at_once=1, sales=sold)
        return {
            "commits a sale": (writing_transactions(url) - commits) / sold,
            "round trips a sale": (wire.round_trips - asked) / sold,
        }


async def _sell(conninfo: str, redis_url: str | None, effort: Effort) -> dict[str, Any]:
    found: dict[str, Any] = {}
    url = servers.fresh_database(conninfo)
    async with sales.opened(url, redis_url) as store:
        await sales.sell_many(store, at_once=10, sales=50)
        for at_once in AT_ONCE:
            rates: list[float] = []
            times = sales.Times()
            for _ in range(effort.runs):
                rate, run = await sales.sell_many(store, at_once=at_once, sales=effort.sales)
                rates.append(rate)
                for name, taken in run.of.items():
                    times.of[name] += taken
            found[f"{at_once} at once"] = {
                "sales a second": statistics.median(rates),
                "milliseconds": times.percentiles(),
            }
    async with sales.opened(url, None) as store:
        reads = await sales.read_many(store, redis_url, effort.reads)
        found["reads, milliseconds"] = reads.percentiles()
    return found


def _growth(folder: Path, effort: Effort) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with servers.embedded(folder / "growth") as conninfo:
        for payments in effort.payments:
            _tell(f"a history of {payments:,} payments")
            grown = asyncio.run(growth.measure(conninfo, payments, lambda _text: None))
            sizes = {_DISK: grown.bytes_a_sale, _EVENTS: grown.bytes_of_events}
            for name, value in (*grown.questions.items(), *sizes.items()):
                found.setdefault(name, {})[f"{payments}"] = value
    return found


def _print(found: dict[str, Any]) -> None:
    print("; ".join(f"{name} {value}" for name, value in found["machine"].items()))
    if "counter" in found:
        _print_counter(found["counter"])
    if "sales" in found:
        _print_sales(found["sales"])
    if "growth" in found:
        _print_growth(found["growth"])


def _print_counter(found: dict[str, Any]) -> None:
    print("\nthe till's start, medians in ms")
    peer = found["browser"]
    rows = [
        [
            name,
            f"{statistics.median(values):.0f}",
            f"{statistics.median(peer[name]):.0f}" if peer and name in peer else "",
        ]
        for name, values in found["starts"].items()
    ]
    _table([["", "till", "browser" if peer else "(no browser here)"], *rows])
    print("\nat the counter, ms: p50 / p99")
    _table(
        [[name, f"{each['p50']:.1f} / {each['p99']:.1f}"] for name, each in found["times"].items()]
    )
    for name, value in found.items():
        if isinstance(value, float):
            print(f"{name}: {value:.0f}")
        if isinstance(value, list):
            print(f"{name}: {'; '.join(value) or 'nothing over 8 ms'}")


def _print_sales(found: dict[str, Any]) -> None:
    counts = found["counts"]
    print(
        f"\na sale: {counts['commits a sale']:.1f} commits, "
        f"{counts['round trips a sale']:.1f} round trips; "
        f"PostgreSQL built in {found['built in, version']}, server {found['server, version']}"
    )
    for kind, of_it in found.items():
        if not isinstance(of_it, dict) or kind == "counts":
            continue
        print(f"\n{kind}: p50 / p95 / p99 in ms")
        columns = [key for key, value in of_it.items() if "sales a second" in value]
        rates = [f"{of_it[key]['sales a second']:.0f}" for key in columns]
        rows = [
            [label, *(_three(of_it[key]["milliseconds"][part]) for key in columns)]
            for part, label in PARTS.items()
        ]
        _table([["", *columns], ["sales a second", *rates], *rows])
        for name, times in of_it["reads, milliseconds"].items():
            print(f"{name}: {_three(times)}")


def _print_growth(found: dict[str, dict[str, float]]) -> None:
    sizes = list(next(iter(found.values())))
    head = ["question, median ms", *(f"{int(size):,}" for size in sizes), "last / first"]
    rows = [
        [
            name,
            *(f"{values[size]:.0f}" if name in _BYTES else f"{values[size]:.2f}" for size in sizes),
            f"{values[sizes[-1]] / values[sizes[0]]:.1f}",
        ]
        for name, values in found.items()
    ]
    print()
    _table([head, *rows])


def _three(times: dict[str, float]) -> str:
    return " / ".join(f"{times[name]:.2f}" for name in ("p50", "p95", "p99"))


def _table(rows: Iterable[Sequence[str]]) -> None:
    lines = list(rows)
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]))]
    for row in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _tell(text: str) -> None:
    print(f"measuring: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
