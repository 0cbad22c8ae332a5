"""Labels in the style sheet's roles, and one that shortens what does not fit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from blinkpos_desktop.ui.theme import Metrics

_ANY_HEIGHT: Final = 16_777_215


class Label(QLabel):
    """A label in a role; it shows plain text only, whatever a memo may hold."""

    def __init__(
        self, text: str = "", *, role: str = "", wrap: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)

    def set_tone(self, tone: str) -> None:
        """Show the text in another tone of the style sheet."""
        if self.property("tone") != tone:
            restyle(self, "tone", tone)


class ElidedLabel(Label):
    """A label of one line that is shortened with … where there is no room."""

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, role=role, parent=parent)
        self._mode = mode
        self._least = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_least(self, pixels: int) -> None:
        """Keep so much of the text, if it is that long, before it is shortened."""
        self._least = pixels
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return one line's height and little width."""
        least = min(self._least, self.sizeHint().width())
        return QSize(max(self.fontMetrics().height(), least), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the text as fits."""
        del event
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.contentsRect(), int(self.alignment()), text)
        painter.end()


def keep_room(label: QWidget, height: int, metrics: Metrics) -> None:
    """Keep the room for words that come and go: nothing jumps, unless large text needs more."""
    label.setMinimumHeight(height)
    label.setMaximumHeight(height if metrics.text <= 1 else _ANY_HEIGHT)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by, and let it take effect."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        # What has not been shown yet is polished when it is.
        widget.style().unpolish(widget)
        widget.style().polish(widget)
