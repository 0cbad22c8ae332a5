"""Sets the demo's stage: a simulator, a folder and settings of its own, never anybody's money."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blinkpos_desktop import logs
from blinkpos_desktop.demo.story import Story
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.settings import PREFIX, Secret, Settings

if TYPE_CHECKING:
    from blinkpos_desktop.simulator.client import ControlClient
    from blinkpos_desktop.till_window import Beside

NETWORK: Final = "regtest"
PICTURES: Final = Path("build", "screens", "demo")
_KEY: Final = "blink_sim_till"


def run(*, headless: bool, drive: bool) -> int:
    """Run the demo; return 0 when all of it went as it must."""
    for name in tuple(os.environ):
        if name.startswith(PREFIX):
            del os.environ[name]
    windowed = not headless and _has_display()
    if not windowed:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    folder = Path(tempfile.mkdtemp(prefix="blinkpos-demo-"))
    try:
        return _run(folder, windowed=windowed, drive=drive or not windowed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, *, windowed: bool, drive: bool) -> int:
    story = Story()
    story.say("BlinkPOS Desktop demo: the real till on a simulated Blink. No real money moves.")
    with _simulator() as urls:
        settings = Settings(
            api_url=urls["api_url"],
            ws_url=urls["ws_url"],
            api_key=Secret(_KEY),
            merchant="cafe",
            tip_recipients=parse_recipients(["elturco"]),
            till="demo",
            data_dir=folder / "data",
            state_dir=folder / "log",
        )
        logs.set_up(settings)
        from blinkpos_desktop.ui.importing import use_plain_import

        use_plain_import()
        from blinkpos_desktop import till_window
        from blinkpos_desktop.simulator.client import ControlClient

        with ControlClient(urls["control_url"]) as control:
            beside = _company(story, control, windowed=windowed, drive=drive)
            code = till_window.run(settings, network=NETWORK, beside=beside)
    if not drive:
        story.say("The demo is over.")
    return code


def _company(story: Story, control: ControlClient, *, windowed: bool, drive: bool) -> Beside:
    from blinkpos_desktop.demo import phone
    from blinkpos_desktop.demo.sale import DemoSale

    if drive:
        return DemoSale(story, control, Path.cwd() / PICTURES).run
    story.say("Type an amount on the till and press OK; then press Pay on the customer's phone.")
    story.say("Close the till's window to end.")
    assert windowed
    return lambda window, _bridge: phone.accompany(window, control)


@contextmanager
def _simulator() -> Iterator[dict[str, str]]:
    """Run the simulator as a process of its own, which ends with us however we end."""
    command = [sys.executable, "-m", "blinkpos_desktop.simulator"]
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [*command, "--network", NETWORK, "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator did not start")
        urls: dict[str, str] = json.loads(line)
        yield urls
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _has_display() -> bool:
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
