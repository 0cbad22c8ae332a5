"""Passes the money on: each transfer by its stored invoice, one after another from a wallet.

The decisions are the pure table of ``domain.transfer``; this carries them out.
Whatever is unknown is asked about, and the remedy is to pay the same invoice
again, which moves money once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypedDict

from blinkpos_desktop.domain.blink import (
    InvoiceStatus,
    SendStatus,
    TransactionStatus,
)
from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.facts import LookAgain, PaymentCompleted, TransferChanged
from blinkpos_desktop.domain.hold import HeldError
from blinkpos_desktop.domain.memo import joined_memo
from blinkpos_desktop.domain.payment import Payment, PaymentState, SendEnd
from blinkpos_desktop.domain.refusals import OWED_SECONDS, Refusal, of_invoice, of_payment
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Step,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
)
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.invoicing import Invoicing, WaitError
from blinkpos_desktop.services.ports import BlinkGateway, Clock, Store
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.turns import CLAIM_SECONDS, Turns

SLEPT_SECONDS: Final = 5.0
"""Of boot time between reading the claim and sending: more, and the till slept."""
TURN_SECONDS: Final = 0.25
OTHERS_SECONDS: Final = 1.0
OTHERS_SLOWEST: Final = 4
"""Whoever waits for another till looks half as often each time, down to so many times less."""
IN_FLIGHT_SECONDS: Final = 5.0
RESTRICTED_SECONDS: Final = 15 * 60.0
_SENT: Final = {
    SendStatus.SUCCESS: TransferEvent.SEND_SUCCEEDED,
    SendStatus.ALREADY_PAID: TransferEvent.SEND_SUCCEEDED,
    SendStatus.PENDING: TransferEvent.SEND_PENDING,
    SendStatus.FAILURE: TransferEvent.SEND_FAILED,
}
_PAID: Final = frozenset({SendStatus.SUCCESS, SendStatus.ALREADY_PAID})
_log = logging.getLogger(__name__)


class _Why(TypedDict):
    reason: str
    error: str
    trouble: Trouble
    wait_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What a step came to: the transfer after it, and seconds to wait before the next."""

    transfer: Transfer
    wait: float = 0.0
    is_others: bool = False
    """Another process works on it."""
    completes: bool = False
    """It was the last one of its payment, which is completed and told with it."""

    @property
    def rests(self) -> bool:
        """Whether nothing more can be done for now: it ended, or its time comes much later."""
        return self.transfer.next_step is Step.REST or not self.transfer.is_due


