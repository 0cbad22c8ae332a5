"""What another till has sold is left to it: heard of, not looked up again and again."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from blinkpos_desktop.domain.blink import PaidUpdate
from blinkpos_desktop.domain.facts import InvoiceReady, PaymentCompleted, PaymentPaid
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services import recovery as recovery_module
from blinkpos_desktop.services import watcher as watcher_module
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Store
from blinkpos_desktop.services.recovery import Recovery
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.services.watcher import Answerer, Closer, Watcher
from tests.integration.running import LIMIT
from tests.integration.stores import awaiting, paid, store_at


class Forwarding:
    def __init__(self) -> None:
        self.asked: asyncio.Queue[int] = asyncio.Queue()

    async def forward(self, payment_id: int) -> None:
        self.asked.put_nowait(payment_id)


class Receiver:
    """Has told of what it was given."""

    def __init__(self, *told: Payment) -> None:
        self.told = {each.payment_hash for each in told}
        self.recorded: asyncio.Queue[int] = asyncio.Queue()

    async def paid(self, payment_id: int, received_sats: int | None) -> None:
        del received_sats
        self.recorded.put_nowait(payment_id)

    def has_told(self, payment_hash: str) -> bool:
        return payment_hash in self.told


async def test_a_sale_that_its_till_has_completed_is_not_taken_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery_module, "OTHERS_GRACE_SECONDS", 0.01)
    forwarding, supervisor = Forwarding(), Supervisor(lambda: 0.5)
    async with store_at(database_url) as store:
        done, left, own = [await paid(store) for _ in range(3)]
    recovery = Recovery(cast("Store", store), SystemClock(), supervisor, forwarding, lambda: 0.5)
    recovery.on_fact(InvoiceReady(payment=own))
    for payment in (done, left, own):
        recovery.on_fact(PaymentPaid(payment=payment))
    recovery.on_fact(PaymentCompleted(payment=done))
    async with asyncio.timeout(LIMIT):
        asked = [await forwarding.asked.get(), await forwarding.asked.get()]
        while supervisor.names:  # noqa: ASYNC110 (its tasks are nobody's event)
            await asyncio.sleep(0.01)
    assert asked == [own.id, left.id]
    assert forwarding.asked.empty()
    await supervisor.stop()


async def test_an_update_is_left_to_the_till_that_shows_its_code(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "OTHERS_SECONDS", 0.05)
    async with store_at(database_url) as store:
        told, others, own = [await awaiting(store) for _ in range(3)]
        receiver = Receiver()
        watcher = Watcher(
            cast("Store", store),
            cast("Answerer", None),
            Feed(),
            SystemClock(),
            receiver,
            cast("Closer", None),
        )
        watcher.on_fact(InvoiceReady(payment=own))
        for payment in (told, others, own):
            watcher.on_update(PaidUpdate(payment_hash=payment.payment_hash, received_sats=1))
        task = asyncio.create_task(watcher.run_updates())
        async with asyncio.timeout(LIMIT):
            # The screen's own comes first, however many wait.
            assert await receiver.recorded.get() == own.id
            # Its till was faster: it was told here meanwhile.
            receiver.told.add(told.payment_hash)
            assert await receiver.recorded.get() == others.id
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert receiver.recorded.empty()
        assert {each.state for each in (told, others, own)} == {PaymentState.AWAITING}
