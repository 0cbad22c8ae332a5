"""The real till with somebody at it, as a process: ``python -m benchmarks.cashier JSON``.

It prints what was measured as a line of JSON. The window, its services and Blink's connection
are the program's own, touched as a finger touches.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.opening import memory_kib
from benchmarks.stalls import TICK_SECONDS, Stalls
from blinkpos_desktop import till_window
from blinkpos_desktop.demo.hands import Hands
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import Fact, InvoiceReady, PaymentCompleted, ShopReady
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.importing import use_plain_import
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.invoice_page import InvoicePage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.widgets import keypad as keypad_widget

_P = TypeVar("_P", bound=QWidget)

PATIENCE: Final = 60.0
SETTLES_SECONDS: Final = 3.0
"""After it is ready, before its memory is read."""
_FILES: Final = Path("/proc/self/fd")
UNLIMITED: Final = 10**6
KEY_SECONDS: Final = 0.05
BUSY_SALES_A_SECOND: Final = 5
RECIPIENTS: Final = parse_recipients(["elturco"])


def _unguarded() -> None:
    """Take away what holds fast hands and fast shops back: guards, and Blink's own limits."""
    from blinkpos_desktop.services import announcing, checkout, invoicing
    from blinkpos_desktop.ui.viewmodels.counter import Counter

    keypad_widget.HOLD_SECONDS = 0.0  # type: ignore[misc]
    defaults = Counter.__init__.__kwdefaults__
    assert defaults is not None
    defaults["guard_seconds"] = 0.0
    # Thirty sales take a quick machine less than each of them is kept for.
    announcing.WRITE_SECONDS = 0.5  # type: ignore[misc]
    checkout.INVOICES_A_MINUTE = UNLIMITED  # type: ignore[misc]
    invoicing.CALLS_A_MINUTE = invoicing.PREPARED_A_MINUTE = UNLIMITED  # type: ignore[misc]


class _Eye(QObject):
    """Sees when a widget has been painted."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[QWidget, asyncio.Future[float]] = {}

    def on(self, widget: QWidget) -> asyncio.Future[float]:
        """Return the moment of the next painting of a widget, once it has come."""
        seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._seen[widget] = seen
        widget.installEventFilter(self)
        return seen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() is QEvent.Type.Paint and isinstance(watched, QWidget):
            waiting = self._seen.pop(watched, None)
            watched.removeEventFilter(self)
            if waiting is not None and not waiting.done():
                # Behind the painting that has just begun.
                QTimer.singleShot(0, lambda: _done(waiting))
        return False


def _done(waiting: asyncio.Future[float]) -> None:
    if not waiting.done():
        waiting.set_result(time.monotonic())


@dataclass(slots=True)
class Times:
    """Milliseconds, one of each sale or key."""

    key: list[float] = field(default_factory=list)
    """From a finger's press to the amount's painting."""
    code: list[float] = field(default_factory=list)
    """From the invoice's answer to the QR's painting."""
    green: list[float] = field(default_factory=list)
    """From the update's arrival to the painting of the green page."""
    whole: list[float] = field(default_factory=list)
    """From the first key to the payment's completion."""


