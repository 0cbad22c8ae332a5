"""The last sale's result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain import cart as carts
from blinkpos_desktop.domain.cart import Cart, Discount
from blinkpos_desktop.domain.facts import (
    LastSaleFailed,
    LastSaleLoaded,
)
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.domain.sale import sale_of as sale_of_cart
from blinkpos_desktop.domain.transfer import TransferState
from tests.ui.fakes import (
    USD,
    payment_for,
    shop,
    transfers_of,
)
from tests.ui.screens.shelf import items_page, shelf_of
from tests.ui.screens.stage import Stage


def last_sale(state: PaymentState = PaymentState.COMPLETED) -> Stage:
    stage = items_page()
    stage.window.open_till()
    stage.last_sale.open()
    sold = Cart(currency=USD)
    for at in (0, 0, 5, 9):
        sold = carts.put(sold, shelf_of()[at])
    sold = carts.with_note(carts.discount_sum(sold, Discount(percent=Fraction(10))), "Table 4")
    sale = sale_of_cart(sold, percent=Fraction(10), recipients=shop().tip_recipients)
    is_paid = state is PaymentState.COMPLETED
    payment = payment_for(sale, state=state, paid_at=int(time.time()) if is_paid else None)
    parts = transfers_of(
        payment.total_sats - payment.tip_sats, payment.tip_sats, TransferState.SETTLED
    )
    payment = replace(payment, transfers=parts if is_paid else payment.transfers)
    stage.answers.append(LastSaleLoaded(sale=LastSale(payment=payment, cart=sold)))
    return stage


def last_sale_cancelled() -> Stage:
    return last_sale(PaymentState.CANCELLED)


def last_sale_none() -> Stage:
    stage = Stage(network="regtest").ready()
    stage.last_sale.open()
    stage.answers.append(LastSaleLoaded(sale=None))
    return stage


def last_sale_failed() -> Stage:
    stage = Stage().ready()
    stage.last_sale.open()
    stage.answers.append(LastSaleFailed(sentence="The database cannot be reached."))
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    last_sale,
    last_sale_cancelled,
    last_sale_none,
    last_sale_failed,
)
