"""The simulator as a process: `python -m blinkpos_desktop.simulator`."""

import argparse
import json
import os
import signal
import sys
import threading

from .bolt11_text import PREFIXES
from .scenario import cafe
from .server import Simulator
from .settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT, or until stdin closes with `--with-parent`."""
    parser = argparse.ArgumentParser(
        prog="python -m blinkpos_desktop.simulator",
        description="A stand-in for Blink on loopback. The money in it is not real.",
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--network", choices=sorted(PREFIXES), default="regtest")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when stdin closes, as it does with a parent"
    )
    chosen = parser.parse_args(arguments)
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    world = cafe(settings=Settings(network=chosen.network))
    with Simulator.running(world, chosen.port) as simulator:
        urls = {
            "api_url": simulator.api_url,
            "ws_url": simulator.ws_url,
            "control_url": simulator.control_url,
        }
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        if chosen.with_parent:
            threading.Thread(target=_watch_parent, args=[end], daemon=True).start()
        end.wait()
    return 0


def _watch_parent(end: threading.Event) -> None:
    """Whoever started us holds our stdin open for as long as he lives."""
    # Not through sys.stdin: a daemon thread inside a buffered read holds its lock at exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    end.set()


if __name__ == "__main__":
    raise SystemExit(main())
