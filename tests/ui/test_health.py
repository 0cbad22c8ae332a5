"""The health panel behind the status line: opened by a tap, live, left by a tap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QTranslator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.facts import HealthExamined
from blinkpos_desktop.domain.health import Mark
from blinkpos_desktop.domain.judging import judge
from blinkpos_desktop.domain.measures import Measures
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.pages.health_page import HealthPage
from blinkpos_desktop.ui.theme import MIN_TARGET
from blinkpos_desktop.ui.viewmodels.health import HealthPanel
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.label import ElidedLabel
from blinkpos_desktop.ui.widgets.status_line import StatusLine
from tests.support.measures import a_well_till
from tests.ui.screens import SIZES, Stage, on_stage, selling
from tests.ui.screens.stage import settle

LEFT = Qt.MouseButton.LeftButton
WELL = HealthExamined(verdicts=judge(a_well_till()))
AWAY = HealthExamined(verdicts=judge(Measures()))


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.resize(800, 480)
    stage.window.show()
    qtbot.waitExposed(stage.window)
    return stage


def opened(stage: Stage) -> HealthPage:
    QTest.mouseClick(stage.window._status, LEFT)
    page = stage.window.stack.currentWidget()
    assert isinstance(page, HealthPage)
    return page


def texts(page: HealthPage) -> str:
    QTest.qWait(5)
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_a_tap_on_the_status_line_opens_it_and_a_tap_leaves_it(stage: Stage) -> None:
    window = stage.window
    assert window._status.height() >= MIN_TARGET
    keypad = window.page(Screen.KEYPAD)
    page = opened(stage)
    assert not any(tab.isChecked() for tab in (window.till_tab, window.tips_tab))
    for way_out in (page.back, window._status, window.till_tab, None):
        if way_out is None:
            QTest.keyClick(window, Qt.Key.Key_Escape)
        else:
            QTest.mouseClick(way_out, LEFT)
        assert window.stack.currentWidget() is keypad
        assert window.till_tab.isChecked()
        assert opened(stage) is page
    QTest.mouseClick(window.tips_tab, LEFT)
    assert window.tips_tab.isChecked()
    assert not window.till_tab.isChecked()


def test_it_says_how_everything_is_and_what_to_do_the_worst_first(stage: Stage) -> None:
    page = opened(stage)
    assert texts(page) == "Looking…"
    stage.tell(WELL)
    shown = texts(page)
    assert "All is well" in shown
    assert "The built-in PostgreSQL 18.4 answers in 1 ms" in shown
    stage.tell(AWAY)
    lines = texts(page).splitlines()
    assert lines[0] == "Something is failing"
    assert "Check the network, then look again." in lines
    marks = [line for line in lines if line in {"Failing", "Warning", "OK"}]
    assert marks == sorted(marks)
    assert len(marks) == len(AWAY.verdicts)


def test_it_is_looked_at_anew_while_it_is_open_and_not_behind_the_scenes(qtbot: QtBot) -> None:
    panel, asked = HealthPanel(again_ms=1, lost_ms=30), [0]

    def ask() -> None:
        asked[0] += 1

    panel.examine_wanted.connect(ask)
    panel.on_fact(WELL)
    QTest.qWait(20)
    assert asked == [0]
    panel.open()
    assert asked == [1]
    panel.on_fact(AWAY)
    qtbot.waitUntil(lambda: asked == [2])
    # An answer that never comes: the till was starting. It is asked again all the same.
    qtbot.waitUntil(lambda: asked == [3])
    panel.close()
    panel.on_fact(WELL)
    QTest.qWait(60)
    assert asked == [3]
    assert panel.view.mark is Mark.OK


def test_what_has_not_changed_is_not_drawn_anew(stage: Stage) -> None:
    page = opened(stage)
    stage.tell(WELL)
    before = page.findChildren(QLabel)
    stage.tell(HealthExamined(verdicts=judge(a_well_till())))
    assert page.findChildren(QLabel) == before
    assert stage.bridge.examined == 1


def test_what_changes_is_drawn_anew_where_the_eye_is(stage: Stage, qtbot: QtBot) -> None:
    page = opened(stage)
    stage.tell(WELL)
    bar = page._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(100)
    for latency in (0.2, 0.3):
        well = a_well_till()
        assert well.blink is not None
        slower = replace(well, blink=replace(well.blink, latency=latency))
        stage.tell(HealthExamined(verdicts=judge(slower)))
        assert f"{latency * 1000:.0f} ms" in texts(page)
        assert (bar.value(), bar.maximum() > 100) == (100, True)


def test_an_option_of_a_command_stays_on_one_line() -> None:
    panel, well = HealthPanel(), a_well_till()
    assert well.database is not None
    assert well.database.ledger is not None
    old = replace(well.database.ledger, unfinished=1, oldest_unfinished=7_300.0)
    database = replace(well.database, ledger=old)
    panel.on_fact(HealthExamined(verdicts=judge(replace(well, database=database))))
    joined = "-\N{WORD JOINER}-\N{WORD JOINER}fix"
    assert joined in panel.view.checks[0].remedy


def test_while_a_customer_is_served_the_line_is_no_button(stage: Stage) -> None:
    opened(stage)
    stage.window.open_till()
    stage.type("21").invoice()
    line = stage.window._status
    assert line.isVisible()
    QTest.qWait(1)
    assert line.height() < MIN_TARGET
    QTest.mouseClick(line, LEFT)
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.INVOICE)


def test_a_sale_goes_before_the_panel(stage: Stage) -> None:
    stage.type("21")
    stage.till.ok()
    stage.till.back()
    opened(stage)
    stage.till.ok()
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.TIP)


def test_keys_do_not_type_behind_it(stage: Stage) -> None:
    opened(stage)
    QTest.keyClicks(stage.window, "21")
    assert stage.till.view.entry == Stage().till.view.entry


class Piglatin(QTranslator):
    """A language of its own, to see that it is asked for."""

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        del disambiguation, n
        return f"¡{source}!" if context == "Health" else ""


@pytest.fixture
def piglatin(qapp: QApplication) -> Iterator[None]:
    translator = Piglatin(qapp)
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


@pytest.mark.usefixtures("piglatin")
def test_its_texts_go_through_qts_translation() -> None:
    panel = HealthPanel()
    panel.on_fact(WELL)
    [clock] = [each for each in panel.view.checks if each.check == "clock"]
    assert (clock.name, clock.mark_words, clock.state) == (
        "¡Clock!",
        "¡OK!",
        "¡It agrees with Blink's.!",
    )


def test_the_bridge_answers_nothing_before_the_services_are_there(qapp: QApplication) -> None:
    del qapp
    bridge = Bridge()
    told: list[object] = []
    bridge.fact.connect(told.append)
    bridge.examine()
    assert told == []


def test_on_a_narrow_line_what_is_wrong_has_the_room(qtbot: QtBot) -> None:
    stage = on_stage(selling.price_aging, SIZES[3])
    qtbot.addWidget(stage.window)
    line = stage.window.findChild(StatusLine)
    assert line is not None
    words = {label.text(): label for label in line.findChildren(ElidedLabel)}
    price = words["The price is 4 min old and can't be renewed."]
    needed = price.fontMetrics().horizontalAdvance(price.text())
    assert needed <= price.contentsRect().width()
    # What is well is a name, but not to a screen reader.
    assert words["PostgreSQL"].accessibleName() == "PostgreSQL: connected"
    stage.window.resize(SIZES[2])
    settle()
    assert words["PostgreSQL"].text() == "PostgreSQL: connected"
