"""The till with its window: the keypad first, everything heavy behind it, one loop for both."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QSocketNotifier,
    Qt,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from blinkpos_desktop import resources
from blinkpos_desktop.domain.money import likely_currency
from blinkpos_desktop.services.one_till import Door, Met
from blinkpos_desktop.settings import ENDPOINTS, Settings
from blinkpos_desktop.ui import assembly
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow

if TYPE_CHECKING:
    import asyncio

    from PySide6.QtGui import QIcon

    from blinkpos_desktop.engine import Engine
    from blinkpos_desktop.running import Running

_LEVELS: Final = {
    QtMsgType.QtCriticalMsg: logging.WARNING,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_log = logging.getLogger(__name__)

Beside = Callable[[MainWindow, Bridge], Awaitable[int]]
"""Something that runs beside the till and ends it with its exit code: the demo's customer."""
Chores = Mapping[str, Callable[["Engine"], Awaitable[None]]]
"""What a till does on the side for as long as it is open, by its task's name."""


def application() -> QApplication:
    """Return the process's Qt application, made on first use."""
    # A machine without sound says so at length: what Qt says goes to our log, not to the shell.
    qInstallMessageHandler(_log_message)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("BlinkPOS")
    app.setDesktopFileName("blinkpos")
    # Quitting is a stop event, or the clean-up below would be skipped.
    app.setQuitOnLastWindowClosed(False)
    return app


def _log_message(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
    _log.log(_LEVELS.get(kind, logging.INFO), "Qt: %s", text)


def run(
    settings: Settings,
    *,
    file: Path | None = None,
    network: str | None = None,
    beside: Beside | None = None,
    chores: Chores | None = None,
    door: Door | None = None,
) -> int:
    """Show the till until its window is closed or a signal ends it; return the exit code.

    ``file`` is where the settings come from; without one there is no Settings tab. ``network`` is
    given when it is known before Blink says it. Who knocks at the ``door`` brings the window to the
    front.
    """
    app = application()
    bridge = Bridge()
    window = assembly.build(
        bridge,
        presets=settings.tip_presets,
        currency=likely_currency(settings.currency),
        appearance=settings.appearance,
        network=_network_of(settings) if network is None else network,
        zone=settings.timezone,
        with_settings=file is not None,
    )
    window.show()
    _paint_first(app)
    # From here on the keypad is on the screen and keys wait in Qt's queue.
    app.setWindowIcon(_icon())
    window.furnish()
    os.environ["QT_API"] = "pyside6"
    qasync = importlib.import_module("qasync")
    with qasync.QEventLoop(app) as loop, _Bell(door, window):
        work = _main(settings, file, bridge, window, beside, chores or {})
        code: int = loop.run_until_complete(work)
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return code


def _icon() -> QIcon:
    from PySide6.QtGui import QIcon

    return QIcon(str(resources.assets() / "icons" / "blinkpos.png"))


def _network_of(settings: Settings) -> str:
    """Return what is known of the network before Blink says it."""
    return "" if settings.api_url == ENDPOINTS["mainnet"][0] else "test network"


def _paint_first(app: QApplication) -> None:
    """Let the window paint before anything else is imported."""
    app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
    app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)


async def _main(
    settings: Settings,
    file: Path | None,
    bridge: Bridge,
    window: MainWindow,
    beside: Beside | None,
    chores: Chores,
) -> int:
    import asyncio

    stop = asyncio.Event()
    window.closing.connect(stop.set)
    with _Signals(stop):
        # In a thread: the keypad takes keys meanwhile.
        module = await asyncio.to_thread(importlib.import_module, "blinkpos_desktop.running")
        # All that is loaded stays: no later search goes through it again, which would hold the loop
        # for as long as five frames.
        gc.freeze()
        gc.enable()
        # Loading QtMultimedia holds the loader's lock and logs through Python: were another
        # thread importing an extension module meanwhile, each would wait for the other for ever.
        window.heavy_wanted.emit()
        running: Running = module.Running(
            settings,
            bridge,
            file=file,
            chores=chores,
            is_free=lambda: window.is_free,
            wear=lambda fresh: assembly.wear(window, fresh),
            network_of=_network_of,
        )
        company = beside(window, bridge) if beside else None
        try:
            return await _until_stopped(stop, company)
        finally:
            await running.stop()


async def _until_stopped(stop: asyncio.Event, company: Awaitable[int] | None) -> int:
    import asyncio

    from blinkpos_desktop.services.ending import end

    stopping = asyncio.create_task(stop.wait(), name="stop")
    if company is None:
        await stopping
        return 0
    beside = asyncio.ensure_future(company)
    try:
        await asyncio.wait({stopping, beside}, return_when=asyncio.FIRST_COMPLETED)
        return beside.result() if beside.done() else 0
    finally:
        await end(stopping, beside)


class _Bell:
    """Brings the window to the front when a second till is started on the same data folder."""

    def __init__(self, door: Door | None, window: MainWindow) -> None:
        self._door, self._window = door, window
        self._notifier: QSocketNotifier | None = None
        if door is not None and door.fileno() >= 0:
            self._notifier = QSocketNotifier(door.fileno(), QSocketNotifier.Type.Read)
            self._notifier.activated.connect(self._rung)
        window.closing.connect(self._shut)

    def __enter__(self) -> None:
        """Nothing: it hears from the start."""

    def __exit__(self, *_exception: object) -> None:
        self._shut()

    def _rung(self) -> None:
        assert self._door is not None
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        is_wayland = QGuiApplication.platformName().startswith("wayland")
        _log.info("a second till was started: the window comes forward")
        self._door.answer(Met.UNRAISED if is_wayland else Met.RAISED)

    def _shut(self) -> None:
        """A window that is gone does not come back: who knocks now waits for our end."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier = None
        if self._door is not None:
            self._door.shut()


class _Signals:
    """SIGINT and SIGTERM set an event, at once, though Qt's loop waits outside Python."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._arrived)
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        signal.set_wakeup_fd(self._writer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, lambda *_: None)

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal() gave back
        signal.set_wakeup_fd(-1)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _arrived(self) -> None:
        with suppress(BlockingIOError):
            self._reader.recv(64)
        _log.info("a signal ends the till")
        self._stop.set()
