"""Holds in PostgreSQL: on the ledger's one row, which every send locks as it starts."""

from __future__ import annotations

from blinkpos_desktop.domain.hold import (
    ATTEMPT_STEP,
    MAYBE_TAKEN_ALONG,
    NUMBER_STEP,
    Hold,
    HoldCause,
)
from blinkpos_desktop.domain.transfer import TransferEvent, apply
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections, Transaction
from blinkpos_desktop.services.store.transfers import transfer_of


class HoldRows:
    """The part of the ledger that says that nothing may be sent."""

    connections: Connections

    async def hold(self, cause: HoldCause, external_id: str = "") -> None:
        """Hold every account that has sold here; the numbering leaves the old numbers behind."""
        async with self.connections.transaction() as ledger:
            await ledger.one("lock_ledger")
            await _hold(ledger, cause, external_id)

    async def held(self, account_id: str) -> Hold | None:
        """Return the hold on an account; with an empty id, the one on any account."""
        async with self.connections.single() as ledger:
            row = await ledger.maybe("current_hold", account_id=account_id)
        return rows.hold(row) if row else None

    async def release_hold(self, account_id: str, who: str) -> bool:
        """End the hold by a person's choice; ``False`` while something can still be recorded."""
        async with self.connections.transaction() as ledger:
            await ledger.one("lock_ledger")
            row = await ledger.maybe("current_hold", account_id=account_id)
            if row is None or not rows.hold(row).can_release:
                return False
            freed = row["account_id"]
            for debt in await ledger.rows("debts_in_doubt", account_id=freed):
                await _doubt(ledger, debt["id"], who)
            await free_account(
                ledger, row["id"], freed, highest=row["highest"], outcome=f"released by {who}"
            )
        return True


async def settle_on_server(connections: Connections) -> None:
    """Let the ledger live on the server that answers now, held when it has lived on another.

    That one may have sent what this one does not know of: a standby lacks the last commits.
    """
    async with connections.transaction() as ledger:
        await ledger.one("lock_ledger")
        if await ledger.maybe("settle_on_server") is not None:
            await _hold(ledger, HoldCause.RESTORED, "")


async def _hold(ledger: Transaction, cause: HoldCause, external_id: str) -> None:
    """Hold every account; the ledger's row must be locked."""
    # What was compared with Blink before this one proves nothing any more.
    await ledger.run("end_holds", outcome="replaced")
    row = await ledger.one("insert_hold", cause=cause, external_id=external_id)
    if not await ledger.run("place_hold", hold_id=row["id"]):
        await ledger.run("end_holds", outcome="nothing to hold")
    await ledger.one("leap", highest=0, step=NUMBER_STEP)


async def free_account(
    ledger: Transaction, hold_id: int, account_id: str, *, highest: int | None, outcome: str
) -> bool:
    """Let an account forward again, past all numbers that Blink has seen; ``False``: another's.

    The ledger's row must be locked.
    """
    freed = await ledger.maybe("free_account", hold_id=hold_id, account_id=account_id)
    if freed is None:
        return False
    if freed["is_over"]:
        await ledger.run("end_holds", outcome=outcome)
    await ledger.one("leap", highest=highest or 0, step=NUMBER_STEP)
    await ledger.run("leap_attempts", account_id=account_id, step=ATTEMPT_STEP)
    return True


async def _doubt(ledger: Transaction, transfer_id: int, who: str) -> None:
    before = await transfer_of(ledger, transfer_id)
    after = apply(before, TransferEvent.GAVE_UP, reason=MAYBE_TAKEN_ALONG)
    await ledger.run(
        "set_chosen",
        id=after.id,
        before=before.state,
        after=after.state,
        recipient=after.recipient,
        reason=after.reason,
        tries=after.tries,
        trouble=after.trouble,
    )
    await ledger.run(
        "insert_choice_event",
        transfer_id=after.id,
        event=TransferEvent.GAVE_UP,
        state_before=before.state,
        state_after=after.state,
        reason=after.reason,
        who=who,
    )
