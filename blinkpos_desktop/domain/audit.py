"""What proving the books over all history came to. Amounts are whole sats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """What must always hold; a finding breaks one."""

    UNBALANCED = "unbalanced"
    PARTS = "parts"
    TIPS = "tips"
    SHORTFALL = "shortfall"
    PAYMENT_STORY = "payment_story"
    TRANSFER_STORY = "transfer_story"
    GAP = "gap"
    NO_INVOICE = "no_invoice"
    TWO_INVOICES = "two_invoices"
    UNFINISHED = "unfinished"
    UNPAID = "unpaid"
    UNCOVERED = "uncovered"
    CARRIED = "carried"
    SUMS = "sums"


_BROKEN: Final[Mapping[Rule, str]] = {
    Rule.UNBALANCED: "what came in is not what was sent, kept, owed and over",
    Rule.PARTS: "its transfers do not sum to its total",
    Rule.TIPS: "its tip transfers do not sum to its tip",
    Rule.SHORTFALL: "less came in than was asked for",
    Rule.PAYMENT_STORY: "its state is not its last event's",
    Rule.TRANSFER_STORY: "the transfer's state is not its last event's",
    Rule.GAP: "an event is missing from its story",
    Rule.NO_INVOICE: "the transfer has settled without a stored invoice",
    Rule.TWO_INVOICES: "the transfer has more than one live invoice",
    Rule.UNFINISHED: "it is completed, and a transfer is not finished",
    Rule.UNCOVERED: "the transfer's invoice is not for it and what goes with it",
    Rule.CARRIED: "the transfer does not stand as the one that it goes with",
    Rule.UNPAID: "a transfer was sent, and the payment was never received",
    Rule.SUMS: "a sum of owners' statistics is not what the ledger comes to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where the ledger breaks a rule; ``detail`` has the figures.

    ``payment_id`` is ``None`` where sums of many are wrong.
    """

    rule: Rule
    payment_id: int | None
    transfer_id: int | None
    detail: str

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        where = "The sums" if self.payment_id is None else f"Payment {self.payment_id}"
        if self.transfer_id is not None:
            where += f", transfer {self.transfer_id}"
        return f"{where}: {_BROKEN[self.rule]} ({self.detail})."


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """What a customer paid beyond what was asked. ``paid_at`` is in Unix seconds."""

    payment_id: int
    sats: int
    paid_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The books of all received payments: received = sent + kept + owed + surplus + fees."""

    payments: int
    received_sats: int
    sent_sats: int
    kept_sats: int
    owed_sats: int
    surplus_sats: int
    fees_sats: int
    findings: tuple[Finding, ...]
    surpluses: tuple[Surplus, ...]

    @property
    def holds(self) -> bool:
        """Whether the whole balances and nothing breaks a rule."""
        out = self.sent_sats + self.kept_sats + self.owed_sats + self.surplus_sats + self.fees_sats
        return self.received_sats == out and not self.findings
