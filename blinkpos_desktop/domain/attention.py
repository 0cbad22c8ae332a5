"""What waits for a person, and what a person can choose for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.transfer import Transfer, TransferEvent


class Remedy(StrEnum):
    """What a person can choose."""

    RETRY = "retry"
    """Ask about the same invoice and pay it again if it is unpaid, or make one if there is none."""
    SEND = "send"
    """Send it to another recipient; the live invoice is retired first."""
    KEEP = "keep"
    """Keep it in the collecting wallet; the live invoice is retired first."""
    SEEN = "seen"
    """Take note of a finding: a retired invoice was paid after all, or too much came in."""
    RELEASE = "release"
    """Forward again after a hold: of the ledger, not of one transfer."""


THE_LEDGER: Final = 0
"""The number that stands for the ledger itself, where a choice is made for what has a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A person's choice. ``recipient`` is the other username, for SEND only."""

    remedy: Remedy
    recipient: str = ""


CARRIED_OUT: Final[Mapping[Remedy, TransferEvent]] = {
    Remedy.RETRY: TransferEvent.RETRY_CHOSEN,
    Remedy.SEND: TransferEvent.SEND_CHOSEN,
    Remedy.KEEP: TransferEvent.KEEP_CHOSEN,
}
"""What happens to a transfer when a choice for it is carried out."""


def at_once(choice: Choice, transfer: Transfer) -> TransferEvent | None:
    """Return what a choice comes to at once; ``None`` when Blink must be asked something first."""
    if choice.remedy is Remedy.RETRY or (choice.remedy is Remedy.KEEP and transfer.invoice is None):
        return CARRIED_OUT[choice.remedy]
    # The other recipient is looked up first, and a live invoice is retired first.
    return None


def wish(choice: Choice) -> str:
    """Say a choice in words, for the story of a payment."""
    match choice.remedy:
        case Remedy.RETRY:
            return "to be tried again"
        case Remedy.SEND:
            return f"to be sent to {choice.recipient}"
        case Remedy.KEEP:
            return "to be kept in the collecting wallet"
        case Remedy.RELEASE:
            return "to be forwarded again"
        case Remedy.SEEN:
            return "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionItem:
    """A transfer that waits for a person. Times are Unix seconds.

    ``choice`` is what was chosen and waits for Blink; ``choice_by`` who chose it.
    """

    payment_id: int
    payment_hash: str
    transfer: Transfer
    paid_at: int
    choice: Choice | None = None
    choice_by: str = ""
    paid_retired: str = ""
    """A finding: the hash of a retired invoice that was paid after all; else empty."""
    is_foreign: bool = False
    """Made with another Blink account's key, without which nothing can be done for it."""

    @property
    def remedies(self) -> frozenset[Remedy]:
        """What a person can choose for it now."""
        if self.is_foreign:
            return frozenset()
        if self.paid_retired:
            return frozenset({Remedy.SEEN})
        return frozenset({Remedy.RETRY, Remedy.SEND, Remedy.KEEP})


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingChoice:
    """A choice that is to be carried out. ``quiet_seconds`` by the database's clock."""

    id: int
    choice: Choice
    who: str
    payment_id: int
    payment_hash: str
    wallet_id: str
    transfer: Transfer
    quiet_seconds: float | None
    """Since the last request that may have carried its invoice; ``None`` when none was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredInvoice:
    """A retired invoice, which stays watched. Times are Unix seconds."""

    transfer_id: int
    payment_hash: str
    retired_at: int
    expires_at: int
