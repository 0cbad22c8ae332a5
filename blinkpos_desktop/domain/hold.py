"""When nothing is forwarded: Blink has seen more of this ledger than the ledger has itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from blinkpos_desktop.domain.errors import TillError

NUMBER_STEP: Final = 1_000_000
"""Numbers that are left out: far more than a newer copy of a ledger has given meanwhile."""
ATTEMPT_STEP: Final = 1_000
"""Attempts that are left out for a transfer that both copies have."""
HELD: Final = (
    "Nothing is forwarded: Blink has seen more of this ledger than it holds, so it may be an "
    "older copy. Selling goes on. It is compared with Blink, or run blinkpos reconcile --fix."
)
NUMBERS_BEHIND: Final = (
    "Blink already has an invoice of this number: this ledger may be an older copy. "
    "Nothing was sold; the next sale takes a new number: try again."
)
MAYBE_SENT: Final = (
    "A newer copy of this ledger seems to have sent it: look at Blink's transactions before it "
    "is sent again."
)
MAYBE_TAKEN_ALONG: Final = (
    "A newer copy of this ledger may have sent it along with a later one: look at Blink's "
    "transactions before it is sent again."
)


class HeldError(TillError):
    """Nothing may be sent now: the ledger is held."""


class HoldCause(StrEnum):
    """Why a ledger is held."""

    ID_TAKEN = "id_taken"
    """Blink refused a number of ours as taken: a newer copy of this ledger has acted."""
    RESTORED = "restored"
    """It comes from a backup, or from a standby that took a server's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold that lasts. ``held_at`` is in Unix seconds.

    ``differing`` and ``for_person`` are what the last complete comparison that began under it
    left: differences from Blink, and those among them that only a person can judge, such as
    rows that this ledger does not have. ``None`` before there was one.
    """

    id: int
    cause: HoldCause
    external_id: str
    held_at: int
    differing: int | None = None
    for_person: int | None = None

    @property
    def can_release(self) -> bool:
        """Whether a person may end it: nothing is left that could be recorded by itself."""
        return self.differing is not None and self.differing == self.for_person

    @property
    def sentence(self) -> str:
        """The hold in plain words, and what to do."""
        why = {
            HoldCause.ID_TAKEN: "Blink has seen a number of this ledger that it does not have, "
            "so it may be an older copy.",
            HoldCause.RESTORED: "This ledger comes from a backup, or from a standby server.",
        }[self.cause]
        if self.differing is None:
            todo = "It is being compared with Blink."
        elif self.can_release:
            todo = (
                "It was compared with Blink: look at what differs (blinkpos reconcile). If no "
                "other copy of it is in use, forwarding can go on."
            )
        else:
            todo = "It differs from Blink: run blinkpos reconcile --fix."
        return f"Nothing is forwarded. {why} {todo} Selling goes on."
