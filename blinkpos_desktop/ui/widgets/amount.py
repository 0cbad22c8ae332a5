"""The amount line: as large as fits, always of the same height."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget


class AmountLine(QWidget):
    """A number with its unit, painted on one baseline; the figures shrink, the line does not."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._before, self._number, self._behind = "", "", ""
        self._most = 40
        self._align = Qt.AlignmentFlag.AlignLeft
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def set_amount(self, number: str, *, before: str = "", behind: str = "") -> None:
        """Show a number between what stands before it and behind it."""
        if (before, number, behind) != (self._before, self._number, self._behind):
            self._before, self._number, self._behind = before, number, behind
            self.setAccessibleName(f"{self._name}: {self.text()}")
            self.update()

    def text(self) -> str:
        """Return what is painted, for screen readers and tests."""
        return f"{self._before}{self._number}{self._behind}"

    def set_size(self, pixels: int) -> None:
        """Set the most that the figures may be high."""
        self._most = pixels
        self.updateGeometry()
        self.update()

    def set_alignment(self, alignment: Qt.AlignmentFlag) -> None:
        """Set where the number stands: left, centred or right; left and right are mirrored."""
        self._align = alignment
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the largest figures, and any width."""
        return QSize(self._most, QFontMetrics(self._font(self._most)).height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: the line never jumps."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the three parts at the largest size that fits."""
        del event
        painter = QPainter(self)
        size = self._fitting_size()
        x, middle = self._left(size), self.height() // 2
        # The baseline belongs to the largest size's figures: it stays where it is, too.
        baseline = middle + QFontMetrics(self._font(size)).capHeight() // 2
        muted = self.palette().color(QPalette.ColorRole.PlaceholderText)
        strong = self.palette().color(QPalette.ColorRole.WindowText)
        for text, pixels, colour in (
            (self._before, size, muted),
            (self._number, size, strong),
            (self._behind, self._unit_size(size), muted),
        ):
            font = self._font(pixels)
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(x, baseline, text)
            x += QFontMetrics(font).horizontalAdvance(text)
        painter.end()

    def _left(self, size: int) -> int:
        if self._align & Qt.AlignmentFlag.AlignHCenter:
            return max(0, (self.width() - self._width_at(size)) // 2)
        is_mirrored = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        is_right = bool(self._align & Qt.AlignmentFlag.AlignRight) is not is_mirrored
        return self.width() - self._width_at(size) if is_right else 0

    def _fitting_size(self) -> int:
        width = self._width_at(self._most)
        if width <= self.width():
            return self._most
        size = max(8, self._most * self.width() // max(width, 1))
        while size > 8 and self._width_at(size) > self.width():  # noqa: PLR2004 (hinting rounds)
            size -= 1
        return size

    def _width_at(self, size: int) -> int:
        whole = QFontMetrics(self._font(size)).horizontalAdvance(self._before + self._number)
        unit = QFontMetrics(self._font(self._unit_size(size)))
        return whole + unit.horizontalAdvance(self._behind)

    @staticmethod
    def _unit_size(size: int) -> int:
        return max(8, size * 2 // 5)

    def _font(self, pixels: int) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(pixels)
        font.setWeight(QFont.Weight.DemiBold)
        return font
