"""The check mark of a payment received, drawn stroke by stroke."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from blinkpos_desktop.ui.theme import CHECK_MS


class CheckMark(QWidget):
    """A circle and a check mark that draw themselves once."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = 120
        self._drawn = 1.0
        self.is_still = False
        """Whether it stands there at once: the owner's reduced motion."""
        self._motion = QVariantAnimation(self)
        self._motion.setDuration(CHECK_MS)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.valueChanged.connect(self._draw)

    def play(self) -> None:
        """Draw it from the beginning; whole at once where nothing is to move."""
        if self.is_still:
            self.finish()
            return
        self._motion.stop()
        # The motion tells a value that is another only, and it began at nothing.
        self._draw(0.0)
        self._motion.start()

    def finish(self) -> None:
        """Show it whole at once."""
        self._motion.stop()
        self._draw(1.0)

    def set_side(self, pixels: int) -> None:
        """Set its size."""
        self._side = pixels
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """Return the square that it fills."""
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the strokes as has been drawn."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / 100, self.height() / 100)
        pen = QPen(self.palette().windowText().color(), 7)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        ring = min(1.0, self._drawn / 0.6)
        painter.drawArc(QRectF(5, 5, 90, 90), 90 * 16, -round(360 * 16 * ring))
        tick = max(0.0, (self._drawn - 0.4) / 0.6)
        if tick > 0:
            painter.drawPath(_tick(tick))
        painter.end()

    def _draw(self, part: object) -> None:
        self._drawn = float(str(part))
        self.update()


def _tick(part: float) -> QPainterPath:
    """Return the check mark's beginning: ``part`` of its whole length."""
    start, corner, end = QPointF(29, 52), QPointF(44, 67), QPointF(72, 36)
    bend = 0.34
    path = QPainterPath(start)
    path.lineTo(start + (corner - start) * min(1.0, part / bend))
    if part > bend:
        path.lineTo(corner + (end - corner) * ((part - bend) / (1 - bend)))
    return path
