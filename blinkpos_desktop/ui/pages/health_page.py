"""The health panel behind the status line: what the till rests on, and what to do about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from blinkpos_desktop.domain.health import Mark
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.health import CheckView, HealthPanel, HealthView
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page, clear

_CARD: Final = 360
"""The least width of a card beside another, in pixels of the 800x480 design."""
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
        self._cards: list[_Card] = []
        self._shown_columns = 0
        panel.changed.connect(self.show_view)
        self.show_view(panel.view)

    def show_view(self, view: HealthView) -> None:
        """Show how everything is."""
        self._title.setText(view.title)
        self._title.set_tone(_TONES[view.mark] if view.checks else "quiet")
        shown = self._shown or ()
        if [each.check for each in view.checks] != [each.check for each in shown]:
            self._fill(view.checks)
            return
        # In their places: whoever reads further down is not thrown back to the top.
        self._shown = view.checks
        for card, before, now in zip(self._cards, shown, view.checks, strict=True):
            if now != before:
                card.show_check(now)

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
        if self._columns() != self._shown_columns:
            self._fill(self._panel.view.checks)

    def _fill(self, checks: tuple[CheckView, ...]) -> None:
        self._shown = checks
        clear(self._rows)
        self._cards = [_Card(check, self.metrics) for check in checks]
        columns = self._shown_columns = self._columns()
        for first in range(0, len(checks), columns):
            self._rows.addWidget(self._row(self._cards[first : first + columns], columns))
        self._rows.addStretch(1)

    def _columns(self) -> int:
        """Return 2 where two cards have room for their words beside each other."""
        return 2 if self.metrics.is_wide and self.width() >= 2 * self.metrics.high(_CARD) else 1

    def _row(self, beside: list[_Card], columns: int) -> QWidget:
        row = QWidget()
        cards = QHBoxLayout(row)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(self.metrics.gap)
        for card in beside:
            cards.addWidget(card, 1)
        if len(beside) < columns:
            cards.addStretch(1)
        return row


class _Card(QFrame):
    """One check in words."""

    def __init__(self, check: CheckView, metrics: Metrics) -> None:
        super().__init__()
        self.setObjectName("card")
        column = QVBoxLayout(self)
        column.setContentsMargins(metrics.margin, metrics.px(8), metrics.margin, metrics.px(8))
        column.setSpacing(metrics.px(2))
        head = QHBoxLayout()
        head.setSpacing(metrics.margin)
        self._mark = Label(role="caption")
        head.addWidget(Label(check.name, role="name"), 1)
        head.addWidget(self._mark)
        self._state = Label(role="caption", wrap=True)
        self._remedy = Label(wrap=True)
        column.addLayout(head)
        column.addWidget(self._state)
        column.addWidget(self._remedy)
        column.addStretch(1)
        self.show_check(check)

    def show_check(self, check: CheckView) -> None:
        """Show how it is now."""
        self.setAccessibleName(f"{check.name}: {check.mark_words}. {check.state} {check.remedy}")
        self._mark.setText(check.mark_words)
        self._mark.set_tone(_TONES[check.mark])
        self._state.setText(check.state)
        self._remedy.setText(check.remedy)
        self._remedy.setVisible(bool(check.remedy))
