"""What waits for a person, and what a person can choose for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from blinkpos_desktop.domain.transfer import Transfer


class Remedy(StrEnum):
    """What a person can choose."""

    RETRY = "retry"
    """Pay the same invoice again, or make one if there is none."""
    SEND = "send"
    """Send it to another recipient; the live invoice is retired first."""
    KEEP = "keep"
    """Keep it in the collecting wallet; the live invoice is retired first."""
    SEEN = "seen"
    """Take note of a finding: a retired invoice was paid after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A person's choice. ``recipient`` is the other username, for SEND only."""

    remedy: Remedy
    recipient: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionItem:
    """A transfer that waits for a person. Times are Unix seconds.

    ``choice`` is what was chosen and waits for Blink; ``choice_by`` who chose it.
    """

    payment_id: int
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
