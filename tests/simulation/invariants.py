"""What must hold: watched at every change of the ledger and of Blink's books, and at the end.

The law is written here anew, in the words of the tables as they stood when this
was imported: a mutant of the engine's own tables is held against it.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.difference import Kind, Report
from blinkpos_desktop.domain.facts import Fact
from blinkpos_desktop.domain.hold import HoldCause
from blinkpos_desktop.domain.payment import MOVES, RECEIVED, PaymentState
from blinkpos_desktop.domain.transfer import MOVES as TRANSFER_MOVES
from blinkpos_desktop.domain.transfer import Role, TransferEvent, TransferState, Trouble
from tests.simulation.blink_books import Entry, ModelInvoice, Movement, Wallet
from tests.simulation.blink_model import CENT_SATS, BlinkModel
from tests.simulation.books_model import BooksModel
from tests.simulation.checks import Checks
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.loop import VirtualLoop
from tests.simulation.rows_model import PaymentRow, TransferRow
from tests.simulation.screens import Screens
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story
from tests.simulation.wishes import Wishes
from tests.simulation.witnesses import Witnesses

_P, _T = PaymentState, TransferState
LAW: Final = {before: frozenset(moves) for before, moves in MOVES.items()}
TRANSFER_LAW: Final = {before: dict(moves) for before, moves in TRANSFER_MOVES.items()}
_FALSE_ALARMS: Final = frozenset({Kind.NO_ROW, Kind.SENT_TWICE, Kind.NOT_SENT, Kind.NOT_RECEIVED})
_FINISHED: Final = frozenset({_T.SETTLED, _T.KEPT})


class Auditor:
    """Looks at everything that moves, and stops the loop at the first wrong."""

    def __init__(
        self,
        loop: VirtualLoop,
        blink: BlinkModel,
        store: StoreModel,
        choices: ChoicesModel,
        books: BooksModel,
        story: Story,
        purse: Wallet,
    ) -> None:
        self._blink, self._store, self._story = blink, store, story
        self._purse = purse
        self.checks = Checks(loop, story)
        self.wrong, self._hold = self.checks.wrong, self.checks.hold
        self._wishes = Wishes(self.checks, blink)
        self.wished, self.confirmed = self._wishes.wished, self._wishes.confirmed
        self.witnesses = Witnesses(self.checks, store)
        self._screens = Screens(self.checks, blink, store, purse)
        self._left: Counter[int] = Counter()
        """How often a transfer's sats have left and not come back, by its id."""
        self._intents: Counter[tuple[object, str]] = Counter()
        self._live: Counter[int] = Counter()
        self._created: set[str] = set()
        self.newer: dict[str, TransferRow] = {}
        """What a newer copy of the ledger has paid, by the invoice's hash."""
        self.surplus_unknown: set[str] = set()
        """Hashes whose sum a process could not look up: it then takes what was asked for."""
        blink.books.on_moved.append(self._moved)
        store.on_intend.append(self._intended)
        store.on_payment.append(self._payment_changed)
        store.on_transfer.append(self._transfer_changed)
        store.seen.on_seen.append(self.witnesses.seen)
        store.seen.on_surplus_seen.append(self.witnesses.surplus_seen)
        choices.on_choice.append(self._wishes.chosen)
        choices.on_retired.append(self._wishes.retired_now)
        books.on_corrected.append(self._check_paid)
        books.on_report.append(self._reported)
        store.holds.on_held.append(self._held)
        store.holds.on_freed.append(self._freed)

    def told(self, process: object, fact: Fact) -> None:
        """A process has told a fact: what is shown must be so."""
        self._screens.told(process, fact)
        self.witnesses.told(fact)

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
            row = self._store.recipient_hashes[invoice.payment_hash]
            for each in (row, *row.carries):
                self._left[each.id] -= 1
        elif movement.source == self._purse.id:
            self._check_departure(invoice)

    def _check_departure(self, invoice: ModelInvoice) -> None:
        row = self._store.recipient_hashes.get(invoice.payment_hash)
        row = row or self.newer.get(invoice.payment_hash)
        if row is None:
            self.wrong(f"sats left for {invoice.external_id}, an invoice that is not stored")
            return
        payment, name = row.payment, f"transfer {row.id}"
        for each in (row, *row.carries):
            self._left[each.id] += 1
            self._hold(self._left[each.id] == 1, f"transfer {each.id} left twice")
            to = self._wishes.recipient_of(each)
            self._hold(
                invoice.wallet.account == to, f"transfer {each.id} went along, and is {to}'s"
            )
        sats = sum(each.planned.sats for each in (row, *row.carries))
        self._hold(invoice.sats == sats, f"{name} left with {invoice.sats} sats instead of {sats}")
        self._hold(
            invoice.wallet.account == self._wishes.recipient_of(row),
            f"{name} went to {invoice.wallet.account}",
        )
        self._wishes.paying(invoice.payment_hash, f"sats left for {invoice.external_id}")
        self._hold(payment.state in RECEIVED, f"{name} left before its payment was recorded")
        self._hold(self._is_paid(payment), f"{name} left before its customer had paid")

    def paying(self, process: object, pending: dict[str, Entry], invoice: ModelInvoice) -> None:
        """A request that moves money is about to leave a process."""
        payment_hash = invoice.payment_hash
        name = f"the payment of {invoice.external_id}"
        self._wishes.paying(payment_hash, name)
        row = self._store.recipient_hashes.get(payment_hash)
        if row is None or row.invoice is None or row.invoice.payment_hash != payment_hash:
            self.wrong(f"{name} leaves before its invoice is stored")
            return
        self._intents[process, payment_hash] -= 1
        self._hold(
            self._intents[process, payment_hash] >= 0, f"{name} leaves before its intent is stored"
        )
        # One that has come back meanwhile, and left once more, is another one.
        _, now = self._blink.in_flight.get(payment_hash, (None, None))
        known = now is not None and pending.get(payment_hash) is now
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
        name, invoice = f"transfer {row.id} of {row.payment.id}", row.invoice
        self._story.tell("ledger", name, f"{before} → {row.state}", f"({event})")
        self._hold(before not in _FINISHED, f"{name} moved after it was finished")
        lawful = TRANSFER_LAW[before].get(event)
        if event is TransferEvent.RETRY_CHOSEN and invoice is not None:
            # A request that was given up as lost may have arrived: it is asked about first.
            lawful = _T.UNKNOWN
        self._hold(row.state is lawful, f"{name}: {event} while it was {before}, and {row.state}")
        self._wishes.carried_out(row, event)
        if event is TransferEvent.SEND_STARTED and invoice is not None:
            self._intents[process, invoice.payment_hash] += 1
            held = row.payment.plan.account.id in self._store.holds.accounts
            self._hold(not held, f"{name} is sent while the ledger is held")
        if event is TransferEvent.JOINED:
            self._story.count("debt taken along")
            carrier = row.carried_by
            self._hold(
                carrier is not None and carrier.invoice is None and carrier.carried_by is None,
                f"{name} goes along with what can't take it",
            )
        if event is TransferEvent.CARRIER_GONE:
            self._story.count("debt owed again")
        if row.state is _T.CARRIED or event is TransferEvent.CARRIER_SETTLED:
            invoice = row.carried_by.invoice if row.carried_by else None
        if event is TransferEvent.INVOICE_RETIRED:
            self._story.count("invoice retired")
            self._live[row.id] -= 1
        if event is TransferEvent.INVOICE_STORED and invoice is not None:
            self._live[row.id] += 1
            self._hold(self._live[row.id] == 1, f"{name} has a second live invoice")
            to = self._blink.invoices[invoice.payment_hash].wallet.account
            self._hold(to == self._wishes.recipient_of(row), f"{name} has an invoice of {to}'s")
        if row.state is _T.SETTLED:
            paid = invoice is not None and (
                self._blink.status(invoice.payment_hash) is InvoiceStatus.PAID
            )
            self._hold(paid, f"{name} is called settled, and its recipient has nothing")
        if row.state is _T.KEPT:
            self._hold(not self._left[row.id], f"{name} is called kept, and its sats have left")

    # Holds.

    def _held(self, cause: HoldCause, external_id: str) -> None:
        self._story.count(f"held: {cause}")
        self._story.tell("ledger", f"is held: {cause}", external_id)

    def _freed(self, account_id: str) -> None:
        """What a newer copy has sent is marked by now."""
        self._story.count("freed")
        self._story.tell("ledger", f"{account_id} forwards again")
        for row in self.newer.values():
            if self._left[row.id]:
                self._hold(
                    row.state is _T.SETTLED,
                    f"the ledger is freed, and transfer {row.id}, which has left, is {row.state}",
                )

    # Reconciling.

    def _reported(self, report: Report) -> None:
        """A comparison has ended: what nothing in this world can bring about is a false alarm."""
        self._story.count("reconciliation")
        for each in report.remaining:
            self._story.tell("books", each.sentence)
            self._hold(each.kind not in _FALSE_ALARMS, f"a false alarm: {each.sentence}")
        for each in report.fixed:
            self._story.count("difference recorded")
            self._story.tell("books", "recorded:", each.sentence)

    def reconciled(self, report: Report) -> None:
        """Nothing goes wrong any more: a comparison finds nothing but what stays owed."""
        for each in report.found:
            owed = each.kind is Kind.OWED and each.transfer_id is not None
            row = self._store.transfers[each.transfer_id] if each.transfer_id else None
            self._hold(
                owed and row is not None and _is_owed(row),
                f"at the end it differs: {each.sentence}",
            )

    # The end.

    def open_ends(self, *, patient: bool) -> list[str]:
        """Return what has not settled yet; unpaid invoices too, if somebody waits for those."""
        found = [f"{each[:8]} is in flight" for each in self._blink.in_flight]
        if self._store.holds.accounts:
            found.append("the ledger is held")
        found += self.witnesses.unseen()
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
        self._blink.books.verify()
        received = sent = kept = owed = 0
        due: Counter[str] = Counter()
        for row in self._store.payments.values():
            if row.state not in RECEIVED or row.invoice is None:
                continue
            came = self._blink.invoices[row.invoice.payment_hash].received or 0
            self._hold(row.received_sats == came, f"payment {row.id} received {came} sats")
            parts: Counter[str] = Counter()
            for each in row.transfers:
                if each.state is _T.SETTLED:
                    parts["sent"] += each.planned.sats
                    due[self._wishes.recipient_of(each)] += each.planned.sats
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
        for account, wallet in self._blink.everybody.items():
            if wallet is not self._purse and account != "visitor":
                has = self._blink.books.balances[wallet.id]
                self._hold(
                    has == due[account], f"{account} has {has} sats instead of {due[account]}"
                )
        left = self._blink.books.balances[self._purse.id]
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
    """Whether it is under one cent for a USD wallet, and Blink said so: it stays owed for now."""
    is_tried = row.state is _T.PLANNED and row.trouble is Trouble.OWED
    return is_tried and row.recipient == "dana" and row.planned.sats < CENT_SATS
