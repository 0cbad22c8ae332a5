"""The ledger in memory: what PostgreSQL holds, changed by the same compare-and-set.

Each method is one transaction at one instant. What gets lost on the way to the
database is the line's business (``store_line``). It survives every till.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.errors import RefusedError, TillError
from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.payment import (
    Intended,
    Invoice,
    Payment,
    PaymentState,
    SendEnd,
    sources,
)
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.refusals import OWED_SECONDS, owed
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    Role,
    SendStart,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    apply,
    for_carried,
)
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.ports import CallKind
from blinkpos_desktop.services.store.connections import LedgerError, LedgerRowMissingError
from tests.simulation.holds_model import HoldsModel
from tests.simulation.rows_model import (
    AttemptRow,
    PaymentRow,
    TransferRow,
    payment_of,
    transfer_of,
)
from tests.simulation.seen_model import SeenModel
from tests.simulation.turns_model import TurnsModel

LEDGER: Final = "modelledger1"
_S, _T = PaymentState, TransferState
_WATCHED: Final = frozenset({_S.AWAITING, _S.CANCELLING, _S.CANCELLED, _S.EXPIRED})
_WITH_INVOICE: Final = frozenset({_S.AWAITING, _S.CANCELLING, _S.EXPIRED, _S.PAID, _S.COMPLETED})
_DONE: Final = frozenset({_T.SETTLED, _T.KEPT})


@dataclass(slots=True, eq=False, kw_only=True)
class StoreModel:
    """The tables. ``clock`` is the database's own, in Unix seconds."""

    clock: Callable[[], float]
    payments: dict[int, PaymentRow] = field(default_factory=dict)
    transfers: dict[int, TransferRow] = field(default_factory=dict)
    attempts: dict[str, AttemptRow] = field(default_factory=dict)
    on_payment: list[Callable[[PaymentRow, PaymentState], None]] = field(default_factory=list)
    on_transfer: list[Callable[[TransferRow, TransferState, TransferEvent, UUID], None]] = field(
        default_factory=list
    )
    on_intend: list[Callable[[PaymentRow], None]] = field(default_factory=list)
    hashes: dict[str, PaymentRow] = field(default_factory=dict)
    recipient_hashes: dict[str, TransferRow] = field(default_factory=dict)
    retired: dict[str, AttemptRow] = field(default_factory=dict)
    """Retired invoices by their hash."""
    account_ids: set[str] = field(default_factory=set)
    needing_attention: dict[int, TransferRow] = field(default_factory=dict)
    restricted: dict[int, TransferRow] = field(default_factory=dict)
    """Transfers that Blink restricts, or makes no invoice for."""
    turns: TurnsModel = field(init=False)
    holds: HoldsModel = field(init=False)
    seen: SeenModel = field(init=False)
    made_at: float = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.turns = TurnsModel(self.clock)
        self.holds = HoldsModel(self)
        self.seen = SeenModel(self)
        self.made_at = self.clock()

    def intend(self, plan: PaymentPlan, *, most: int) -> Intended:
        row = PaymentRow(id=self.next_number(), plan=plan, created_at=int(self.clock()))
        for planned in plan.transfers:
            transfer = TransferRow(
                id=self.next_number(),
                clock=self.clock,
                payment=row,
                planned=planned,
                recipient=planned.recipient,
                state=planned.state,
                reason=planned.reason,
            )
            row.transfers.append(transfer)
            self.transfers[transfer.id] = transfer
        self.payments[row.id] = row
        self.account_ids.add(plan.account.id)
        for told in self.on_intend:
            told(row)
        has_room = not self.turns.count_call(plan.account.id, CallKind.INVOICE, most=most)
        external_id = self.begin_attempt(row.id) if has_room else None
        return Intended(payment=payment_of(row), external_id=external_id)

    def begin_attempt(self, payment_id: int) -> str:
        row = self.payments.get(payment_id)
        if row is None or row.state is not _S.INTENDED:
            raise TillError("This sale was given up.", cause=f"payment {payment_id}")
        row.attempt += 1
        return f"bp-{LEDGER}-{payment_id}-{row.attempt}"

    def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        row = self._row(payment_id)
        if row.state is not _S.INTENDED:
            return None
        if invoice.payment_hash in self.hashes:
            raise RefusedError("Blink's invoice is not a new one: nothing was sold.")
        row.invoice = Invoice(
            payment_request=invoice.payment_request,
            payment_hash=invoice.payment_hash,
            sats=row.plan.quote.total_sats,
            expires_at=invoice.expires_at,
        )
        self.hashes[invoice.payment_hash] = row
        self._set(row, _S.AWAITING)
        return payment_of(row)

    def move(
        self, payment_id: int, to: PaymentState, *, reason: str, received_sats: int | None
    ) -> Payment | None:
        row = self._row(payment_id)
        if row.state not in sources(to):
            return None
        if to in _WITH_INVOICE and row.invoice is None:
            raise LedgerError("The database refuses this change: nothing was written.")
        self._change(row, to, reason=reason, received_sats=received_sats)
        return payment_of(row)

    def complete(self, payment_id: int) -> Payment | None:
        row = self._row(payment_id)
        if any(each.state not in _DONE for each in row.transfers) or row.state is not _S.PAID:
            return None
        self._change(row, _S.COMPLETED, reason="", received_sats=None)
        return payment_of(row)

    def payment(self, payment_id: int) -> Payment:
        return payment_of(self._row(payment_id))

    def payments_of(self, ids: Collection[int]) -> list[Payment]:
        return [payment_of(self.payments[each]) for each in sorted(ids) if each in self.payments]

    def by_hash(self, payment_hash: str) -> Payment | None:
        row = self.hashes.get(payment_hash)
        return payment_of(row) if row else None

    def watched(self, account_id: str) -> list[Payment]:
        since = self.clock() - WATCH_AFTER_EXPIRY
        return [
            payment_of(row)
            for row in self.payments.values()
            if row.state in _WATCHED
            and row.plan.account.id == account_id
            and max(row.invoice.expires_at if row.invoice else 0, row.created_at) > since
        ]

    def unfinished(self, account_id: str) -> list[Payment]:
        found = [
            row
            for row in self.payments.values()
            if row.state is _S.PAID and row.plan.account.id == account_id
        ]
        return [payment_of(row) for row in sorted(found, key=lambda row: (row.paid_at, row.id))]

    def claim(self, transfer_id: int, process: UUID, *, seconds: int) -> Transfer | None:
        row = self.transfers.get(transfer_id)
        if row is None or row.state in _DONE or row.state is _T.CARRIED:
            return None
        if not self._can_claim(row, process, seconds):
            return None
        row.claimed_by, row.claimed_until = process, self.clock() + seconds
        return transfer_of(row)

    def release(self, transfer_id: int, process: UUID) -> None:
        row = self.transfers.get(transfer_id)
        if row is not None and row.claimed_by == process:
            row.claimed_by = None

    def begin_transfer_attempt(self, transfer_id: int, process: UUID) -> Attempt:
        row = self.transfers.get(transfer_id)
        self.check_hold(row)
        if row is None or row.claimed_by != process or row.state is not _T.PLANNED:
            raise TillError("Somebody else works on this transfer.", cause=str(transfer_id))
        row.attempt, row.due_at = row.attempt + 1, None
        if row.trouble is Trouble.OWED:
            row.trouble = Trouble.NONE
        row.view = row.payment.view = None
        if row.payment.state is _S.PAID:
            for debt in self._debts(row, process):
                self._join(debt, row, process)
        transfer = transfer_of(row)
        external_id = f"bp-{LEDGER}-{transfer_id}-{row.attempt}"
        self.attempts[external_id] = AttemptRow(
            transfer=row, made_at=self.clock(), sats=transfer.invoice_sats
        )
        return Attempt(external_id=external_id, transfer=transfer)

    def begin_ahead(
        self, wanted: Sequence[tuple[Transfer, str]], process: UUID, *, most: int, seconds: int
    ) -> list[Attempt]:
        rooms: defaultdict[str, list[TransferRow]] = defaultdict(list)
        for transfer, wallet_id in wanted:
            row = self.transfers.get(transfer.id)
            if row is None or row.state is not _T.PLANNED or row.recipient != transfer.recipient:
                continue
            if row.payment.state is not _S.AWAITING or row.trouble is not Trouble.NONE:
                continue
            if row.due_at is not None or row.payment.plan.account.id in self.holds.accounts:
                continue
            if self._can_claim(row, process, seconds):
                rooms[wallet_id].append(row)
        begun: list[Attempt] = []
        for wallet_id, claimable in rooms.items():
            calls = len(claimable)
            if self.turns.count_call(wallet_id, CallKind.RECIPIENT, most=most, calls=calls):
                continue
            for row in claimable:
                row.claimed_by, row.claimed_until = process, self.clock() + seconds
                begun.append(self.begin_transfer_attempt(row.id, process))
        return begun

    def store_recipient_invoice(
        self,
        transfer: Transfer,
        invoice: RecipientInvoice,
        process: UUID,
        *,
        releases: bool = False,
    ) -> Transfer | None:
        row = self.transfers[transfer.id]
        attempt = self.attempts.get(invoice.external_id)
        if attempt is None or attempt.invoice is not None or row.invoice is not None:
            return None
        latest = f"bp-{LEDGER}-{row.id}-{row.attempt}"
        if invoice.external_id != latest or invoice.sats != attempt.sats:
            return None
        if invoice.payment_hash in self.recipient_hashes:
            return None
        after = apply(transfer, TransferEvent.INVOICE_STORED)
        if not self._is_as_given(row, transfer, process):
            return None
        attempt.invoice = invoice
        self.recipient_hashes[invoice.payment_hash] = row
        row.invoice = invoice
        self.set_transfer(row, after, TransferEvent.INVOICE_STORED, process)
        if releases:
            row.claimed_by = None
        return transfer_of(row)

    def start_send(
        self, transfer: Transfer, wallet_id: str, process: UUID, *, seconds: int
    ) -> SendStart:
        row = self.transfers.get(transfer.id)
        if not self.turns.take(wallet_id, process, seconds=seconds):
            return SendStart(transfer=None, has_turn=False)
        started = None
        if (
            row is not None
            and (row.tries, row.trouble) == (transfer.tries, transfer.trouble)
            and self._can_claim(row, process, seconds)
        ):
            owner = row.claimed_by, row.claimed_until
            row.claimed_by, row.claimed_until = process, self.clock() + seconds
            try:
                started = self.record(transfer, TransferEvent.SEND_STARTED, process, reason="")
            except HeldError:
                row.claimed_by, row.claimed_until = owner
                self.turns.leave(wallet_id, process)
                raise
            if started is None:
                row.claimed_by, row.claimed_until = owner
        if started is None:
            self.turns.leave(wallet_id, process)
        return SendStart(transfer=started, has_turn=True)

    def end_send(
        self,
        transfer: Transfer,
        event: TransferEvent,
        wallet_id: str,
        process: UUID,
        complete: Callable[[int], Payment | None],
        *,
        reason: str,
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> SendEnd | None:
        self.turns.leave(wallet_id, process)
        after = self.record(
            transfer, event, process, reason=reason, trouble=trouble, wait_seconds=wait_seconds
        )
        if after is None:
            return None
        completed = None
        if after.state is _T.SETTLED:
            row = self.transfers[transfer.id]
            row.claimed_by = None
            if not transfer.carries:
                completed = complete(row.payment.id)
        return SendEnd(transfer=after, completed=completed)

    def record(
        self,
        transfer: Transfer,
        event: TransferEvent,
        process: UUID,
        *,
        reason: str,
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> Transfer | None:
        after = apply(transfer, event, reason=reason, trouble=trouble)
        row = self.transfers.get(transfer.id)
        if after.state is _T.SENDING:
            self.check_hold(row)
        if row is None or not self._is_as_given(row, transfer, process):
            return None
        if after.state is _T.SENDING and row.invoice != transfer.invoice:
            return None
        self.set_transfer(row, after, event, process, wait_seconds=wait_seconds)
        return replace(after, is_due=wait_seconds <= 0)

    def adopt(
        self,
        transfer: Transfer,
        invoice: RecipientInvoice,
        process: UUID,
        *,
        quiet_seconds: float,
    ) -> Transfer | None:
        row = self.transfers[transfer.id]
        if row.payment.state is not _S.PAID or transfer_of(row) != transfer:
            return None
        if invoice.sats not in {transfer.sats, transfer.invoice_sats}:
            return None
        after = apply(transfer, TransferEvent.FOUND_SENT)
        if not self._is_as_given(row, transfer, process):
            return None
        now = self.clock()
        if row.invoice is not None:
            if row.last_sent_at is not None and row.last_sent_at > now - quiet_seconds:
                return None
            old = self.attempts[row.invoice.external_id]
            old.retired_at = now
            self.retired[row.invoice.payment_hash] = old
        if invoice.sats != transfer.invoice_sats:
            self._free(row, process)
            after = replace(after, carries=())
        known = self.attempts.get(invoice.external_id)
        if known is None:
            known = AttemptRow(transfer=row, made_at=now, sats=invoice.sats)
            self.attempts[invoice.external_id] = known
        known.invoice, known.sats = invoice, invoice.sats
        self.recipient_hashes[invoice.payment_hash] = row
        row.invoice = invoice
        self.set_transfer(row, after, TransferEvent.FOUND_SENT, process)
        return transfer_of(row)

    def check_hold(self, row: TransferRow | None) -> None:
        """Refuse what a held ledger must not do."""
        if row is not None and row.payment.plan.account.id in self.holds.accounts:
            raise HeldError(HELD, cause=f"transfer {row.id}")

    def tips(self, since: int) -> list[TipSummary]:
        found: defaultdict[str, list[TransferRow]] = defaultdict(list)
        for row in self.payments.values():
            if row.paid_at is not None and row.paid_at >= since:
                for transfer in row.transfers:
                    if transfer.planned.role is Role.TIP:
                        found[transfer.recipient].append(transfer)
        summaries = [_summary(recipient, tips) for recipient, tips in found.items()]
        return sorted(summaries, key=lambda each: (-each.sats, each.recipient))

    @property
    def last_number(self) -> int:
        """The last number that was given."""
        return self._number

    def next_number(self) -> int:
        """Return the next number of the one row of numbers."""
        self._number += 1
        return self._number

    def leap(self, highest: int, step: int) -> None:
        """Leave out the numbers up to far beyond the highest one."""
        self._number = max(self._number, highest) + step

    def _debts(self, row: TransferRow, process: UUID) -> list[TransferRow]:
        now, plan = self.clock(), row.payment.plan
        return [
            each
            for each in self.transfers.values()
            if each.recipient == row.recipient
            and each is not row
            and each.state is _T.PLANNED
            and each.trouble is Trouble.OWED
            and each.payment.state is _S.PAID
            and each.payment.plan.account == plan.account
            and (each.claimed_by in {None, process} or each.claimed_until < now)
        ]

    def _join(self, debt: TransferRow, carrier: TransferRow, process: UUID) -> None:
        reason = f"It goes along with transfer {carrier.id} to the same recipient."
        after = apply(transfer_of(debt), TransferEvent.JOINED, reason=reason)
        debt.carried_by = carrier
        carrier.carries.append(debt)
        carrier.view = carrier.payment.view = None
        self.set_transfer(debt, after, TransferEvent.JOINED, process)

    def _follow(self, row: TransferRow, event: TransferEvent, process: UUID) -> None:
        follows = for_carried(event, transfer_of(row))
        if follows is TransferEvent.CARRIER_GONE:
            self._free(row, process)
        elif follows is TransferEvent.CARRIER_SETTLED:
            for each in [debt for debt in row.carries if debt.state is _T.CARRIED]:
                self.set_transfer(each, apply(transfer_of(each), follows), follows, process)

    def _free(self, row: TransferRow, process: UUID) -> None:
        reason, event = owed(row.recipient).reason, TransferEvent.CARRIER_GONE
        for each in [debt for debt in row.carries if debt.state is _T.CARRIED]:
            each.carried_by = None
            row.carries.remove(each)
            row.view = row.payment.view = None
            after = apply(transfer_of(each), event, reason=reason)
            self.set_transfer(each, after, event, process, wait_seconds=OWED_SECONDS)

    def _can_claim(self, row: TransferRow, process: UUID, seconds: int) -> bool:
        now, until = self.clock(), row.claimed_until
        return row.claimed_by in {None, process} or not now <= until <= now + 2 * seconds

    @staticmethod
    def _is_as_given(row: TransferRow, transfer: Transfer, process: UUID) -> bool:
        return (
            row.state is transfer.state
            and row.recipient == transfer.recipient
            and row.claimed_by == process
        )

    def _row(self, payment_id: int) -> PaymentRow:
        try:
            return self.payments[payment_id]
        except KeyError:
            raise LedgerRowMissingError("The ledger has no such row.") from None

    def _change(
        self, row: PaymentRow, to: PaymentState, *, reason: str, received_sats: int | None
    ) -> None:
        if to is _S.PAID:
            received = row.plan.quote.total_sats if received_sats is None else received_sats
            if received <= 0:
                raise LedgerError("The database refuses this change: nothing was written.")
            row.received_sats, row.paid_at = received, int(self.clock())
            row.was_closed = row.was_closed or row.state is not _S.AWAITING
        row.reason = reason
        self._set(row, to)

    def _set(self, row: PaymentRow, to: PaymentState) -> None:
        before, row.state, row.view = row.state, to, None
        for told in self.on_payment:
            told(row, before)

    def set_transfer(
        self,
        row: TransferRow,
        after: Transfer,
        event: TransferEvent,
        process: UUID,
        *,
        wait_seconds: float = 0.0,
    ) -> None:
        """Change a row and what goes with it, and tell whoever watches."""
        before, row.state = row.state, after.state
        row.due_at = None
        if wait_seconds > 0:
            row.due_at, row.claimed_by = self.clock() + wait_seconds, None
        if after.state is _T.SENDING:
            row.last_sent_at = self.clock()
        elif after.state is _T.SETTLED:
            row.settled_at = self.clock()
        if after.state is _T.ATTENTION:
            self.needing_attention[row.id] = row
        else:
            self.needing_attention.pop(row.id, None)
        if after.trouble is Trouble.RESTRICTED:
            self.restricted[row.id] = row
        else:
            self.restricted.pop(row.id, None)
        row.reason, row.tries, row.trouble = after.reason, after.tries, after.trouble
        row.view = row.payment.view = None
        for told in self.on_transfer:
            told(row, before, event, process)
        self._follow(row, event, process)


def _summary(recipient: str, tips: list[TransferRow]) -> TipSummary:
    def of(state: TransferState) -> int:
        return sum(each.planned.sats for each in tips if each.state is state)

    sats = sum(each.planned.sats for each in tips)
    settled, attention, kept = of(_T.SETTLED), of(_T.ATTENTION), of(_T.KEPT)
    return TipSummary(
        recipient=recipient,
        count=len(tips),
        sats=sats,
        settled_sats=settled,
        open_sats=sats - settled - attention - kept,
        attention_sats=attention,
        kept_sats=kept,
        last_at=max(each.payment.paid_at or 0 for each in tips),
    )
