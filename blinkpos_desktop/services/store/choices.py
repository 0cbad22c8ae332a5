"""Persons' choices in PostgreSQL: written down first, carried out together with the retiring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from blinkpos_desktop.domain.attention import (
    CARRIED_OUT,
    AttentionItem,
    Choice,
    Remedy,
    RetiredInvoice,
    WaitingChoice,
    at_once,
    wish,
)
from blinkpos_desktop.domain.hold import HELD, HeldError
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import (
    NEED_NO_INVOICE,
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    apply,
)
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY
from blinkpos_desktop.services.store import rows
from blinkpos_desktop.services.store.connections import Connections, Transaction
from blinkpos_desktop.services.store.transfers import change_carried, transfer_of

TRIED_AGAIN: Final = frozenset({TransferState.PLANNED, TransferState.PREPARED})
_R = TypeVar("_R")


class ChoiceRows:
    """The part of the ledger that holds what waits for a person, and what was chosen."""

    connections: Connections

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        """Return what waits for a person, oldest first; an unknown account is empty."""
        return await self._read("attention_items", rows.attention_item, account_id=account_id)

    async def waiting_choices(self, account_id: str) -> Sequence[WaitingChoice]:
        """Return the choices that are to be carried out."""
        return await self._read("waiting_choices", rows.waiting_choice, account_id=account_id)

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> Transfer | None:
        """Write a person's choice down, and carry it out if nothing has to be asked first."""
        async with self.connections.transaction() as ledger:
            # In the order in which a send locks them.
            free = await ledger.maybe("lock_account_free", id=transfer_id)
            before = await _locked(ledger, transfer_id)
            if before is None or free is None:
                return None
            if choice.remedy is Remedy.SEEN:
                if not await ledger.run("see_findings", transfer_id=transfer_id):
                    return None
                await _tell(ledger, before, before, "finding_seen", who=who)
                return before
            if not free["is_free"]:
                raise HeldError(HELD, cause=f"transfer {transfer_id}")
            is_tried_again = before.trouble is Trouble.RESTRICTED and before.state in TRIED_AGAIN
            if not is_tried_again and before.state is not TransferState.ATTENTION:
                return None
            if is_tried_again and choice.remedy is not Remedy.RETRY:
                # Nothing is sent from here on: whoever was about to finds another state.
                before = await _set_aside(ledger, before, who)
            await _chosen(ledger, before, choice, who)
            event = at_once(choice, before)
            if event is None:
                kind = f"chosen_{choice.remedy}"
                await _tell(ledger, before, before, kind, reason=wish(choice), who=who)
                return before
            await ledger.run("end_choices_of", transfer_id=transfer_id, outcome="done")
            return await _apply(ledger, before, event, choice, who)

    async def carry_out(self, waiting: WaitingChoice, *, paid: bool = False) -> Transfer | None:
        """Retire the live invoice and do what was chosen, or settle what is ``paid`` already."""
        event = TransferEvent.STATUS_PAID if paid else CARRIED_OUT[waiting.choice.remedy]
        async with self.connections.transaction() as ledger:
            free = await ledger.maybe("lock_account_free", id=waiting.transfer.id)
            before = await _locked(ledger, waiting.transfer.id)
            if before is None or before != waiting.transfer or free is None:
                return None
            if not paid and not free["is_free"]:
                return None
            # The transfer's row is ours: nobody ends its choice meanwhile.
            if await ledger.maybe("open_choice", id=waiting.id) is None:
                return None
            if before.invoice is not None and event in NEED_NO_INVOICE:
                retired = await _retire(ledger, before, before.invoice)
                if retired is None:
                    return None
                before = retired
            outcome = "paid meanwhile" if paid else "done"
            await ledger.run("end_choice", id=waiting.id, outcome=outcome)
            if not paid:
                return await _apply(ledger, before, event, waiting.choice, waiting.who)
            after = apply(before, event)
            await _set(ledger, before, after)
            await _tell(ledger, before, after, event, reason="paid before it could be retired")
            await change_carried(ledger, event, after)
            return after

    async def drop_choice(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        """End a choice that can't be carried out; ``reason`` says why, and what waits stays."""
        async with self.connections.transaction() as ledger:
            before = await _locked(ledger, waiting.transfer.id)
            if before is None or before.state is not TransferState.ATTENTION:
                return None
            if not await ledger.run("end_choice", id=waiting.id, outcome=reason):
                return None
            after = replace(before, reason=reason)
            await _set(ledger, before, after)
            await _tell(ledger, before, after, "choice_dropped", reason=reason)
            return after

    async def retired(self) -> Sequence[RetiredInvoice]:
        """Return the retired invoices that are watched."""
        return await self._read(
            "retired_invoices", rows.retired_invoice, watch_seconds=WATCH_AFTER_EXPIRY
        )

    async def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        """Write down that a retired invoice was paid after all: a finding for a person."""
        async with self.connections.transaction() as ledger:
            row = await ledger.maybe("find_retired_paid", payment_hash=payment_hash)
            if row is None:
                return None
            transfer = await transfer_of(ledger, row["transfer_id"])
            await _tell(ledger, transfer, transfer, "retired_invoice_paid", reason=payment_hash)
            return transfer

    async def _read(self, query: str, read: Callable[[Any], _R], **values: object) -> list[_R]:
        async with self.connections.single() as ledger:
            return [read(row) for row in await ledger.rows(query, **values)]


async def _locked(ledger: Transaction, transfer_id: int) -> Transfer | None:
    """Return a transfer, whose row nobody else changes until this transaction ends."""
    if await ledger.maybe("lock_transfer", id=transfer_id) is None:
        return None
    return await transfer_of(ledger, transfer_id)


async def _retire(
    ledger: Transaction, transfer: Transfer, invoice: RecipientInvoice
) -> Transfer | None:
    after = apply(transfer, TransferEvent.INVOICE_RETIRED, reason=transfer.reason)
    retired = await ledger.run(
        "retire_invoice",
        external_id=invoice.external_id,
        payment_hash=invoice.payment_hash,
        quiet_seconds=QUIET_SECONDS,
    )
    if not retired:
        return None
    event = TransferEvent.INVOICE_RETIRED
    await _tell(ledger, transfer, after, event, reason=invoice.payment_hash)
    await change_carried(ledger, event, after)
    return replace(after, carries=())


async def _set_aside(ledger: Transaction, transfer: Transfer, who: str) -> Transfer:
    """Take a transfer that is tried again and again out of the tills' hands."""
    event = TransferEvent.SET_ASIDE
    after = apply(transfer, event, reason=transfer.reason)
    await _set(ledger, transfer, after)
    await _tell(ledger, transfer, after, event, reason=transfer.reason, who=who)
    await change_carried(ledger, event, after)
    return after if after.invoice else replace(after, carries=())


async def _chosen(ledger: Transaction, transfer: Transfer, choice: Choice, who: str) -> None:
    await ledger.run("end_choices_of", transfer_id=transfer.id, outcome="replaced")
    await ledger.run(
        "insert_choice",
        transfer_id=transfer.id,
        remedy=choice.remedy,
        recipient=choice.recipient,
        who=who,
    )


async def _apply(
    ledger: Transaction, before: Transfer, event: TransferEvent, choice: Choice, who: str
) -> Transfer:
    reason = f"Kept by choice of {who}." if event is TransferEvent.KEEP_CHOSEN else ""
    after = apply(before, event, reason=reason, recipient=choice.recipient)
    await _set(ledger, before, after)
    await _tell(ledger, before, after, event, reason=wish(choice), who=who)
    return after


async def _set(ledger: Transaction, before: Transfer, after: Transfer) -> None:
    await ledger.run(
        "set_chosen",
        id=after.id,
        before=before.state,
        trouble=after.trouble,
        after=after.state,
        recipient=after.recipient,
        reason=after.reason,
        tries=after.tries,
    )


async def _tell(
    ledger: Transaction,
    before: Transfer,
    after: Transfer,
    event: str,
    *,
    reason: str = "",
    who: str = "",
) -> None:
    await ledger.run(
        "insert_choice_event",
        transfer_id=after.id,
        event=event,
        state_before=before.state,
        state_after=after.state,
        reason=reason,
        who=who,
    )
