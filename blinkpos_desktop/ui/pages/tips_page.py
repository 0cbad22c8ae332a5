"""The Tips tab: who has received how much, and what is still on its way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from blinkpos_desktop.domain.tips import Period, TipSummary
from blinkpos_desktop.ui.viewmodels.tips import Tips, TipsView
from blinkpos_desktop.ui.viewmodels.words import Tone, sats_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import Page, clear


class TipsPage(Page):
    """Sums per recipient for a period; loaded only while it is shown."""

    def __init__(self, tips: Tips, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Tips"), parent=parent)
        self._tips = tips
        self._column = QVBoxLayout(self)
        self._buttons = QHBoxLayout()
        self.periods = {period: self._period_button(period) for period in Period}
        self._state = Label(role="title", wrap=True)
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.retry = Button(self.tr("Try again"), role="main")
        self.retry.clicked.connect(tips.retry)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(self.tr("Tips by recipient"))
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._scroll.setWidget(inner)
        self._shown: tuple[TipSummary, ...] | None = None
        self._message = QWidget()
        message = QVBoxLayout(self._message)
        message.addStretch(1)
        message.addWidget(self._state)
        message.addSpacing(16)
        message.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        message.addStretch(1)
        self._column.addLayout(self._buttons)
        self._column.addWidget(self._message, 1)
        self._column.addWidget(self._scroll, 1)
        tips.changed.connect(self.show_view)
        self.show_view(tips.view)

    def show_view(self, view: TipsView) -> None:
        """Show the rows, or in words why there are none."""
        for period, button in self.periods.items():
            button.setChecked(period is view.period)
        words = self._words(view)
        self._state.setText(words)
        self._state.set_tone("alert" if view.error else "quiet")
        self._message.setVisible(bool(words))
        self.retry.setVisible(bool(view.error))
        self._scroll.setVisible(not words)
        if not words and view.rows != self._shown:
            self._shown = view.rows
            self._fill(view.rows or ())

    def arrange(self) -> None:
        """Space the rows."""
        metrics = self.metrics
        self._column.setContentsMargins(metrics.margin, metrics.gap, metrics.margin, metrics.gap)
        self._column.setSpacing(metrics.margin)
        self._buttons.setSpacing(metrics.gap)
        self._rows.setSpacing(metrics.gap)
        self._fill(self._shown or ())

    def showEvent(self, event: QShowEvent) -> None:
        """Load the rows anew whenever the tab is opened."""
        super().showEvent(event)
        if not event.spontaneous():
            self._tips.open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop loading behind the scenes."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._tips.close()

    def _words(self, view: TipsView) -> str:
        if view.error:
            return view.error
        if view.rows is None:
            return self.tr("Loading…")
        return "" if view.rows else self.tr("No tips in this time")

    def _period_button(self, period: Period) -> Button:
        text = {
            Period.TODAY: self.tr("Today"),
            Period.WEEK: self.tr("Week"),
            Period.MONTH: self.tr("Month"),
            Period.ALL: self.tr("All"),
        }[period]
        button = Button(text, role="period")
        button.setCheckable(True)
        # The viewmodel says which one is chosen; a second tap must not take it back.
        button.clicked.connect(lambda: self._choose(period))
        self._buttons.addWidget(button, 1)
        return button

    def _choose(self, period: Period) -> None:
        self._tips.choose(period)
        self.show_view(self._tips.view)

    def _fill(self, rows: tuple[TipSummary, ...]) -> None:
        clear(self._rows)
        for row in rows:
            self._rows.addWidget(self._card(row))
        self._rows.addStretch(1)

    def _card(self, row: TipSummary) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        metrics = self.metrics
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(12), metrics.margin, metrics.px(12))
        column.setSpacing(metrics.px(4))
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(ElidedLabel(row.recipient, role="title"), 1)
        head.addWidget(Label(sats_text(row.sats), role="title"))
        count = self.tr("{n} tip") if row.count == 1 else self.tr("{n} tips")
        foot.addWidget(Label(count.format(n=row.count), role="caption"))
        foot.addStretch(1)
        foot.setSpacing(metrics.margin)
        for text, tone in self._shares(row):
            share = Label(text, role="caption")
            share.set_tone(tone)
            foot.addWidget(share)
        column.addLayout(head)
        column.addLayout(foot)
        return card

    def _shares(self, row: TipSummary) -> list[tuple[str, Tone]]:
        shares = (
            (row.settled_sats, self.tr("{sats} settled"), Tone.GOOD),
            (row.open_sats, self.tr("{sats} under way"), Tone.BUSY),
            (row.attention_sats, self.tr("{sats} need attention"), Tone.ALERT),
            (row.kept_sats, self.tr("{sats} kept"), Tone.QUIET),
        )
        return [(text.format(sats=sats_text(sats)), tone) for sats, text, tone in shares if sats]
