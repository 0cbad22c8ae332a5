"""What a process tells its screens: it must be so in the ledger, and told once."""

from __future__ import annotations

from dataclasses import dataclass, field

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import RECEIVED, PaymentState
from blinkpos_desktop.domain.transfer import TransferState
from tests.simulation.blink_books import Wallet
from tests.simulation.blink_model import BlinkModel
from tests.simulation.checks import Checks
from tests.simulation.store_model import StoreModel


@dataclass(slots=True)
class Screens:
    """Holds every fact against the ledger at the moment it is told."""

    checks: Checks
    blink: BlinkModel
    store: StoreModel
    purse: Wallet
    _paid_told: set[tuple[object, int]] = field(default_factory=set)

    def told(self, process: object, fact: Fact) -> None:
        """A process has told a fact."""
        hold = self.checks.hold
        if isinstance(fact, InvoiceReady):
            self._check_shown(fact)
        elif isinstance(fact, PaymentPaid):
            self._check_paid(process, fact)
        elif isinstance(fact, PaymentCompleted):
            row = self.store.payments[fact.payment.id]
            hold(
                row.state is PaymentState.COMPLETED,
                f"payment {row.id} is shown as completed, and is not",
            )
        elif isinstance(fact, PaymentClosed):
            hold(fact.payment.state not in RECEIVED, f"payment {fact.payment.id}: paid and closed")
        elif isinstance(fact, TransferChanged) and fact.transfer.is_finished:
            transfer = self.store.transfers[fact.transfer.id]
            shown = fact.transfer.state
            hold(transfer.state is shown, f"transfer {transfer.id} is shown as {shown}, and is not")
            if shown is TransferState.SETTLED:
                to = fact.transfer.recipient
                hold(transfer.recipient == to, f"transfer {transfer.id} is shown as {to}'s")

    def _check_paid(self, process: object, fact: PaymentPaid) -> None:
        hold, shown = self.checks.hold, fact.payment
        row = self.store.payments[shown.id]
        name = f"payment {row.id}"
        if row.invoice is None:
            self.checks.wrong(f"{name} is shown as paid, and has no invoice")
            return
        payment_hash = row.invoice.payment_hash
        is_paid = self.blink.status(payment_hash) is InvoiceStatus.PAID
        hold(is_paid, f"{name} is shown as paid, and nobody paid it")
        hold(shown.payment_hash == payment_hash, f"{name} is shown with another's hash")
        hold(row.state in RECEIVED, f"{name} is shown as paid before it is recorded")
        # A sum that was not known at once may have been corrected meanwhile.
        hold(
            shown.received_sats in {row.received_sats, shown.total_sats},
            f"{name} is shown with another sum",
        )
        hold((process, row.id) not in self._paid_told, f"{name} is told twice as paid")
        self._paid_told.add((process, row.id))

    def _check_shown(self, fact: InvoiceReady) -> None:
        payment, row = fact.payment, self.store.payments[fact.payment.id]
        name = f"the QR of payment {row.id}"
        if row.invoice is None or row.invoice.payment_hash != payment.payment_hash:
            self.checks.wrong(f"{name} is shown before it is stored")
            return
        made = self.blink.invoices[payment.payment_hash]
        hold = self.checks.hold
        hold(made.sats == row.plan.quote.total_sats, f"{name} asks for another sum")
        hold(made.wallet is self.purse, f"{name} is another wallet's")
