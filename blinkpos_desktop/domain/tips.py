"""What the Tips tab shows: sums per recipient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Period(StrEnum):
    """A range of whole days of the shop, ending now."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TipSummary:
    """One recipient's tips in a period, in sats.

    ``sats`` is the sum of the four below it.
    """

    recipient: str
    count: int
    sats: int
    settled_sats: int
    open_sats: int
    attention_sats: int
    kept_sats: int
    last_at: int
    """When the last of them was paid by a customer, in Unix seconds."""
