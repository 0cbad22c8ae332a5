"""Whole sales through the real window: by touch, by mouse, by keyboard."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest
import zxingcpp
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScroller, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import Appearance
from blinkpos_desktop.domain.entry import Key, press
from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    InvoiceReady,
    PaymentClosed,
    PaymentPaid,
    TipsLoaded,
)
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.tips import Period, TipsReport
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.pages.tips_page import TipsPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets import page_stack
from blinkpos_desktop.ui.widgets.button import Button
from tests.ui.fakes import NOON, payment_for, sale_of, shop
from tests.ui.screens import SIZES, Stage

DIGITS = {str(number): Key(str(number)) for number in range(10)}


@pytest.fixture(scope="module", name="screen")
def _screen() -> QPointingDevice:
    return QTest.createTouchDevice()


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return shown(qtbot, Stage())


def shown(qtbot: QtBot, stage: Stage, size: QSize = SIZES[0]) -> Stage:
    qtbot.addWidget(stage.window)
    stage.ready()
    stage.window.resize(size)
    stage.window.show()
    qtbot.waitExposed(stage.window)
    QApplication.processEvents()
    page = keypad(stage)
    page.keypad._held_until = 0.0
    return stage


def keypad(stage: Stage) -> KeypadPage:
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    return page


def tip_page(stage: Stage) -> TipPage:
    page = stage.window.page(Screen.TIP)
    assert isinstance(page, TipPage)
    return page


def invoice_page(stage: Stage) -> InvoicePage:
    page = stage.window.page(Screen.INVOICE)
    assert isinstance(page, InvoicePage)
    return page


def touch(window: QWidget, device: QPointingDevice, target: QWidget, finger: int = 0) -> None:
    """Tap a widget with a finger, as the window system reports it."""
    point = target.mapTo(window, target.rect().center())
    QTest.touchEvent(window, device).press(finger, point, window).commit()
    QTest.touchEvent(window, device).release(finger, point, window).commit()
    QApplication.processEvents()


def answer(stage: Stage) -> Payment:
    payment = payment_for(stage.bridge.charges[-1])
    stage.tell(InvoiceReady(payment=payment))
    QApplication.processEvents()
    return payment


def read_qr(widget: QWidget) -> str:
    """Decode what is painted, as a customer's phone does."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = memoryview(image.constBits()).cast("B", (image.height(), image.bytesPerLine()))
    (code,) = zxingcpp.read_barcodes(pixels)
    return str(code.text)


# -- whole sales ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
def test_a_sale_by_touch(qtbot: QtBot, screen: QPointingDevice, size: QSize) -> None:
    stage = shown(qtbot, Stage(), size)
    window, page = stage.window, keypad(stage)
    touch(window, screen, page.keypad.keys[Key.D2])
    touch(window, screen, page.keypad.keys[Key.D1])
    assert page.amount.text() == "21 sats"
    touch(window, screen, page.keypad.ok)
    assert stage.is_on(Screen.TIP)
    touch(window, screen, tip_page(stage).presets.choices[0])
    assert stage.is_on(Screen.MAKING)
    assert [sale.tip.minor for sale in stage.bridge.charges] == [2]
    payment = answer(stage)
    assert payment.invoice is not None
    assert read_qr(window) == payment.invoice.payment_request.upper()
    stage.tell(PaymentPaid(payment=payment))
    QApplication.processEvents()
    success = window.stack.currentWidget()
    assert isinstance(success, SuccessPage)
    assert success.amount.text() == "+23 sats"
    touch(window, screen, success)
    assert window.stack.currentWidget() is page
    assert page.amount.text() == "0 sats"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
