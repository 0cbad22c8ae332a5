"""What every page is: a widget that wears the metrics and may turn with the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QLayoutItem, QWidget

from blinkpos_desktop.ui.theme import Metrics


class Page(QWidget):
    """A page of the stack. ``arrange`` is called whenever the sizes change."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self.metrics = Metrics()

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self.metrics = metrics
        self.arrange()

    def arrange(self) -> None:
        """Lay the page out with ``self.metrics``."""


class TwoPane(Page):
    """A page of two halves: side by side on a wide window, one above the other on a tall one."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name=name, parent=parent)
        self.panes = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._is_wide: bool | None = None

    @property
    def is_wide(self) -> bool:
        """Whether the halves stand side by side."""
        return self.width() > self.height()

    def arrange(self) -> None:
        """Space the halves."""
        margin = self.metrics.margin
        self.panes.setContentsMargins(margin, margin // 2, margin, margin // 2)
        self.panes.setSpacing(margin)

    def turn(self) -> None:
        """Adapt to the window having become wide or tall."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the window's shape asks for it."""
        super().resizeEvent(event)
        if self._is_wide is not self.is_wide:
            self._is_wide = self.is_wide
            direction = QBoxLayout.Direction
            self.panes.setDirection(
                direction.LeftToRight if self._is_wide else direction.TopToBottom
            )
            self.turn()


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let go of its widgets."""
    while (item := layout.takeAt(0)) is not None:
        _let_go(item)


def _let_go(item: QLayoutItem) -> None:
    widget = item.widget()
    if widget is not None:
        widget.hide()
        widget.deleteLater()


class Panes(QWidget):
    """Two widgets of one size: side by side where it is wide, one above the other else."""

    def __init__(self, one: QWidget, other: QWidget, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(one, 1)
        self._box.addWidget(other, 1)

    def set_spacing(self, pixels: int) -> None:
        """Set the room between them."""
        self._box.setSpacing(pixels)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the shape asks for it."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        is_wide = self.width() > self.height()
        self._box.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        # Below, the other one is the longer.
        self._box.setStretch(0, 1 if is_wide else 2)
        self._box.setStretch(1, 1 if is_wide else 3)
