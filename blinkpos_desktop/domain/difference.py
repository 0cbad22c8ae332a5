"""How the ledger and Blink can differ, and what comparing them came to. Sats are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.money import format_sats


class Kind(StrEnum):
    """How the ledger and Blink differ."""

    RECEIVED = "received_not_recorded"
    MORE_RECEIVED = "more_received_than_recorded"
    SENT = "sent_not_recorded"
    MAYBE_SENT = "maybe_sent"
    SENT_TWICE = "sent_twice"
    NOT_RECEIVED = "recorded_not_received"
    NOT_SENT = "recorded_not_sent"
    OWED = "received_not_forwarded"
    NO_ROW = "row_missing"
    NOT_KNOWN = "invoice_not_known"


_SENTENCES: Final[Mapping[Kind, str]] = {
    Kind.RECEIVED: "came in, and the ledger does not have it",
    Kind.MORE_RECEIVED: "came in beyond what the ledger has",
    Kind.SENT: "went out, and the ledger does not have it as settled",
    Kind.MAYBE_SENT: "went out, and may be this transfer: look before it is sent again",
    Kind.SENT_TWICE: "went out once more than the ledger has it",
    Kind.NOT_RECEIVED: "stands as received, and Blink does not show it",
    Kind.NOT_SENT: "stands as settled, and Blink does not show it",
    Kind.OWED: "came in, not passed on yet",
    Kind.NOT_KNOWN: "were asked for by an invoice that Blink does not know",
    Kind.NO_ROW: "carries this ledger's id, and the ledger has no such row: a newer copy of it "
    "may have acted",
}
_DEBT: Final = "still owed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; ``can_fix`` when what is to be recorded is proven or can be gone on with."""

    kind: Kind
    sats: int
    at: int
    payment_id: int | None = None
    transfer_id: int | None = None
    payment_hash: str = ""
    external_id: str = ""
    recipient: str = ""
    reason: str = ""
    received_sats: int | None = None
    """All that Blink shows as received, where it shows it."""
    can_fix: bool = False
    by_newer: bool = False
    """Whether a newer copy of this ledger did it, under an invoice that is not stored here."""
    is_debt: bool = False
    """Whether it only waits for the recipient's next one: less than a cent, and no difference."""

    @property
    def is_dated(self) -> bool:
        """Whether only a window that reaches back to ``at`` finds it again."""
        return self.kind is not Kind.OWED

    @property
    def is_for_person(self) -> bool:
        """Whether nothing more can be recorded of it: only a person can judge it."""
        if self.kind is Kind.MAYBE_SENT:
            return not self.can_fix
        return self.kind not in {Kind.RECEIVED, Kind.MORE_RECEIVED, Kind.SENT}

    @property
    def sentence(self) -> str:
        """The difference in plain words."""
        where = [f"Payment {self.payment_id}" if self.payment_id else "Blink"]
        if self.transfer_id:
            where.append(f"transfer {self.transfer_id}")
        if self.recipient:
            where.append(f"to {self.recipient}")
        name = f" [{self.external_id}]" if self.kind is Kind.NO_ROW else ""
        why = f" ({self.reason})" if self.reason else ""
        amount = format_sats(self.sats)
        what = _DEBT if self.is_debt else _SENTENCES[self.kind]
        return f"{', '.join(where)}: {amount} {what}{name}{why}."


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOurs:
    """What other ledgers and Blink's own app did in this wallet."""

    count: int = 0
    received_sats: int = 0
    sent_sats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A comparison under way. ``since`` is its window's start in Unix seconds."""

    id: int
    ledger: str
    since: int
    reaches_back: bool
    """Whether its window begins where the last complete one ended, or before."""
    account_id: str = ""
    hold_id: int | None = None
    """The hold under which it began, if there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a whole comparison came to."""

    since: int
    asked: int
    transactions: int
    not_ours: NotOurs
    found: tuple[Difference, ...]
    remaining: tuple[Difference, ...]
    highest: int | None = None
    """The highest of this ledger's numbers that Blink showed."""
    was_held: bool = False
    is_released: bool = False
    """Whether it has ended the hold under which it began."""

    @property
    def differing(self) -> tuple[Difference, ...]:
        """What the ledger and Blink still say differently; what is only owed is none of it."""
        return tuple(each for each in self.remaining if each.kind is not Kind.OWED)

    @property
    def debts(self) -> tuple[Difference, ...]:
        """Among what remains, what waits for the recipient's next one: nothing is to be done."""
        return tuple(each for each in self.remaining if each.is_debt)

    @property
    def open(self) -> tuple[Difference, ...]:
        """What remains but the debts: differences, and what has not been passed on."""
        return tuple(each for each in self.remaining if not each.is_debt)

    @property
    def for_person(self) -> tuple[Difference, ...]:
        """Among them, those that only a person can judge."""
        return tuple(each for each in self.differing if each.is_for_person)

    @property
    def fixed(self) -> tuple[Difference, ...]:
        """What was found and is no more; a debt was none to begin with."""
        left = {key(each) for each in self.remaining}
        return tuple(each for each in self.found if not each.is_debt and key(each) not in left)


def key(difference: Difference) -> tuple[object, ...]:
    """Return what makes two differences the same one."""
    of = difference
    return (of.kind, of.payment_id, of.transfer_id, of.payment_hash, of.external_id)
