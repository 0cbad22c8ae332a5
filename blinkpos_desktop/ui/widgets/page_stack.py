"""The pages, one of them shown; one that is higher than the window scrolls."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScroller, QStackedLayout, QWidget

from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.throwing import throw

SETTLES_MS: Final = 100
"""Sooner than a finger that pushes."""


class PageStack(QWidget):
    """What a stacked widget is, with a frame round each page that scrolls when it must.

    Signals:
        currentChanged: the number of the page that is shown now.
    """

    currentChanged = Signal(int)  # noqa: N815 (the name is Qt's)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = QStackedLayout(self)
        self._frames: dict[QWidget, _Frame] = {}
        self._stack.currentChanged.connect(self.currentChanged)

    def addWidget(self, page: Page) -> None:
        """Take a page."""
        self._frames[page] = _Frame(page)
        self._stack.addWidget(self._frames[page])

    def currentWidget(self) -> QWidget | None:
        """Return the page that is shown."""
        frame = self._stack.currentWidget()
        return frame.widget() if isinstance(frame, QScrollArea) else None

    def setCurrentWidget(self, page: QWidget) -> None:
        """Show a page, from its top."""
        frame = self._frames[page]
        frame.verticalScrollBar().setValue(0)
        self._stack.setCurrentWidget(frame)


class _Frame(QScrollArea):
    """A window onto a page, which fills it as long as it can."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)
        self._is_thrown = self._is_settling = False
        self.verticalScrollBar().rangeChanged.connect(self._settle)

    def minimumSizeHint(self) -> QSize:
        """Return nothing: the window's size is not the pages' to say."""
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the page how much of it is seen."""
        # The event tells the viewport's size. To ask the viewport itself, which Qt made, would make
        # PySide6 load the classes of all widgets that it might be: a tenth of the start.
        self._page.set_room(event.size().height())
        super().resizeEvent(event)

    def _settle(self) -> None:
        """Wait until the window has its shape: for a moment a page may be higher than its room.

        Each time that a gesture is taken anew, Qt and PySide6 keep some 3 KB of it for ever.
        """
        if not self._is_settling:
            self._is_settling = True
            QTimer.singleShot(SETTLES_MS, self, self._take_finger)

    def _take_finger(self) -> None:
        """Let a finger push the page; not where there is nothing to push, for taps come later."""
        self._is_settling = False
        has_more = self.verticalScrollBar().maximum() > 0
        if has_more is not self._is_thrown:
            self._is_thrown = has_more
            if has_more:
                throw(self.viewport())
            else:
                QScroller.ungrabGesture(self.viewport())
