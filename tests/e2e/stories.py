"""Stories at the real till, each in a process of its own: `python -m tests.e2e.stories`.

One process has one till: Qt is not made to be ended and begun again.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from blinkpos_desktop import logs, settings, till_window
from blinkpos_desktop.demo import phone
from blinkpos_desktop.domain import watching
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    Fact,
    HealthExamined,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    SaleLeftOpen,
    ShopReady,
    SightChanged,
)
from blinkpos_desktop.domain.health import Check, Mark, worst
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.operations import daily_backup
from blinkpos_desktop.services import invoicing
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.open_sales import NAME
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.health_page import HealthPage
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Screen, TillView
from blinkpos_desktop.ui.widgets.keypad import HOLD_SECONDS
from tests.support import ledger

HASTE: Final = 20.0
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

    def forget(self) -> None:
        """Hear only what comes from now on."""
        self._facts.clear()

    @property
    def view(self) -> TillView:
        till = self.window.findChild(Till)
        assert till is not None
        return till.view

    @property
    def keypad(self) -> KeypadPage:
        page = self.window.page(Screen.KEYPAD)
        assert isinstance(page, KeypadPage)
        return page

    @property
    def code(self) -> InvoicePage:
        page = self.window.page(Screen.INVOICE)
        assert isinstance(page, InvoicePage)
        return page

    async def see(self, that: Callable[[], bool]) -> None:
        """Look at the screen until something is so."""
        async with asyncio.timeout(30):
            while not that():  # noqa: ASYNC110 (what is painted tells nobody)
                await asyncio.sleep(0.02)

    async def touch(self, button: QPushButton, until: Callable[[], bool]) -> None:
        """Press a button until something is so: one that has just appeared ignores fingers."""
        async with asyncio.timeout(10):
            while not until():
                button.click()
                await asyncio.sleep(0.05)

    def shows(self, screen: Screen) -> bool:
        return self.window.stack.currentWidget() is self.window.page(screen)

    async def cancel(self) -> None:
        await self.touch(self.code.cancel, lambda: self.shows(Screen.KEYPAD))
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


async def check_now(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """Without a word over the socket a tap finds the payment; with both ways cut it is said."""
    # Ten seconds pass in half a second, and the till's own next question is an hour away.
    setattr(SystemClock, "boot", lambda _: time.monotonic() * HASTE)  # noqa: B010 (a method)
    setattr(watching, "ON_SCREEN_EVERY", 3600)  # noqa: B010 (final for the program)
    till = Beside(window, bridge)
    await till.ready()
    first = (await till.sell(Key.D2, Key.D1)).payment
    assert first.invoice is not None
    await asyncio.to_thread(control.mute_sockets)
    till.code.check.click()
    await till.see(lambda: till.code.answer.text() == "Not paid yet.")
    await asyncio.to_thread(control.pay, first.invoice.payment_request)
    await till.touch(till.code.check, lambda: till.shows(Screen.SUCCESS))
    await till.hear(PaymentCompleted)
    await till.enter_until(Screen.KEYPAD)
    await asyncio.sleep(HOLD_SECONDS)

    await till.sell(Key.D5)
    await asyncio.to_thread(control.new_sockets, "refuse")
    await asyncio.to_thread(control.cut_sockets)
    await asyncio.to_thread(control.lay_fault, "drop_before", times=None)
    await till.hear(SightChanged, lambda fact: not fact.can_see)
    assert till.shows(Screen.INVOICE)
    assert till.code.sight.text().startswith("I can't see payments now:")
    till.code.check.click()
    await till.see(lambda: till.code.answer.text().startswith("Blink doesn't answer:"))
    await till.cancel()
    till.keypad.keypad.keys[Key.D7].strike()
    assert till.keypad.hint.text() == till.code.sight.text()
    assert not till.keypad.keypad.ok.isEnabled()
    await asyncio.to_thread(control.clear_faults)
    await till.hear(SightChanged, lambda fact: fact.can_see)
    assert till.keypad.hint.text() == ""
    assert till.keypad.keypad.ok.isEnabled()
    return 0


async def killed(_control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """The plug is pulled with a code on the screen."""
    # Whoever takes over waits for a dead process's claim to run out.
    setattr(invoicing, "CLAIM_SECONDS", 1)  # noqa: B010 (final for the program)
    till = Beside(window, bridge)
    await till.ready()
    await till.sell(Key.D2, Key.D1)
    hint = settings.load().data_dir / NAME
    await till.see(hint.exists)
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


async def taken_up(control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """What was on the screen is offered, taken up, paid and green."""
    till = Beside(window, bridge)
    await till.ready()
    left = (await till.hear(SaleLeftOpen)).payment
    assert till.keypad.offer.isVisible()
    # It blocks nobody: something can be typed, and the offer stays.
    till.keypad.keypad.keys[Key.D5].strike()
    assert till.keypad.keypad.ok.isEnabled()
    # And it does not take the place of what is typed.
    told = "Finish or clear what is typed first."
    await till.touch(till.keypad.offer.take_up, lambda: till.keypad.hint.text() == told)
    till.keypad.keypad.keys[Key.CLEAR].strike()
    await till.touch(till.keypad.offer.take_up, lambda: till.shows(Screen.INVOICE))
    assert left.invoice is not None
    assert till.code.amount.text() == "21 sats"
    await asyncio.to_thread(control.pay, left.invoice.payment_request)
    await till.hear(PaymentCompleted, lambda f: f.payment.id == left.id)
    assert till.shows(Screen.SUCCESS)
    await till.see(lambda: not (settings.load().data_dir / NAME).exists())
    return 0


async def backs_up(_control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """An open till makes the day's backup, and the keypad takes keys meanwhile."""
    till = Beside(window, bridge)
    await till.ready()
    database = settings.load().database_url
    assert database is not None
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(ledger.rows, database.reveal(), "SELECT id FROM backups"):
            till.keypad.keypad.keys[Key.D2].strike()
            await asyncio.sleep(0.05)
    return 0


