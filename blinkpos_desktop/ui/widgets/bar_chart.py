"""A bar chart, painted from the theme's colours: one bar for each day, week or month."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from blinkpos_desktop.ui.theme import Metrics

_STEPS: Final = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_Role = QPalette.ColorRole


class BarChart(QWidget):
    """Heights above a line, a few words below it; a tap chooses the bar that is nearest.

    Signals:
        chosen: the number of a bar.
    """

    chosen = Signal(int)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._metrics = Metrics()
        self._values: tuple[int, ...] = ()
        self._names: tuple[str, ...] = ()
        self._quiet: frozenset[int] = frozenset()
        self._marked: int | None = None

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self.updateGeometry()
        self.update()

    def show_bars(
        self, values: tuple[int, ...], names: tuple[str, ...], *, quiet: frozenset[int]
    ) -> None:
        """Show other bars with the names below them; the quiet ones are paler."""
        self._values, self._names, self._quiet = values, names, quiet
        self.update()

    def mark(self, number: int | None) -> None:
        """Mark a bar, or none."""
        self._marked = number
        self.update()

    def bar(self, number: int) -> QRectF:
        """Return where a bar stands, from the line up to the top of its height."""
        area, slot = self._area(), self._slot()
        most = max(*self._values, 1, 1)
        height = area.height() * self._values[number] / most
        if self._values[number]:
            height = max(height, self._metrics.px(3))
        width = max(1.0, min(slot * 0.66, self._metrics.px(44)))
        at = number if self._reads_right() else len(self._values) - 1 - number
        middle = area.left() + slot * (at + 0.5)
        return QRectF(middle - width / 2, area.bottom() - height, width, height)

    def sizeHint(self) -> QSize:
        """Return a comfortable size; it takes what it gets."""
        return QSize(self._metrics.px(300), self._metrics.px(120))

    def minimumSizeHint(self) -> QSize:
        """Return what can still be read."""
        return QSize(self._metrics.px(160), self._metrics.px(70))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars, the line and the names."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # The style sheet gives a widget a palette of its own: the theme's is the window's.
        palette = self.window().palette()
        area = self._area()
        painter.setPen(palette.color(_Role.Midlight))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(len(self._values)):
            role = _Role.Shadow if number in self._quiet else _Role.Accent
            painter.setBrush(palette.color(_Role.WindowText if number == self._marked else role))
            bar = self.bar(number)
            round_ = min(bar.width() / 4, self._metrics.px(4), bar.height())
            painter.drawRoundedRect(bar, round_, round_)
        self._paint_names(painter)
        if self.hasFocus():
            painter.setPen(palette.color(_Role.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the bar that is nearest to the finger."""
        number = self.nearest(event.position())
        if number is not None:
            self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk along the bars."""
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._values:
            super().keyPressEvent(event)
            return
        step = step if self._reads_right() else -step
        last = len(self._values) - 1
        at = last if self._marked is None else self._marked + step
        if self._marked is None or 0 <= at <= last:
            self.chosen.emit(at)

    def nearest(self, point: QPointF) -> int | None:
        """Return the bar at a point, by its place across alone; ``None`` beside them all."""
        at = int((point.x() - self._area().left()) // self._slot()) if self._values else -1
        if not 0 <= at < len(self._values):
            return None
        return at if self._reads_right() else len(self._values) - 1 - at

    def _paint_names(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(self._metrics.font("status"))
        painter.setFont(font)
        painter.setPen(self.window().palette().color(_Role.PlaceholderText))
        metrics, area = painter.fontMetrics(), self._area()
        room = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        gap = self._metrics.px(10)
        every = max(1, math.ceil((room + gap) / self._slot()))
        last: QRectF | None = None
        # From the last one back: what is newest has its name.
        for number in range(len(self._names) - 1, -1, -every):
            half = metrics.horizontalAdvance(self._names[number]) / 2 + 1
            middle = min(max(self.bar(number).center().x(), half), self.width() - half)
            box = QRectF(middle - half, area.bottom(), half * 2, self._foot())
            if last is None or not box.adjusted(-gap / 2, 0, gap / 2, 0).intersects(last):
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._names[number])
                last = box

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(2, self._metrics.px(8), -2, -self._foot())

    def _foot(self) -> int:
        return self._metrics.high(22)

    def _slot(self) -> float:
        return self._area().width() / max(1, len(self._values))

    def _reads_right(self) -> bool:
        return self.layoutDirection() is Qt.LayoutDirection.LeftToRight
