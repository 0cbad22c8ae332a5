"""The least of a Blink that the pure core can be walked against: what is true of an invoice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import InvoiceStatus, TransactionStatus
from blinkpos_desktop.domain.transfer import RecipientInvoice

LATEST: Final = 400
"""Seconds that a request can be on its way: less than the quiet ten minutes."""


@dataclass(slots=True)
class Truth:
    """What has become of a recipient's invoice, whatever anybody was told."""

    invoice: RecipientInvoice
    expires_at: float
    is_paid: bool = False
    is_pending: bool = False
    retired: bool = False
    on_their_way: list[float] = field(default_factory=list)
    """By when each request that was given up as lost will have arrived."""

    def arrive(self, *, pending: bool = False) -> None:
        """Let a request arrive; one that is paid or in flight already moves nothing."""
        if not self.is_paid and not self.is_pending:
            self.is_pending, self.is_paid = pending, not pending

    def resolve(self, *, paid: bool) -> None:
        """Let what is in flight arrive or come back."""
        if self.is_pending:
            self.is_pending, self.is_paid = False, paid

    def status(self, now: float) -> InvoiceStatus:
        """What the status query says."""
        if self.is_paid:
            return InvoiceStatus.PAID
        return InvoiceStatus.EXPIRED if now > self.expires_at else InvoiceStatus.PENDING

    @property
    def sent(self) -> TransactionStatus | None:
        """What our wallet's own transaction of it says."""
        if self.is_pending:
            return TransactionStatus.PENDING
        return TransactionStatus.SUCCESS if self.is_paid else None