class Forwarder:
    """Forwards paid payments. Safe to call twice, and beside another till."""

    def __init__(
        self,
        store: Store,
        gateway: BlinkGateway,
        feed: Feed,
        clock: Clock,
        shop: Shop,
        invoicing: Invoicing,
        holding: Holding,
        jitter: Callable[[], float],
    ) -> None:
        """Take what forwarding needs."""
        self._invoicing, self._holding = invoicing, holding
        self._store, self._gateway, self._feed, self._clock = store, gateway, feed, clock
        self._shop, self._jitter = shop, jitter
        self._under_way: set[int] = set()
        self._pending: set[str] = set()
        """Hashes that Blink last showed as PENDING here, whatever another till has made of it."""
        self._turns = Turns(store, clock)

    async def forward(self, payment_id: int, *, at_once: bool = False) -> None:
        """Work on a paid payment until nothing more can be done for now.

        What is not due yet is left for later, unless it is to be tried ``at_once``.
        """
        payment = await self._store.payment(payment_id)
        if payment.state is PaymentState.COMPLETED:
            # Another till was faster; here it has not been told yet.
            self._feed.publish(PaymentCompleted(payment=payment))
        elif payment.state is PaymentState.PAID and self._is_ours(payment):
            await self._forward(payment, at_once=at_once)

    async def _forward(self, payment: Payment, *, at_once: bool) -> None:
        unfinished = [each for each in payment.transfers if not each.is_finished]
        # By transfer: one that a person has chosen to retry does not wait for another that waits.
        idle = [
            each
            for each in unfinished
            if each.id not in self._under_way
            and each.next_step is not Step.REST
            and (each.is_due or at_once)
        ]
        if unfinished and not idle:
            return
        tasks = [
            asyncio.create_task(
                self._work_alone(payment, each, at_once=at_once), name=f"transfer-{each.id}"
            )
            for each in idle
        ]
        # No group: one transfer's bug must not cancel the others in the middle of a payment.
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        if True not in ended:
            await self._complete(payment.id)
        failures = [each for each in ended if isinstance(each, Exception)]
        if failures:
            raise ExceptionGroup("transfers failed", failures)

    async def _complete(self, payment_id: int) -> None:
        completed = await self._store.complete(payment_id)
        if completed is None:
            current = await self._store.payment(payment_id)
            completed = current if current.state is PaymentState.COMPLETED else None
        if completed:
            self._feed.publish(PaymentCompleted(payment=completed))

    def _is_ours(self, payment: Payment) -> bool:
        account = self._shop.account
        return (
            payment.account_id == account.id
            and payment.network == account.network
            and payment.wallet_id in account.wallet_ids
        )

    async def _work_alone(self, payment: Payment, transfer: Transfer, *, at_once: bool) -> bool:
        """Work on a transfer that nobody here works on; return whether its payment is completed."""
        if transfer.id in self._under_way:
            return False
        self._under_way.add(transfer.id)
        try:
            return await self._work(payment, transfer, at_once=at_once)
        except HeldError as error:
            # Taken up again by whoever looks for what is unfinished; the hold may be a new one.
            _log.warning("transfer %d: %s", transfer.id, error)
            self._feed.publish(LookAgain())
            with suppress(TillError):
                await self._store.release(transfer.id)
            return False
        finally:
            self._under_way.discard(transfer.id)

    async def _work(self, payment: Payment, transfer: Transfer, *, at_once: bool) -> bool:
        """Take a transfer from step to step; a passing trouble waits and goes on."""
        failures, looks = 0, 0
        while True:
            try:
                if self._can_be_sent(transfer) and (transfer.is_due or at_once):
                    outcome = await self._send_in_turn(payment, transfer)
                else:
                    outcome = await self._claim_and_advance(payment, transfer, at_once=at_once)
                at_once, failures = False, 0
            except HeldError:
                raise
            except TillError as error:
                failures += 1
                _log.warning("transfer %d: %s", transfer.id, error)
                outcome = _Outcome(transfer=transfer, wait=retry_delay(failures, self._jitter()))
            transfer = outcome.transfer
            if outcome.rests:
                if transfer.is_finished and transfer.invoice is not None:
                    self._pending.discard(transfer.invoice.payment_hash)
                return outcome.completes
            looks = looks + 1 if outcome.is_others else 0
            if outcome.wait:
                await self._clock.sleep(outcome.wait * min(2 ** max(looks - 1, 0), OTHERS_SLOWEST))

    async def _claim_and_advance(
        self, payment: Payment, transfer: Transfer, *, at_once: bool
    ) -> _Outcome:
        claimed = await self._store.claim(transfer.id, seconds=CLAIM_SECONDS)
        if claimed is None:
            return await self._look_on(payment, transfer)
        if claimed.is_due or at_once:
            async with self._turns.renewed(claimed.id):
                return await self._advance(payment, claimed)
        await self._store.release(transfer.id)
        return _Outcome(transfer=claimed)

    async def _look_on(self, payment: Payment, before: Transfer) -> _Outcome:
        """Another process works on it: see how far it is."""
        current = await self._store.payment(payment.id)
        transfer = next(each for each in current.transfers if each.id == before.id)
        if transfer.state is not before.state:
            self._tell(payment, transfer)
        return _Outcome(transfer=transfer, wait=OTHERS_SECONDS, is_others=True)

    async def _advance(self, payment: Payment, transfer: Transfer) -> _Outcome:
        match transfer.next_step:
            case Step.MAKE_INVOICE:
                outcome = await self._make_invoice(payment, transfer)
            case Step.SEND if self._is_pending(transfer):
                # Another till has found it unpaid, before a late request of ours arrived.
                outcome = await self._record(payment, transfer, TransferEvent.SEND_PENDING)
            case Step.SEND if transfer.trouble is Trouble.LASTING:
                # A refusal that lasts, of an invoice that was proven unpaid: a person must choose.
                outcome = await self._record(
                    payment, transfer, TransferEvent.GAVE_UP, Refusal(reason=transfer.reason)
                )
            case Step.SEND:
                # It is now what it was not before: its claim comes with its send, which is due.
                return _Outcome(transfer=replace(transfer, is_due=True))
            case Step.ASK | Step.LOOK_UP:
                outcome = await self._ask(payment, transfer)
            case _:  # REST
                outcome = _Outcome(transfer=transfer)
        if outcome.wait or outcome.rests:
            await self._store.release(transfer.id)
        return outcome

    async def _make_invoice(self, payment: Payment, transfer: Transfer) -> _Outcome:
        try:
            made = await self._invoicing.make(transfer.id)
        except RefusedError as error:
            return await self._invoice_refused(payment, transfer, error)
        except WaitError as error:
            return _Outcome(transfer=transfer, wait=float(error.seconds))
        if made is None:
            return await self._look_on(payment, transfer)
        self._tell(payment, made)
        return _Outcome(transfer=made)

    async def _invoice_refused(
        self, payment: Payment, transfer: Transfer, error: RefusedError
    ) -> _Outcome:
        """Show why there is no recipient's invoice; what lasts needs a person."""
        self._shop.forget_wallet(transfer.recipient)
        refusal = of_invoice(error, transfer.recipient, transfer.tries)
        event = TransferEvent.INVOICE_REFUSED
        if refusal.trouble is Trouble.LASTING:
            event, refusal = TransferEvent.GAVE_UP, Refusal(reason=refusal.reason)
        outcome = await self._record(payment, transfer, event, refusal, error=str(error))
        delay = retry_delay(transfer.tries + 1, self._jitter())
        return _Outcome(transfer=outcome.transfer, wait=outcome.wait or delay)

    async def _send_in_turn(self, payment: Payment, transfer: Transfer) -> _Outcome:
        async with self._turns.of(payment.wallet_id):
            return await self._send(payment, transfer)

    async def _send(self, payment: Payment, transfer: Transfer) -> _Outcome:
        # Whatever has to be waited for comes before the intent: then it leaves at once.
        await self._holding.settle()
        await self._gateway.until_open()
        # Turn, claim and state are read as the intent is written, and nothing is sent without it.
        read_at = self._clock.boot()
        start = await self._store.start_send(transfer, payment.wallet_id, seconds=CLAIM_SECONDS)
        sending = start.transfer
        if sending is None and not start.has_turn:
            return _Outcome(transfer=transfer, wait=TURN_SECONDS)
        if sending is None or sending.invoice is None:
            return await self._look_on(payment, transfer)
        async with self._turns.renewed(sending.id, payment.wallet_id):
            return await self._pay(payment, sending, sending.invoice, read_at)

    async def _pay(
        self, payment: Payment, sending: Transfer, invoice: RecipientInvoice, read_at: float
    ) -> _Outcome:
        lost = TransferEvent.SEND_LOST
        if self._clock.boot() - read_at > SLEPT_SECONDS:
            # This till slept meanwhile, and another may have taken over: nothing is sent.
            return await self._record(payment, sending, lost, error="slept", ends_send=True)
        memo = joined_memo(sending.memo, [each.memo for each in sending.carries])
        try:
            answer = await self._gateway.pay(payment.wallet_id, invoice.payment_request, memo)
        except TillError as error:
            _log.warning("transfer %d: the answer is lost: %s", sending.id, error)
            return await self._record(payment, sending, lost, error=str(error), ends_send=True)
        if answer.status is SendStatus.PENDING:
            self._pending.add(invoice.payment_hash)
        said = f"{answer.status} {answer.code} {answer.message}"
        return await self._record(
            payment,
            sending,
            _SENT[answer.status],
            of_payment(answer, sending.recipient),
            error="" if answer.status in _PAID else said,
            # How it stands is asked first.
            is_due=True,
            ends_send=True,
        )

    async def _ask(self, payment: Payment, transfer: Transfer) -> _Outcome:
        """Find out how the stored invoice stands before anything else is done."""
        if transfer.invoice is None:
            raise TillError("A transfer lost its invoice.", cause=f"transfer {transfer.id}")
        payment_hash = transfer.invoice.payment_hash
        status = await self._gateway.invoice_status(payment_hash)
        sent = None
        if status is not InvoiceStatus.PAID:
            sent = await self._gateway.sent_status(payment.wallet_id, payment_hash)
        if sent is TransactionStatus.PENDING:
            self._pending.add(payment_hash)
        else:
            self._pending.discard(payment_hash)
        if status is InvoiceStatus.PAID or sent is TransactionStatus.SUCCESS:
            return await self._record(payment, transfer, TransferEvent.STATUS_PAID)
        if sent is TransactionStatus.PENDING:
            if transfer.state is TransferState.IN_FLIGHT:
                return _Outcome(transfer=transfer, wait=IN_FLIGHT_SECONDS)
            return await self._record(payment, transfer, TransferEvent.SEND_PENDING)
        # Not paid yet, and nothing of ours under way: that same invoice is paid again.
        known = Refusal(trouble=transfer.trouble, reason=transfer.reason)
        outcome = await self._record(payment, transfer, TransferEvent.STATUS_UNPAID, known)
        if outcome.transfer.trouble is Trouble.LASTING:
            return outcome
        delay = retry_delay(max(transfer.tries, 1), self._jitter())
        return _Outcome(transfer=outcome.transfer, wait=outcome.wait or delay)

    async def _record(
        self,
        payment: Payment,
        transfer: Transfer,
        event: TransferEvent,
        refusal: Refusal | None = None,
        *,
        error: str = "",
        is_due: bool = False,
        ends_send: bool = False,
    ) -> _Outcome:
        """Record an event; with a refusal that lasts for a while, it is due again after it."""
        refusal = refusal or Refusal()
        waits = {Trouble.RESTRICTED: RESTRICTED_SECONDS, Trouble.OWED: OWED_SECONDS}
        why: _Why = {
            "reason": refusal.reason,
            "error": error,
            "trouble": refusal.trouble,
            "wait_seconds": 0.0 if is_due else waits.get(refusal.trouble, 0.0),
        }
        if ends_send:
            ended = await self._store.end_send(transfer, event, payment.wallet_id, **why)
        else:
            recorded = await self._store.record(transfer, event, **why)
            ended = SendEnd(transfer=recorded) if recorded else None
        if ended is None:
            return await self._look_on(payment, transfer)
        after, completed = ended.transfer, ended.completed
        self._tell(payment, after)
        if after.state is TransferState.SETTLED:
            await self._tell_carried(after)
        if completed is not None:
            self._feed.publish(PaymentCompleted(payment=completed))
        return _Outcome(transfer=after, completes=completed is not None)

    async def _tell_carried(self, transfer: Transfer) -> None:
        """What went with it has settled too: other payments may be complete by that."""
        for carried in transfer.carries:
            payment = await self._store.payment(carried.payment_id)
            self._tell(payment, next(each for each in payment.transfers if each.id == carried.id))
            await self._complete(payment.id)

    def _can_be_sent(self, transfer: Transfer) -> bool:
        return (
            transfer.next_step is Step.SEND
            and transfer.trouble is not Trouble.LASTING
            and not self._is_pending(transfer)
        )

    def _is_pending(self, transfer: Transfer) -> bool:
        return transfer.invoice is not None and transfer.invoice.payment_hash in self._pending

    def _tell(self, payment: Payment, transfer: Transfer) -> None:
        self._feed.publish(
            TransferChanged(
                payment_id=payment.id, payment_hash=payment.payment_hash, transfer=transfer
            )
        )
