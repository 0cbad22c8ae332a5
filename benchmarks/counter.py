"""The counter: start-up, a key's and a payment's way to the pixels, memory, and weeks of sales.

Each till is a process of its own, offscreen, on the simulator and a server; the peer is a browser
on a static keypad page, where one is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import servers
from blinkpos_desktop.simulator.client import ControlClient

KEY: Final = "blink_bench"
ROOT: Final = Path(__file__).resolve().parents[1]
UNLIMITED: Final = 10**6
BUSY: Final = 5
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SETTLES_SECONDS: Final = 3.0
"""After it is ready, before its memory is read."""


@contextmanager
def _simulator() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "blinkpos_desktop.simulator", "--with-parent"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        urls: dict[str, str] = json.loads(process.stdout.readline())
        with ControlClient(urls["control_url"]) as control:
            control.settings(invoices_per_window=UNLIMITED)
            control.give_key("till", KEY)
        yield urls
        process.terminate()


def sell(folder: Path, *, sales: int, every: int, keys: int = 0) -> dict[str, Any]:
    """Let one till sell so often, on a server and with Redis; return what it measured."""
    with (
        _simulator() as urls,
        servers.server(folder / "counter") as conninfo,
        servers.redis(folder) as redis_url,
        tempfile.TemporaryDirectory() as own,
    ):
        told = {
            **urls,
            "key": KEY,
            "database_url": servers.fresh_database(conninfo),
            "redis_url": redis_url,
            "folder": own,
            "sales": sales,
            "every": every,
            "keys": keys,
        }
        return _till(told)


def starts(folder: Path, runs: int) -> dict[str, list[float]]:
    """Start the till so often; return milliseconds since the process's start, and its memory."""
    found: dict[str, list[float]] = {}
    with _simulator() as urls, servers.server(folder / "starts") as url:
        for _ in range(runs + 1):
            for name, value in _open(urls, url).items():
                found.setdefault(name, []).append(value)
    # The first one made the tables, wrote Python's bytecode, and read the program into the
    # machine's cache.
    return {name: values[1:] for name, values in found.items()}


def _open(urls: dict[str, str], database_url: str) -> dict[str, float]:
    """Start ``blinkpos run`` in a home of its own."""
    with tempfile.TemporaryDirectory() as own:
        settings = {
            "API_URL": urls["api_url"],
            "WS_URL": urls["ws_url"],
            "API_KEY": KEY,
            "MERCHANT": "cafe",
            "TIP_RECIPIENTS": "elturco",
            "DATABASE_URL": database_url,
            "DATA_DIR": f"{own}/data",
        }
        environment = {
            **_environment(),
            "HOME": own,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **{f"BLINKPOS_{name}": value for name, value in settings.items()},
        }
        return _child("benchmarks.opening", str(time.monotonic()), environment)


def _till(told: dict[str, Any]) -> dict[str, Any]:
    return _child("benchmarks.cashier", json.dumps(told), _environment())


def _environment() -> dict[str, str]:
    """Return a shop's environment: none of our settings, and Python's own ways, which keep the
    bytecode that they have made."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BLINKPOS_", "PYTHON", "XDG_"))
    }
    return {**kept, "QT_QPA_PLATFORM": "offscreen"}


def _child(module: str, argument: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run one of our processes; return the JSON of its last line."""
    command = [sys.executable, "-m", module, argument]
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True, check=True
    )
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def browser(runs: int) -> dict[str, list[float]] | None:
    """Start a browser on a keypad page so often; ``None`` where there is none."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        return None
    found: dict[str, list[float]] = {"keypad painted": [], "memory, MiB": []}
    for _ in range(runs + 1):
        painted, memory = _browse(program)
        found["keypad painted"].append(painted)
        found["memory, MiB"].append(memory)
    return {name: values[1:] for name, values in found.items()}


def _browse(program: str) -> tuple[float, float]:
    """Return the milliseconds to the first painting, and the MiB of all its processes."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        page = Path(own) / "keypad.html"
        page.write_text(_PAGE, encoding="utf-8")
        began = time.time()
        process = subprocess.Popen(
            [
                program,
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--enable-logging=stderr", "--v=0", f"--user-data-dir={own}/profile"),
                f"--app=file://{page}",
            ],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stderr is not None
            painted = next(
                float(line.partition("PAINTED ")[2].split('"')[0].split(" ")[0])
                for line in process.stderr
                if "PAINTED " in line
            )
            time.sleep(SETTLES_SECONDS)
            return painted - 1000 * began, _tree_kib(process.pid) / 1024
        finally:
            os.killpg(process.pid, 9)
            process.wait()


def _tree_kib(root: int) -> int:
    """Return the proportional set size of a process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(_pss(pid) for pid in tree)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th percentile."""
    ordered = sorted(values)
    return {"p50": statistics.median(ordered), "p99": ordered[int(0.99 * (len(ordered) - 1))]}


def measure(folder: Path, *, runs: int, sales: int, keys: int) -> dict[str, Any]:
    """Return all of it, in the order of a day: starts, a thousand sales, and the peer's start."""
    sold = sell(folder, sales=sales, every=max(1, sales), keys=keys)
    return {
        "starts": starts(folder, runs),
        "browser": browser(runs),
        "times": {
            "key pressed, painted": percentiles(sold["keys"]),
            f"the same, {BUSY} payments a second behind it": percentiles(sold["keys, busy"]),
            "update arrived, green painted": percentiles(sold["times"]["green"]),
            "invoice's answer, QR painted": percentiles(sold["times"]["code"]),
            "first key, sale completed": percentiles(sold["times"]["whole"]),
        },
        "longest stall in a sale, ms": sold["stall"],
        "slow in a sale": sold["slow in a sale"],
        "slow when busy": sold["slow when busy"],
        f"memory after {sales} sales, MiB": sold["things"][-1]["pss"] / 1024,
    }


def slope(things: Sequence[dict[str, int]], name: str, every: int) -> float:
    """Return by how much something grows in a thousand sales: least squares, the first fifth left
    out, for caches fill."""
    points = [(number * every, each[name]) for number, each in enumerate(things)]
    points = points[len(points) // 5 :]
    line = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
    return 1000 * line.slope


_PAGE: Final = """<!doctype html><meta charset="utf-8"><title>Till</title>
<style>body{margin:0;background:#0d1014;color:#fff;font:40px sans-serif}
main{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;padding:16px}
button{font:30px sans-serif;min-height:80px;border-radius:12px;border:0}
button{background:#222932;color:#fff}
</style><p id=amount>0 sats</p><main></main><script>
for (const key of [1,2,3,4,5,6,7,8,9,"C",0,"."]) {
  const button = document.createElement("button"); button.textContent = key;
  button.onclick = () => { amount.textContent = key + " sats" };
  document.querySelector("main").append(button);
}
new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (entry.name === "first-contentful-paint")
    console.log("PAINTED " + (performance.timeOrigin + entry.startTime) + " ");
}).observe({type: "paint", buffered: true});
</script>"""
