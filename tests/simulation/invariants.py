"""What must hold: watched at every change of the ledger and of Blink's books, and at the end.

The law is written here anew, in the words of the tables as they stood when this
was imported: a mutant of the engine's own tables is held against it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.payment import MOVES, RECEIVED, PaymentState
from blinkpos_desktop.domain.transfer import Role, TransferEvent, TransferState
from tests.simulation.blink_model import CENT_SATS, BlinkModel, ModelInvoice, Movement, Wallet
from tests.simulation.loop import VirtualLoop
from tests.simulation.store_model import PaymentRow, StoreModel, TransferRow
from tests.simulation.story import Story

_P, _T = PaymentState, TransferState
LAW: Final = {before: frozenset(moves) for before, moves in MOVES.items()}
_FINISHED: Final = frozenset({_T.SETTLED, _T.KEPT})


class InvariantError(AssertionError):
    """Something that must never be has been seen."""


class Auditor:
    """Looks at everything that moves, and stops the loop at the first wrong."""

    def __init__(
        self, loop: VirtualLoop, blink: BlinkModel, store: StoreModel, story: Story, purse: Wallet
    ) -> None:
        self._loop, self._blink, self._store, self._story = loop, blink, store, story
        self._purse = purse
        self._left: Counter[int] = Counter()
        """How often a transfer's sats have left and not come back, by its id."""
        self._paid_told: set[tuple[object, int]] = set()
        self._intents: Counter[tuple[object, str]] = Counter()
        self._live: Counter[int] = Counter()
        self._created: set[str] = set()
        self.surplus_unknown: set[str] = set()
        """Hashes whose sum a process could not look up: it then takes what was asked for."""
        blink.on_moved.append(self._moved)
        store.on_intend.append(self._intended)
        store.on_payment.append(self._payment_changed)
        store.on_transfer.append(self._transfer_changed)

    def wrong(self, what: str) -> None:
        """Stop: this must never be."""
        if self._loop.halted is None:
            self._story.tell("WRONG", what)
            self._loop.halted = InvariantError(what)

    def _hold(self, holds: bool, what: str) -> None:  # noqa: FBT001 (an assertion)
        if not holds:
            self.wrong(what)

    # Blink's books.

    def _moved(self, movement: Movement) -> None:
        self._story.tell(
            "Blink",
            movement.reason,
            movement.sats,
            "sats",
            f"{movement.source} → {movement.target}",
            f"#{int(movement.invoice.payment_hash, 16)}" if movement.invoice else "",
        )
        invoice = movement.invoice
        if invoice is None or self._purse.id not in {movement.source, movement.target}:
            return
        if movement.reason == "return":
            self._left[self._store.recipient_hashes[invoice.payment_hash].id] -= 1
        elif movement.source == self._purse.id:
            self._check_departure(invoice)

    def _check_departure(self, invoice: ModelInvoice) -> None:
        row = self._store.recipient_hashes.get(invoice.payment_hash)
        if row is None:
            self.wrong(f"sats left for {invoice.external_id}, an invoice that is not stored")
            return
        payment, name = row.payment, f"transfer {row.id}"
        self._left[row.id] += 1
        self._hold(self._left[row.id] == 1, f"{name} left twice")
        self._hold(invoice.sats == row.planned.sats, f"{name} left with {invoice.sats} sats")
        self._hold(
            invoice.wallet.account == row.planned.recipient, f"{name} went to another recipient"
        )
        self._hold(payment.state in RECEIVED, f"{name} left before its payment was recorded")
        self._hold(self._is_paid(payment), f"{name} left before its customer had paid")

    def paying(self, process: object, pending: set[str], invoice: ModelInvoice) -> None:
        """A request that moves money is about to leave a process."""
        payment_hash = invoice.payment_hash
        name = f"the payment of {invoice.external_id}"
        row = self._store.recipient_hashes.get(payment_hash)
        if row is None or row.invoice is None or row.invoice.payment_hash != payment_hash:
            self.wrong(f"{name} leaves before its invoice is stored")
            return
        self._intents[process, payment_hash] -= 1
        self._hold(
            self._intents[process, payment_hash] >= 0, f"{name} leaves before its intent is stored"
        )
        known = payment_hash in pending and payment_hash in self._blink.in_flight
        self._hold(not known, f"{name} leaves while it is known to be PENDING")

    def creating(self, external_id: str) -> None:
        """An invoice is about to be asked for."""
        self._hold(external_id not in self._created, f"{external_id} is used a second time")
        self._created.add(external_id)

    # The ledger.

    def _intended(self, row: PaymentRow) -> None:
        quote, name = row.plan.quote, f"payment {row.id}"
        planned = sum(each.planned.sats for each in row.transfers)
        self._hold(planned == quote.total_sats, f"{name} plans {planned} sats")
        tips = [each.planned for each in row.transfers if each.planned.role is Role.TIP]
        asked = [(part.recipient.username, part.sats) for part in quote.tips if part.sats]
        self._hold(
            [(each.recipient, each.sats) for each in tips] == asked,
            f"{name} plans its tip for another",
        )

    def _payment_changed(self, row: PaymentRow, before: PaymentState) -> None:
        state, name = row.state, f"payment {row.id}"
        self._story.tell("ledger", name, f"{before} → {state}", f"received {row.received_sats}")
        self._hold(state in LAW[before], f"{name} went from {before} to {state}")
        match state:
            case _P.PAID:
                self._check_paid(row)
            case _P.COMPLETED:
                unfinished = [each.id for each in row.transfers if each.state not in _FINISHED]
                self._hold(not unfinished, f"{name} is completed with {unfinished} open")
            case _P.EXPIRED:
                self._hold(
                    self._status(row) is not InvoiceStatus.PENDING,
                    f"{name} is called expired, and Blink's time for it is not over",
                )
            case _P.CANCELLED if before is not _P.INTENDED:
                self._hold(before is _P.CANCELLING, f"{name} was cancelled by nobody")

    def _check_paid(self, row: PaymentRow) -> None:
        name = f"payment {row.id}"
        if not self._is_paid(row) or row.invoice is None:
            self.wrong(f"{name} is recorded as paid, and nobody paid it")
            return
        came = self._blink.invoices[row.invoice.payment_hash].received
        asked = row.plan.quote.total_sats
        unknown = row.invoice.payment_hash in self.surplus_unknown
        self._hold(
            row.received_sats == came or (unknown and row.received_sats == asked),
            f"{name} received {came} sats and says {row.received_sats}",
        )

    def _transfer_changed(
        self, row: TransferRow, before: TransferState, event: TransferEvent, process: UUID
    ) -> None:
        name = f"transfer {row.id} of {row.payment.id}"
        self._story.tell("ledger", name, f"{before} → {row.state}", f"({event})")
        self._hold(before not in _FINISHED, f"{name} moved after it was finished")
        invoice = row.invoice
        if event is TransferEvent.SEND_STARTED and invoice is not None:
            self._intents[process, invoice.payment_hash] += 1
        if event is TransferEvent.INVOICE_STORED:
            # Until the engine can retire one, the first stays the only one.
            self._live[row.id] += 1
            self._hold(self._live[row.id] == 1, f"{name} has a second live invoice")
        if row.state is _T.SETTLED:
            paid = invoice is not None and (
                self._blink.status(invoice.payment_hash) is InvoiceStatus.PAID
            )
            self._hold(paid, f"{name} is called settled, and its recipient has nothing")
        if row.state is _T.KEPT:
            self._hold(not self._left[row.id], f"{name} is called kept, and its sats have left")

    # The screens.

    def told(self, process: object, fact: Fact) -> None:
        """A process has told a fact: what is shown must be so."""
        if isinstance(fact, InvoiceReady):
            self._check_shown(fact)
        elif isinstance(fact, PaymentPaid):
            row = self._store.payments[fact.payment.id]
            name = f"payment {row.id}"
            shown = fact.payment
            self._hold(self._is_paid(row), f"{name} is shown as paid, and nobody paid it")
            self._hold(
                row.invoice is not None and shown.payment_hash == row.invoice.payment_hash,
                f"{name} is shown with another's hash",
            )
            self._hold(row.state in RECEIVED, f"{name} is shown as paid before it is recorded")
            self._hold(
                shown.received_sats == row.received_sats, f"{name} is shown with another sum"
            )
            self._hold((process, row.id) not in self._paid_told, f"{name} is told twice as paid")
            self._paid_told.add((process, row.id))
        elif isinstance(fact, PaymentCompleted):
            row = self._store.payments[fact.payment.id]
            self._hold(
                row.state is _P.COMPLETED, f"payment {row.id} is shown as completed, and is not"
            )
        elif isinstance(fact, PaymentClosed):
            self._hold(
                fact.payment.state not in RECEIVED, f"payment {fact.payment.id}: paid and closed"
            )
        elif isinstance(fact, TransferChanged) and fact.transfer.state is _T.SETTLED:
            transfer = self._store.transfers[fact.transfer.id]
            self._hold(
                transfer.state is _T.SETTLED, f"transfer {transfer.id} is shown settled, and is not"
            )

    def _check_shown(self, fact: InvoiceReady) -> None:
        payment, row = fact.payment, self._store.payments[fact.payment.id]
        name = f"the QR of payment {row.id}"
        if row.invoice is None or row.invoice.payment_hash != payment.payment_hash:
            self.wrong(f"{name} is shown before it is stored")
            return
        made = self._blink.invoices[payment.payment_hash]
        self._hold(made.sats == row.plan.quote.total_sats, f"{name} asks for another sum")
        self._hold(made.wallet is self._purse, f"{name} is another wallet's")

    # The end.

    def open_ends(self, *, patient: bool) -> list[str]:
        """Return what has not settled yet; unpaid invoices too, if somebody waits for those."""
        found = [f"{each[:8]} is in flight" for each in self._blink.in_flight]
        for row in self._store.payments.values():
            if row.state in RECEIVED:
                if row.state is not _P.COMPLETED:
                    found += [
                        f"transfer {each.id} of {row.id} is {each.state}"
                        for each in row.transfers
                        if each.state not in _FINISHED and not _is_owed(each)
                    ]
                    if all(each.state in _FINISHED for each in row.transfers):
                        found.append(f"payment {row.id} is paid and not completed")
            elif row.invoice is not None:
                if self._is_paid(row):
                    found.append(f"payment {row.id} was paid and is {row.state}")
                elif row.state is _P.CANCELLING or (patient and row.state is _P.AWAITING):
                    found.append(f"payment {row.id} is {row.state}")
        return found

    def balance(self, *, strangers: int) -> None:
        """Hold the ledger against Blink's books, when everything has settled."""
        self._blink.verify()
        received = sent = kept = owed = 0
        for row in self._store.payments.values():
            if row.state not in RECEIVED or row.invoice is None:
                continue
            came = self._blink.invoices[row.invoice.payment_hash].received or 0
            parts: Counter[str] = Counter()
            for each in row.transfers:
                if each.state is _T.SETTLED:
                    parts["sent"] += each.planned.sats
                    self._hold(self._left[each.id] == 1, f"transfer {each.id} never left")
                elif each.state is _T.KEPT:
                    parts["kept"] += each.planned.sats
                else:
                    parts["owed"] += each.planned.sats
            surplus = came - sum(parts.values())
            self._hold(surplus >= 0, f"payment {row.id} gave away {-surplus} sats too much")
            received += came
            sent, owed = sent + parts["sent"], owed + parts["owed"]
            kept += parts["kept"] + surplus
        left = self._blink.balances[self._purse.id]
        self._hold(received == sent + kept + owed, "received is not sent + kept + owed")
        self._hold(
            left == received - sent + strangers,
            f"the wallet holds {left} sats instead of {received - sent + strangers}",
        )

    def _status(self, row: PaymentRow) -> InvoiceStatus:
        if row.invoice is None:
            return InvoiceStatus.PENDING
        return self._blink.status(row.invoice.payment_hash)

    def _is_paid(self, row: PaymentRow) -> bool:
        return self._status(row) is InvoiceStatus.PAID


def _is_owed(row: TransferRow) -> bool:
    """Whether it is under one cent for a USD wallet: that stays owed for now."""
    return row.planned.recipient == "dana" and row.planned.sats < CENT_SATS
