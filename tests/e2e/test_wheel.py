"""An installed wheel sells: it finds its `assets/` and `sql/` without the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from blinkpos_desktop.simulator.client import ControlClient
from tests.support.program import Program

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys
# An editable install of the checkout must not help.
sys.path = [folder for folder in sys.path if folder != sys.argv[1]]
del sys.argv[1]
import blinkpos_desktop
from blinkpos_desktop import resources
from blinkpos_desktop.__main__ import main
print(blinkpos_desktop.__file__, file=sys.stderr)
assert resources.assets().is_dir()
main()
"""


def test_an_installed_wheel_sells(program: Program, control: ControlClient, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    target = tmp_path / "site packages"
    with zipfile.ZipFile(wheel) as archive:
        # What an installer does with a wheel of pure Python, its scripts aside.
        archive.extractall(target)
    (entry_points,) = target.glob("*.dist-info/entry_points.txt")
    assert "blinkpos = blinkpos_desktop.__main__:main" in entry_points.read_text()
    installed = replace(
        program,
        command=("env", f"PYTHONPATH={target}", sys.executable, "-c", START, str(ROOT)),
    )
    with installed.charge("21", "--tip-percent", "10") as running:
        control.pay(running.wait_for("invoice")["payment_request"])
        ended = running.ended()
    assert (ended.code, ended.names[-1]) == (0, "completed"), ended
    assert ended.err == f"{target / 'blinkpos_desktop' / '__init__.py'}\n"
    for folder in ("assets", "sql"):
        files = {
            path.relative_to(ROOT / folder)
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        bundled = target / "blinkpos_desktop" / "_bundled" / folder
        assert files <= {path.relative_to(bundled) for path in bundled.rglob("*")}
    assert not (target / "tests").exists()
