"""A person's eyes: pictures of the window's pixels, and what is seen in them."""

from __future__ import annotations

from pathlib import Path

import zxingcpp
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.demo.story import DemoError


class Eyes:
    """Looks at the till."""

    def __init__(self, window: QWidget, pictures: Path) -> None:
        """Take the window; pictures go to a folder, which is made."""
        self._window = window
        self._pictures = pictures
        pictures.mkdir(parents=True, exist_ok=True)

    def picture(self, name: str) -> QImage:
        """Take a picture of the window and keep it as ``<name>.png``."""
        image = self._window.grab().toImage()
        if not image.save(str(self._pictures / f"{name}.png")):
            raise DemoError(f"the picture {name}.png can't be written to {self._pictures}")
        return image


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