class Cashier:
    """Touches the till, and pays as the customer."""

    def __init__(self, window: MainWindow, bridge: Bridge, control_url: str) -> None:
        """Take the till, and the way to the customers' wallet."""
        import httpx

        self.window, self.times, self.stalls = window, Times(), Stalls()
        self._bridge = bridge
        self.ready = asyncio.Event()
        self._eye = _Eye()
        self._hands = Hands(window)
        self._customer = httpx.AsyncClient(base_url=control_url + "/", trust_env=False)
        self._invoice: asyncio.Future[tuple[float, InvoiceReady]] | None = None
        self._completed: dict[int, asyncio.Event] = {}
        self._updates: dict[str, float] = {}
        bridge.fact.connect(self._hear)
        self._note_updates()

    def _note_updates(self) -> None:
        """Note the moment at which Blink's update is out of the socket."""
        from blinkpos_desktop.domain.blink import PaidUpdate
        from blinkpos_desktop.services.watcher import Watcher

        on_update, updates = Watcher.on_update, self._updates

        def noted(watcher: Watcher, update: PaidUpdate) -> None:
            updates.setdefault(update.payment_hash, time.monotonic())
            on_update(watcher, update)

        Watcher.on_update = noted  # type: ignore[method-assign, assignment]

    def _hear(self, fact: Fact) -> None:
        match fact:
            case ShopReady(problem=""):
                self.ready.set()
            case InvoiceReady():
                if self._invoice is not None and not self._invoice.done():
                    self._invoice.set_result((time.monotonic(), fact))
            case PaymentCompleted():
                self._completed.setdefault(fact.payment.id, asyncio.Event()).set()
            case _:
                pass

    async def press(self, key: Key) -> None:
        """Press a key; note when the amount has been painted."""
        page = self._page(KeypadPage, Screen.KEYPAD)
        painted = self._eye.on(page.amount)
        began = time.monotonic()
        await self._hands.touch(page.keypad.keys[key])
        self.times.key.append(1000 * (await painted - began))

    async def type_keys(self, keys: int) -> list[float]:
        """Press so many keys, as fast as each is painted; return what each took."""
        self.times.key = []
        for number in range(keys):
            await self.press(Key.CLEAR if number % 7 == 6 else Key.D4)  # noqa: PLR2004
            await asyncio.sleep(KEY_SECONDS)
        return self.times.key

    async def type_while_busy(self, keys: int) -> list[float]:
        """Type while sales of elsewhere are made, paid and passed on, five a second."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            busy = group.create_task(self._work_off(group, stop), name="busy")
            found = await self.type_keys(keys)
            stop.set()
            await busy
        return found

    async def _work_off(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        services = self._bridge._services  # noqa: SLF001 (as no screen would)
        assert services is not None
        sale = Sale(currency=SATS, items=(210,), tip_percent=Fraction(10), recipients=RECIPIENTS)

        async def one() -> None:
            payment = await services.checkout.charge(sale)
            assert payment.invoice is not None
            await self._pay(payment.invoice.payment_request)
            await self._completed.setdefault(payment.id, asyncio.Event()).wait()

        while not stop.is_set():
            group.create_task(one(), name="elsewhere")
            with suppress(TimeoutError):
                async with asyncio.timeout(1 / BUSY_SALES_A_SECOND):
                    await stop.wait()

    async def _pay(self, payment_request: str) -> None:
        told = {"payment_request": payment_request, "currency": "BTC"}
        (await self._customer.post("pay", json=told)).raise_for_status()

    async def sell(self, *, with_tip: bool) -> None:
        """Make one sale from the first key until it is completed, and go back to the keypad."""
        began = time.monotonic()
        for key in (Key.D2, Key.D1, Key.D0):
            await self.press(key)
        self._invoice = asyncio.get_running_loop().create_future()
        code = self._eye.on(self._page(InvoicePage, Screen.INVOICE).qr)
        tips = self._page(TipPage, Screen.TIP).presets
        shown = self._eye.on(tips)
        await self._hands.touch(self._page(KeypadPage, Screen.KEYPAD).keypad.ok)
        await self._hands.turned_to(Screen.TIP)
        await shown
        await self._hands.touch(tips.choices[0] if with_tip else tips.no_tip)
        at, ready = await self._invoice
        self.times.code.append(1000 * (await code - at))
        green = self._eye.on(self.window.page(Screen.SUCCESS))
        invoice = ready.payment.invoice
        assert invoice is not None
        await self._pay(invoice.payment_request)
        seen = await green
        if (arrived := self._updates.pop(ready.payment.payment_hash, None)) is not None:
            self.times.green.append(1000 * (seen - arrived))
        done = self._completed.setdefault(ready.payment.id, asyncio.Event())
        await done.wait()
        # It may be told twice: by who passed the money on, and by the ledger's notification.
        self._completed.clear()
        self.times.whole.append(1000 * (time.monotonic() - began))
        green_page = self.window.page(Screen.SUCCESS)
        # Where forwarding took longer than green stays, the keypad is back already.
        if self.window.stack.currentWidget() is green_page:
            shown = self._eye.on(self._page(KeypadPage, Screen.KEYPAD).amount)
            await self._hands.touch(green_page)
            await self._hands.turned_to(Screen.KEYPAD)
            await shown

    async def close(self) -> None:
        """Hang up."""
        await self._customer.aclose()

    def _page(self, kind: type[_P], screen: Screen) -> _P:
        page = self.window.page(screen)
        assert isinstance(page, kind)
        return page


def things() -> dict[str, int]:
    """Count what may leak: tasks, widgets, timers, open files and connections, memory."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    widgets = app.allWidgets()
    gc.collect()
    return {
        "pss": memory_kib(),
        "own": memory_kib("Anonymous"),
        "tasks": len(asyncio.all_tasks()),
        "widgets": len(widgets),
        "timers": sum(len(top.findChildren(QTimer)) for top in app.topLevelWidgets()),
        "files": len(os.listdir(_FILES)) if _FILES.exists() else 0,  # noqa: PTH208 (each is gone)
        "objects": len(gc.get_objects()),
    }


