"""A payment's story read back whole: what happened, when, by which till, and why."""

from __future__ import annotations

from dataclasses import dataclass

from blinkpos_desktop.domain.payment import Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvent:
    """One change, as it was written with it. ``at`` is Unix seconds with their milliseconds."""

    at: float
    transfer_id: int | None
    event: str
    state_before: str | None
    state_after: str
    reason: str
    error: str
    till: str
    process: str
    who: str
    """The person whose choice it was; empty when it was nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryInvoice:
    """An attempt at a recipient's invoice, live, retired or never answered. Unix seconds."""

    transfer_id: int
    external_id: str
    payment_hash: str
    """Empty when no invoice came of it."""
    made_at: int
    expires_at: int | None
    retired_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A payment with its transfers as they are now, all their invoices, and every event."""

    payment: Payment
    invoices: tuple[StoryInvoice, ...]
    events: tuple[StoryEvent, ...]
