"""The Tips tab: how much came in, day by day, for whom, and what is still on its way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from blinkpos_desktop.domain.history import Days
from blinkpos_desktop.domain.tips import Period, TipsReport, TipSummary, average
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.times import days_text
from blinkpos_desktop.ui.viewmodels.tips import Tips, TipsView
from blinkpos_desktop.ui.viewmodels.words import Tone, sats_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.day_picker import DayPicker
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import Page, Panes, clear
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.stack import Stack
from blinkpos_desktop.ui.widgets.throwing import throw
from blinkpos_desktop.ui.widgets.tips_sum import TipsSum


class TipsPage(Page):
    """Sums for a time; loaded only while it is shown."""

    def __init__(self, tips: Tips, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Tips"), parent=parent)
        self._tips = tips
        self._buttons = Row()
        self.periods = {period: self._period_button(period) for period in Period}
        self.range = Button(role="period")
        self.range.setCheckable(True)
        self.range.clicked.connect(self._open_days)
        self._buttons.add(self.range)
        self._state = Label(role="title", wrap=True)
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.retry = Button(self.tr("Try again"), role="main")
        self.retry.clicked.connect(tips.retry)
        self.sum = TipsSum()
        self.sum.chart.chosen.connect(self._tap_bar)
        self.picker = DayPicker(all_words=self.tr("All days"))
        self._scroll = QScrollArea()
        self._shown: tuple[TipSummary, ...] | None = None
        self._build()
        self._wire()
        tips.changed.connect(self.show_view)
        self.show_view(tips.view)

    def show_view(self, view: TipsView) -> None:
        """Show the sums, or in words why there are none."""
        for period, button in self.periods.items():
            button.setChecked(period is view.scope)
        days = view.scope if isinstance(view.scope, Days) else None
        self.range.setChecked(days is not None)
        text = days_text(days, self._tips.today) if days else self.tr("Days…")
        self.range.setText(text)
        self.range.setAccessibleName(self.tr("Choose days: {days}").format(days=text))
        words = self._words(view)
        self._state.setText(words)
        self._state.set_tone("alert" if view.error else "quiet")
        self._message.setVisible(bool(words))
        self.retry.setVisible(bool(view.error))
        self._panes.setVisible(not words)
        if not words and view.report is not None:
            self.sum.show_report(view.report, view.bar, self._tips.today)
            if view.report.rows != self._shown:
                self._fill(view.report)
        if view.pick is not None:
            self.picker.show_pick(view.pick)
        self._stack.setCurrentWidget(self._looking if view.pick is None else self.picker)

    def arrange(self) -> None:
        """Space everything; the sum stands beside the recipients, or above them."""
        metrics = self.metrics
        self._column.setContentsMargins(metrics.margin, metrics.gap, metrics.margin, metrics.gap)
        self._body.setSpacing(metrics.gap)
        self._buttons.setSpacing(metrics.gap)
        self._rows.setSpacing(metrics.gap)
        self._panes.set_metrics(metrics)
        self.sum.set_metrics(metrics)
        self.picker.set_metrics(metrics)
        self._shown = None
        self.show_view(self._tips.view)

    def showEvent(self, event: QShowEvent) -> None:
        """Load the sums anew whenever the tab is opened."""
        super().showEvent(event)
        if not event.spontaneous():
            self._tips.open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop loading behind the scenes."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._tips.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Escape leave the choice of days first."""
        if event.key() != Qt.Key.Key_Escape or not self._tips.back():
            super().keyPressEvent(event)

    def _words(self, view: TipsView) -> str:
        if view.error:
            return view.error
        if view.report is None:
            return self.tr("Loading…")
        return "" if view.report.rows else self.tr("No tips in this time")

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
        self._buttons.add(button)
        return button

    def _choose(self, period: Period) -> None:
        self._tips.choose(period)
        self.show_view(self._tips.view)

    def _open_days(self) -> None:
        self._tips.open_days()
        self.show_view(self._tips.view)

    def _tap_bar(self, number: int) -> None:
        report = self._tips.view.report
        if report is not None and number < len(report.bars):
            self._tips.tap_bar(report.bars[number])

    def _fill(self, report: TipsReport) -> None:
        self._shown = report.rows
        clear(self._rows)
        for row in report.rows:
            self._rows.addWidget(self._card(row))
        self._rows.addStretch(1)

    def _card(self, row: TipSummary) -> QFrame:
        card, metrics = QFrame(), self.metrics
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(metrics.margin, metrics.px(10), metrics.margin, metrics.px(10))
        column.setSpacing(metrics.px(2))
        head, foot = Row(), Row()
        for line in (head, foot):
            line.setSpacing(metrics.margin)
        head.add(ElidedLabel(row.recipient, role="title"))
        head.add(Label(sats_text(row.sats), role="title"), 0)
        # An amount is never shortened: it would read as another one.
        foot.add(Label(self._count(row), role="caption"))
        column.addLayout(head)
        column.addLayout(foot)
        shares = self._shares(row)
        for number, (text, tone) in enumerate(shares):
            share = Label(text, role="caption")
            share.set_tone(tone)
            share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if number == 0:
                foot.add(share)
            else:
                column.addWidget(share, 0, Qt.AlignmentFlag.AlignRight)
        return card

    def _count(self, row: TipSummary) -> str:
        if row.count == 1:
            return self.tr("1 tip")
        text = self.tr("{n} tips, {average} each")
        return text.format(
            n=grouped(str(row.count)), average=sats_text(average(row.sats, row.count))
        )

    def _shares(self, row: TipSummary) -> list[tuple[str, Tone]]:
        if row.settled_sats == row.sats:
            return [(self.tr("all settled"), Tone.GOOD)]
        shares = (
            (row.settled_sats, self.tr("{sats} settled"), Tone.GOOD),
            (row.open_sats, self.tr("{sats} under way"), Tone.BUSY),
            (row.attention_sats, self.tr("{sats} need attention"), Tone.ALERT),
            (row.kept_sats, self.tr("{sats} kept"), Tone.QUIET),
        )
        return [(text.format(sats=sats_text(sats)), tone) for sats, text, tone in shares if sats]

    def _build(self) -> None:
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(self.tr("Tips by recipient"))
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._scroll.setWidget(inner)
        throw(self._scroll.viewport())
        self._message = QWidget()
        message = QVBoxLayout(self._message)
        message.addStretch(1)
        message.addWidget(self._state)
        message.addSpacing(16)
        message.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        message.addStretch(1)
        self._panes = Panes(self.sum, self._scroll)
        self._looking = QWidget()
        self._body = QVBoxLayout(self._looking)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.addLayout(self._buttons)
        self._body.addWidget(self._message, 1)
        self._body.addWidget(self._panes, 1)
        self._stack = Stack()
        self._stack.addWidget(self._looking)
        self._stack.addWidget(self.picker)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._stack)

    def _wire(self) -> None:
        tips, picker = self._tips, self.picker
        picker.tapped.connect(tips.tap_day)
        picker.turned.connect(tips.turn_month)
        picker.quick_chosen.connect(tips.choose_quick)
        picker.all_chosen.connect(lambda: tips.choose(Period.ALL))
        picker.done.connect(tips.choose_picked)
        picker.left.connect(tips.back)
