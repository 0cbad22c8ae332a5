"""Turns pages of what does not fit: two arrows, and where one is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.widgets.button import IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label


class Pager(QWidget):
    """Keeps its room while one page is enough, so that nothing beside it jumps.

    Signals:
        turned: the number of the page that is wanted.
    """

    turned = Signal(int)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = 0
        self.before = IconButton(Icon.BEFORE, name=self.tr("Page before"), role="small")
        self.after = IconButton(Icon.AFTER, name=self.tr("Page after"), role="small")
        self.stops = (self.before, self.after)
        """What Tab comes by."""
        self._place = Label(role="caption")
        self._place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.before, self._place, self.after):
            self._row.addWidget(widget)
        self.before.clicked.connect(lambda: self.turned.emit(self._page - 1))
        self.after.clicked.connect(lambda: self.turned.emit(self._page + 1))

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._row.setSpacing(metrics.px(4))
        # Large text has no room to keep.
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(metrics.text <= 1)
        self.setSizePolicy(policy)
        self._place.setMinimumWidth(metrics.high(44))

    def show_place(self, page: int, pages: int) -> None:
        """Show which page of how many there is; nothing for one alone."""
        self._page = page
        self._place.setText(f"{page + 1} / {pages}")
        self.before.setEnabled(page > 0)
        self.after.setEnabled(page < pages - 1)
        self.setVisible(pages > 1)
