"""A person's hands and eyes: real touch events on the window, and pictures of its pixels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import zxingcpp
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.viewmodels.view import Screen


class DemoError(Exception):
    """The story went another way than it must; the text says how."""


class Hands:
    """Touches the till and looks at it."""

    def __init__(self, window: MainWindow, pictures: Path) -> None:
        """Take the window; pictures go to a folder, which is made."""
        self._window = window
        self._pictures = pictures
        self._device = QTest.createTouchDevice()
        pictures.mkdir(parents=True, exist_ok=True)

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

    def picture(self, name: str) -> QImage:
        """Take a picture of the window and keep it as ``<name>.png``."""
        image = self._window.grab().toImage()
        if not image.save(str(self._pictures / f"{name}.png")):
            raise DemoError(f"the picture {name}.png can't be written to {self._pictures}")
        return image


async def outside_tasks(act: Callable[[], None]) -> None:
    """Let the loop itself call ``act``, which turns Qt's loop: no task may be running then."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        act()
        done.set_result(None)

    loop.call_soon(run)
    await done


def read_qr(image: QImage) -> str:
    """Return the text of the one QR code in a picture, read from its pixels.

    Raises:
        DemoError: there is none that can be read.
    """
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    shape = (grey.height(), grey.bytesPerLine())
    found = zxingcpp.read_barcodes(
        memoryview(grey.constBits()).cast("B", shape),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
    )
    if len(found) != 1:
        raise DemoError("the QR code on the screen can't be read")
    return found[0].text


def is_green(image: QImage) -> bool:
    """Whether most of a picture is green."""
    places = [(x, y) for x in range(5, 100, 10) for y in range(5, 100, 10)]
    greens = 0
    for x, y in places:
        colour = image.pixelColor(image.width() * x // 100, image.height() * y // 100)
        greens += colour.green() > colour.red() + 20 and colour.green() > colour.blue() + 10
    return greens > len(places) // 2
