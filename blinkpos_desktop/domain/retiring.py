"""When a recipient's invoice may be retired: three conditions, in this order.

1. Ten minutes have passed since the last request that may have carried it.
2. *Then* a status query has succeeded and did not say PAID.
3. *Then* a look-up has succeeded and shows no PENDING or SUCCESS transaction
   of its hash in our own wallet.

EXPIRED, CANCELLED, a send's FAILURE and a query that failed shorten none of
them. A query that failed takes back what was found before it: all begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.blink import InvoiceStatus, TransactionStatus
from blinkpos_desktop.domain.errors import IllegalMoveError

QUIET_SECONDS: Final = 600
"""Since the last request that may have carried the invoice."""


class Proof(StrEnum):
    """What is to be done next on the way to retiring an invoice."""

    WAIT = "wait"
    """A request for it may still be under way."""
    ASK_STATUS = "ask_status"
    LOOK_UP = "look_up"
    SETTLE = "settle"
    """It is paid: the recipient has the sats, whatever was chosen."""
    RETIRE = "retire"
    """All three conditions hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retiring:
    """What is known of an invoice that is to be retired.

    ``quiet_seconds`` is the time since the last request that may have carried
    it; ``None`` when none was ever sent.
    """

    quiet_seconds: float | None
    status: InvoiceStatus | None = None
    was_looked_up: bool = False
    sent: TransactionStatus | None = None

    @property
    def next_proof(self) -> Proof:
        """What is to be done next."""
        if self.status is InvoiceStatus.PAID or self.sent is TransactionStatus.SUCCESS:
            return Proof.SETTLE
        if self.quiet_seconds is not None and self.quiet_seconds < QUIET_SECONDS:
            return Proof.WAIT
        if self.status is None:
            return Proof.ASK_STATUS
        if not self.was_looked_up:
            return Proof.LOOK_UP
        # Of our own wallet's transactions a FAILURE is as good as none: nothing left it.
        return Proof.WAIT if self.sent is TransactionStatus.PENDING else Proof.RETIRE

    def asked(self, status: InvoiceStatus) -> Retiring:
        """Return it after a status query that succeeded.

        Raises:
            IllegalMoveError: it is not the status's turn; what came too early proves nothing.
        """
        self._expect(Proof.ASK_STATUS)
        return replace(self, status=status)

    def looked_up(self, sent: TransactionStatus | None) -> Retiring:
        """Return it after a look-up in our wallet that succeeded; ``None`` without a transaction.

        Raises:
            IllegalMoveError: it is not the look-up's turn.
        """
        self._expect(Proof.LOOK_UP)
        return replace(self, was_looked_up=True, sent=sent)

    def _expect(self, proof: Proof) -> None:
        if self.next_proof is not proof:
            raise IllegalMoveError(
                "An invoice can't be retired that way.", cause=f"{proof}, not {self.next_proof}"
            )