def settings_of(told: dict[str, Any]) -> Settings:
    """Return the till's settings."""
    return Settings(
        api_url=told["api_url"],
        ws_url=told["ws_url"],
        api_key=Secret(told["key"]),
        merchant="cafe",
        tip_recipients=RECIPIENTS,
        till="bench",
        database_url=Secret(told["database_url"]) if told.get("database_url") else None,
        redis_url=Secret(told["redis_url"]) if told.get("redis_url") else None,
        data_dir=Path(told["folder"]) / "data",
        state_dir=Path(told["folder"]) / "log",
    )


def main() -> int:
    """Do as told."""
    told = json.loads(sys.argv[1])
    logging.disable(logging.WARNING)
    found: dict[str, Any] = {}

    async def beside(window: MainWindow, bridge: Bridge) -> int:
        cashier = Cashier(window, bridge, told["control_url"])
        watching = asyncio.create_task(cashier.stalls.watch(), name="stalls")
        try:
            async with asyncio.timeout(PATIENCE):
                await cashier.ready.wait()
            # Once each, or what is made at the first press would be timed.
            for key in (Key.D1, Key.CLEAR):
                await cashier.press(key)
            await _sell_all(cashier, found, told["sales"], told["every"])
            found["keys"] = await cashier.type_keys(told.get("keys", 0))
            found["slow in a sale"] = cashier.stalls.slowest
            cashier.stalls.forget()
            found["keys, busy"] = await cashier.type_while_busy(told.get("keys", 0))
            found["slow when busy"] = cashier.stalls.slowest
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await cashier.close()
        return 0

    # As ``opening.py`` begins.
    gc.disable()
    use_plain_import()
    _unguarded()
    code = till_window.run(settings_of(told), beside=beside)
    print(json.dumps(found), flush=True)
    return code


async def _sell_all(cashier: Cashier, found: dict[str, Any], sales: int, every: int) -> None:
    await asyncio.sleep(SETTLES_SECONDS)
    cashier.times = Times()
    cashier.stalls.forget()
    found["things"] = [things()]
    for number in range(sales):
        async with asyncio.timeout(PATIENCE):
            await cashier.sell(with_tip=bool(number % 2))
        if (number + 1) % every == 0:
            found["stall"] = 1000 * cashier.stalls.longest
            found["things"].append(things())
            print(f"{number + 1} sales:", found["things"][-1], file=sys.stderr, flush=True)
            # What was counted here stopped the loop: that was not the till.
            await asyncio.sleep(TICK_SECONDS * 2)
            cashier.stalls.longest = found["stall"] / 1000
    found["times"] = {name: getattr(cashier.times, name) for name in Times.__slots__}


if __name__ == "__main__":
    raise SystemExit(main())
