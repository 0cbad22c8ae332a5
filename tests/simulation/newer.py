"""A newer copy of the ledger: it has acted, and then an older one was put in its place.

It is dead by then: what it did is in Blink's books, and nowhere in the ledger.
"""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.hold import HoldCause
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import TransferState
from tests.simulation.blink_books import ModelInvoice, Wallet
from tests.simulation.processes import World
from tests.simulation.rows_model import PaymentRow, TransferRow
from tests.simulation.store_model import LEDGER
from tests.simulation.tills import MERCHANT, RECIPIENTS

_T = TransferState
_OPEN: Final = frozenset({_T.PLANNED, _T.PREPARED, _T.ATTENTION})


class NewerCopy:
    """What it did, as it shows: numbers that are taken, transfers that were sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._purse = world.blink.wallets[world.account.btc_wallet_id]

    def take_numbers(self) -> None:
        """Numbers that the next sale is about to use are taken, by invoices that nobody paid."""
        roll, store = self._world.random.random, self._world.store
        number = store.last_number + 1
        if roll() < 0.5:
            self._create(self._purse, 5, f"bp-{LEDGER}-{number}-1", "own")
            return
        name = self._world.random.choice((MERCHANT, *RECIPIENTS))
        number += 1 + int(3 * roll())
        wallet = self._world.blink.everybody[name]
        self._create(wallet, 1000, f"bp-{LEDGER}-{number}-1", "on behalf")

    def is_restored_from(self) -> None:
        """It passed on some of what this one still owes; then this one was restored, and held."""
        if self._world.store.holds.accounts:
            # Not known yet is what the last one did: none goes on from there.
            return
        self._world.story.count("restored from a backup")
        self._world.story.tell("world", "an older copy of the ledger was restored")
        for row in tuple(self._world.store.transfers.values()):
            is_open = row.payment.state == "paid" and row.state in _OPEN and not row.carries
            if is_open and self._world.random.random() < 0.5:
                self._send(row)
        self._world.store.holds.hold(HoldCause.RESTORED, "")

    def has_taken(self, payment: PaymentRow, before: PaymentState) -> None:
        """It passed this payment on, and nobody said that an older copy took its place.

        Where nothing else goes wrong the first number that is taken tells it in time.
        """
        chances, store = self._world.chances, self._world.store
        if payment.state is not PaymentState.PAID or before is not PaymentState.AWAITING:
            return
        is_calm = not (chances.blink_fault or chances.store_fault or chances.block)
        is_calm = is_calm and not (chances.crash_at_call or chances.crashes or chances.naps)
        rolls = chances.newer and self._world.random.random() < 5 * chances.newer
        if not is_calm or chances.hashless or store.holds.accounts or not rolls:
            return
        for row in payment.transfers:
            if row.state is _T.PLANNED and row.attempt == 0 and row.claimed_by is None:
                self._send(row)

    def _send(self, row: TransferRow) -> None:
        blink, store, stored = self._world.blink, self._world.store, row.invoice
        if stored is not None and blink.requests[stored.payment_hash]:
            return
        sent_at = row.last_sent_at
        is_quiet = sent_at is None or sent_at <= store.clock() - QUIET_SECONDS
        if stored is not None and not (is_quiet and self._world.random.random() < 0.5):
            invoice: ModelInvoice | None = blink.invoices[stored.payment_hash]
        else:
            # It gave the old one up by the three conditions, if there was one.
            external_id = f"bp-{LEDGER}-{row.id}-{row.attempt + 1}"
            wallet = blink.everybody[row.recipient]
            invoice = self._create(wallet, row.planned.sats, external_id, "on behalf")
        if invoice is None:
            return
        self._world.auditor.newer[invoice.payment_hash] = row
        try:
            blink.pay_from_inside(self._purse, invoice.payment_hash)
        except TillError:
            return
        self._world.story.count("sent by a newer copy")

    def _create(
        self, wallet: Wallet, sats: int, external_id: str, kind: str
    ) -> ModelInvoice | None:
        try:
            made = self._world.blink.create(
                wallet.id,
                sats=sats,
                memo="of a newer copy",
                seconds=24 * 3600,
                external_id=external_id,
                kind=kind,
            )
        except TillError:
            return None
        self._world.story.count("number taken by a newer copy")
        return made
