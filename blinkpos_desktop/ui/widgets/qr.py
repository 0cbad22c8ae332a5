"""The QR code: dark on white with its quiet zone, in whole pixels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

QUIET_ZONE: Final = 4
"""Empty modules around the code, as the standard asks for."""
_WHITE: Final = 1
_MASK: Final = 0
"""Any mask is valid; trying all eight for the prettiest takes four times as long."""


def modules_of(payment_request: str) -> list[list[bool]]:
    """Return the code's modules, dark ones true, without the quiet zone.

    Bech32 may be written in capitals, which a QR code holds in little more than half the room.
    """
    # Imported late: 40 ms that the first keypad must not wait for.
    import qrcode
    from qrcode.util import MODE_ALPHA_NUM, QRData

    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_L, border=0, mask_pattern=_MASK
    )
    code.add_data(QRData(payment_request.upper().encode(), mode=MODE_ALPHA_NUM), optimize=0)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.get_matrix()]


class QrCode(QWidget):
    """One payment request as a QR code, as large as the room allows."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._shown = ""
        self._image = QImage()

    def show_request(self, payment_request: str) -> None:
        """Show another payment request."""
        if payment_request != self._shown:
            self._shown = payment_request
            self._image = _image_of(modules_of(payment_request))
            self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(320, 320)

    def minimumSizeHint(self) -> QSize:
        """Return the least that phones still read from a hand's breadth."""
        return QSize(200, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the code in the middle, each module a whole number of the screen's pixels."""
        del event
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        modules = self._image.width()
        module = int(min(self.width(), self.height()) * ratio) // modules
        side = module * modules / ratio
        left = int((self.width() - side) / 2 * ratio) / ratio
        top = int((self.height() - side) / 2 * ratio) / ratio
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.drawImage(QRectF(left, top, side, side), self._image)
        painter.end()


def _image_of(modules: list[list[bool]]) -> QImage:
    side = len(modules) + 2 * QUIET_ZONE
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    for y, row in enumerate(modules):
        for x, is_dark in enumerate(row):
            if is_dark:
                image.setPixel(x + QUIET_ZONE, y + QUIET_ZONE, 0xFF000000)
    return image
