"""Compares the ledger with Blink's own books, and records what Blink proves.

Safe beside a till: whatever differs is looked at twice, and all that is
recorded goes the ways of the till itself, compare-and-set and by claim.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from blinkpos_desktop.domain.blink import (
    Account,
    BlinkRefusedError,
    Direction,
    InvoiceStatus,
    TransactionStatus,
    WalletTransaction,
)
from blinkpos_desktop.domain.difference import Difference, Kind, Report, Run, key
from blinkpos_desktop.domain.errors import OutcomeUnknownError, TillError
from blinkpos_desktop.domain.facts import AttentionChanged, Fact, PaymentCompleted
from blinkpos_desktop.domain.hold import MAYBE_SENT
from blinkpos_desktop.domain.payment import WATCHED
from blinkpos_desktop.domain.reconciliation import (
    Comparison,
    compare,
    highest_number,
    not_known,
    not_received,
    not_sent,
)
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import (
    MOVES,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
)
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Books, Clock, Statement, Store
from blinkpos_desktop.services.turns import CLAIM_SECONDS

AGAIN_SECONDS: Final = 3.0
"""A till may be in the middle of what looks like a difference."""
START_SECONDS: Final = 20.0
"""The first customer of the day comes before the books."""
DAY_SECONDS: Final = 24 * 3600.0
RETRY_SECONDS: Final = 5 * 60.0
SOON_SECONDS: Final = 20.0
"""Until what could be recorded and was not, for somebody was at it, is tried again under a hold."""
_log = logging.getLogger(__name__)

Forward = Callable[[], Awaitable[None]]
Record = Callable[[int, int | None], Awaitable[None]]
"""Records a payment as received, with the sats if they are known: ``Receiving.paid``."""


@dataclass(slots=True)
class _Seen:
    """Blink's side: its transactions, and what it answered when it was asked."""

    wallet_id: str
    transactions: list[WalletTransaction]
    paid: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    not_known: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    """Hashes that it confirmed beyond the window's transactions."""


