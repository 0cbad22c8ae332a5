"""Beside the keypad: money that came elsewhere or late, and a sale that was left open."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from blinkpos_desktop.domain.facts import (
    AnnouncementsChanged,
    PaymentPaid,
    SaleLeftOpen,
    SightChanged,
    UnassignedIncome,
)
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import PaymentState
from tests.ui.fakes import (
    USD,
    announcement_of,
    payment_for,
    sale_of,
)
from tests.ui.screens.stage import Stage


def notices() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    for number, closed in ((7, False), (8, False), (9, True)):
        sale = sale_of(1000 * number)
        paid = payment_for(sale, number=number, paid_at=now, was_closed=closed, till="bar")
        stage.tell(PaymentPaid(payment=paid))
    return stage


def notices_many() -> Stage:
    """More than fit: the newest first, and a count of the rest."""
    stage = Stage(currency=USD).ready().type("12.50")
    now = int(time.time())
    items = []
    for number in range(12):
        till = "counter" if number % 2 else "the bar beside the swimming pool"
        paid = payment_for(sale_of(125_000, currency=USD), number=number, till=till)
        at = now - 50_000 * (number + 2)
        items.append(announcement_of(paid, was_closed=number % 3 == 0, at=at))
    stage.tell(AnnouncementsChanged(items=tuple(items)))
    stage.tell(PaymentPaid(payment=payment_for(sale_of(), number=99, paid_at=now, till="bar")))
    return stage


def notices_busy() -> Stage:
    """One is being written down as seen; beside it what nobody here asked for."""
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    amount = Money(minor=70_000, currency=SATS)
    stage.tell(UnassignedIncome(id="ab" * 32, amount=amount, at=now))
    stage.tell(AnnouncementsChanged(items=(announcement_of(payment_for(sale_of(1000)), at=now),)))
    stage.till.acknowledge(stage.till.view.notices[0])
    return stage


def notices_unassigned() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    now = int(time.time())
    for number, amount in enumerate(
        (Money(minor=1_234_567, currency=SATS), Money(minor=350, currency=USD), None)
    ):
        stage.tell(UnassignedIncome(id=f"{number}", amount=amount, at=now))
    return stage


def left_open() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready()
    stage.tell(SaleLeftOpen(payment=payment_for(sale_of(125_000, currency=USD))))
    return stage


def left_open_more() -> Stage:
    stage = left_open().type("21")
    stage.tell(SaleLeftOpen(payment=payment_for(sale_of(300, currency=USD), number=2)))
    stage.till.take_up(stage.till.view.offers[0])
    stage.tell(SightChanged(can_see=False))
    now = int(time.time())
    for number, closed in ((7, False), (9, True)):
        paid = payment_for(
            sale_of(1000, currency=USD), number=number, paid_at=now, was_closed=closed
        )
        stage.tell(PaymentPaid(payment=paid))
    return stage


def left_open_paid() -> Stage:
    stage = left_open().type("21")
    now = int(time.time())
    paid = payment_for(
        sale_of(125_000, currency=USD),
        state=PaymentState.PAID,
        paid_at=now,
        received_sats=1_237_500,
    )
    stage.tell(PaymentPaid(payment=paid))
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    notices,
    notices_many,
    notices_busy,
    notices_unassigned,
    left_open,
    left_open_more,
    left_open_paid,
)
