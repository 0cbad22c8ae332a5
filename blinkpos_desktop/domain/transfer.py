"""The life of one transfer: from the collecting wallet to one recipient.

The safety of forwarding rests on one fact (Blink pays one invoice at most
once) and on this table: a recipient's invoice is stored before it is paid,
whatever is unknown is asked about, and the remedy is to pay *that* invoice
again. Events go in, a new value comes out; nothing here waits or asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import IllegalMoveError


class Role(StrEnum):
    """Whom a transfer is for."""

    MERCHANT = "merchant"
    TIP = "tip"


class TransferState(StrEnum):
    """Where a transfer stands."""

    PLANNED = "planned"
    """No recipient's invoice yet."""
    PREPARED = "prepared"
    """The recipient's invoice is stored; no request for it is known to be under way."""
    SENDING = "sending"
    """A request that pays it may be under way: written before the request leaves."""
    UNKNOWN = "unknown"
    """A request ended without a proof: ask before anything else."""
    IN_FLIGHT = "in_flight"
    """Blink answered PENDING: neither paid nor failed."""
    SETTLED = "settled"
    """The recipient has the sats."""
    KEPT = "kept"
    """It stays in the collecting wallet, by rule or by a person's recorded choice."""
    ATTENTION = "attention"
    """It cannot go on by itself: a person must choose."""


class TransferEvent(StrEnum):
    """What can happen to a transfer."""

    INVOICE_STORED = "invoice_stored"
    INVOICE_REFUSED = "invoice_refused"
    SEND_STARTED = "send_started"
    SEND_SUCCEEDED = "send_succeeded"
    SEND_PENDING = "send_pending"
    SEND_FAILED = "send_failed"
    SEND_LOST = "send_lost"
    STATUS_PAID = "status_paid"
    STATUS_UNPAID = "status_unpaid"
    GAVE_UP = "gave_up"
    RETRY_CHOSEN = "retry_chosen"
    INVOICE_RETIRED = "invoice_retired"
    SEND_CHOSEN = "send_chosen"
    KEEP_CHOSEN = "keep_chosen"


_S, _E = TransferState, TransferEvent

MOVES: Final[Mapping[TransferState, Mapping[TransferEvent, TransferState]]] = {
    _S.PLANNED: {
        _E.INVOICE_STORED: _S.PREPARED,
        # Nothing was told to anybody: the next attempt is a new id. The reason is shown.
        _E.INVOICE_REFUSED: _S.PLANNED,
        _E.GAVE_UP: _S.ATTENTION,
    },
    _S.PREPARED: {
        _E.SEND_STARTED: _S.SENDING,
        # A lasting refusal that was proven unpaid.
        _E.GAVE_UP: _S.ATTENTION,
    },
    _S.SENDING: {
        _E.SEND_SUCCEEDED: _S.SETTLED,
        _E.SEND_PENDING: _S.IN_FLIGHT,
        # A FAILURE proves nothing: Blink also says it of an invoice that is paid.
        _E.SEND_FAILED: _S.UNKNOWN,
        _E.SEND_LOST: _S.UNKNOWN,
        # Found like this after a crash, its status was asked.
        _E.STATUS_PAID: _S.SETTLED,
        _E.STATUS_UNPAID: _S.PREPARED,
    },
    _S.UNKNOWN: {
        _E.STATUS_PAID: _S.SETTLED,
        # "Not paid yet": the same invoice is paid again, which moves money once.
        _E.STATUS_UNPAID: _S.PREPARED,
        _E.SEND_PENDING: _S.IN_FLIGHT,
    },
    _S.IN_FLIGHT: {
        _E.STATUS_PAID: _S.SETTLED,
        # Only said when our wallet shows no PENDING transaction of its hash.
        _E.STATUS_UNPAID: _S.PREPARED,
    },
    _S.ATTENTION: {
        # With a live invoice UNKNOWN (see apply): a request may have arrived late, and be PENDING.
        _E.RETRY_CHOSEN: _S.PLANNED,
        _E.STATUS_PAID: _S.SETTLED,
        # By the three conditions of domain.retiring only: it has no live invoice afterwards.
        _E.INVOICE_RETIRED: _S.ATTENTION,
        # To another recipient, or kept: never while an invoice lives (see apply).
        _E.SEND_CHOSEN: _S.PLANNED,
        _E.KEEP_CHOSEN: _S.KEPT,
    },
    _S.SETTLED: {},
    _S.KEPT: {},
}


