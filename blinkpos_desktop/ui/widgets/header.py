"""The header: a tab for each page of the owner's, a badge for what waits, light or dark."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import restyle


class Header(QWidget):
    """The tabs in a row; they come closer where the window is narrow.

    Signals:
        chosen: the name of a tab.
        theme_wanted: the other one of light and dark.
    """

    chosen = Signal(str)
    theme_wanted = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting = 0
        self._row = QHBoxLayout(self)
        self._row.setSpacing(0)
        # A new tab is a line here, one in the window's ways (MainWindow.open_…) and a page maker.
        self.tabs = {
            "till": Button(self.tr("Till"), role="tab"),
            "items": Button(self.tr("Items"), role="tab"),
            "history": Button(self.tr("History"), role="tab"),
            "tips": Button(self.tr("Tips"), role="tab"),
            "attention": Button(role="badge"),
            "settings": IconButton(Icon.GEAR, name=self.tr("Settings"), role="tab"),
        }
        self.tabs["settings"].setProperty("slim", True)
        for name, tab in self.tabs.items():
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            tab.clicked.connect(lambda _=False, it=name: self.chosen.emit(it))
            if name == "settings":
                # What is set once stands apart from what is looked at every day.
                self._row.addStretch(1)
            self._row.addWidget(tab)
        self.theme = IconButton(Icon.MOON, name=self.tr("Light or dark"), role="tab")
        self.theme.setProperty("slim", True)
        self.theme.clicked.connect(self.theme_wanted)
        self._row.addWidget(self.theme)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        margin = metrics.margin
        self._row.setContentsMargins(margin // 2, 0, margin // 2, 0)
        self.fit()

    def show_waiting(self, count: int) -> None:
        """Show how much needs a person: a badge until nothing does."""
        badge = self.tabs["attention"]
        badge.setAccessibleName(self.tr("{n} need attention").format(n=count))
        badge.setVisible(count > 0)
        self._waiting = count
        self.fit()

    def fit(self) -> None:
        """Say the badge in fewer letters, then move the tabs closer, as the window asks for it."""
        badge = self.tabs["attention"]
        self._set_tight(is_tight=False)
        badge.setText(self.tr("Attention ({n})").format(n=self._waiting))
        if self._waiting and not self._fits():
            badge.setText(self.tr("! {n}").format(n=self._waiting))
        if not self._fits():
            self._set_tight(is_tight=True)

    def uncheck(self) -> None:
        """Show that none of the tabs is open: one of a group never goes out by itself."""
        for tab in self.tabs.values():
            tab.setAutoExclusive(False)
            tab.setChecked(False)
            tab.setAutoExclusive(True)

    def show_theme(self, *, is_dark: bool, is_chosen: bool) -> None:
        """Show what a tap would bring; nothing, where the owner has chosen neither of the two."""
        self.theme.set_icon(Icon.SUN if is_dark else Icon.MOON)
        self.theme.setVisible(is_chosen)

    def _fits(self) -> bool:
        self._row.invalidate()
        return self._row.sizeHint().width() <= self.window().width()

    def _set_tight(self, *, is_tight: bool) -> None:
        for tab in self.tabs.values():
            if tab.property("tight") is not is_tight:
                restyle(tab, "tight", is_tight)
