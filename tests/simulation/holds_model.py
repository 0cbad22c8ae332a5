"""Holds in the modelled ledger: nothing is sent by an account until a comparison has freed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from blinkpos_desktop.domain.difference import Report, Run
from blinkpos_desktop.domain.hold import (
    ATTEMPT_STEP,
    MAYBE_TAKEN_ALONG,
    NUMBER_STEP,
    Hold,
    HoldCause,
)
from blinkpos_desktop.domain.transfer import TransferEvent, TransferState, Trouble, apply
from tests.simulation.rows_model import transfer_of

if TYPE_CHECKING:
    from tests.simulation.store_model import StoreModel


@dataclass(slots=True, kw_only=True)
class _Compared:
    hold_id: int
    account_id: str
    report: Report


@dataclass(slots=True, eq=False)
class HoldsModel:
    """The row of ``holds`` that lives, and which accounts it still holds."""

    ledger: StoreModel
    accounts: set[str] = field(default_factory=set)
    on_held: list[Callable[[HoldCause, str], None]] = field(default_factory=list)
    on_freed: list[Callable[[str], None]] = field(default_factory=list)
    _number: int = 0
    _cause: HoldCause = HoldCause.ID_TAKEN
    _external_id: str = ""
    _held_at: int = 0
    _compared: list[_Compared] = field(default_factory=list)

    @property
    def hold_id(self) -> int | None:
        """The hold that lives."""
        return self._number if self.accounts else None

    def hold(self, cause: HoldCause, external_id: str) -> None:
        self._number += 1
        self.accounts = set(self.ledger.account_ids)
        self._cause, self._external_id = cause, external_id
        self._held_at = int(self.ledger.clock())
        self.ledger.leap(0, NUMBER_STEP)
        for told in self.on_held:
            told(cause, external_id)

    def held(self, account_id: str) -> Hold | None:
        if not self.accounts or (account_id and account_id not in self.accounts):
            return None
        compared = self._last(account_id)
        return Hold(
            id=self._number,
            cause=self._cause,
            external_id=self._external_id,
            held_at=self._held_at,
            differing=len(compared.report.differing) if compared else None,
            for_person=len(compared.report.for_person) if compared else None,
        )

    def release(self, account_id: str, process: UUID) -> bool:
        hold, compared = self.held(account_id), self._last(account_id)
        if hold is None or compared is None or not hold.can_release:
            return False
        for row in self.ledger.transfers.values():
            is_own = row.payment.plan.account.id == compared.account_id
            is_owed = row.state is TransferState.PLANNED and row.trouble is Trouble.OWED
            if is_own and is_owed:
                event = TransferEvent.GAVE_UP
                after = apply(transfer_of(row), event, reason=MAYBE_TAKEN_ALONG)
                self.ledger.set_transfer(row, after, event, process)
        self._free(compared.account_id, compared.report.highest)
        return True

    def compared(self, run: Run, report: Report) -> bool:
        """A comparison has ended; ``True`` when it has freed its account."""
        if run.hold_id is None or not run.reaches_back:
            return False
        self._compared.append(
            _Compared(hold_id=run.hold_id, account_id=run.account_id, report=report)
        )
        if report.differing or run.hold_id != self.hold_id or run.account_id not in self.accounts:
            return False
        self._free(run.account_id, report.highest)
        return True

    def _last(self, account_id: str) -> _Compared | None:
        found = [
            each
            for each in self._compared
            if each.hold_id == self._number
            and each.account_id in self.accounts
            and account_id in {"", each.account_id}
        ]
        return found[-1] if found else None

    def _free(self, account_id: str, highest: int | None) -> None:
        self.accounts.discard(account_id)
        self.ledger.leap(highest or 0, NUMBER_STEP)
        for row in self.ledger.transfers.values():
            is_open = row.state not in {"settled", "kept", "carried"}
            if is_open and row.payment.plan.account.id == account_id:
                row.attempt += ATTEMPT_STEP
        for told in self.on_freed:
            told(account_id)
