"""What waits for a person in the modelled ledger, what was chosen, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from blinkpos_desktop.domain.attention import (
    CARRIED_OUT,
    AttentionItem,
    Choice,
    Remedy,
    RetiredInvoice,
    WaitingChoice,
    at_once,
)
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import (
    NEED_NO_INVOICE,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    apply,
)
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store.choices import TRIED_AGAIN
from tests.simulation.rows_model import AttemptRow, ChoiceRow, TransferRow, transfer_of
from tests.simulation.store_model import StoreModel


@dataclass(slots=True, eq=False)
class ChoicesModel:
    """The rows of ``choices`` and the retired invoices, each method one transaction."""

    ledger: StoreModel
    on_choice: list[Callable[[TransferRow, Choice, str], None]] = field(default_factory=list)
    on_retired: list[Callable[[TransferRow, RecipientInvoice], None]] = field(default_factory=list)
    _number: int = 0

    def attention(self, account_id: str) -> list[AttentionItem]:
        wanted = self.ledger.needing_attention | self.ledger.restricted
        wanted |= {
            each.transfer.id: each.transfer
            for each in self.ledger.retired.values()
            if each.paid_retired > each.seen
        }
        if account_id and self.ledger.account_ids - {account_id}:
            wanted |= self._foreign(account_id)
        rows = sorted(wanted.values(), key=lambda row: (row.payment.paid_at or 0, row.id))
        return [self._item(row, account_id) for row in rows]

    def waiting(self, account_id: str) -> list[WaitingChoice]:
        now = self.ledger.clock()
        found = [
            WaitingChoice(
                id=row.choice.id,
                choice=row.choice.choice,
                who=row.choice.who,
                payment_id=row.payment.id,
                payment_hash=row.payment.invoice.payment_hash if row.payment.invoice else "",
                wallet_id=row.payment.plan.account.btc_wallet_id,
                transfer=transfer_of(row),
                quiet_seconds=None if row.last_sent_at is None else now - row.last_sent_at,
            )
            for row in self.ledger.needing_attention.values()
            if row.choice is not None and row.payment.plan.account.id == account_id
        ]
        return sorted(found, key=lambda each: each.id)

    def choose(self, transfer_id: int, choice: Choice, who: str, process: UUID) -> Transfer | None:
        row = self.ledger.transfers.get(transfer_id)
        if row is None:
            return None
        before = transfer_of(row)
        if choice.remedy is Remedy.SEEN:
            return before if self._see(row) else None
        self.ledger.check_hold(row)
        tried_again = row.trouble is Trouble.RESTRICTED and row.state in TRIED_AGAIN
        if not tried_again and row.state is not TransferState.ATTENTION:
            return None
        if tried_again and choice.remedy is not Remedy.RETRY:
            aside = TransferEvent.SET_ASIDE
            self.ledger.set_transfer(
                row, apply(before, aside, reason=before.reason), aside, process
            )
            before = transfer_of(row)
        self._number += 1
        row.choice = ChoiceRow(id=self._number, choice=choice, who=who)
        for told in self.on_choice:
            told(row, choice, who)
        event = at_once(choice, before)
        return before if event is None else self._apply(row, before, event, row.choice, process)

    def carry_out(self, waiting: WaitingChoice, process: UUID, *, paid: bool) -> Transfer | None:
        event = TransferEvent.STATUS_PAID if paid else CARRIED_OUT[waiting.choice.remedy]
        row = self.ledger.transfers.get(waiting.transfer.id)
        if row is None or transfer_of(row) != waiting.transfer:
            return None
        if not paid and row.payment.plan.account.id in self.ledger.holds.accounts:
            return None
        if row.choice is None or row.choice.id != waiting.id:
            return None
        before = transfer_of(row)
        if before.invoice is not None and event in NEED_NO_INVOICE:
            if not self._retire(row, before, before.invoice, process):
                return None
            before = transfer_of(row)
        if not paid:
            return self._apply(row, before, event, row.choice, process)
        row.choice = None
        self.ledger.set_transfer(row, apply(before, event), event, process)
        return transfer_of(row)

    def drop(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        row = self.ledger.transfers.get(waiting.transfer.id)
        if row is None or row.state is not TransferState.ATTENTION:
            return None
        if row.choice is None or row.choice.id != waiting.id:
            return None
        row.choice, row.reason = None, reason
        row.view = row.payment.view = None
        return transfer_of(row)

    def retired(self) -> list[RetiredInvoice]:
        since = self.ledger.clock() - WATCH_AFTER_EXPIRY
        found = [
            RetiredInvoice(
                transfer_id=each.transfer.id,
                payment_hash=each.invoice.payment_hash,
                retired_at=int(each.retired_at),
                expires_at=each.invoice.expires_at,
            )
            for each in self.ledger.retired.values()
            if each.retired_at is not None
            and each.invoice is not None
            and not each.paid_retired
            and max(each.retired_at, each.invoice.expires_at) > since
        ]
        return sorted(found, key=lambda each: each.retired_at)

    def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        found = self.ledger.retired.get(payment_hash)
        if found is None or found.paid_retired:
            return None
        found.paid_retired = True
        return transfer_of(found.transfer)

    def _foreign(self, account_id: str) -> dict[int, TransferRow]:
        return {
            row.id: row
            for row in self.ledger.transfers.values()
            if row.payment.plan.account.id != account_id
            and row.payment.state is PaymentState.PAID
            and not transfer_of(row).is_finished
        }

    def _item(self, row: TransferRow, account_id: str) -> AttentionItem:
        finding, payment = self._finding(row), row.payment
        return AttentionItem(
            payment_id=payment.id,
            payment_hash=payment.invoice.payment_hash if payment.invoice else "",
            transfer=transfer_of(row),
            paid_at=payment.paid_at or 0,
            choice=row.choice.choice if row.choice else None,
            choice_by=row.choice.who if row.choice else "",
            paid_retired=finding.invoice.payment_hash if finding and finding.invoice else "",
            is_foreign=account_id not in {"", payment.plan.account.id},
        )

    def _finding(self, row: TransferRow) -> AttemptRow | None:
        found = self.ledger.retired.values()
        return next(
            (each for each in found if each.transfer is row and each.paid_retired > each.seen), None
        )

    def _see(self, row: TransferRow) -> bool:
        found = [each for each in self.ledger.retired.values() if each.transfer is row]
        unseen = [each for each in found if each.paid_retired > each.seen]
        for each in unseen:
            each.seen = True
        return bool(unseen)

    def _retire(
        self, row: TransferRow, before: Transfer, invoice: RecipientInvoice, process: UUID
    ) -> bool:
        now, sent_at = self.ledger.clock(), row.last_sent_at
        if sent_at is not None and sent_at > now - QUIET_SECONDS:
            return False
        after = apply(before, TransferEvent.INVOICE_RETIRED, reason=before.reason)
        attempt = self.ledger.attempts[invoice.external_id]
        attempt.retired_at = now
        self.ledger.retired[invoice.payment_hash] = attempt
        for told in self.on_retired:
            told(row, invoice)
        row.invoice = None
        event = TransferEvent.INVOICE_RETIRED
        self.ledger.set_transfer(row, after, event, process)
        return True

    def _apply(
        self,
        row: TransferRow,
        before: Transfer,
        event: TransferEvent,
        chosen: ChoiceRow,
        process: UUID,
    ) -> Transfer:
        reason = f"Kept by choice of {chosen.who}." if event is TransferEvent.KEEP_CHOSEN else ""
        after = apply(before, event, reason=reason, recipient=chosen.choice.recipient)
        row.choice, row.recipient = None, after.recipient
        self.ledger.set_transfer(row, after, event, process)
        return transfer_of(row)
