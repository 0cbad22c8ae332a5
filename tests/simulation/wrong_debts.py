"""Wrong engines of debts under a cent, of what Blink restricts, and of holds."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.difference import Run
from blinkpos_desktop.domain.hold import HeldError
from blinkpos_desktop.domain.transfer import (
    Transfer,
    TransferEvent,
    TransferState,
    Trouble,
    for_carried,
)
from blinkpos_desktop.services.holding import Holding
from tests.simulation import store_model
from tests.simulation.books_model import BooksModel
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.mutating import Family
from tests.simulation.rows_model import ChoiceRow, TransferRow, transfer_of
from tests.simulation.store_model import StoreModel

wrong = Family("Debts, restrictions and holds")

_debts, _choose, _begin = StoreModel._debts, ChoicesModel.choose, BooksModel.begin

wrong.value(
    "ask for the carrier's own sats alone",
    Transfer,
    "invoice_sats",
    property(lambda self: self.sats),
)


@wrong.function("take along what goes with another", StoreModel, "_debts")
def _carried_too(self: StoreModel, row: TransferRow, process: UUID) -> list[TransferRow]:
    found = _debts(self, row, process)
    for each in self.transfers.values():
        if each.state is TransferState.CARRIED and each.recipient == row.recipient:
            each.state, each.view, each.payment.view = TransferState.PLANNED, None, None
            found.append(each)
    return found


@wrong.function("take along what another recipient is owed", StoreModel, "_debts")
def _anybodys(self: StoreModel, row: TransferRow, process: UUID) -> list[TransferRow]:
    del process
    return [
        each
        for each in self.transfers.values()
        if each is not row and each.state is TransferState.PLANNED and each.trouble is Trouble.OWED
    ]


@wrong.function("owe again what goes with a live invoice", store_model, "for_carried")
def _freed_too_early(event: TransferEvent, after: Transfer) -> TransferEvent | None:
    if event in {TransferEvent.SEND_LOST, TransferEvent.GAVE_UP, TransferEvent.SEND_FAILED}:
        return TransferEvent.CARRIER_GONE
    return for_carried(event, after)


@wrong.function("settle the carrier without what went along", store_model, "for_carried")
def _alone(event: TransferEvent, after: Transfer) -> TransferEvent | None:
    follows = for_carried(event, after)
    return None if follows is TransferEvent.CARRIER_SETTLED else follows


@wrong.function("keep what goes along when its carrier goes elsewhere", store_model, "for_carried")
def _never_freed(event: TransferEvent, after: Transfer) -> TransferEvent | None:
    follows = for_carried(event, after)
    return None if follows is TransferEvent.CARRIER_GONE else follows


@wrong.function("go on sending what a person has chosen for", ChoicesModel, "choose")
def _without_setting_aside(
    self: ChoicesModel, transfer_id: int, choice: Choice, who: str, process: UUID
) -> Transfer | None:
    row = self.ledger.transfers.get(transfer_id)
    if row is None or row.trouble is not Trouble.RESTRICTED or choice.remedy is Remedy.RETRY:
        return _choose(self, transfer_id, choice, who, process)
    self._number += 1
    row.choice = ChoiceRow(id=self._number, choice=choice, who=who)
    for told in self.on_choice:
        told(row, choice, who)
    return transfer_of(row)


@wrong.function("take the next number where one is taken", Holding, "place")
async def _never_mind(self: Holding, external_id: str) -> None:
    del self, external_id


@wrong.function("send while the ledger is held", StoreModel, "check_hold")
def _whatever_is_held(self: StoreModel, row: TransferRow | None) -> None:
    del self, row


@wrong.function("send what was prepared before the hold", StoreModel, "check_hold")
def _only_new_ones(self: StoreModel, row: TransferRow | None) -> None:
    is_held = row is not None and row.payment.plan.account.id in self.holds.accounts
    if is_held and row is not None and row.state is TransferState.PLANNED:
        raise HeldError("Nothing is forwarded.")


@wrong.function("free the ledger before it is compared", BooksModel, "begin")
def _freed_at_once(self: BooksModel, account_id: str, since: int | None) -> Run:
    holds = self.ledger.holds
    if account_id in holds.accounts:
        holds._free(account_id, None)
    return _begin(self, account_id, since)


@wrong.function("settle what a newer copy sent for less", StoreModel, "adopt")
def _short(
    self: StoreModel, transfer: Transfer, invoice: object, process: UUID, *, quiet_seconds: float
) -> Transfer | None:
    del invoice, quiet_seconds
    row = self.transfers[transfer.id]
    after = replace(transfer, state=TransferState.SETTLED)
    self.set_transfer(row, after, TransferEvent.FOUND_SENT, process)
    return transfer_of(row)