class Step(StrEnum):
    """What is to be done next for a transfer."""

    MAKE_INVOICE = "make_invoice"
    SEND = "send"
    ASK = "ask"
    LOOK_UP = "look_up"
    REST = "rest"


_STEPS: Final[Mapping[TransferState, Step]] = {
    _S.PLANNED: Step.MAKE_INVOICE,
    _S.PREPARED: Step.SEND,
    _S.SENDING: Step.ASK,
    _S.UNKNOWN: Step.ASK,
    _S.IN_FLIGHT: Step.LOOK_UP,
    _S.ATTENTION: Step.REST,
    _S.SETTLED: Step.REST,
    _S.KEPT: Step.REST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientInvoice:
    """The one live invoice of a transfer. ``external_id`` stands on both sides' transactions."""

    external_id: str
    payment_request: str
    payment_hash: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One part of a payment on its way to one recipient. ``sats`` is above 0."""

    id: int
    role: Role
    recipient: str
    """A Blink username; empty when no merchant is set."""
    sats: int
    memo: str
    state: TransferState
    invoice: RecipientInvoice | None = None
    reason: str = ""
    """Why it is kept, waits or needs attention: one plain sentence."""
    tries: int = 0
    """Requests in a row that did not settle it."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self.state in {TransferState.SETTLED, TransferState.KEPT}

    @property
    def next_step(self) -> Step:
        """What is to be done next."""
        return _STEPS[self.state]


NEED_NO_INVOICE: Final = frozenset({_E.SEND_CHOSEN, _E.KEEP_CHOSEN})
"""What can't happen to a transfer with a live invoice."""


def apply(
    transfer: Transfer, event: TransferEvent, *, reason: str = "", recipient: str = ""
) -> Transfer:
    """Return the transfer after ``event``; ``recipient`` is the other one of SEND_CHOSEN.

    Raises:
        IllegalMoveError: the event cannot happen to it in its state.
    """
    try:
        state = MOVES[transfer.state][event]
    except KeyError:
        raise IllegalMoveError(
            "This transfer cannot change that way.",
            cause=f"transfer {transfer.id}: {event} in {transfer.state}",
        ) from None
    if event in NEED_NO_INVOICE and transfer.invoice is not None:
        raise IllegalMoveError(
            "Its live invoice must be retired first.", cause=f"transfer {transfer.id}: {event}"
        )
    if event is TransferEvent.INVOICE_RETIRED:
        transfer = replace(transfer, invoice=None)
    if event is TransferEvent.SEND_CHOSEN:
        transfer = replace(transfer, recipient=recipient)
    if event is TransferEvent.RETRY_CHOSEN and transfer.invoice is not None:
        # It has a live invoice: that one is asked about and paid again, never a second one.
        state = TransferState.UNKNOWN
    return replace(transfer, state=state, reason=reason, tries=_tries(transfer, event))


_FAILURES: Final = frozenset(
    {TransferEvent.SEND_FAILED, TransferEvent.SEND_LOST, TransferEvent.INVOICE_REFUSED}
)
_ANEW: Final = frozenset(
    {TransferEvent.RETRY_CHOSEN, TransferEvent.SEND_CHOSEN, TransferEvent.INVOICE_STORED}
)


def _tries(transfer: Transfer, event: TransferEvent) -> int:
    if event in _FAILURES:
        return transfer.tries + 1
    if event in _ANEW:
        return 0
    return transfer.tries
