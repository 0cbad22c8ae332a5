"""Blink's own transactions against the ledger: pure, values in and differences out.

Matched by hash, and by ``externalId`` where Blink shows no hash. What carries
neither a hash nor the ledger's id is not ours: counted, and nothing more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from blinkpos_desktop.domain.blink import Direction, TransactionStatus, WalletTransaction
from blinkpos_desktop.domain.difference import Difference, Kind, NotOurs
from blinkpos_desktop.domain.payment import RECEIVED, PaymentState
from blinkpos_desktop.domain.transfer import MOVES, TransferEvent, TransferState

_ID = re.compile(r"bp-([a-z0-9]{12})-([0-9]{1,18})-[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPayment:
    """A customer's invoice in the ledger. Sats are whole, times Unix seconds."""

    id: int
    state: PaymentState
    payment_hash: str
    external_id: str
    total_sats: int
    received_sats: int | None
    created_at: int
    is_recent: bool
    """Whether it was recorded as paid within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSend:
    """A recipient's stored invoice with its transfer; ``is_live`` unless it was retired."""

    payment_id: int
    transfer_id: int
    recipient: str
    sats: int
    state: TransferState
    payment_hash: str
    external_id: str
    is_live: bool
    at: int
    is_recent: bool
    """Whether the transfer has settled within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTransfer:
    """A transfer of a paid payment that is not finished; ``at`` is when it was paid."""

    payment_id: int
    transfer_id: int
    recipient: str
    sats: int
    state: TransferState
    reason: str
    at: int
    is_debt: bool = False
    """Whether it is under a cent and goes with the recipient's next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTransfer:
    """A transfer whose number stands on something that Blink shows as sent.

    ``sats`` are its own and those that go with it, ``own_sats`` its own; ``invoiced_at`` is when
    the customer's invoice was made, in Unix seconds on Blink's clock.
    """

    payment_id: int
    transfer_id: int
    recipient: str
    state: TransferState
    sats: int
    own_sats: int
    invoiced_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRows:
    """The ledger's side of a comparison."""

    payments: tuple[LedgerPayment, ...] = ()
    sends: tuple[LedgerSend, ...] = ()
    open: tuple[OpenTransfer, ...] = ()
    named: tuple[NamedTransfer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs, what is not ours, and what Blink is to be asked for one by one."""

    differences: tuple[Difference, ...]
    not_ours: NotOurs
    unseen_payments: tuple[LedgerPayment, ...] = ()
    """Recorded as received within the window, and not among its transactions."""
    unseen_sends: tuple[LedgerSend, ...] = ()
    """Recorded as settled within the window, and not among its transactions."""


def number_of(external_id: str, ledger: str) -> int | None:
    """Return the payment's or transfer's number; ``None`` for an id that is not this ledger's."""
    found = _ID.fullmatch(external_id)
    return int(found[2]) if found and found[1] == ledger else None


def highest_number(transactions: Iterable[WalletTransaction], ledger: str) -> int | None:
    """Return the highest of a ledger's numbers that stand on transactions."""
    numbers = (number_of(each.external_id, ledger) for each in transactions)
    return max((number for number in numbers if number is not None), default=None)


_Row = TypeVar("_Row", LedgerPayment, LedgerSend)


def compare(
    ledger: str,
    rows: LedgerRows,
    transactions: Sequence[WalletTransaction],
    paid: Iterable[str],
) -> Comparison:
    """Compare the ledger with Blink.

    ``paid`` are the hashes of our invoices of which Blink said that they are paid.
    """
    payments = _index(rows.payments)
    sends = _index(rows.sends)
    named = {each.transfer_id: each for each in rows.named}
    by_newer: list[tuple[NamedTransfer, WalletTransaction]] = []
    received: dict[int, WalletTransaction | None] = {
        payments[each].id: None for each in paid if each in payments
    }
    sent: dict[str, WalletTransaction] = {}
    missing: list[Difference] = []
    others: list[WalletTransaction] = []
    for each in transactions:
        name = each.payment_hash or each.external_id
        done = each.status is TransactionStatus.SUCCESS
        if each.direction is Direction.RECEIVE and name in payments:
            if done:
                received[payments[name].id] = each
        elif each.direction is Direction.SEND and name in sends:
            if done:
                sent[sends[name].payment_hash] = each
        elif each.status is TransactionStatus.FAILURE:
            continue
        elif (number := number_of(each.external_id, ledger)) is not None:
            transfer = named.get(number) if each.direction is Direction.SEND else None
            if transfer and each.created_at >= transfer.invoiced_at:
                by_newer.append((transfer, each))
            else:
                # Or the number was given anew here: what it names was sent before that sale.
                missing.append(_no_row(each))
        elif name not in payments and name not in sends:
            others.append(each)
    proven = {each.transfer_id for each in rows.sends if each.payment_hash in sent}
    adopted = [_by_newer(each, seen, proven) for each, seen in by_newer]
    known = proven | {each.transfer_id for each in adopted}
    differences = [
        *_received(rows.payments, received),
        *_sent(rows.sends, sent),
        *adopted,
        *missing,
        *(_owed(each) for each in rows.open if each.transfer_id not in known),
    ]
    return Comparison(
        differences=tuple(differences),
        not_ours=NotOurs(
            count=len(others),
            received_sats=sum(e.sats for e in others if e.direction is Direction.RECEIVE),
            sent_sats=sum(e.sats for e in others if e.direction is Direction.SEND),
        ),
        unseen_payments=tuple(
            each for each in rows.payments if each.is_recent and each.id not in received
        ),
        unseen_sends=tuple(
            each
            for each in rows.sends
            if each.is_recent and each.is_live and each.transfer_id not in proven
        ),
    )


def not_received(payment: LedgerPayment, sats: int | None = None) -> Difference:
    """Return the difference of a payment that stands as received; ``sats`` of it are not there."""
    return Difference(
        kind=Kind.NOT_RECEIVED,
        sats=(payment.received_sats or payment.total_sats) if sats is None else sats,
        at=payment.created_at,
        payment_id=payment.id,
        payment_hash=payment.payment_hash,
    )


def not_known(payment: LedgerPayment) -> Difference:
    """Return the difference of an invoice that Blink doesn't know."""
    return Difference(
        kind=Kind.NOT_KNOWN,
        sats=payment.total_sats,
        at=payment.created_at,
        payment_id=payment.id,
        payment_hash=payment.payment_hash,
    )


def not_sent(send: LedgerSend) -> Difference:
    """Return the difference of a transfer that stands as settled and never left."""
    return _of_send(send, Kind.NOT_SENT)


def _index(rows: Sequence[_Row]) -> dict[str, _Row]:
    return {name: each for each in rows for name in (each.external_id, each.payment_hash)}


def _received(
    payments: Sequence[LedgerPayment], received: Mapping[int, WalletTransaction | None]
) -> Iterator[Difference]:
    for payment in payments:
        if payment.id not in received:
            continue
        seen = received[payment.id]
        known = payment.received_sats or 0
        if payment.state not in RECEIVED:
            yield Difference(
                kind=Kind.RECEIVED,
                sats=seen.sats if seen else payment.total_sats,
                at=payment.created_at,
                payment_id=payment.id,
                payment_hash=payment.payment_hash,
                received_sats=seen.sats if seen else None,
                can_fix=True,
            )
        elif seen and seen.sats > known:
            yield Difference(
                kind=Kind.MORE_RECEIVED,
                sats=seen.sats - known,
                at=payment.created_at,
                payment_id=payment.id,
                payment_hash=payment.payment_hash,
                received_sats=seen.sats,
                can_fix=True,
            )
        elif seen and seen.sats < known:
            yield not_received(payment, known - seen.sats)


def _sent(
    sends: Sequence[LedgerSend], sent: Mapping[str, WalletTransaction]
) -> Iterator[Difference]:
    done = [each for each in sends if each.payment_hash in sent]
    times = Counter(each.transfer_id for each in done)
    for send in done:
        if times[send.transfer_id] > 1 and not send.is_live:
            yield _of_send(send, Kind.SENT_TWICE)
        elif send.state is not TransferState.SETTLED:
            yield _of_send(send, Kind.SENT, can_fix=send.is_live and _can_settle(send.state))


def _can_settle(state: TransferState) -> bool:
    return state is TransferState.PREPARED or TransferEvent.STATUS_PAID in MOVES[state]


def _of_send(send: LedgerSend, kind: Kind, *, can_fix: bool = False) -> Difference:
    return Difference(
        kind=kind,
        sats=send.sats,
        at=send.at,
        payment_id=send.payment_id,
        transfer_id=send.transfer_id,
        payment_hash=send.payment_hash,
        external_id=send.external_id,
        recipient=send.recipient,
        can_fix=can_fix,
    )


def _by_newer(
    transfer: NamedTransfer, seen: WalletTransaction, proven: Collection[int]
) -> Difference:
    """Return what a newer copy of this ledger did with a transfer that this one has too.

    ``proven`` are those of which Blink shows that this ledger's own invoice was paid.
    """
    state, kind = transfer.state, Kind.SENT
    if state is TransferState.SETTLED and transfer.transfer_id not in proven:
        return _no_row(seen)
    # What goes with it here may have been owed still when the newer copy sent it.
    is_sum = seen.sats in {transfer.sats, transfer.own_sats}
    is_same = is_sum and bool(seen.payment_hash and seen.payment_request)
    if state is TransferState.SETTLED:
        kind, can_fix = Kind.SENT_TWICE, False
    elif seen.status is TransactionStatus.PENDING:
        # How that ends is not known yet.
        can_fix = False
    elif not is_same or state is TransferState.KEPT:
        # It may have taken debts along, or was kept here meanwhile.
        kind, can_fix = Kind.MAYBE_SENT, TransferEvent.GAVE_UP in MOVES[state]
    else:
        can_fix = TransferEvent.FOUND_SENT in MOVES[state]
    return Difference(
        kind=kind,
        sats=seen.sats,
        at=seen.created_at,
        payment_id=transfer.payment_id,
        transfer_id=transfer.transfer_id,
        payment_hash=seen.payment_hash,
        external_id=seen.external_id,
        recipient=transfer.recipient,
        reason="by a newer copy of this ledger",
        can_fix=can_fix,
        by_newer=True,
    )


def _no_row(seen: WalletTransaction) -> Difference:
    way = "received" if seen.direction is Direction.RECEIVE else "sent"
    return Difference(
        kind=Kind.NO_ROW,
        sats=seen.sats,
        at=seen.created_at,
        payment_hash=seen.payment_hash,
        external_id=seen.external_id,
        reason=way,
    )


def _owed(transfer: OpenTransfer) -> Difference:
    return Difference(
        kind=Kind.OWED,
        sats=transfer.sats,
        at=transfer.at,
        payment_id=transfer.payment_id,
        transfer_id=transfer.transfer_id,
        recipient=transfer.recipient,
        reason=transfer.reason,
        can_fix=transfer.state is not TransferState.ATTENTION,
        is_debt=transfer.is_debt,
    )
