"""Whole sales by touch alone and by the keyboard alone, at each size that a till has."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from blinkpos_desktop.demo.eyes import Eyes, read_qr
from blinkpos_desktop.demo.hands import Hands, outside_tasks
from blinkpos_desktop.domain import pricing
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import InvoiceReady, PaymentClosed, PaymentCompleted
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.price_page import PricePage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.keypad import HOLD_SECONDS
from tests.e2e.stories import Beside

SIZES: Final = (QSize(800, 480), QSize(1024, 768), QSize(1920, 1080), QSize(600, 1024))
_STEP: Final = 0.05


class Seller(Beside):
    """Somebody who sells 21 sats with 10 % tip, and sees it through."""

    def __init__(self, control: ControlClient, window: MainWindow, bridge: Bridge) -> None:
        super().__init__(window, bridge)
        self.control = control
        self.hands = Hands(window)
        self.eyes = Eyes(window, Path(tempfile.mkdtemp()))
        self.sold = 0

    @property
    def tips(self) -> TipPage:
        page = self.window.page(Screen.TIP)
        assert isinstance(page, TipPage)
        return page

    async def at(self, size: QSize) -> None:
        """Give the window a size, and see that it has it."""
        self.window.resize(size)
        await self.see(lambda: self.window.size() == size)

    async def paid(self, size: QSize) -> None:
        """Pay what can be read off the screen, and wait until all of it is passed on."""
        ready = await self.hear(InvoiceReady, lambda f: self._is_new(f.payment.id))
        await self.see(lambda: self.shows(Screen.INVOICE))
        request = read_qr(self.eyes.picture(f"{size.width()}")).lower()
        assert ready.payment.invoice is not None
        assert request == ready.payment.invoice.payment_request
        assert ready.payment.total_sats == 23
        await asyncio.to_thread(self.control.pay, request)
        await self.hear(PaymentCompleted, lambda f: f.payment.id == ready.payment.id)
        await self.see(lambda: self.shows(Screen.SUCCESS))
        self.sold = ready.payment.id

    def _is_new(self, payment_id: int) -> bool:
        return payment_id > self.sold

    def left(self, screen: Screen) -> Callable[[], bool]:
        return lambda: not self.shows(screen)

    # -- by touch -------------------------------------------------------------------------------

    async def tap(self, what: Callable[[], QWidget], until: Callable[[], bool]) -> None:
        """Touch something until something is so: one that has just appeared ignores fingers."""
        async with asyncio.timeout(30):
            while not until():
                await self.hands.touch(what())
                await asyncio.sleep(_STEP)

    async def sell_by_touch(self, size: QSize) -> None:
        await self.at(size)
        pad, amount = self.keypad.keypad, self.keypad.amount
        await self.tap(lambda: pad.keys[Key.D2], lambda: amount.text() == "2 sats")
        await self.tap(lambda: pad.keys[Key.D1], lambda: amount.text() == "21 sats")
        await self.tap(lambda: pad.ok, lambda: self.shows(Screen.TIP))
        await self.tap(lambda: self.tips.presets.choices[0], self.left(Screen.TIP))
        await self.paid(size)
        green = self.window.page(Screen.SUCCESS)
        await self.tap(lambda: green, lambda: self.shows(Screen.KEYPAD))

    # -- by the keyboard ------------------------------------------------------------------------

    async def strike(self, key: Qt.Key) -> None:
        """Press a key and let it go, for whatever has the window's focus."""
        window = self.window.windowHandle()
        await outside_tasks(lambda: QTest.keyClick(window, key))

    async def strike_until(self, key: Qt.Key, until: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not until():
                await self.strike(key)
                await asyncio.sleep(_STEP)

    async def sell_by_keyboard(self, size: QSize) -> None:
        await self.at(size)
        for key in (Qt.Key.Key_2, Qt.Key.Key_1):
            await self.strike(key)
        assert self.keypad.amount.text() == "21 sats"
        await self.strike_until(Qt.Key.Key_Return, lambda: self.shows(Screen.TIP))
        wanted = "10%, 2 sats"
        await self.strike_until(Qt.Key.Key_Tab, lambda: _focused() == wanted)
        await self.strike_until(Qt.Key.Key_Space, self.left(Screen.TIP))
        await self.paid(size)
        await self.strike_until(Qt.Key.Key_Return, lambda: self.shows(Screen.KEYPAD))


def _focused() -> str:
    widget = QApplication.focusWidget()
    return "" if widget is None else widget.accessibleName()


async def sells_by_touch(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """A finger alone."""
    seller = Seller(control, window, bridge)
    await seller.ready()
    for size in SIZES:
        await seller.sell_by_touch(size)
    return 0


async def sells_by_keyboard(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Keys alone."""
    seller = Seller(control, window, bridge)
    window.activateWindow()
    await seller.ready()
    for size in SIZES:
        await seller.sell_by_keyboard(size)
    return 0


async def changes_the_amount(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """The next code waits for the end of the one before, three seconds at the most."""
    till = Beside(window, bridge)
    await till.ready()
    first = (await till.sell(Key.D2, Key.D1)).payment
    # Blink takes its time: the next code is there, and the old one may still be payable.
    await asyncio.to_thread(control.lay_fault, "delay", match="CancelInvoice", seconds=8.0)
    await till.touch(till.code.other, lambda: till.shows(Screen.KEYPAD))
    assert till.keypad.amount.text() == "21 sats"
    await asyncio.sleep(HOLD_SECONDS)
    second = (await till.sell(Key.D5)).payment
    assert till.shows(Screen.MAKING)
    await till.see(lambda: till.shows(Screen.INVOICE))
    assert second.total_sats == 215
    assert till.code.older.isVisible()
    assert "may still be payable" in till.code.older.text()
    # Once it is dead, nothing is left to say.
    await till.hear(PaymentClosed, lambda f: f.payment.id == first.id)
    assert not till.code.older.isVisible()
    # Quick as Blink mostly is, nobody sees that there was anything to wait for.
    await till.touch(till.code.other, lambda: till.shows(Screen.KEYPAD))
    await asyncio.sleep(HOLD_SECONDS)
    await till.sell(Key.D7)
    await till.hear(PaymentClosed, lambda f: f.payment.id == second.id)
    await till.see(lambda: till.shows(Screen.INVOICE))
    assert not till.code.older.isVisible()
    return 0


async def agrees_to_a_price(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """A price that moved far is asked about; sats at a tap are not."""
    # What is fetched once a minute is fetched for each sale here.
    setattr(pricing, "FRESH_SECONDS", 0)  # noqa: B010 (final for the program)
    await asyncio.to_thread(control.set_price, "USD", 100_000 * 100)
    till = Beside(window, bridge)
    await till.ready()
    await till.see(lambda: till.keypad.price.text().startswith("\N{BITCOIN SIGN} = $100"))
    await till.sell(Key.D5)
    await till.cancel()
    await asyncio.to_thread(control.set_price, "USD", 130_000 * 100)
    page = window.page(Screen.PRICE)
    assert isinstance(page, PricePage)
    for key in (till.keypad.keypad.keys[Key.D5], till.keypad.keypad.ok):
        key.strike()
    await till.see(lambda: till.shows(Screen.PRICE))
    assert page.question.accessibleName().startswith("A bitcoin was $100")
    assert page.agree.text().startswith("Sell at $130")
    await till.touch(page.back, lambda: till.shows(Screen.KEYPAD))
    await asyncio.sleep(HOLD_SECONDS)
    till.keypad.keypad.keys[Key.CLEAR].strike()
    till.keypad.other.click()
    assert (await till.sell(Key.D2, Key.D1)).payment.total_sats == 21
    await till.cancel()
    assert till.keypad.amount.text() == "$0"
    for key in (till.keypad.keypad.keys[Key.D5], till.keypad.keypad.ok):
        key.strike()
    await till.see(lambda: till.shows(Screen.PRICE))
    await till.touch(page.agree, lambda: not till.shows(Screen.PRICE))
    await till.hear(InvoiceReady, lambda f: f.payment.total_sats == 3846)
    await till.see(lambda: till.shows(Screen.INVOICE))
    return 0
