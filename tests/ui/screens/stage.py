"""A till on a stage: one window, faked facts, and the state asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import InvoiceReady, PaymentPaid, PriceChanged
from blinkpos_desktop.domain.money import SATS, Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.viewmodels.history import History
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel
from blinkpos_desktop.ui.viewmodels.shelf import Shelf
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.tips import Tips
from blinkpos_desktop.ui.viewmodels.view import Screen
from tests.ui.fakes import (
    PRESETS,
    FakeBridge,
    all_is_well,
    payment_for,
    shop,
)

SIZES: Final = (QSize(800, 480), QSize(1024, 768), QSize(1920, 1080), QSize(600, 1024))


class Stage:
    """A till on a stage: one window, faked facts, and the state asked for."""

    def __init__(
        self, *, currency: Currency = SATS, network: str = "mainnet", dark: bool = True
    ) -> None:
        from blinkpos_desktop.ui.assembly import build

        self.bridge = FakeBridge()
        self.window: MainWindow = build(
            self.bridge,
            presets=PRESETS,
            currency=currency,
            appearance=Appearance(look=Look.DARK if dark else Look.LIGHT),
            sound=False,
        )
        self.window.furnish()
        till = self.window.findChild(Till)
        assert till is not None
        tips, history = self.window.findChild(Tips), self.window.findChild(History)
        assert tips is not None
        assert history is not None
        self.till, self.tips, self.history = till, tips, history
        # No finger is too early on a stage.
        self.till._guard_seconds = 0.0
        shelf = self.window.findChild(Shelf)
        last_sale = self.window.findChild(LastSaleModel)
        assert shelf is not None
        assert last_sale is not None
        self.shelf, self.last_sale = shelf, last_sale
        self.network = network
        self.currency = currency
        self.answers: list[object] = []
        """Facts that come once the window is on the screen."""
        self.later: list[Callable[[], None]] = []
        """What is done then."""

    def ready(self) -> Stage:
        self.tell(*all_is_well(), shop(network=self.network, currency=self.currency))
        if not self.currency.is_sats:
            price = Price(currency=self.currency, base=116_000_000_000, offset=12, as_of=0)
            self.tell(PriceChanged(price=price))
            self.tell(PartChanged(part=Part.PRICE, health=Health.OK))
        return self

    def is_on(self, screen: Screen) -> bool:
        return self.till.view.screen is screen

    def tell(self, *facts: object) -> None:
        for fact in facts:
            self.bridge.fact.emit(fact)

    def type(self, text: str) -> Stage:
        for letter in text:
            self.till.press(Key(letter))
        return self

    def invoice(self) -> Payment:
        """Go on from the typed amount to the QR code, with the first preset."""
        self.till.ok()
        if self.till.view.screen is Screen.TIP:
            self.till.choose_tip(PRESETS[0])
        payment = payment_for(self.bridge.charges[-1])
        assert payment.invoice is not None
        invoice = replace(payment.invoice, expires_at=int(time.time()) + 872)
        payment = replace(payment, invoice=invoice)
        if not self.currency.is_sats:
            sums = f"{payment.base} + 10% tip = {payment.total}"
            payment = replace(payment, memo=f"{sums} ({payment.total_sats} sats)")
        self.tell(InvoiceReady(payment=payment))
        return payment

    def paid(self) -> Payment:
        payment = replace(self.invoice(), state=PaymentState.PAID, paid_at=int(time.time()))
        self.tell(PaymentPaid(payment=payment))
        page = self.window.page(Screen.SUCCESS)
        assert isinstance(page, SuccessPage)
        page.check.finish()
        return payment


def on_stage(
    make: Callable[[], Stage], size: QSize, *, appearance: Appearance | None = None
) -> Stage:
    """Return a state in a window of a size, painted."""
    stage = make()
    if appearance is not None:
        stage.window.wear(appearance)
    stage.window.resize(size)
    stage.window.show()
    settle()
    stage.tell(*stage.answers)
    for act in stage.later:
        act()
    settle()
    return stage


def settle() -> None:
    """Let a page of many cards be laid out, which takes several turns."""
    for _ in range(5):
        QApplication.sendPostedEvents()
        QApplication.processEvents()
