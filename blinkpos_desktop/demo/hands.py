"""A person's hands: real touch events on the window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.demo.story import DemoError
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.viewmodels.view import Screen


class Hands:
    """Touches the till."""

    def __init__(self, window: MainWindow) -> None:
        """Take the window."""
        self._window = window
        self._device = QTest.createTouchDevice()

    async def touch(self, widget: QWidget) -> None:
        """Put a finger on the middle of a widget and lift it again."""
        if not widget.isVisible() or not widget.isEnabled():
            raise DemoError(f"“{widget.accessibleName()}” can't be touched")
        at = widget.mapTo(self._window, QPoint(widget.width() // 2, widget.height() // 2))
        await outside_tasks(lambda: self._tap(at))

    def _tap(self, at: QPoint) -> None:
        screen = self._window.windowHandle()
        QTest.touchEvent(screen, self._device).press(0, at, screen).commit()
        QTest.touchEvent(screen, self._device).release(0, at, screen).commit()

    async def turned_to(self, screen: Screen) -> None:
        """Wait until a page is the one that is shown."""
        page, stack = self._window.page(screen), self._window.stack
        turned = asyncio.Event()

        def on_turn(_index: int) -> None:
            turned.set()

        stack.currentChanged.connect(on_turn)
        try:
            while stack.currentWidget() is not page:
                await turned.wait()
                turned.clear()
        finally:
            stack.currentChanged.disconnect(on_turn)


async def outside_tasks(act: Callable[[], None]) -> None:
    """Let the loop itself call ``act``, which turns Qt's loop: no task may be running then."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        act()
        done.set_result(None)

    loop.call_soon(run)
    await done
