"""What a till has seen PENDING it does not pay, whatever another till has made of it meanwhile."""

from __future__ import annotations

import asyncio
from typing import cast

from blinkpos_desktop.domain.blink import Account, InvoiceStatus, SendAnswer, TransactionStatus
from blinkpos_desktop.domain.facts import Fact, TransferChanged
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent, TransferState
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.forwarder import Forwarder
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.invoicing import Invoicing
from blinkpos_desktop.services.ports import BlinkGateway, Clock
from blinkpos_desktop.services.shop import Shop
from tests.simulation.ledgers import Ledger, Run, claimed, made
from tests.simulation.tills import account

_E, _T = TransferEvent, TransferState


class Till:
    """One till's Blink, its shop and its clock. Its first question is slow: it sleeps over it."""

    def __init__(self, ledger: Ledger, asked: Transfer) -> None:
        self.account: Account = account()
        self.asked: list[TransactionStatus | None] = []
        self._answers = [
            TransactionStatus.PENDING,
            TransactionStatus.PENDING,
            TransactionStatus.SUCCESS,
        ]
        self._ledger, self._transfer = ledger, asked

    async def invoice_status(self, payment_hash: str) -> InvoiceStatus:
        del payment_hash
        return InvoiceStatus.PENDING

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        del wallet_id, payment_hash
        if not self.asked:
            await self._another_till_finds_it_unpaid()
        answer = self._answers.pop(0)
        self.asked.append(answer)
        return answer

    async def _another_till_finds_it_unpaid(self) -> None:
        """It had asked before our late request arrived; our claim has run out."""
        one, other = self._ledger.one, self._ledger.other
        await one.release(self._transfer.id)
        theirs = await other.claim(self._transfer.id, seconds=15)
        assert theirs is not None
        assert theirs.state is _T.UNKNOWN
        unpaid = await other.record(theirs, _E.STATUS_UNPAID)
        assert unpaid is not None
        assert unpaid.state is _T.PREPARED
        await other.release(self._transfer.id)

    async def pay(self, wallet_id: str, payment_request: str, memo: str) -> SendAnswer:
        raise AssertionError((wallet_id, payment_request, memo, self.asked))

    def boot(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """What waits goes on at once; no claim is renewed."""
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("renew-"):
            await asyncio.Event().wait()
        await asyncio.sleep(0 * seconds)


def test_what_was_seen_pending_is_looked_at_again_and_not_paid(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        current = await ledger.one.store_recipient_invoice(
            transfer, await made(ledger.one, transfer)
        )
        for event in (_E.SEND_STARTED, _E.SEND_LOST):
            assert current is not None
            current = await ledger.one.record(current, event)
        assert current is not None
        payment = (await ledger.one.unfinished(account().id))[0]
        till, feed = Till(ledger, current), Feed()
        told: list[TransferState] = []

        def hear(fact: Fact) -> None:
            if isinstance(fact, TransferChanged):
                told.append(fact.transfer.state)

        feed.listen(hear)
        gateway, shop, clock = cast("BlinkGateway", till), cast("Shop", till), cast("Clock", till)
        holding = Holding(ledger.one)
        invoicing = Invoicing(ledger.one, gateway, shop, holding, clock, lambda: None)
        forwarder = Forwarder(
            ledger.one, gateway, feed, clock, shop, invoicing, holding, lambda: 0.0
        )
        assert await forwarder._work_alone(payment, current, at_once=False) is False
        assert till.asked == [
            TransactionStatus.PENDING,
            TransactionStatus.PENDING,
            TransactionStatus.SUCCESS,
        ]
        assert told == [_T.PREPARED, _T.IN_FLIGHT, _T.SETTLED]

    run(body)
