"""Opening the owner's tabs: from the tap to the first rows painted, as a process with a window.

``python -m benchmarks.tabs ADDRESS`` writes milliseconds as JSON: the first opening, which loads
the page's own code too, and the median of those after it.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Final, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_API"] = "pyside6"

import qasync
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from blinkpos_desktop.domain.facts import SalesFound, TipsLoaded
from blinkpos_desktop.domain.history import PAGE_SALES
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.tips import Period
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.history import History
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.ui.assembly import build
from blinkpos_desktop.ui.bridge import Bridge, Services
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.history_page import HistoryPage
from blinkpos_desktop.ui.pages.tips_page import TipsPage

RUNS: Final = 15
ZONE: Final = ZoneInfo("Europe/Vienna")
SCROLLED_PAGES: Final = 100
"""Five thousand sales."""


class _Ear(QObject):
    """Waits for facts.

    Signals:
        heard: any fact.
    """

    heard = Signal(object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        bridge.fact.connect(self.heard)

    async def hear(self, kind: type, act: Callable[[], object]) -> None:
        """Do something, and return when a fact of a kind was told and shown."""
        done = asyncio.get_running_loop().create_future()

        def note(fact: object) -> None:
            if isinstance(fact, kind) and not done.done():
                done.set_result(None)

        self.heard.connect(note)
        act()
        async with asyncio.timeout(30):
            await done
        self.heard.disconnect(note)


async def measure(conninfo: str) -> dict[str, float]:
    """Return the milliseconds of each opening."""
    store = PostgresStore(conninfo, process=uuid4(), till="counter 1")
    await store.open()
    supervisor, bridge = Supervisor(lambda: 0.0), Bridge()
    window = build(bridge, presets=(), currency=SATS, sound=False, zone=ZONE)
    window.furnish()
    ear = _Ear(bridge)
    services = dict.fromkeys(Services.__slots__, cast("Any", None))
    history = History(store.records, SystemClock(), ZONE)
    bridge.attach(Services(**services | {"supervisor": supervisor, "history": history}))
    window.resize(800, 480)
    window.show()
    QApplication.processEvents()
    try:
        found = await _open(ear, window, window.history_tab, SalesFound, "History")
        found |= await _open(ear, window, window.tips_tab, TipsLoaded, "Tips, today")
        page = window.stack.currentWidget()
        assert isinstance(page, TipsPage)
        for period in (Period.MONTH, Period.ALL):
            times = []
            for _ in range(RUNS):
                await ear.hear(TipsLoaded, page.periods[Period.WEEK].click)
                times.append(await _took(ear, page.periods[period], TipsLoaded, page))
            found[f"Tips, {period}"] = statistics.median(times)
        found["History, a page while scrolling"] = await _scroll(ear, window)
    finally:
        await supervisor.stop()
        await store.close()
        bridge.detach()
        window.close()
    return found


async def _open(
    ear: _Ear, window: MainWindow, tab: QPushButton, kind: type, name: str
) -> dict[str, float]:
    times = []
    for _ in range(RUNS + 1):
        window.till_tab.click()
        QApplication.processEvents()
        times.append(await _took(ear, tab, kind, window))
        # What is loaded ahead is not part of it, and must not run into the next one.
        await asyncio.sleep(0.1)
    return {f"{name}, the first time": times[0], name: statistics.median(times[1:])}


async def _took(ear: _Ear, button: QPushButton, kind: type, shown: QWidget) -> float:
    began = time.perf_counter()
    await ear.hear(kind, button.click)
    QApplication.processEvents()
    shown.repaint()
    return (time.perf_counter() - began) * 1000


async def _scroll(ear: _Ear, window: MainWindow) -> float:
    await ear.hear(SalesFound, window.history_tab.click)
    page = window.stack.currentWidget()
    assert isinstance(page, HistoryPage)
    bar, times = page.list.verticalScrollBar(), []
    a_page = PAGE_SALES * page.list.rowHeight(0)
    await asyncio.sleep(0.2)
    for _ in range(SCROLLED_PAGES):
        began = time.perf_counter()
        await ear.hear(SalesFound, lambda: bar.setValue(bar.value() + a_page))
        QApplication.processEvents()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main() -> int:
    """Measure the ledger whose address is given."""
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    with qasync.QEventLoop(app) as loop:
        found = loop.run_until_complete(measure(sys.argv[1]))
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
