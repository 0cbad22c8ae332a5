"""Wrong engines of persons' choices: an invoice retired too early, a choice that does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

from blinkpos_desktop.domain import retiring as retiring_module
from blinkpos_desktop.domain import transfer as transfer_module
from blinkpos_desktop.domain.attention import CARRIED_OUT, Choice, Remedy, WaitingChoice
from blinkpos_desktop.domain.blink import InvoiceStatus, TransactionStatus
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.retiring import Proof, Retiring
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent, TransferState, apply
from blinkpos_desktop.services.attention import Attention
from blinkpos_desktop.services.ports import BlinkGateway
from tests.simulation import choices_model
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.mutating import Family
from tests.simulation.rows_model import ChoiceRow, TransferRow, transfer_of

wrong = Family("A person's choice")

_next_proof = Retiring.next_proof
_carry_out, _choose = Attention._carry_out, ChoicesModel.choose

wrong.value("retire without the quiet time", retiring_module, "QUIET_SECONDS", 0)
wrong.value("retire without the quiet time", choices_model, "QUIET_SECONDS", 0)


def _not_looked_up(self: Retiring) -> Proof:
    proof = cast("Proof", _next_proof.__get__(self))
    return Proof.RETIRE if proof is Proof.LOOK_UP else proof


wrong.value("retire without the look-up", Retiring, "next_proof", property(_not_looked_up))


def _expired_is_dead(self: Retiring) -> Proof:
    if self.status is None:
        return Proof.ASK_STATUS
    return Proof.RETIRE if self.status is InvoiceStatus.EXPIRED else _next_proof.__get__(self)


wrong.value("retire what is expired", Retiring, "next_proof", property(_expired_is_dead))
wrong.value("retire what is expired", choices_model, "QUIET_SECONDS", 0)


class _Gullible:
    """A query that failed answers what would be convenient."""

    def __init__(self, gateway: BlinkGateway) -> None:
        self._gateway = gateway

    async def invoice_status(self, payment_hash: str) -> InvoiceStatus:
        try:
            return await self._gateway.invoice_status(payment_hash)
        except TillError:
            return InvoiceStatus.EXPIRED

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        try:
            return await self._gateway.sent_status(wallet_id, payment_hash)
        except TillError:
            return None


@wrong.function("take a failed query for evidence", Attention, "_carry_out")
async def _gullible(self: Attention, waiting: WaitingChoice) -> None:
    gateway = self._gateway
    self._gateway = cast("BlinkGateway", _Gullible(gateway))
    try:
        await _carry_out(self, waiting)
    finally:
        self._gateway = gateway


_AT_ONCE = "keep a live invoice's money at once"
wrong.value(_AT_ONCE, transfer_module, "NEED_NO_INVOICE", frozenset())
wrong.value(_AT_ONCE, choices_model, "at_once", lambda choice, _: _carried_out_at_once(choice))


def _carried_out_at_once(choice: Choice) -> TransferEvent | None:
    return None if choice.remedy is Remedy.SEND else CARRIED_OUT[choice.remedy]


_ALIVE = "send to another while the old invoice lives"
wrong.value(_ALIVE, transfer_module, "NEED_NO_INVOICE", frozenset())
wrong.value(_ALIVE, choices_model, "NEED_NO_INVOICE", frozenset())


@wrong.function("send to whom it was for before", ChoicesModel, "_apply")
def _as_before(
    self: ChoicesModel,
    row: TransferRow,
    before: Transfer,
    event: TransferEvent,
    chosen: ChoiceRow,
    process: UUID,
) -> Transfer:
    reason = f"Kept by choice of {chosen.who}." if event is TransferEvent.KEEP_CHOSEN else ""
    row.choice = None
    after = apply(before, event, reason=reason, recipient=row.recipient)
    self.ledger.set_transfer(row, after, event, process)
    return transfer_of(row)


@wrong.function("carry an older choice out", ChoicesModel, "choose")
def _first_word(
    self: ChoicesModel, transfer_id: int, choice: Choice, who: str, process: UUID
) -> Transfer | None:
    """Write the later choice down, and let the older one stand in its place."""
    row = self.ledger.transfers[transfer_id]
    older = row.choice
    after = _choose(self, transfer_id, choice, who, process)
    if older is not None and row.choice is not None:
        row.choice = older
    return after


@wrong.function("choose for what is under way", ChoicesModel, "choose")
def _whenever(
    self: ChoicesModel, transfer_id: int, choice: Choice, who: str, process: UUID
) -> Transfer | None:
    row = self.ledger.transfers[transfer_id]
    for told in self.on_choice:
        told(row, choice, who)
    return _choose(self, transfer_id, choice, who, process)


@wrong.function("choose for what is under way", Attention, "choose")
async def _without_the_list(self: Attention, transfer_id: int, choice: Choice, who: str) -> None:
    await self._store.choose(transfer_id, choice, who)


@wrong.function("tell a choice that was not written down", Attention, "choose")
async def _unwritten(self: Attention, transfer_id: int, choice: Choice, who: str) -> None:
    if any(each.transfer.id == transfer_id and each.choice for each in await self.list()):
        return
    await self._store.choose(transfer_id, choice, who)


@wrong.function("never carry a choice out", Attention, "_carry_out")
async def _leave_it(self: Attention, waiting: WaitingChoice) -> None:
    del self, waiting


@wrong.function("try again without asking", choices_model, "apply")
def _at_once_again(
    transfer: Transfer, event: TransferEvent, *, reason: str = "", recipient: str = ""
) -> Transfer:
    after = apply(transfer, event, reason=reason, recipient=recipient)
    if event is TransferEvent.RETRY_CHOSEN and after.invoice is not None:
        return replace(after, state=TransferState.PREPARED)
    return after