def test_a_sale_by_keyboard(qtbot: QtBot, size: QSize) -> None:
    stage = shown(qtbot, Stage(), size)
    window = stage.window
    QTest.keyClicks(window, "10+1a1.x")
    QTest.keyClick(window, Qt.Key.Key_5)
    QTest.keyClick(window, Qt.Key.Key_Backspace)
    assert stage.till.view.entry.total.minor == 21
    QTest.keyClick(window, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert stage.is_on(Screen.TIP)
    tip_page(stage).presets.choices[0].setFocus()
    QTest.keyClick(tip_page(stage).presets.choices[0], Qt.Key.Key_Return)
    assert stage.is_on(Screen.TIP)
    QTest.keyClick(tip_page(stage).presets.choices[0], Qt.Key.Key_Space)
    payment = answer(stage)
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert stage.is_on(Screen.INVOICE)
    stage.tell(PaymentPaid(payment=payment))
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert stage.is_on(Screen.KEYPAD)
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert stage.is_on(Screen.KEYPAD)
    assert len(stage.bridge.charges) == 1


def test_a_custom_tip_by_keyboard(stage: Stage) -> None:
    window = stage.window
    QTest.keyClicks(window, "1000")
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.mouseClick(tip_page(stage).presets.custom, Qt.MouseButton.LeftButton)
    QTest.keyClicks(window, "7,5")
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert [sale.tip.minor for sale in stage.bridge.charges] == [75]


def test_escape_clears_goes_back_and_cancels(stage: Stage) -> None:
    window = stage.window
    QTest.keyClicks(window, "21")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert stage.till.view.entry.text == ""
    QTest.keyClicks(window, "21")
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert stage.is_on(Screen.KEYPAD)
    QTest.keyClick(window, Qt.Key.Key_Return)
    QTest.mouseClick(tip_page(stage).presets.no_tip, Qt.MouseButton.LeftButton)
    payment = answer(stage)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert stage.bridge.cancelled == [payment.id]
    assert stage.is_on(Screen.KEYPAD)


def test_enter_held_down_decides_once(stage: Stage) -> None:
    window = stage.window
    QTest.keyClicks(window, "21")
    QTest.keyPress(window, Qt.Key.Key_Return)
    for _ in range(20):
        held = QKeyEvent(
            QEvent.Type.KeyPress,
            Qt.Key.Key_Return,
            Qt.KeyboardModifier.NoModifier,
            "\r",
            autorep=True,
        )
        QApplication.sendEvent(window, held)
    assert stage.is_on(Screen.TIP)
    assert stage.bridge.charges == []


# -- fingers ----------------------------------------------------------------------------------


def test_two_fingers_lose_no_key(stage: Stage, screen: QPointingDevice) -> None:
    window, keys = stage.window, keypad(stage).keypad.keys
    at = {key: keys[key].mapTo(window, keys[key].rect().center()) for key in keys}
    # The second finger comes down before the first goes up, all along.
    QTest.touchEvent(window, screen).press(0, at[Key.D1], window).commit()
    QTest.touchEvent(window, screen).stationary(0).press(1, at[Key.D2], window).commit()
    assert keys[Key.D1].isDown()
    assert keys[Key.D2].isDown()
    QTest.touchEvent(window, screen).release(0, at[Key.D1], window).stationary(1).commit()
    QTest.touchEvent(window, screen).stationary(1).press(2, at[Key.D3], window).commit()
    QTest.touchEvent(window, screen).release(1, at[Key.D2], window).stationary(2).commit()
    QTest.touchEvent(window, screen).release(2, at[Key.D3], window).commit()
    assert stage.till.view.entry.text == "123"
    assert not any(key.isDown() for key in keys.values())


@pytest.mark.parametrize("first", ["digit", "OK"])
def test_a_digit_that_comes_down_with_ok_is_charged_with_it(
    stage: Stage, screen: QPointingDevice, first: str
) -> None:
    window, pad = stage.window, keypad(stage).keypad
    one, other = (pad.keys[Key.D1], pad.ok) if first == "digit" else (pad.ok, pad.keys[Key.D1])
    at = [key.mapTo(window, key.rect().center()) for key in (one, other)]
    stage.type("2")
    QTest.touchEvent(window, screen).press(0, at[0], window).press(1, at[1], window).commit()
    QTest.touchEvent(window, screen).release(0, at[0], window).release(1, at[1], window).commit()
    assert (stage.is_on(Screen.TIP), stage.till.view.entry.text) == (True, "21")


def test_three_quick_fingers_lose_none_of_three_hundred_keys(
    stage: Stage, screen: QPointingDevice
) -> None:
    window, keys = stage.window, keypad(stage).keypad.keys
    at = {key: keys[key].mapTo(window, keys[key].rect().center()) for key in keys}
    heard: list[object] = []
    stage.till.sound_wanted.connect(heard.append)
    entry = stage.till.view.entry
    # Each finger comes down while the two before it still lie on their keys.
    typed = [*Key] * 22
    for number, key in enumerate(typed):
        event = QTest.touchEvent(window, screen)
        if number >= 2:
            event.release((number - 2) % 3, at[typed[number - 2]], window)
        if number >= 1:
            event.stationary((number - 1) % 3)
        event.press(number % 3, at[key], window).commit()
        if key is not Key.DOT:
            entry = press(entry, key)
    assert len(heard) == len([key for key in typed if key is not Key.DOT])
    assert stage.till.view.entry == entry


def test_the_fastest_keyboard_loses_no_key(stage: Stage) -> None:
    heard: list[object] = []
    stage.till.sound_wanted.connect(heard.append)
    QTest.keyClicks(stage.window, "1234567890" * 50, delay=0)
    assert len(heard) == 500
    assert stage.till.view.entry.text == "12345678901234"


def test_both_fingers_in_one_event_press_both_keys(stage: Stage, screen: QPointingDevice) -> None:
    window, keys = stage.window, keypad(stage).keypad.keys
    four, five = (keys[key].mapTo(window, QPoint(9, 9)) for key in (Key.D4, Key.D5))
    QTest.touchEvent(window, screen).press(0, four, window).press(1, five, window).commit()
    QTest.touchEvent(window, screen).release(0, four, window).release(1, five, window).commit()
    assert sorted(stage.till.view.entry.text) == ["4", "5"]


def test_a_key_reacts_when_the_finger_comes_down_and_is_painted_so(
    stage: Stage, screen: QPointingDevice
) -> None:
    window, key = stage.window, keypad(stage).keypad.keys[Key.D7]
    middle = key.mapTo(window, QPoint(12, 12))
    pixel = middle * window.devicePixelRatio()
    before = window.grab().toImage().pixelColor(pixel)
    QTest.touchEvent(window, screen).press(0, middle, window).commit()
    assert stage.till.view.entry.text == "7"
    assert window.grab().toImage().pixelColor(pixel) != before
    QTest.touchEvent(window, screen).release(0, middle, window).commit()
    assert window.grab().toImage().pixelColor(pixel) == before


def test_a_finger_that_slides_presses_one_key(stage: Stage, screen: QPointingDevice) -> None:
    window, keys = stage.window, keypad(stage).keypad.keys
    start = keys[Key.D1].mapTo(window, QPoint(9, 9))
    end = keys[Key.D9].mapTo(window, QPoint(9, 9))
    QTest.touchEvent(window, screen).press(0, start, window).commit()
    QTest.touchEvent(window, screen).move(0, end, window).commit()
    QTest.touchEvent(window, screen).release(0, end, window).commit()
    assert stage.till.view.entry.text == "1"


def test_the_mouse_presses_once_even_twice_as_fast_and_dragged(stage: Stage) -> None:
    key = keypad(stage).keypad.keys[Key.D7]
    QTest.mouseClick(key, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(key, Qt.MouseButton.LeftButton)
    typed = len(stage.till.view.entry.text)
    assert typed == 2
    QTest.mousePress(key, Qt.MouseButton.LeftButton)
    QTest.mouseMove(key, QPoint(-50, -50))
    QTest.mouseMove(key, QPoint(5, 5))
    QTest.mouseRelease(key, Qt.MouseButton.LeftButton)
    assert len(stage.till.view.entry.text) == typed + 1


def test_a_mouse_press_made_up_from_a_touch_is_not_a_second_one(stage: Stage) -> None:
    key = keypad(stage).keypad.keys[Key.D7]
    at = QPointF(key.rect().center())
    made_up = QMouseEvent(
        QEvent.Type.MouseButtonPress,
        at,
        at,
        QPointF(key.mapToGlobal(at)),
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.MouseEventSource.MouseEventSynthesizedBySystem,
    )
    QApplication.sendEvent(key, made_up)
    assert stage.till.view.entry.text == ""


def test_a_double_tap_on_the_green_types_nothing(stage: Stage, screen: QPointingDevice) -> None:
    stage.type("21")
    stage.paid()
    touch(stage.window, screen, stage.window.page(Screen.SUCCESS))
    touch(stage.window, screen, keypad(stage).keypad.keys[Key.D5])
    assert stage.is_on(Screen.KEYPAD)
    assert stage.till.view.entry.text == ""


def test_a_screen_reader_can_press_a_key(stage: Stage) -> None:
    keypad(stage).keypad.keys[Key.D7].click()
    assert stage.till.view.entry.text == "7"


def test_dead_keys_are_dead(stage: Stage, screen: QPointingDevice) -> None:
    pad = keypad(stage).keypad
    assert not pad.ok.isEnabled()
    assert not pad.keys[Key.DOT].isEnabled()
    touch(stage.window, screen, pad.ok)
    touch(stage.window, screen, pad.keys[Key.DOT])
    assert stage.is_on(Screen.KEYPAD)
    assert stage.till.view.entry.text == ""


# -- the invoice ------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [True, False])
def test_the_qr_is_dark_on_white_in_either_theme(qtbot: QtBot, *, dark: bool) -> None:
    stage = shown(qtbot, Stage(dark=dark)).type("21")
    payment = stage.invoice()
    QApplication.processEvents()
    assert payment.invoice is not None
    qr = invoice_page(stage).qr
    assert read_qr(qr) == payment.invoice.payment_request.upper()
    middle = qr.grab().toImage()
    assert {middle.pixelColor(x, middle.height() // 2).name() for x in range(120, 240)} == {
        "#000000",
        "#ffffff",
    }


def test_copy_puts_the_invoice_on_the_clipboard(stage: Stage) -> None:
    stage.type("21")
    payment = stage.invoice()
    page = invoice_page(stage)
    QTest.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    assert payment.invoice is not None
    assert QGuiApplication.clipboard().text() == payment.invoice.payment_request
    assert page.copy.text() == "Copied"


def test_the_time_left_is_shown_and_decides_nothing(stage: Stage) -> None:
    stage.type("21")
    payment = stage.invoice()
    page = invoice_page(stage)
    assert page.left.text().startswith("14:3")
    assert payment.invoice is not None
    over = replace(payment, invoice=replace(payment.invoice, expires_at=0), memo="again")
    page.show_view(replace(stage.till.view, payment=over))
    assert page.left.text() == "Time is up"
    assert stage.is_on(Screen.INVOICE)


def test_the_next_sales_invoice_replaces_the_last_ones(stage: Stage) -> None:
    stage.type("21")
    first = stage.invoice()
    stage.till.cancel()
    stage.tell(PaymentClosed(payment=replace(first, state=PaymentState.CANCELLED)))
    stage.type("500")
    stage.till.ok()
    stage.till.choose_tip(sale_of().tip_percent)
    payment = payment_for(stage.bridge.charges[-1], number=2)
    stage.tell(InvoiceReady(payment=payment))
    QApplication.processEvents()
    assert payment.invoice is not None
    assert read_qr(stage.window) == payment.invoice.payment_request.upper()
    assert invoice_page(stage).amount.text() == "550 sats"


# -- the window -------------------------------------------------------------------------------


def test_other_money_is_a_line_beside_the_keypad_until_seen(stage: Stage) -> None:
    stage.type("21")
    late = payment_for(sale_of(1000), number=7, was_closed=True)
    stage.tell(PaymentPaid(payment=late))
    QApplication.processEvents()
    page = keypad(stage)
    assert stage.window.stack.currentWidget() is page
    (button,) = page.notices.findChildren(Button)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert stage.bridge.acknowledged == [late.id]
    assert stage.till.view.entry.text == "21"


def test_nothing_jumps_when_an_error_or_a_notice_appears(stage: Stage) -> None:
    page = keypad(stage)
    stage.type("21")
    QApplication.processEvents()
    before = [widget.geometry() for widget in (page.amount, page.hint, page.keypad)]
    stage.till.ok()
    stage.till.choose_tip(sale_of().tip_percent)
    sentence = "Blink did not answer in time, and the invoice could not be made. Press OK again."
    stage.tell(ChargeFailed(sentence=sentence))
    for number in range(5):
        late = payment_for(sale_of(1000), number=number, was_closed=True)
        stage.tell(PaymentPaid(payment=late))
    QTest.qWait(10)
    assert [widget.geometry() for widget in (page.amount, page.hint, page.keypad)] == before


def test_the_tips_tab_loads_when_opened_and_keys_do_not_type_behind_it(stage: Stage) -> None:
    window = stage.window
    assert stage.bridge.periods == []
    QTest.mouseClick(window.tips_tab, Qt.MouseButton.LeftButton)
    assert stage.bridge.periods == [Period.TODAY]
    page = window.stack.currentWidget()
    assert isinstance(page, TipsPage)
    stage.tell(TipsLoaded(scope=Period.TODAY, report=TipsReport(rows=())))
    QTest.mouseClick(page.periods[Period.MONTH], Qt.MouseButton.LeftButton)
    QTest.mouseClick(page.periods[Period.MONTH], Qt.MouseButton.LeftButton)
    assert stage.bridge.periods == [Period.TODAY, Period.MONTH]
    assert page.periods[Period.MONTH].isChecked()
    QTest.keyClicks(window, "21")
    assert stage.till.view.entry.text == ""
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is keypad(stage)
    assert window.till_tab.isChecked()


def test_facts_do_not_tear_the_owner_from_the_tips(stage: Stage) -> None:
    stage.window.open_tips()
    stage.tell(PaymentPaid(payment=payment_for(sale_of(), number=7)))
    assert isinstance(stage.window.stack.currentWidget(), TipsPage)


def test_the_band_is_across_every_page(qtbot: QtBot) -> None:
    stage = shown(qtbot, Stage(network="regtest")).type("21")
    for go_on in (lambda: None, stage.till.ok, stage.paid, stage.window.open_tips):
        go_on()
        QApplication.processEvents()
        band = stage.window._band
        assert band.isVisible()
        assert band.width() == stage.window.width()
        assert "regtest" in band.text()


def test_light_and_dark_by_a_button(stage: Stage) -> None:
    chosen: list[bool] = []
    stage.window.theme_chosen.connect(chosen.append)
    before = stage.window.grab().toImage().pixelColor(2, 200)
    QTest.mouseClick(stage.window._header.theme, Qt.MouseButton.LeftButton)
    after = stage.window.grab().toImage().pixelColor(2, 200)
    assert before.lightnessF() < 0.2
    assert after.lightnessF() > 0.9
    assert chosen == [False]


def test_closing_is_told(stage: Stage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(stage.window.closing):
        stage.window.close()


def test_the_first_paint_is_told_once(qtbot: QtBot) -> None:
    stage = Stage()
    qtbot.addWidget(stage.window)
    with qtbot.waitSignal(stage.window.first_painted):
        stage.window.show()


def test_only_the_keypad_is_made_at_first(stage: Stage) -> None:
    assert set(stage.window._pages) == {Screen.KEYPAD}


def test_the_pages_of_a_sale_are_made_once_the_till_is_loaded(stage: Stage, qtbot: QtBot) -> None:
    stage.window.heavy_wanted.emit()
    sale = {Screen.TIP, Screen.MAKING, Screen.INVOICE, Screen.SUCCESS}
    qtbot.waitUntil(lambda: set(stage.window._pages) == {Screen.KEYPAD, *sale})
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.KEYPAD)


def test_the_first_window_of_a_process_has_its_font() -> None:
    code = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication(["till", "-platform", "offscreen"])
from tests.ui.fakes import FakeBridge, PRESETS
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.ui.assembly import build
window = build(FakeBridge(), presets=PRESETS, currency=SATS)
window.show()
app.processEvents()
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QWidget
app.processEvents()
print({QFontInfo(widget.font()).family() for widget in window.findChildren(QWidget)})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["{'Inter'}"]


def test_a_surplus_is_shown_as_received_and_as_kept(qtbot: QtBot) -> None:
    stage = shown(qtbot, Stage().ready().type("21"))
    asked = stage.invoice()
    paid = replace(
        asked, state=PaymentState.PAID, paid_at=asked.created_at, received_sats=asked.total_sats + 7
    )
    stage.tell(PaymentPaid(payment=paid))
    page = stage.window.page(Screen.SUCCESS)
    texts = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert any(text.startswith("7 sats more than asked") for text in texts), texts


def test_a_sale_takes_no_gesture_anew(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each one stayed in memory for ever: 3 KB of a sale."""
    taken: list[QWidget] = []
    monkeypatch.setattr(page_stack, "throw", taken.append)
    stage.tell(shop())
    for number in range(1, 4):
        for key in (Key.D2, Key.D1):
            stage.till.press(key)
        stage.till.ok()
        stage.till.choose_tip(Fraction(10))
        sale = stage.till.view.sale
        assert sale is not None
        payment = payment_for(sale, number=number)
        stage.tell(InvoiceReady(payment=payment))
        paid = replace(payment, state=PaymentState.PAID, paid_at=NOON)
        stage.tell(PaymentPaid(payment=paid))
        assert stage.till.view.screen is Screen.SUCCESS
        qtbot.wait(2 * page_stack.SETTLES_MS)
        stage.till.dismiss_success()
    assert taken == []


def test_a_page_that_is_too_high_takes_the_finger(qtbot: QtBot) -> None:
    stage = shown(qtbot, Stage())
    stage.window.wear(Appearance(text_scale=200))
    stage.till.press(Key.D2)
    page = stage.window.page(Screen.KEYPAD)
    frame = page.parentWidget()
    assert frame is not None
    page.setMinimumHeight(2000)
    qtbot.waitUntil(lambda: QScroller.hasScroller(frame))
