"""Four weeks at the counter without the pauses: what grows, and what slows down.

``make weeks``: twenty thousand sales through the real window, services, PostgreSQL, Redis and
sockets, one after another, every second one with a tip. Only the waiting is left out: what holds
fast hands back, and Blink's limit of sixty invoices a minute. It takes about an hour.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import counter, machine

SALES: Final = 20_000
EVERY: Final = 500
RESULTS: Final = Path(__file__).resolve().parents[1] / "build" / "bench" / "weeks.json"


def main(arguments: Sequence[str]) -> int:
    """Sell, print what grew, and write it down."""
    parser = argparse.ArgumentParser(prog="make weeks", description=__doc__)
    parser.add_argument("--sales", type=int, default=SALES)
    parser.add_argument("--every", type=int, default=EVERY, help="sales between two counts")
    options = parser.parse_args(arguments)
    described = machine.describe()
    folder = Path(tempfile.mkdtemp(prefix="weeks"))
    try:
        found = counter.sell(folder, sales=options.sales, every=options.every)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found["machine"] = described
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found), encoding="utf-8")
    print("; ".join(f"{name} {value}" for name, value in described.items()))
    _print(found, options.sales, options.every)
    return 0


def _print(found: dict[str, Any], sales: int, every: int) -> None:
    counted = found["things"]
    print(f"{sales:,} sales, counted after every {every}")
    for name in counted[0]:
        growth = counter.slope(counted, name, every)
        values = [each[name] for each in counted]
        print(
            f"  {name:8} first {values[0]}, after a fifth {values[len(values) // 5]}, "
            f"last {values[-1]}, a thousand sales {growth:+.1f}"
        )
    for name, values in found["times"].items():
        tenth = max(1, len(values) // 10)
        early, late = (
            statistics.median(part) for part in (values[tenth : 2 * tenth], values[-tenth:])
        )
        all_of_them = counter.percentiles(values)
        print(
            f"  {name:8} ms: second tenth {early:.1f}, last tenth {late:.1f}, "
            f"p99 of all {all_of_them['p99']:.1f}"
        )
    print(f"  the loop's longest stall: {found['stall']:.0f} ms")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
