"""States of selling: prices and currencies, tips for several, a code that waits for another."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtTest import QTest

from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    InvoiceReady,
    PaymentPaid,
    PriceChanged,
    PriceDoubted,
)
from blinkpos_desktop.domain.health_words import words
from blinkpos_desktop.domain.judging_price import price_verdict
from blinkpos_desktop.domain.measures import PriceMeasure
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.pricing import ClockAheadError, PriceMove
from blinkpos_desktop.domain.sale import Sale, parse_recipients
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from tests.ui.fakes import PRESETS, USD, payment_for, shop
from tests.ui.screens.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable


EURO: Final = Currency(code="EUR", digits=2, symbol="€", name="Euro")
_BEFORE: Final = Price(currency=USD, base=86_206_896_552, offset=12, as_of=1_780_000_000)
_MOVE: Final = PriceMove(
    before=_BEFORE, price=replace(_BEFORE, base=120_000_000_000, as_of=_BEFORE.as_of + 700)
)
FOUR: Final = parse_recipients(["ana:60", "ben:40", "carla_from_the_bar:20", "dimitri:20"])


def _fiat(text: str = "12.50", *, age: float = 45) -> Stage:
    stage = Stage(currency=USD).ready().type(text)
    stage.tell(_price(age=age))
    return stage


def _price(*, age: float) -> PriceChanged:
    now = time.time()
    price = Price(currency=USD, base=86_206_896_552, offset=12, as_of=int(now - age))
    return PriceChanged(price=price, since=now - age, is_sure=True)


def price_live() -> Stage:
    return _fiat()


def _told(stage: Stage, **measured: Any) -> Stage:  # noqa: ANN401 (a measure's values)
    verdict = price_verdict(PriceMeasure(code="USD", **measured))
    sentence, _ = words(verdict)
    stage.tell(PartChanged(part=Part.PRICE, health=Health.AWAY, sentence=sentence))
    return stage


def price_aging() -> Stage:
    return _told(_fiat(age=240), age=240, is_failing=True)


def price_old() -> Stage:
    return _told(_fiat(age=1300), age=1300, is_failing=True)


def price_jumped() -> Stage:
    return _told(_fiat(), age=45, price=_MOVE.price, move=_MOVE)


def price_clock() -> Stage:
    """What the cashier is told whose computer's clock is far ahead."""
    stage = _told(_fiat(age=780), age=780, is_failing=True, skew=780)
    stage.till.ok()
    stage.till.choose_tip(PRESETS[0])
    stage.tell(ChargeFailed(sentence=ClockAheadError(780).sentence))
    return stage


def price_in_sats() -> Stage:
    stage = _fiat()
    stage.till.switch_currency()
    return stage


def price_moved() -> Stage:
    stage = _fiat()
    stage.till.ok()
    stage.till.choose_tip(PRESETS[0])
    stage.tell(PriceDoubted(move=_MOVE))
    return stage


def _served(count: int, text: str = "12.50") -> Stage:
    stage = _fiat(text)
    stage.tell(shop(currency=USD, recipients=FOUR[:count]))
    stage.till.ok()
    return stage


def tip_two() -> Stage:
    return _served(2)


def tip_four() -> Stage:
    stage = _served(4, "98765.43")
    stage.till.toggle_server("carla_from_the_bar")
    return stage


def tip_amount() -> Stage:
    stage = _served(2)
    stage.till.open_custom()
    stage.till.choose_tip_kind(is_percent=False)
    return stage.type("2.50")


def _again(stage: Stage) -> Payment:
    stage.till.change_amount()
    stage.till.ok()
    stage.till.choose_tip(PRESETS[0])
    payment = payment_for(stage.bridge.charges[-1], number=2)
    assert payment.invoice is not None
    invoice = replace(payment.invoice, expires_at=int(time.time()) + 872)
    return replace(payment, invoice=invoice)


def invoice_older() -> Stage:
    """The code before could not be cancelled in time; Blink was asked meanwhile, too."""
    stage = _fiat("1250.00")
    stage.invoice()
    payment = _again(stage)
    stage.till._wait.setInterval(0)
    stage.tell(InvoiceReady(payment=payment))
    QTest.qWait(1)
    assert stage.till.view.older
    return stage


def _shared(sale: Sale) -> Payment:
    """Return the payment of a sale whose tip is for several."""
    payment = payment_for(sale)
    merchant, tip = payment.transfers
    tips = tuple(
        replace(tip, id=2 + at, recipient=each.username) for at, each in enumerate(sale.recipients)
    )
    return replace(payment, transfers=(merchant, *tips))


def invoice_served() -> Stage:
    stage = _served(4)
    for name in ("ana", "carla_from_the_bar"):
        stage.till.toggle_server(name)
    stage.till.choose_tip(PRESETS[0])
    stage.tell(InvoiceReady(payment=_shared(stage.bridge.charges[-1])))
    return stage


def success_shared() -> Stage:
    """As many as share a tip, on a till that also says that its money is not real."""
    stage = _served(4)
    stage.tell(replace(shop(currency=USD, recipients=FOUR), network="regtest"))
    stage.till.choose_tip(PRESETS[0])
    payment = _shared(stage.bridge.charges[-1])
    stage.tell(InvoiceReady(payment=payment))
    stage.tell(
        PaymentPaid(payment=replace(payment, state=PaymentState.PAID, paid_at=int(time.time())))
    )
    page = stage.window.page(Screen.SUCCESS)
    assert isinstance(page, SuccessPage)
    page.check.finish()
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    price_live,
    price_aging,
    price_old,
    price_jumped,
    price_clock,
    price_in_sats,
    price_moved,
    tip_two,
    tip_four,
    tip_amount,
    invoice_older,
    invoice_served,
    success_shared,
)