async def health(_control: ControlClient, window: MainWindow, bridge: Bridge) -> int:
    """A tap on the status line shows how everything is, and it goes on looking."""
    till = Beside(window, bridge)
    # Tapped before anything is there: it is asked again until somebody answers.
    window._status.click()
    await till.ready()
    fact = await till.hear(HealthExamined, lambda f: not _failing(f))
    page = window.stack.currentWidget()
    assert isinstance(page, HealthPage)
    shown = [label.text() for label in page.findChildren(QLabel)]
    assert "The key of till, from the environment, may READ, RECEIVE, WRITE." in shown
    assert {each.check for each in fact.verdicts} == set(Check)
    page.back.click()
    assert till.shows(Screen.KEYPAD)
    return 0


def _failing(fact: HealthExamined) -> bool:
    return worst(fact.verdicts) is Mark.FAILING


Story = Callable[[ControlClient, MainWindow, Bridge], Awaitable[int]]
STORIES: Final[dict[str, Story]] = {
    each.__name__: each
    for each in (late_money, phone_pays, no_key, check_now, killed, taken_up, backs_up, health)
}


def main() -> int:
    """Play the story named on the command line, against the simulator at a control address."""
    from tests.e2e.items_story import sells_items
    from tests.e2e.sales_story import (
        agrees_to_a_price,
        changes_the_amount,
        sells_by_keyboard,
        sells_by_touch,
    )
    from tests.e2e.settings_story import sets_things
    from tests.e2e.tabs_story import looks_back, waits_for_history

    others: tuple[Story, ...] = (sells_items, looks_back, sells_by_touch, sells_by_keyboard)
    others += (agrees_to_a_price, changes_the_amount, waits_for_history, sets_things)
    name, control_url = sys.argv[1:]
    stories = STORIES | {each.__name__: each for each in others}
    read = settings.load()
    logs.set_up(read)
    with ControlClient(control_url) as control:
        story = functools.partial(stories[name], control)
        chores = {}
        if name == backs_up.__name__:
            setattr(daily_backup, "START_SECONDS", 0.0)  # noqa: B010 (final for the program)
            setattr(daily_backup, "LOOK_SECONDS", 0.1)  # noqa: B010
            chores = {"daily-backup": daily_backup.run}
        return till_window.run(read, file=settings.config_file(), beside=story, chores=chores)


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.exit(main())
