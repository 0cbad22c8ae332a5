"""What persons chose, as they said it: a choice counts, the last one, and nothing else moves money.

Kept apart from the ledger's own word: a choice that was carried out for
another, an older one, or one that nobody made is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    TransferEvent,
    TransferState,
    Trouble,
)
from tests.simulation.blink_model import BlinkModel
from tests.simulation.checks import Checks
from tests.simulation.rows_model import TransferRow

_CARRIED_OUT: Final = {
    TransferEvent.RETRY_CHOSEN: Remedy.RETRY,
    TransferEvent.SEND_CHOSEN: Remedy.SEND,
    TransferEvent.KEEP_CHOSEN: Remedy.KEEP,
}


@dataclass(slots=True)
class Wishes:
    """Holds each step of a choice against what was said, and each retiring against Blink."""

    checks: Checks
    blink: BlinkModel
    recipients: dict[int, str] = field(default_factory=dict)
    """Who is to have a transfer's sats, by its id, where a person has chosen another."""
    retired: set[str] = field(default_factory=set)
    _said: set[tuple[int, Choice, str]] = field(default_factory=set)
    _written: set[tuple[int, Choice, str]] = field(default_factory=set)
    _last: dict[int, tuple[Choice, str]] = field(default_factory=dict)

    def wished(self, transfer_id: int, choice: Choice, who: str) -> None:
        """A person is about to choose; whether it is heard is another matter."""
        self._said.add((transfer_id, choice, who))

    def chosen(self, row: TransferRow, choice: Choice, who: str) -> None:
        """The ledger has written a choice down."""
        name = f"transfer {row.id}"
        self.checks.hold((row.id, choice, who) in self._said, f"{name}: {who} never chose {choice}")
        hurries = choice.remedy is Remedy.RETRY and row.trouble is Trouble.RESTRICTED
        may_hurry = hurries and row.state in {TransferState.PLANNED, TransferState.PREPARED}
        self.checks.hold(
            row.state is TransferState.ATTENTION or may_hurry,
            f"{name} is chosen for while it is {row.state}",
        )
        self._written.add((row.id, choice, who))
        self._last[row.id] = choice, who

    def confirmed(self, transfer_id: int, choice: Choice, who: str) -> None:
        """A person was told that his choice is taken: then it is written down."""
        self.checks.hold(
            (transfer_id, choice, who) in self._written,
            f"transfer {transfer_id}: {who} was told that {choice} is taken, and it is not",
        )

    def recipient_of(self, row: TransferRow) -> str:
        """Return who is to have a transfer's sats."""
        return self.recipients.get(row.id, row.planned.recipient)

    def carried_out(self, row: TransferRow, event: TransferEvent) -> None:
        """A choice has moved a transfer."""
        remedy = _CARRIED_OUT.get(event)
        if remedy is None:
            return
        name, hold = f"transfer {row.id}", self.checks.hold
        if row.id not in self._last:
            self.checks.wrong(f"{name}: {event}, and nobody chose")
            return
        # One choice moves it once.
        choice, who = self._last.pop(row.id)
        hold(choice.remedy is remedy, f"{name}: {event}, and {who} chose {choice}")
        if remedy is Remedy.SEND:
            hold(row.recipient == choice.recipient, f"{name}: {who} chose {choice.recipient}")
            self.recipients[row.id] = choice.recipient
        if remedy is Remedy.KEEP:
            hold(who in row.reason, f"{name} does not say that {who} keeps it")
        live = row.invoice is not None
        hold(remedy is Remedy.RETRY or not live, f"{name}: {event} with a live invoice")

    def retired_now(self, row: TransferRow, invoice: RecipientInvoice) -> None:
        """An invoice has been retired: nothing that could pay it may be anywhere."""
        payment_hash, name = invoice.payment_hash, f"the retired invoice {invoice.external_id}"
        hold = self.checks.hold
        hold(
            row.id in self._last and self._last[row.id][0].remedy is not Remedy.RETRY,
            f"{name} was given up, and nobody chose so",
        )
        hold(self.blink.status(payment_hash) is not InvoiceStatus.PAID, f"{name} is a paid one")
        hold(payment_hash not in self.blink.in_flight, f"{name} is in flight")
        hold(not self.blink.requests[payment_hash], f"{name}: a request for it is still under way")
        self.retired.add(payment_hash)

    def paying(self, payment_hash: str, name: str) -> None:
        """A request is about to leave, or has moved sats."""
        self.checks.hold(payment_hash not in self.retired, f"{name}, whose invoice is retired")
