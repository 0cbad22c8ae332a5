"""What every page is: a widget that wears the metrics and may turn with the window."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import shiboken6
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.appearance import Appearance
from blinkpos_desktop.ui.theme import Metrics

_ANY_HEIGHT: Final = 16_777_215
_PANE: Final = 350
"""The least width of one beside another, in pixels of the 800x480 design."""


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

    def set_appearance(self, appearance: Appearance) -> None:
        """Take what is more than sizes and colours: how long it stays, whether it moves."""

    def set_room(self, height: int) -> None:
        """Know how much of the page can be seen at once; it may be higher."""

    def arrange(self) -> None:
        """Lay the page out with ``self.metrics``."""

    def minimumSizeHint(self) -> QSize:
        """Return the least height, at any width: a page is as wide as its window."""
        return QSize(0, super().minimumSizeHint().height())

    def heightForWidth(self, width: int) -> int:
        """Return the least height at a width: more than that, and the page would scroll."""
        layout = self.layout()
        return layout.totalMinimumHeightForWidth(width) if layout else -1


class TwoPane(Page):
    """A page of two halves: side by side on a wide window, one above the other on a tall one."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name=name, parent=parent)
        self.panes = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._is_wide: bool | None = None
        self._held: list[QWidget] = []
        self._squares: list[QWidget] = []
        self._room = 0

    def hold(self, widget: QWidget, *, is_square: bool = False) -> None:
        """Add a half that is always seen whole, however high the other one makes the page.

        A square one takes no more width than height: the other half has the rest.
        """
        if is_square:
            self._squares.append(widget)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(widget, 1)
        column.addStretch(0)
        self._held.append(widget)
        self.panes.addWidget(holder)

    def set_room(self, height: int) -> None:
        """Keep what is held no higher than what can be seen."""
        self._room = height
        self._limit()

    @property
    def is_wide(self) -> bool:
        """Whether the halves stand side by side: in a wide window, if their texts let them."""
        if not self.metrics.is_wide:
            return False
        halves = [self.panes.itemAt(number) for number in range(self.panes.count())]
        margins = self.panes.contentsMargins()
        needed = margins.left() + margins.right() + self.panes.spacing() * (len(halves) - 1)
        needed += sum(half.minimumSize().width() for half in halves if half is not None)
        return needed <= self.width()

    def arrange(self) -> None:
        """Space the halves."""
        margin = self.metrics.margin
        self.panes.setContentsMargins(margin, margin // 2, margin, margin // 2)
        self.panes.setSpacing(margin)
        self._turn()

    def turn(self) -> None:
        """Adapt to the window having become wide or tall."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the window's shape asks for it."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        is_wide = self.is_wide
        if self._is_wide is not is_wide:
            self._is_wide = is_wide
            self._limit()
            direction = QBoxLayout.Direction
            self.panes.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
            self.turn()

    def _limit(self) -> None:
        margins = self.panes.contentsMargins()
        room = self._room - margins.top() - margins.bottom()
        for widget in self._held:
            is_limited = bool(self._is_wide) and self._room > 0
            least = widget.minimumSizeHint().height()
            most = max(room, least) if is_limited else _ANY_HEIGHT
            widget.setMaximumHeight(most)
            if widget in self._squares and (holder := widget.parentWidget()) is not None:
                holder.setMaximumWidth(most)


def put_in_order(stops: Iterable[QWidget]) -> None:
    """Let Tab go from one to the next: what is made anew would come behind all that is older."""
    for one, other in pairwise(stops):
        QWidget.setTabOrder(one, other)


def clear(layout: QLayout, *, but: QWidget | None = None) -> None:
    """Take everything out of a layout and let go of its widgets, of all ``but`` one."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        # Qt leaves an item to whoever takes it, and PySide6 never deletes it: 88 bytes each.
        shiboken6.delete(item)
        if widget is not None and widget is not but:
            widget.hide()
            widget.deleteLater()


class Panes(QWidget):
    """Two widgets of one size: side by side where it is wide, one above the other else."""

    def __init__(self, one: QWidget, other: QWidget, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._metrics = Metrics()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(one, 1)
        self._box.addWidget(other, 1)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self._box.setSpacing(metrics.gap)
        self._turn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the shape asks for it."""
        super().resizeEvent(event)
        self._turn()

    def _turn(self) -> None:
        direction, metrics = QBoxLayout.Direction, self._metrics
        is_wide = metrics.is_wide and self.width() >= 2 * metrics.high(_PANE)
        self._box.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        # Below, the other one is the longer.
        self._box.setStretch(0, 1 if is_wide else 2)
        self._box.setStretch(1, 1 if is_wide else 3)
