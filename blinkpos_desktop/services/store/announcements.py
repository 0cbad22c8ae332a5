"""What was received and not seen yet, and what came in beyond what was asked, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from blinkpos_desktop.domain.announcement import GRACE_SECONDS, Announcement, SurplusItem
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections


class AnnouncementRows:
    """The part of the ledger that holds what persons have seen of what came in."""

    connections: Connections
    shown: set[int]

    def mark_shown(self, payment_id: int) -> None:
        """Note that this process shows a payment in green: written by ``complete``, or ``see``."""
        self.shown.add(payment_id)

    async def see(self, payment_id: int, who: str) -> bool:
        """Write down that a received payment was seen, by ``who`` or on a screen (empty)."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("see_payment", id=payment_id)
            if row is not None:
                state = row["state"]
                await ledger.tell(payment_id, "seen", before=state, after=state, who=who)
        self.shown.discard(payment_id)
        return row is not None

    async def unseen(self) -> Sequence[Announcement]:
        """Return what was received and nobody has seen, newest first."""
        async with self.connections.single() as ledger:
            found = await ledger.rows("unseen_payments", grace_seconds=GRACE_SECONDS)
        return [rows.announcement(row) for row in found]

    async def surpluses(self) -> Sequence[SurplusItem]:
        """Return what came in beyond what was asked and no person took note of, oldest first."""
        async with self.connections.single() as ledger:
            return [rows.surplus_item(row) for row in await ledger.rows("surpluses")]

    async def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        """Write down who took note of a surplus; ``False`` when it is no longer as given."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("see_surplus", id=surplus.payment_id, sats=surplus.sats)
            if row is not None:
                state, reason = row["state"], f"{surplus.sats} sats more than asked"
                await ledger.tell(
                    surplus.payment_id,
                    "surplus_seen",
                    before=state,
                    after=state,
                    reason=reason,
                    who=who,
                )
        return row is not None
