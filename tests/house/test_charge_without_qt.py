"""`charge` loads no Qt: it runs where there is no screen and none of Qt's libraries."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from blinkpos_desktop import cli
import blinkpos_desktop.app, blinkpos_desktop.engine, blinkpos_desktop.operations.charge
import blinkpos_desktop.services.store.redis
code = cli.main(["charge", "21"])
loaded = {name.split(".")[0] for name in sys.modules}
assert code == 2, code
found = loaded & {"PySide6", "shiboken6", "qasync"}
assert not found, found
assert not any(name.startswith("blinkpos_desktop.ui") for name in sys.modules)
assert not any(name.startswith("blinkpos_desktop.simulator") for name in sys.modules)
"""


def test_charge_loads_no_qt() -> None:
    # Without a key it ends once everything that it needs is loaded.
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "No Blink API key" in ended.stderr
