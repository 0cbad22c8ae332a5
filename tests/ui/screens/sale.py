"""A sale on its way: the tip, the invoice, the green page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from blinkpos_desktop.domain.facts import (
    CheckFailed,
    InvoiceChecked,
    SightChanged,
    TransferChanged,
)
from blinkpos_desktop.domain.transfer import TransferState
from tests.ui.fakes import (
    PRESETS,
    USD,
    transfers_of,
)
from tests.ui.screens.stage import Stage


def tip() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.till.ok()
    return stage


def tip_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("12.50")
    stage.till.ok()
    return stage


def tip_custom() -> Stage:
    stage = tip_fiat()
    stage.till.open_custom()
    return stage.type("7.5")


def making() -> Stage:
    stage = tip()
    stage.till.choose_tip(PRESETS[0])
    return stage


def invoice() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    stage.invoice()
    return stage


def invoice_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("1250.00")
    stage.invoice()
    return stage


def invoice_unpaid() -> Stage:
    stage = invoice_fiat()
    stage.till.check_now()
    stage.tell(InvoiceChecked(payment_id=5_000_000_001))
    return stage


def invoice_checking() -> Stage:
    stage = invoice()
    stage.till.check_now()
    return stage


def invoice_unseen() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready().type("1250.00")
    stage.invoice()
    stage.tell(SightChanged(can_see=False))
    stage.till.check_now()
    sentence = "Blink doesn't answer: check again in a moment."
    stage.tell(CheckFailed(payment_id=5_000_000_001, sentence=sentence))
    return stage


def success() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    payment = stage.paid()
    settled, busy = transfers_of(21, 2, TransferState.SETTLED)
    moved = replace(payment, transfers=(settled, replace(busy, state=TransferState.SENDING)))
    for transfer in moved.transfers:
        stage.tell(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
            )
        )
    return stage


def success_trouble() -> Stage:
    stage = Stage(network="regtest").ready().type("21")
    payment = stage.paid()
    kept, stuck = transfers_of(21, 2)
    kept = replace(
        kept, state=TransferState.KEPT, reason="No merchant is set, so it stays where it is."
    )
    stuck = replace(
        stuck,
        state=TransferState.ATTENTION,
        reason="elturco has no bitcoin wallet at Blink: choose whom it goes to, or keep it.",
    )
    for transfer in (kept, stuck):
        stage.tell(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
            )
        )
    return stage


def success_fiat() -> Stage:
    stage = Stage(currency=USD).ready().type("12.50")
    stage.paid()
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    tip,
    tip_fiat,
    tip_custom,
    making,
    invoice,
    invoice_fiat,
    invoice_unpaid,
    invoice_checking,
    invoice_unseen,
    success,
    success_trouble,
    success_fiat,
)
