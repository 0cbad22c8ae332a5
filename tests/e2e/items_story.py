"""A shop that sells by items: the owner makes them at the screen, the cashier sells them."""

from __future__ import annotations

import asyncio
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    ItemsChanged,
    LastSaleLoaded,
    PaymentCompleted,
)
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.cart_page import CartPage
from blinkpos_desktop.ui.pages.editor_page import EditorPage
from blinkpos_desktop.ui.pages.items_page import ItemsPage
from blinkpos_desktop.ui.pages.last_sale_page import LastSalePage
from blinkpos_desktop.ui.viewmodels.view import Screen
from tests.e2e.stories import Beside

EAN: Final = "4006381333931"


async def _make(till: Beside, page: ItemsPage, *, is_first: bool, **texts: str) -> None:
    (page.first if is_first else page.new).click()
    editor = till.window.stack.currentWidget()
    assert isinstance(editor, EditorPage)
    for name, text in texts.items():
        editor.lines[name].setText(text)
        editor.lines[name].textEdited.emit(text)
    editor.save.click()
    await till.hear(ItemsChanged, lambda f: any(i.name == texts["name"] for i in f.items))
    await till.see(lambda: till.shows(Screen.ITEMS))


def _scan(window: MainWindow, code: str) -> None:
    for at, letter in enumerate(code + "\r"):
        key = Qt.Key.Key_Return if letter == "\r" else Qt.Key(ord(letter))
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, letter)
        event.setTimestamp(1_000_000 + 6 * at)
        QCoreApplication.sendEvent(window, event)


async def sells_items(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Items made, tapped, scanned, discounted, noted, paid, called back and sold again."""
    till = Beside(window, bridge)
    await till.ready()
    window.items_tab.click()
    page = window.stack.currentWidget()
    assert isinstance(page, ItemsPage)
    await _make(till, page, is_first=True, name="Coffee", price="300", category="Drinks")
    page.pencil.click()
    await _make(till, page, is_first=False, name="Beans", price="1200", code=EAN)
    page.pencil.click()
    for _ in range(2):
        page.grid.tiles[0].click()
    window.till_tab.click()
    pad, amount = till.keypad.keypad, till.keypad.amount
    # The keypad that comes back lets hastier fingers wait, on purpose.
    await till.touch(pad.keys[Key.D5], lambda: amount.text() == "600 + 5 sats")
    _scan(window, EAN)
    assert amount.text() == "1805 sats"
    till.keypad.cart.click()
    cart = window.stack.currentWidget()
    assert isinstance(cart, CartPage)
    cart.lines.discount.click()
    for key in (Key.D1, Key.D0):
        cart.discount.keypad.keys[key].strike()
    cart.discount.use.click()
    cart.lines.note.click()
    cart.note.line.textEdited.emit("table 4")
    cart.note.save.click()
    # 180.5 is rounded up, once; the tip is on what is left.
    assert cart.lines.charge.text() == "Charge 1624 sats"
    await till.touch(cart.lines.charge, lambda: not till.shows(Screen.CART))
    first = (await till.hear(InvoiceReady)).payment
    assert first.total_sats == 1624
    assert first.memo == "table 4 | 600 + 5 + 1200 - 181 = 1624 sats"
    assert first.invoice is not None
    await asyncio.to_thread(control.pay, first.invoice.payment_request)
    await till.hear(PaymentCompleted, lambda f: f.payment.id == first.id)
    await till.enter_until(Screen.KEYPAD)
    assert amount.text() == "0 sats"

    till.keypad.last.click()
    await till.hear(LastSaleLoaded)
    last = window.stack.currentWidget()
    assert isinstance(last, LastSalePage)
    await till.see(lambda: last.amount.text() == "1624 sats")
    last.again.click()
    assert amount.text() == "1624 sats"
    await till.touch(pad.ok, lambda: not till.shows(Screen.KEYPAD))
    again = (await till.hear(InvoiceReady, lambda f: f.payment.id != first.id)).payment
    assert again.memo == first.memo
    return 0
