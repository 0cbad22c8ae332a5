"""Widgets beside one another, in more lines than one where their texts need the width."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class Row(QLayout):
    """A row that breaks rather than cut a word.

    Each widget has a share of its line's width, and its own least width in any case; a share of 0
    is that alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._shares: list[int] = []
        self._share = 1
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(0)

    def add(self, widget: QWidget, share: int = 1) -> None:
        """Take another widget."""
        self._share = share
        self.addWidget(widget)

    def addItem(self, item: QLayoutItem) -> None:
        """Take an item; Qt calls this."""
        self._items.append(item)
        self._shares.append(self._share)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return one of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one back."""
        if not 0 <= index < len(self._items):
            return None
        self._shares.pop(index)
        return self._items.pop(index)

    def expandingDirections(self) -> Qt.Orientation:
        """Return what its widgets make use of."""
        directions = Qt.Orientation(0)
        for item in self._items:
            directions |= item.expandingDirections()
        return directions

    def hasHeightForWidth(self) -> bool:
        """Return True: narrow, it is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of its lines at a width."""
        return self._height_of(self._lines(width, self._leasts()))

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return self._one_line(lambda item: item.sizeHint().width())

    def minimumSize(self) -> QSize:
        """Return the width of the widest alone, and one line's height."""
        leasts = self._leasts()
        return QSize(max(leasts.values(), default=0), self._height(list(leasts)))

    def setGeometry(self, rect: QRect) -> None:
        """Lay out as many lines as the width asks for."""
        super().setGeometry(rect)
        leasts, gap = self._leasts(), self.spacing()
        lines = self._lines(rect.width(), leasts)
        parent = self.parentWidget()
        is_mirrored = parent is not None and parent.isRightToLeft()
        spare = max(0, rect.height() - self._height_of(lines))
        top = rect.y()
        for number, line in enumerate(lines):
            height = self._height(line) + spare * (number + 1) // len(lines)
            height -= spare * number // len(lines)
            left = rect.x()
            for at, width in zip(line, self._widths(line, rect.width(), leasts), strict=True):
                box = QRect(left, top, width, height)
                if is_mirrored:
                    box.moveLeft(rect.left() + rect.right() - box.right())
                self._items[at].setGeometry(box)
                left += width + gap
            top += height + gap

    def _shown(self) -> list[int]:
        return [at for at, item in enumerate(self._items) if not item.isEmpty()]

    def _least(self, at: int) -> int:
        item = self._items[at]
        widget = item.widget()
        # A least width that was set is not to hide what a text needs.
        return max(item.minimumSize().width(), widget.minimumSizeHint().width() if widget else 0)

    def _leasts(self) -> dict[int, int]:
        """Return the least widths of those that are shown: asked once, for it is asked often."""
        return {at: self._least(at) for at in self._shown()}

    def _height_of(self, lines: list[list[int]]) -> int:
        heights = [self._height(line) for line in lines]
        return sum(heights) + self.spacing() * max(0, len(heights) - 1)

    def _height(self, line: list[int]) -> int:
        return max((self._items[at].sizeHint().height() for at in line), default=0)

    def _one_line(self, width_of: Callable[[QLayoutItem], int]) -> QSize:
        shown = self._shown()
        width = sum(width_of(self._items[at]) for at in shown)
        return QSize(width + self.spacing() * max(0, len(shown) - 1), self._height(shown))

    def _lines(self, width: int, leasts: dict[int, int]) -> list[list[int]]:
        """Return what stands on which line: as few lines as can be, as even as they can be."""
        shown, gap = list(leasts), self.spacing()
        for count in range(1, len(shown) + 1):
            each = -(-len(shown) // count)
            lines = [shown[first : first + each] for first in range(0, len(shown), each)]
            if all(sum(leasts[at] + gap for at in line) - gap <= width for line in lines):
                return lines
        return [[at] for at in shown]

    def _widths(self, line: list[int], width: int, leasts: dict[int, int]) -> list[int]:
        """Return how wide each is: by its share, but none below its least."""
        widths = {at: leasts[at] for at in line}
        sharing = [at for at in line if self._shares[at]]
        room = width - self.spacing() * (len(line) - 1)
        room -= sum(least for at, least in widths.items() if at not in sharing)
        while sharing:
            whole = sum(self._shares[at] for at in sharing)
            large = [at for at in sharing if widths[at] * whole > room * self._shares[at]]
            if not large:
                for at in sharing:
                    widths[at] = room * self._shares[at] // whole
                    room, whole = room - widths[at], whole - self._shares[at]
                break
            room -= sum(widths[at] for at in large)
            sharing = [at for at in sharing if at not in large]
        return [widths[at] for at in line]
