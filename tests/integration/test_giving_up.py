"""A sale that is given up while its invoice is being stored is closed, whichever came first."""

from __future__ import annotations

import asyncio

import pytest

from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.sale import Sale
from blinkpos_desktop.engine import Engine
from tests.conftest import SettingsMaker
from tests.support import ledger


@pytest.mark.parametrize("stored", [False, True])
async def test_given_up_while_the_invoice_is_stored(
    make_settings: SettingsMaker,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    stored: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    engine = Engine(make_settings(), only_own=True)
    attach = engine.store.attach_invoice

    async def interrupted(payment_id: int, invoice: Invoice) -> Payment | None:
        if stored:
            await attach(payment_id, invoice)
        raise asyncio.CancelledError

    monkeypatch.setattr(engine.store, "attach_invoice", interrupted)
    try:
        await engine.open_store()
        await engine.open_blink()
        with pytest.raises(asyncio.CancelledError):
            await engine.checkout.charge(Sale(currency=SATS, items=(21,)))
    finally:
        await engine.stop()
    state = PaymentState.CANCELLING if stored else PaymentState.CANCELLED
    assert ledger.states(database_url) == [state.value]
