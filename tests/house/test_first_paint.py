"""What the keypad does not wait for: what is loaded when `blinkpos run` has painted it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support.program import Program

PROGRAM = """
import json, os, sys
from blinkpos_desktop import cli
from blinkpos_desktop.ui.importing import use_plain_import
use_plain_import()
from blinkpos_desktop import till_window
paint_first = till_window._paint_first
def painted(app):
    paint_first(app)
    import linecache
    print(json.dumps([sorted(sys.modules), sorted(linecache.cache)]), flush=True)
    os._exit(0)
till_window._paint_first = painted
cli.main(["run"])
"""

HEAVY = (
    *("asyncio", "qasync", "concurrent", "ssl", "zoneinfo", "_sysconfigdata"),
    *("psycopg", "psycopg_pool", "redis", "httpx", "httpcore", "gql", "graphql", "websockets"),
    *("bolt11", "qrcode", "keyring", "cryptography", "pydantic"),
    *("PySide6.QtMultimedia", "PySide6.QtNetwork", "PySide6.QtSvg", "PySide6.QtCharts"),
    *("PySide6.QtTest", "PySide6.QtDBus"),
    # Of our own: forty dataclasses that nothing tells of yet, the tabs, the engine.
    *("blinkpos_desktop.domain.facts", "blinkpos_desktop.domain.blink"),
    *("blinkpos_desktop.domain.history", "blinkpos_desktop.domain.measures"),
    *("blinkpos_desktop.ui.back_office", "blinkpos_desktop.app"),
    *("blinkpos_desktop.running", "blinkpos_desktop.engine", "blinkpos_desktop.services.store"),
    *("blinkpos_desktop.services.blink", "blinkpos_desktop.simulator", "blinkpos_desktop.demo"),
)


def loaded_at_the_first_painting(folder: Path) -> tuple[list[str], list[str]]:
    """Return the modules, and the sources that were read."""
    program = Program(folder=folder, settings={"API_KEY": "blink_first_paint"})
    environment = {**program.environment(), "QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules, sources = json.loads(ended.stdout)
    return modules, sources


def test_the_keypad_waits_for_nothing_heavy(tmp_path: Path) -> None:
    loaded, sources = loaded_at_the_first_painting(tmp_path)
    assert "blinkpos_desktop.ui.pages.keypad_page" in loaded
    found = [name for name in loaded if name.startswith(tuple(f"{each}." for each in HEAVY))]
    assert found + [name for name in loaded if name in HEAVY] == []
    pages = [name for name in loaded if ".ui.pages." in name]
    assert pages == ["blinkpos_desktop.ui.pages.keypad_page"]
    # PySide6's own import would have read, and kept, every one of them.
    assert [each for each in sources if "blinkpos_desktop" in each] == []
