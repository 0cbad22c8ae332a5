"""The sum of a time's tips, what it is made of, and the chart of how it came in."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from blinkpos_desktop.domain.history import Step
from blinkpos_desktop.domain.tips import TipBar, TipsReport, average
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.times import days_text, weekday_text, written
from blinkpos_desktop.ui.viewmodels.words import sats_text
from blinkpos_desktop.ui.widgets.bar_chart import BarChart
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label

_A_WEEK = 7


class TipsSum(QFrame):
    """One big number and its bars; a bar that was tapped is said in place of the whole."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._column = QVBoxLayout(self)
        self.amount = Label(role="large")
        self._words = ElidedLabel(role="caption")
        self.chart = BarChart(name=self.tr("Tips day by day"))
        self._column.addWidget(self.amount)
        self._column.addWidget(self._words)
        self._column.addWidget(self.chart, 1)
        self._shown: TipsReport | None = None

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._column.setContentsMargins(
            metrics.margin, metrics.px(10), metrics.margin, metrics.px(6)
        )
        self._column.setSpacing(metrics.px(2))
        self.chart.set_metrics(metrics)

    def show_report(self, report: TipsReport, bar: TipBar | None, today: date) -> None:
        """Show a report; the words are of one bar when it was tapped."""
        sats, count = (bar.sats, bar.count) if bar else (report.sats, report.count)
        self.amount.setText(sats_text(sats))
        text = _count(count, sats)
        if bar is not None:
            text = f"{days_text(bar.days, today)}: {text}"
        self._words.setText(text)
        if report != self._shown:
            self._shown = report
            self.chart.show_bars(
                tuple(each.sats for each in report.bars),
                tuple(_name(each, report) for each in report.bars),
                quiet=frozenset(
                    number for number, each in enumerate(report.bars) if not each.is_asked
                ),
            )
        self.chart.mark(report.bars.index(bar) if bar in report.bars else None)
        # What is marked is said: the painted bars themselves are silent.
        self.chart.setAccessibleDescription(f"{sats_text(sats)}, {text}")


def _count(count: int, sats: int) -> str:
    translate = QCoreApplication.translate
    if count == 0:
        return translate("TipsSum", "No tips")
    if count == 1:
        return translate("TipsSum", "1 tip")
    text = translate("TipsSum", "{n} tips, {average} each")
    return text.format(n=grouped(str(count)), average=sats_text(average(sats, count)))


def _name(bar: TipBar, report: TipsReport) -> str:
    """Return the few letters below a bar."""
    first = bar.days.first
    if report.step is Step.MONTH:
        form = QCoreApplication.translate("TipsSum", "MMM yy")
    elif report.step is Step.DAY and len(report.bars) <= _A_WEEK:
        return weekday_text(first.isoweekday())
    else:
        form = QCoreApplication.translate("TipsSum", "d MMM")
    return written(first, form)