class Reconciling:
    """One comparison (``run``), or one each day (``run_daily``)."""

    def __init__(
        self,
        store: Store,
        books: Books,
        statement: Statement,
        feed: Feed,
        clock: Clock,
        record: Record,
    ) -> None:
        """Take what comparing needs; ``record`` is the way of every paid invoice."""
        self._store, self._books, self._statement = store, books, statement
        self._feed, self._clock, self._record = feed, clock, record
        self._hurry = asyncio.Event()
        self._hold_id: int | None = None
        """The last hold that was heard of."""

    def on_fact(self, fact: Fact) -> None:
        """Compare at once when the ledger is held: it is freed by that."""
        hold = fact.hold if isinstance(fact, AttentionChanged) else None
        if hold is not None and hold.id != self._hold_id:
            self._hold_id = hold.id
            self._hurry.set()

    async def run(
        self, account: Account, *, since: int | None = None, forward: Forward | None = None
    ) -> Report:
        """Compare; with ``forward`` record what is proven, then pass on what is unfinished.

        ``since`` is in Unix seconds; by default the window begins where the last complete
        comparison ended. A ledger that is held is freed when nothing differs, and only then
        anything is passed on.

        Raises:
            UnavailableError: Blink or the database is away; nothing is proven then.
        """
        report = await self._run(account, since, forward)
        if not report.is_released or forward is None:
            return report
        again = await self._run(account, since, forward)
        known = {key(each) for each in report.found}
        late = tuple(each for each in again.found if key(each) not in known)
        return replace(again, found=report.found + late, was_held=True, is_released=True)

    async def _run(self, account: Account, since: int | None, forward: Forward | None) -> Report:
        run = await self._books.begin(account.id, since)
        wallet_id = account.btc_wallet_id
        seen = _Seen(wallet_id=wallet_id, transactions=await self._walk(wallet_id, run.since))
        first = await self._look(account, run, seen)
        if first.differences and forward is None:
            first = await self._look_again(account, run, seen)
        last = first
        if first.differences and forward is not None:
            for difference in first.differences:
                if difference.can_fix:
                    await self._fix(difference, seen)
            if run.hold_id is None:
                await forward()
            last = await self._look(account, run, seen)
            if last.differences:
                last = await self._look_again(account, run, seen)
        known = {key(each) for each in first.differences}
        late = tuple(each for each in last.differences if key(each) not in known)
        report = Report(
            since=run.since,
            asked=len(seen.asked | seen.not_known),
            transactions=len(seen.transactions),
            not_ours=last.not_ours,
            found=first.differences + late,
            remaining=last.differences,
            highest=highest_number(seen.transactions, run.ledger),
            was_held=run.hold_id is not None,
        )
        return replace(report, is_released=await self._books.finish(run, report))

    async def run_daily(self, account: Callable[[], Account]) -> None:
        """Compare and record what is proven, soon and each day, until cancelled.

        Forwarding is left to the till's own recovery, which hears what is recorded.
        """

        async def leave() -> None:
            return None

        pause = START_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hurry.wait()
            self._hurry.clear()
            pause = DAY_SECONDS
            try:
                report = await self.run(account(), forward=leave)
            except TillError as error:
                _log.warning("reconciling waits: %s", error)
                pause = RETRY_SECONDS
                continue
            for each in report.differing:
                _log.warning("reconciling: %s", each.sentence)
            if report.is_released:
                _log.warning("nothing differs: the hold is over")
            elif report.was_held:
                is_fixable = any(each.can_fix for each in report.remaining)
                pause = SOON_SECONDS if is_fixable else RETRY_SECONDS
            _log.info("reconciled %d transactions", report.transactions)

    async def _walk(self, wallet_id: str, since: int) -> list[WalletTransaction]:
        """Return our wallet's transactions since a moment, newest first."""
        found: list[WalletTransaction] = []
        after: str | None = None
        walked: set[str] = set()
        while True:
            page = await self._statement.transaction_page(wallet_id, after)
            recent = [each for each in page.transactions if each.created_at >= since]
            found += recent
            after = page.after
            if after is None or not recent:
                return found
            if after in walked:
                raise OutcomeUnknownError(
                    "Blink's list of transactions does not end: try again.", cause=after[:80]
                )
            walked.add(after)

    async def _look_again(self, account: Account, run: Run, seen: _Seen) -> Comparison:
        await self._clock.sleep(AGAIN_SECONDS)
        return await self._look(account, run, seen)

    async def _look(self, account: Account, run: Run, seen: _Seen) -> Comparison:
        """Read the ledger after Blink, ask for what only an answer can tell, and compare."""
        wallet_id = account.btc_wallet_id
        rows = await self._books.rows(wallet_id, run.since, seen.transactions)
        arrived = {
            each.payment_hash
            for each in seen.transactions
            if each.direction is Direction.RECEIVE and each.status is TransactionStatus.SUCCESS
        }
        open_now = [each for each in rows.payments if each.state in WATCHED]
        for payment in open_now:
            if payment.payment_hash not in arrived | seen.asked:
                await self._ask(payment.payment_hash, seen)
        unproven = [not_known(each) for each in open_now if each.payment_hash in seen.not_known]
        found = compare(run.ledger, rows, seen.transactions, seen.paid)
        for unseen in found.unseen_payments:
            if unseen.payment_hash not in seen.confirmed:
                sats = await self._statement.received_sats(wallet_id, unseen.payment_hash)
                if sats is None:
                    unproven.append(not_received(unseen))
                else:
                    seen.confirmed.add(unseen.payment_hash)
        for send in found.unseen_sends:
            if send.payment_hash not in seen.confirmed:
                sent = await self._statement.sent_status(wallet_id, send.payment_hash)
                if sent is TransactionStatus.SUCCESS:
                    seen.confirmed.add(send.payment_hash)
                else:
                    unproven.append(not_sent(send))
        return replace(found, differences=(*found.differences, *unproven))

    async def _ask(self, payment_hash: str, seen: _Seen) -> None:
        try:
            status = await self._statement.invoice_status(payment_hash)
        except BlinkRefusedError as error:
            # It may only refuse this once: the second look asks again.
            _log.warning("an invoice that Blink may not know: %s", error)
            seen.not_known.add(payment_hash)
            return
        seen.not_known.discard(payment_hash)
        seen.asked.add(payment_hash)
        if status is InvoiceStatus.PAID:
            seen.paid.add(payment_hash)

    async def _fix(self, difference: Difference, seen: _Seen) -> None:
        payment_id = difference.payment_id
        assert payment_id is not None, "what can be fixed has its row"
        if difference.by_newer:
            await self._adopt(difference, seen)
        elif difference.kind is Kind.RECEIVED:
            # Without a sum, for Blink only answered PAID, it is looked up by the way that records.
            await self._record(payment_id, difference.received_sats)
        elif difference.kind is Kind.MORE_RECEIVED and difference.received_sats:
            shown = difference.received_sats
            before = shown - difference.sats
            await self._books.correct_received(payment_id, before=before, sats=shown)
        elif difference.kind is Kind.SENT and difference.transfer_id is not None:
            await self._settle(payment_id, difference.transfer_id, difference.payment_hash)

    async def _settle(self, payment_id: int, transfer_id: int, payment_hash: str) -> None:
        """Record that Blink has paid a stored invoice, by the transfer's own table."""
        claimed = await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
        if claimed is None:
            return  # settled meanwhile, or another process is at it: it will see the same
        try:
            if claimed.invoice is None or claimed.invoice.payment_hash != payment_hash:
                return
            # A request that the ledger does not know of may have left.
            is_prepared = claimed.state is TransferState.PREPARED
            event = TransferEvent.FOUND_SENT if is_prepared else TransferEvent.STATUS_PAID
            await self._store.record(claimed, event)
        finally:
            await self._store.release(transfer_id)
        await self._complete(payment_id, claimed)

    async def _adopt(self, difference: Difference, seen: _Seen) -> None:
        """Record what a newer copy of this ledger sent, under an invoice that is not stored."""
        transfer_id, payment_id = difference.transfer_id, difference.payment_id
        assert transfer_id is not None, "it is named by its number"
        assert payment_id is not None, "so is its payment"
        claimed = await self._store.claim(transfer_id, seconds=CLAIM_SECONDS)
        if claimed is None:
            return
        event = TransferEvent.FOUND_SENT
        if difference.kind is Kind.MAYBE_SENT:
            event = TransferEvent.GAVE_UP
        try:
            if event not in MOVES[claimed.state]:
                return
            if event is TransferEvent.GAVE_UP:
                await self._store.record(claimed, event, reason=MAYBE_SENT)
                return
            began = self._clock.boot()
            if claimed.invoice is not None and not await self._is_unpaid(
                seen.wallet_id, claimed.invoice.payment_hash
            ):
                return
            shown = next(
                each
                for each in seen.transactions
                if each.direction is Direction.SEND and each.external_id == difference.external_id
            )
            invoice = RecipientInvoice(
                external_id=shown.external_id,
                payment_request=shown.payment_request,
                payment_hash=shown.payment_hash,
                sats=shown.sats,
                expires_at=shown.created_at,
            )
            # The ten minutes had passed before the two questions, or it waits.
            quiet = QUIET_SECONDS + self._clock.boot() - began
            await self._store.adopt(claimed, invoice, quiet_seconds=quiet)
        finally:
            await self._store.release(transfer_id)
        await self._complete(payment_id, claimed)

    async def _is_unpaid(self, wallet_id: str, payment_hash: str) -> bool:
        """Ask for the second and the third of the conditions of ``domain.retiring``."""
        if await self._statement.invoice_status(payment_hash) is InvoiceStatus.PAID:
            return False
        sent = await self._statement.sent_status(wallet_id, payment_hash)
        return sent not in {TransactionStatus.PENDING, TransactionStatus.SUCCESS}

    async def _complete(self, payment_id: int, transfer: Transfer) -> None:
        for each in {payment_id, *(carried.payment_id for carried in transfer.carries)}:
            if completed := await self._store.complete(each):
                self._feed.publish(PaymentCompleted(payment=completed))
