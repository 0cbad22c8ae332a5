"""The health panel behind the status line: what the till rests on, and what to do about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from blinkpos_desktop.domain.health import Mark
from blinkpos_desktop.ui.viewmodels.health import CheckView, HealthPanel, HealthView
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page, clear

_TONES: Final = {Mark.OK: "good", Mark.WARNING: "busy", Mark.FAILING: "alert"}


class HealthPage(Page):
    """One card for each check; looked at anew while it is shown.

    Signals:
        back_wanted: the way back to the till.
    """

    back_wanted = Signal()

    def __init__(self, panel: HealthPanel, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Health"), parent=parent)
        self._panel = panel
        self._column = QVBoxLayout(self)
        self._head = QHBoxLayout()
        self._title = Label(role="title", wrap=True)
        self.back = Button(self.tr("Back"))
        self.back.clicked.connect(self.back_wanted)
        self._head.addWidget(self._title, 1)
        self._head.addWidget(self.back)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(self.tr("State of every part"))
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._scroll.setWidget(inner)
        self._column.addLayout(self._head)
        self._column.addWidget(self._scroll, 1)
        self._shown: tuple[CheckView, ...] | None = None
        self._is_wide: bool | None = None
        panel.changed.connect(self.show_view)
        self.show_view(panel.view)

    def show_view(self, view: HealthView) -> None:
        """Show how everything is."""
        self._title.setText(view.title)
        self._title.set_tone(_TONES[view.mark] if view.checks else "quiet")
        if view.checks != self._shown:
            self._fill(view.checks)

    def arrange(self) -> None:
        """Space the cards."""
        metrics = self.metrics
        self._column.setContentsMargins(metrics.margin, metrics.gap, metrics.margin, metrics.gap)
        self._column.setSpacing(metrics.gap)
        self._head.setSpacing(metrics.margin)
        self._rows.setContentsMargins(0, 0, metrics.gap // 2, 0)
        self._rows.setSpacing(metrics.gap)
        self._fill(self._panel.view.checks)

    def showEvent(self, event: QShowEvent) -> None:
        """Look anew whenever the panel is opened."""
        super().showEvent(event)
        if not event.spontaneous():
            self._panel.open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop looking behind the scenes."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._panel.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand two cards side by side where there is room."""
        super().resizeEvent(event)
        if self._is_wide is not (self.width() > self.height()):
            self._is_wide = self.width() > self.height()
            self._fill(self._panel.view.checks)

    def _fill(self, checks: tuple[CheckView, ...]) -> None:
        self._shown = checks
        clear(self._rows)
        columns = 2 if self._is_wide else 1
        for first in range(0, len(checks), columns):
            self._rows.addWidget(self._row(checks[first : first + columns], columns))
        self._rows.addStretch(1)

    def _row(self, checks: tuple[CheckView, ...], columns: int) -> QWidget:
        row = QWidget()
        cards = QHBoxLayout(row)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(self.metrics.gap)
        for check in checks:
            cards.addWidget(self._card(check), 1)
        if len(checks) < columns:
            cards.addStretch(1)
        return row

    def _card(self, check: CheckView) -> QFrame:
        card, metrics = QFrame(), self.metrics
        card.setObjectName("card")
        card.setAccessibleName(f"{check.name}: {check.mark_words}. {check.state} {check.remedy}")
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(8), metrics.margin, metrics.px(8))
        column.setSpacing(metrics.px(2))
        head = QHBoxLayout()
        head.setSpacing(metrics.margin)
        name, mark = Label(check.name, role="name"), Label(check.mark_words, role="caption")
        mark.set_tone(_TONES[check.mark])
        head.addWidget(name, 1)
        head.addWidget(mark)
        column.addLayout(head)
        column.addWidget(Label(check.state, role="caption", wrap=True))
        if check.remedy:
            column.addWidget(Label(check.remedy, wrap=True))
        column.addStretch(1)
        return card
