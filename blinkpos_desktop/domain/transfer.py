"""The life of one transfer: from the collecting wallet to one recipient.

The safety of forwarding rests on one fact (Blink pays one invoice at most
once) and on this table: a recipient's invoice is stored before it is paid,
whatever is unknown is asked about, and the remedy is to pay *that* invoice
again. Events go in, a new value comes out; nothing here waits or asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    CARRIED = "carried"
    """It goes with another transfer to the same recipient, within that one's invoice."""
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


class Trouble(StrEnum):
    """Why Blink refused it last, where that does not pass within minutes."""

    NONE = ""
    RESTRICTED = "restricted"
    """Tried again every quarter of an hour, and shown to persons."""
    LASTING = "lasting"
    """A person must choose, as soon as it is proven unpaid."""
    OWED = "owed"
    """Under one cent for a USD wallet: it goes with the recipient's next transfer."""


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
    SET_ASIDE = "set_aside"
    JOINED = "joined"
    CARRIER_SETTLED = "carrier_settled"
    CARRIER_GONE = "carrier_gone"
    FOUND_SENT = "found_sent"


_S, _E = TransferState, TransferEvent

MOVES: Final[Mapping[TransferState, Mapping[TransferEvent, TransferState]]] = {
    _S.PLANNED: {
        _E.INVOICE_STORED: _S.PREPARED,
        # Nothing was told to anybody: the next attempt is a new id. The reason is shown.
        _E.INVOICE_REFUSED: _S.PLANNED,
        _E.GAVE_UP: _S.ATTENTION,
        # Restricted, and a person does not want to wait: nothing is sent until he is obeyed.
        _E.SET_ASIDE: _S.ATTENTION,
        _E.RETRY_CHOSEN: _S.PLANNED,
        # Owed, and another transfer to its recipient takes it along.
        _E.JOINED: _S.CARRIED,
        # Blink shows it as sent, though not by this ledger: by a newer copy of it.
        _E.FOUND_SENT: _S.SETTLED,
    },
    _S.PREPARED: {
        _E.SEND_STARTED: _S.SENDING,
        # It was taken for unpaid, and a request that was late has arrived since.
        _E.SEND_PENDING: _S.IN_FLIGHT,
        # A lasting refusal that was proven unpaid.
        _E.GAVE_UP: _S.ATTENTION,
        _E.SET_ASIDE: _S.ATTENTION,
        _E.RETRY_CHOSEN: _S.UNKNOWN,
        _E.FOUND_SENT: _S.SETTLED,
    },
    # No event of its own: what happens to its carrier happens to it.
    _S.CARRIED: {
        _E.CARRIER_SETTLED: _S.SETTLED,
        _E.CARRIER_GONE: _S.PLANNED,
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
        _E.FOUND_SENT: _S.SETTLED,
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
    _S.CARRIED: Step.REST,
    _S.SENDING: Step.ASK,
    _S.UNKNOWN: Step.ASK,
    _S.IN_FLIGHT: Step.LOOK_UP,
    _S.ATTENTION: Step.REST,
    _S.SETTLED: Step.REST,
    _S.KEPT: Step.REST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientInvoice:
    """The one live invoice of a transfer. ``external_id`` stands on both sides' transactions.

    ``sats`` is what it asks for: the transfer's own and those of all that it carries.
    """

    external_id: str
    payment_request: str
    payment_hash: str
    sats: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A transfer of the same recipient that goes with another one."""

    id: int
    payment_id: int
    sats: int
    memo: str


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
    trouble: Trouble = Trouble.NONE
    carries: tuple[Carried, ...] = ()
    """What goes with it, within its invoice."""
    is_due: bool = field(default=True, compare=False)
    """Whether its time to be tried again has come, by the database's clock when it was read."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self.state in {TransferState.SETTLED, TransferState.KEPT}

    @property
    def next_step(self) -> Step:
        """What is to be done next."""
        return _STEPS[self.state]

    @property
    def invoice_sats(self) -> int:
        """What its invoice asks for: its own sats and those that go with it."""
        return self.sats + sum(each.sats for each in self.carries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A number under which a recipient's invoice is asked for.

    It is for the ``invoice_sats`` of the transfer as it stands here, with all that it carries.
    """

    external_id: str
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStart:
    """Whether a request may leave: the transfer as SENDING, or ``None`` when somebody else won.

    Without the turn, another process sends from the wallet just now.
    """

    transfer: Transfer | None
    has_turn: bool


NEED_NO_INVOICE: Final = frozenset({_E.SEND_CHOSEN, _E.KEEP_CHOSEN, _E.JOINED})
"""What can't happen to a transfer with a live invoice."""

_NEED_TROUBLE: Final[Mapping[tuple[TransferState, TransferEvent], Trouble]] = {
    (_S.PLANNED, _E.SET_ASIDE): Trouble.RESTRICTED,
    (_S.PREPARED, _E.SET_ASIDE): Trouble.RESTRICTED,
    (_S.PLANNED, _E.RETRY_CHOSEN): Trouble.RESTRICTED,
    (_S.PREPARED, _E.RETRY_CHOSEN): Trouble.RESTRICTED,
    (_S.PLANNED, _E.JOINED): Trouble.OWED,
}
"""What can happen in a state only to a transfer with that trouble."""

_KEEP_TROUBLE: Final = frozenset({_E.SEND_STARTED, _E.STATUS_UNPAID, _E.JOINED, _E.CARRIER_GONE})
"""Events that say nothing new of why Blink refused it."""


def apply(
    transfer: Transfer,
    event: TransferEvent,
    *,
    reason: str = "",
    recipient: str = "",
    trouble: Trouble = Trouble.NONE,
) -> Transfer:
    """Return the transfer after ``event``; ``recipient`` is the other one of SEND_CHOSEN.

    ``trouble`` says why Blink refused it, for events that tell so. What it carries is the
    caller's to change with it (see :func:`for_carried`).

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
    needed = _NEED_TROUBLE.get((transfer.state, event), transfer.trouble)
    if transfer.trouble is not needed or (event is TransferEvent.JOINED and transfer.carries):
        raise IllegalMoveError(
            "This transfer cannot change that way.",
            cause=f"transfer {transfer.id}: {event} with {transfer.trouble or 'no trouble'}",
        )
    if event is TransferEvent.INVOICE_RETIRED:
        transfer = replace(transfer, invoice=None)
    if event is TransferEvent.SEND_CHOSEN:
        transfer = replace(transfer, recipient=recipient)
    if event is TransferEvent.RETRY_CHOSEN and transfer.invoice is not None:
        # It has a live invoice: that one is asked about and paid again, never a second one.
        state = TransferState.UNKNOWN
    if event in _KEEP_TROUBLE:
        # What a person reads stays until something else is known.
        trouble, reason = transfer.trouble, reason or (transfer.reason if transfer.trouble else "")
    return replace(
        transfer,
        state=state,
        reason=reason,
        tries=_tries(transfer, event),
        trouble=trouble,
        is_due=True,
    )


def for_carried(event: TransferEvent, after: Transfer) -> TransferEvent | None:
    """Return what happens to those that go with a transfer, in one transaction with it.

    ``None`` leaves them where they are: an invoice that covers them lives, or the next one will.
    """
    if after.state is TransferState.SETTLED:
        return TransferEvent.CARRIER_SETTLED
    is_free = after.trouble is Trouble.OWED or after.state in {
        TransferState.ATTENTION,
        TransferState.KEPT,
    }
    if after.invoice is None and (is_free or event is TransferEvent.SEND_CHOSEN):
        return TransferEvent.CARRIER_GONE
    return None


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
