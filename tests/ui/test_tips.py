"""The Tips tab: its state, its page, its chart, and the choice of days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.facts import (
    PaymentPaid,
    TipsFailed,
    TipsLoaded,
    TransferChanged,
)
from blinkpos_desktop.domain.history import Days
from blinkpos_desktop.domain.tips import Period, Scope, TipsReport
from blinkpos_desktop.ui.pages.tips_page import TipsPage
from blinkpos_desktop.ui.viewmodels.days import DaysPick, Quick, pick, quick_days
from blinkpos_desktop.ui.viewmodels.times import date_text, days_text
from blinkpos_desktop.ui.viewmodels.tips import Tips
from tests.ui.fakes import payment_for, sale_of, transfers_of
from tests.ui.screens import SIZES, Stage, on_stage
from tests.ui.screens.tips import ANA, report_of, stage_day, summary, tips_month

LEFT = Qt.MouseButton.LeftButton
TODAY = date(2026, 8, 5)
REPORT = TipsReport(rows=(summary("elturco", 1, 2),))
NONE = TipsReport(rows=())


@pytest.fixture
def asked() -> list[Scope]:
    return []


@pytest.fixture
def tips(asked: list[Scope]) -> Tips:
    noon = datetime(2026, 8, 5, 12, tzinfo=UTC).timestamp()
    tips = Tips(zone=UTC, now=lambda: noon, give_up_ms=20, calm_ms=1)
    tips.load_wanted.connect(asked.append)
    return tips


def tip_moved() -> TransferChanged:
    return TransferChanged(payment_id=1, payment_hash="ab", transfer=transfers_of(21, 2)[1])


def told(scope: Scope = Period.TODAY, report: TipsReport = REPORT) -> TipsLoaded:
    return TipsLoaded(scope=scope, report=report)


def test_tips_load_only_when_opened(tips: Tips, asked: list[Scope]) -> None:
    tips.on_fact(tip_moved())
    tips.on_fact(PaymentPaid(payment=payment_for(sale_of())))
    assert asked == []
    tips.open()
    assert asked == [Period.TODAY]
    assert tips.view.is_loading
    tips.on_fact(told())
    assert tips.view.report == REPORT
    assert not tips.view.is_loading


def test_another_time_is_loaded_and_a_late_answer_for_the_first_is_dropped(
    tips: Tips, asked: list[Scope]
) -> None:
    tips.open()
    tips.choose(Period.WEEK)
    tips.choose(Period.WEEK)
    assert asked == [Period.TODAY, Period.WEEK]
    tips.on_fact(told())
    tips.on_fact(TipsFailed(scope=Period.TODAY, sentence="No."))
    assert tips.view.report is None
    assert tips.view.error == ""
    tips.on_fact(told(Period.WEEK, NONE))
    assert tips.view.report == NONE


def test_a_failure_is_said_and_can_be_tried_again(tips: Tips, asked: list[Scope]) -> None:
    tips.open()
    tips.on_fact(TipsFailed(scope=Period.TODAY, sentence="The database is away."))
    assert tips.view.error == "The database is away."
    tips.retry()
    assert asked == [Period.TODAY] * 2
    assert tips.view.error == ""


def test_silence_is_said_too(tips: Tips, qtbot: QtBot) -> None:
    tips.open()
    qtbot.waitUntil(lambda: bool(tips.view.error), timeout=1_000)
    assert not tips.view.is_loading


def test_what_moves_is_loaded_anew_once_and_not_behind_the_scenes(
    tips: Tips, asked: list[Scope], qtbot: QtBot
) -> None:
    tips.open()
    for _ in range(5):
        tips.on_fact(tip_moved())
    assert len(asked) == 1
    tips.on_fact(told())
    qtbot.waitUntil(lambda: len(asked) == 2)
    tips.on_fact(told())
    for _ in range(5):
        tips.on_fact(PaymentPaid(payment=payment_for(sale_of())))
    qtbot.waitUntil(lambda: len(asked) == 3)
    tips.on_fact(told())
    tips.on_fact(tip_moved())
    tips.close()
    tips.on_fact(tip_moved())
    QTest.qWait(10)
    assert len(asked) == 3


def test_the_merchants_part_reloads_nothing(tips: Tips, asked: list[Scope]) -> None:
    tips.open()
    tips.on_fact(told())
    merchant = transfers_of(21, 0)[0]
    tips.on_fact(TransferChanged(payment_id=1, payment_hash="ab", transfer=merchant))
    tips.on_fact(PaymentPaid(payment=payment_for(sale_of(percent=sale_of().tip_percent * 0))))
    QTest.qWait(10)
    assert len(asked) == 1


def test_any_days_are_chosen_by_two_taps(tips: Tips, asked: list[Scope]) -> None:
    tips.open()
    tips.open_days()
    tips.tap_day(date(2026, 8, 4))
    tips.turn_month(-1)
    tips.turn_month(-1)
    tips.turn_month(1)
    assert getattr(tips.view.pick, "month", None) == date(2026, 7, 1)
    tips.tap_day(date(2026, 7, 31))
    tips.choose_picked()
    days = Days(first=date(2026, 7, 31), last=date(2026, 8, 4))
    assert asked[-1] == days
    assert tips.view.pick is None
    tips.on_fact(told(days))
    assert tips.view.report == REPORT
    # Back leaves what was chosen as it is.
    tips.open_days()
    tips.tap_day(TODAY)
    assert tips.back()
    assert not tips.back()
    assert tips.view.scope == days
    tips.choose_quick(Quick.YESTERDAY)
    assert asked[-1] == Days(first=date(2026, 8, 4), last=date(2026, 8, 4))


def test_days_that_everybody_asks_for() -> None:
    found = {quick: quick_days(quick, date(2026, 3, 1)) for quick in Quick}
    assert found[Quick.TODAY].count == 1
    assert found[Quick.WEEK] == Days(first=date(2026, 2, 23), last=date(2026, 3, 1))
    assert found[Quick.MONTH].count == 1
    assert found[Quick.LAST_MONTH] == Days(first=date(2026, 2, 1), last=date(2026, 2, 28))


def test_the_future_can_not_be_chosen() -> None:
    choice = pick(None, TODAY)
    assert choice.tap(date(2026, 8, 6)) == choice
    assert choice.turn(1) == choice
    assert choice.days is None
    assert len(choice.cells) == 42
    assert choice.cells[0] == date(2026, 7, 27)
    later = DaysPick(today=TODAY, month=date(2026, 7, 1)).turn(1)
    assert later.month == date(2026, 8, 1)
    assert not later.can_go_on


def test_days_are_written_short() -> None:
    assert days_text(Days(first=TODAY, last=TODAY), TODAY) == "Today"
    assert days_text(Days(first=date(2026, 8, 4), last=date(2026, 8, 4)), TODAY) == "Yesterday"
    assert date_text(date(2026, 8, 3), TODAY) == "Mon 3 Aug"
    assert date_text(date(2025, 8, 3), TODAY) == "3 Aug 2025"
    over = days_text(Days(first=date(2025, 12, 30), last=date(2026, 1, 2)), TODAY)
    assert over.replace("\N{EN DASH}", "-") == "30 Dec 25 - 2 Jan 26"


# -- the page ---------------------------------------------------------------------------------


def page_of(stage: Stage) -> TipsPage:
    page = stage.window.stack.currentWidget()
    assert isinstance(page, TipsPage)
    return page


def texts(page: TipsPage) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def test_a_tapped_bar_is_said_and_marked(qtbot: QtBot) -> None:
    stage = on_stage(tips_month, SIZES[0])
    qtbot.addWidget(stage.window)
    page = page_of(stage)
    chart, report = page.sum.chart, stage.tips.view.report
    assert report is not None
    stage.tips.tap_bar(report.bars[19])
    assert not stage.tips.view.bar
    middle = chart.bar(25).center()
    QTest.mouseClick(chart, LEFT, pos=QPoint(int(middle.x()), 5))
    assert stage.tips.view.bar == report.bars[25]
    day = date_text(stage_day().fromordinal(stage_day().toordinal() - 4), stage_day())
    assert any(text.startswith(f"{day}: ") for text in texts(page))
    assert day in chart.accessibleDescription()
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert stage.tips.view.bar == report.bars[26]
    # The other way round where one reads from right to left.
    stage.window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert stage.tips.view.bar == report.bars[25]
    assert chart.bar(29).center().x() < chart.bar(0).center().x()


def test_bars_are_as_high_as_their_sums(qtbot: QtBot) -> None:
    stage = on_stage(tips_month, SIZES[1])
    qtbot.addWidget(stage.window)
    chart, report = page_of(stage).sum.chart, stage.tips.view.report
    assert report is not None
    heights = [chart.bar(number).height() for number in range(len(report.bars))]
    by_sats = sorted(range(30), key=lambda number: report.bars[number].sats)
    assert [heights[number] for number in by_sats] == sorted(heights)
    assert max(heights) > chart.height() / 2
    assert all(chart.bar(number).intersects(chart.rect().toRectF()) for number in by_sats[-5:])


def test_days_are_chosen_on_the_page_and_escape_leaves_them_first(qtbot: QtBot) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(SIZES[0])
    stage.window.show()
    stage.window.open_tips()
    page = page_of(stage)
    QTest.mouseClick(page.range, LEFT)
    assert page.picker.isVisible()
    QTest.keyClick(page.picker, Qt.Key.Key_Escape)
    assert not page.picker.isVisible()
    assert page_of(stage) is page
    QTest.mouseClick(page.range, LEFT)
    today = next(b for b in page.picker.days if b.property("part") == "today")
    QTest.mouseClick(today, LEFT)
    assert today.property("part") == "end"
    QTest.mouseClick(page.picker.done_button, LEFT)
    days = Days(first=stage_day(), last=stage_day())
    assert stage.bridge.periods[-1] == days
    assert page.range.isChecked()
    assert page.range.text() == "Today"
    stage.tell(told(days, report_of(ANA, days=7, asked=1)))
    QApplication.processEvents()
    assert "350 sats need attention" in texts(page)
    assert "17 tips, 597 sats each" in texts(page)
