"""The real till, window and services on one loop, with somebody beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from blinkpos_desktop import till_window
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
from blinkpos_desktop.simulator.server import Simulator
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets.keypad import HOLD_SECONDS
from tests.conftest import SettingsMaker

_F = TypeVar("_F", bound=Fact)
ROOT = Path(__file__).resolve().parents[2]


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


def test_green_belongs_to_the_payment_on_the_screen_and_late_money_is_a_line(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async def story(window: MainWindow, bridge: Bridge) -> int:
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
        await asyncio.to_thread(
            simulator.control.pay, first.invoice.payment_request, from_username="visitor"
        )
        await till.hear(PaymentCompleted, lambda f: f.payment.id == first.id)
        assert till.shows(Screen.INVOICE)
        await asyncio.to_thread(simulator.control.pay, second.invoice.payment_request)
        await till.hear(PaymentCompleted, lambda f: f.payment.id == second.id)
        assert till.shows(Screen.SUCCESS)
        await till.enter_until(Screen.KEYPAD)
        lines = [label.text() for label in till.keypad.notices.findChildren(QLabel)]
        assert any("21 sats" in line for line in lines), lines
        return 7

    settings = make_settings(tip_presets=())
    assert till_window.run(settings, beside=story) == 7
    assert simulator.control.balances()["cafe"]["BTC"] == 26
    simulator.control.verify()


def test_the_customers_phone_shows_the_invoice_and_pays_it(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async def story(window: MainWindow, bridge: Bridge) -> int:
        till = Beside(window, bridge)
        company = asyncio.create_task(phone.accompany(window, simulator.control))
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

    assert till_window.run(make_settings(tip_presets=()), beside=story) == 0
    assert simulator.control.balances()["cafe"]["BTC"] == 21


def test_without_a_key_the_window_opens_and_says_how_to_set_one(
    make_settings: SettingsMaker,
) -> None:
    async def story(window: MainWindow, bridge: Bridge) -> int:
        till = Beside(window, bridge)
        shop = await till.hear(ShopReady)
        assert "BLINKPOS_API_KEY" in shop.problem
        assert "BLINKPOS_API_KEY" in till.keypad.hint.text()
        till.keypad.keypad.keys[Key.D2].strike()
        assert not till.keypad.keypad.ok.isEnabled()
        return 0

    assert till_window.run(make_settings(api_key=None), beside=story) == 0


def test_the_keypad_is_painted_before_anything_heavy_is_imported() -> None:
    heavy = ("psycopg", "httpx", "redis", "websockets", "bolt11", "asyncio", "qrcode")
    program = f"""
import sys
from pathlib import Path
from blinkpos_desktop import till_window
from blinkpos_desktop.settings import Settings
from PySide6.QtCore import QTimer

def painted(app):
    original(app)
    print("PAINTED", *[name for name in {heavy!r} if name in sys.modules], flush=True)
    raise SystemExit(0)

original = till_window._paint_first
till_window._paint_first = painted
from blinkpos_desktop.ui import main_window
real = main_window.MainWindow.paintEvent
def paint(self, event):
    real(self, event)
    print("KEYPAD", flush=True)
main_window.MainWindow.paintEvent = paint
till_window.run(Settings(api_url="http://127.0.0.1:9", ws_url="ws://127.0.0.1:9",
    data_dir=Path("data"), state_dir=Path("state")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["KEYPAD", "PAINTED"], done.stdout + done.stderr


def test_a_signal_ends_the_till_cleanly(tmp_path: Path) -> None:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "BLINKPOS_DATA_DIR": str(tmp_path / "a folder"),
        "HOME": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "blinkpos_desktop", "run"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _end_by_signal(process, tmp_path)


def _end_by_signal(process: subprocess.Popen[str], tmp_path: Path) -> None:
    server = tmp_path / "a folder" / "postgresql" / "18" / "postmaster.pid"
    log = tmp_path / "xdg_state_home" / "blinkpos" / "log" / "blinkpos.log"
    while "the till cannot sell" not in (log.read_text() if log.exists() else ""):
        assert process.poll() is None
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert server.exists()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    # The last one out has stopped the database.
    assert not server.exists()
