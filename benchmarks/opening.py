"""``blinkpos run`` itself, its start looked at: ``python -m benchmarks.opening MONOTONIC``.

It prints milliseconds since that moment as a line of JSON. Until the keypad is painted nothing is
loaded but the program, a clock and JSON; its settings come from the environment.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

    from blinkpos_desktop.ui.bridge import Bridge
    from blinkpos_desktop.ui.main_window import MainWindow

PATIENCE: Final = 60.0
SETTLES_SECONDS: Final = 3.0
"""After it is ready, before its memory is read."""
TICK_MS: Final = 2
"""How often Qt's loop is looked at for a stall."""


def memory_kib(kind: str = "Pss") -> int:
    """Return this process's memory in KiB (Linux; 0 elsewhere).

    ``Pss`` is its share of what it maps; ``Anonymous`` its own, whoever else maps the same files.
    """
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 (as light)
            return next(int(line.split()[1]) for line in file if line.startswith(f"{kind}:"))
    except OSError:
        return 0


class _Watch:
    """Notes the moments of one start."""

    def __init__(self, began: float) -> None:
        self._began = began
        self.found: dict[str, Any] = {}

    def note(self, name: str) -> None:
        """Note that something has come, the first time that it does."""
        self.found.setdefault(name, 1000 * (time.monotonic() - self._began))

    def painted(self, app: QApplication) -> None:
        """Note the first painting, and strike a key at once, as a hasty cashier does."""
        self.note("keypad painted")
        self._look_for_stalls(app)
        from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
        from PySide6.QtGui import QKeyEvent

        from blinkpos_desktop.ui.main_window import MainWindow
        from blinkpos_desktop.ui.viewmodels.view import Screen

        note = self.note

        class Eye(QObject):
            def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's)
                if event.type() is QEvent.Type.Paint:
                    watched.removeEventFilter(self)
                    QTimer.singleShot(0, lambda: note("first key painted"))
                return False

        [window] = [each for each in app.topLevelWidgets() if isinstance(each, MainWindow)]
        page = window.page(Screen.KEYPAD)
        self._eye = Eye()
        page.amount.installEventFilter(self._eye)  # type: ignore[attr-defined]  # the keypad's
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = QKeyEvent(kind, Qt.Key.Key_1, Qt.KeyboardModifier.NoModifier, "1")
            QCoreApplication.postEvent(page, key)

    def _look_for_stalls(self, app: QApplication) -> None:
        """See for how long Qt's loop does not turn, from the first painting on."""
        from PySide6.QtCore import Qt, QTimer

        self.longest, self._last = 0.0, time.monotonic()
        self._timer = QTimer(app)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, 1000 * (now - self._last) - TICK_MS)
        self._last = now

    async def beside(self, _window: MainWindow, bridge: Bridge) -> int:
        """Wait until it can sell, and until it has come to rest."""
        import asyncio

        from blinkpos_desktop.domain.facts import ShopReady

        ready = asyncio.Event()

        def hear(fact: object) -> None:
            if isinstance(fact, ShopReady) and not fact.problem:
                self.note("ready to sell")
                ready.set()

        bridge.fact.connect(hear)
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
        await asyncio.sleep(SETTLES_SECONDS)
        self._timer.stop()
        self.found["longest stall"] = self.longest
        self.found["memory, MiB"] = memory_kib() / 1024
        return 0


def main() -> int:
    """Open the till, and close it when all is seen."""
    watch = _Watch(float(sys.argv[1]))
    from blinkpos_desktop import cli
    from blinkpos_desktop.ui.importing import use_plain_import

    # As ``opening.py`` does, before the one module that is changed here.
    use_plain_import()
    from blinkpos_desktop import till_window

    paint_first: Callable[[QApplication], None] = till_window._paint_first  # noqa: SLF001
    run = till_window.run

    def painted(app: QApplication) -> None:
        paint_first(app)
        watch.painted(app)

    till_window._paint_first = painted  # noqa: SLF001 (the moment that is measured)
    till_window.run = lambda *given, **more: run(*given, beside=watch.beside, **more)
    code = cli.main(["run"])
    print(json.dumps(watch.found), flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
