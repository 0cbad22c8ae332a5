"""Stories at the real till, each in a process of its own: `python -m tests.e2e.stories`.

One process has one till: Qt is not made to be ended and begun again.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from blinkpos_desktop import logs, settings, till_window
from blinkpos_desktop.demo import phone
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    Fact,
    Health,
    InvoiceReady,
    Part,
    PartChanged,
    PaymentClosed,
    PaymentCompleted,
    ShopReady,
)
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.keypad import HOLD_SECONDS

_F = TypeVar("_F", bound=Fact)


class Beside:
    """Somebody at the till: presses its buttons and hears its facts."""

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        self.window = window
        self._facts: list[Fact] = []
        self._more = asyncio.Event()
        bridge.fact.connect(self._hear)

    def _hear(self, fact: Fact) -> None:
        self._facts.append(fact)
        self._more.set()

    async def hear(self, kind: type[_F], that: Callable[[_F], bool] = lambda _: True) -> _F:
        seen = 0
        async with asyncio.timeout(30):
            while True:
                for fact in self._facts[seen:]:
                    if isinstance(fact, kind) and that(fact):
                        return fact
                seen = len(self._facts)
                self._more.clear()
                await self._more.wait()

    async def ready(self) -> None:
        await self.hear(ShopReady)
        await self.hear(PartChanged, lambda f: f.part is Part.BLINK and f.health is Health.OK)

    @property
    def keypad(self) -> KeypadPage:
        page = self.window.page(Screen.KEYPAD)
        assert isinstance(page, KeypadPage)
        return page

    def shows(self, screen: Screen) -> bool:
        return self.window.stack.currentWidget() is self.window.page(screen)

    async def cancel(self) -> None:
        page = self.window.page(Screen.INVOICE)
        assert isinstance(page, InvoicePage)
        async with asyncio.timeout(5):
            while not self.shows(Screen.KEYPAD):
                # A page that has just appeared ignores fingers for a moment: press until it hears.
                page.cancel.click()
                await asyncio.sleep(0.05)
        # The keypad that comes back lets hastier fingers wait, on purpose.
        await asyncio.sleep(HOLD_SECONDS)

    async def enter_until(self, screen: Screen) -> None:
        async with asyncio.timeout(5):
            while not self.shows(screen):
                enter = QKeyEvent(
                    QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier
                )
                QCoreApplication.sendEvent(self.window, enter)
                await asyncio.sleep(0.05)

    async def sell(self, *digits: Key) -> InvoiceReady:
        before = len(self._facts)
        for digit in digits:
            self.keypad.keypad.keys[digit].strike()
        self.keypad.keypad.ok.strike()
        return await self.hear(InvoiceReady, lambda f: f in self._facts[before:])


async def late_money(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Green belongs to the payment on the screen, and late money is a line."""
    till = Beside(window, bridge)
    await till.ready()
    first = (await till.sell(Key.D2, Key.D1)).payment
    assert till.shows(Screen.INVOICE)
    await till.cancel()
    await till.hear(PaymentClosed, lambda f: f.payment.id == first.id)
    # A Blink customer can still pay what was cancelled, while the next one is at the counter.
    second = (await till.sell(Key.D5)).payment
    assert till.shows(Screen.INVOICE)
    assert first.invoice is not None
    assert second.invoice is not None
    await asyncio.to_thread(control.pay, first.invoice.payment_request, from_username="visitor")
    await till.hear(PaymentCompleted, lambda f: f.payment.id == first.id)
    assert till.shows(Screen.INVOICE)
    await asyncio.to_thread(control.pay, second.invoice.payment_request)
    await till.hear(PaymentCompleted, lambda f: f.payment.id == second.id)
    assert till.shows(Screen.SUCCESS)
    await till.enter_until(Screen.KEYPAD)
    lines = [label.text() for label in till.keypad.notices.findChildren(QLabel)]
    assert any("21 sats" in line for line in lines), lines
    return 0


async def phone_pays(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """The customer's phone shows the invoice and pays it."""
    till = Beside(window, bridge)
    company = asyncio.create_task(phone.accompany(window, control))
    try:
        await till.ready()
        await till.sell(Key.D2, Key.D1)
        button = None
        async with asyncio.timeout(10):
            while button is None:
                await asyncio.sleep(0.05)
                shown = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
                phones = [w for w in shown if isinstance(w, phone.Phone)]
                button = phones[0].findChild(QPushButton) if phones else None
        assert button.accessibleName() == "Pay 21 sats"
        button.click()
        await till.hear(PaymentCompleted)
        assert till.shows(Screen.SUCCESS)
    finally:
        company.cancel()
        await asyncio.gather(company, return_exceptions=True)
    return 0


async def no_key(_control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Without a key the window opens and says how to set one."""
    till = Beside(window, bridge)
    shop = await till.hear(ShopReady)
    assert "BLINKPOS_API_KEY" in shop.problem
    assert "BLINKPOS_API_KEY" in till.keypad.hint.text()
    till.keypad.keypad.keys[Key.D2].strike()
    assert not till.keypad.keypad.ok.isEnabled()
    return 0


Story = Callable[[ControlClient, MainWindow, Bridge], Awaitable[int]]
STORIES: Final[dict[str, Story]] = {
    each.__name__: each for each in (late_money, phone_pays, no_key)
}


def main() -> int:
    """Play the story named on the command line, against the simulator at a control address."""
    name, control_url = sys.argv[1:]
    read = settings.load()
    logs.set_up(read)
    with ControlClient(control_url) as control:
        story = functools.partial(STORIES[name], control)
        return till_window.run(read, beside=story)


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.exit(main())
