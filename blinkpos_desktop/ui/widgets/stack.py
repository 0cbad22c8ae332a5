"""Several widgets in one place, of which one is shown and asks for its room alone."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedLayout


class Stack(QStackedLayout):
    """A stacked layout that forgets what is hidden: a long page must not stretch a short one."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self._changed)

    def hasHeightForWidth(self) -> bool:
        """Return whether the one that is shown is higher when it is narrow."""
        shown = self.currentWidget()
        return shown is not None and shown.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """Return the least height of the one that is shown."""
        shown = self.currentWidget()
        layout = shown.layout() if shown else None
        return layout.totalMinimumHeightForWidth(width) if layout else -1

    def minimumHeightForWidth(self, width: int) -> int:
        """Return the same."""
        return self.heightForWidth(width)

    def minimumSize(self) -> QSize:
        """Return the least size of the one that is shown."""
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown else QSize()

    def sizeHint(self) -> QSize:
        """Return the size of the one that is shown."""
        shown = self.currentWidget()
        return shown.sizeHint() if shown else QSize()

    def _changed(self, _index: int) -> None:
        self.invalidate()
        parent = self.parentWidget()
        if parent is not None:
            parent.updateGeometry()
