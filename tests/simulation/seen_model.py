"""What persons have seen of what came in, modelled: green screens, acknowledgements, surpluses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from blinkpos_desktop.domain.announcement import GRACE_SECONDS, Announcement, SurplusItem
from blinkpos_desktop.domain.payment import Payment

if TYPE_CHECKING:
    from tests.simulation.rows_model import PaymentRow
    from tests.simulation.store_model import StoreModel

T = TypeVar("T")
_SET_BACK_SECONDS = 60


@dataclass(slots=True)
class SeenModel:
    """The columns ``seen_at`` and ``surplus_seen_sats`` of ``payments``."""

    store: StoreModel
    on_seen: list[Callable[[PaymentRow, str], None]] = field(default_factory=list)
    """Told of every payment that is now seen, with who saw it; empty for a screen."""
    on_surplus_seen: list[Callable[[PaymentRow, str], None]] = field(default_factory=list)

    def complete(self, payment_id: int, *, was_shown: bool) -> Payment | None:
        completed = self.store.complete(payment_id)
        if completed is not None and was_shown:
            self._see(self.store.payments[payment_id], "")
            completed = self.store.payment(payment_id)
        return completed

    def see(self, payment_id: int, who: str) -> bool:
        row = self.store.payments.get(payment_id)
        if row is None or row.paid_at is None or row.is_seen:
            return False
        self._see(row, who)
        return True

    def unseen(self) -> list[Announcement]:
        now, found = self.store.clock(), []
        for row in self.store.payments.values():
            if row.paid_at is None or row.is_seen:
                continue
            in_time = now - GRACE_SECONDS < row.paid_at <= now + _SET_BACK_SECONDS
            if row.was_closed or not in_time:
                found.append(row)
        found.sort(key=lambda row: (row.paid_at, row.id), reverse=True)
        return [_announcement(self.store.payment(row.id)) for row in found]

    def surpluses(self) -> list[SurplusItem]:
        rows = [row for row in self.store.payments.values() if _surplus(row) > row.surplus_seen]
        rows.sort(key=lambda row: (row.paid_at, row.id))
        return [
            SurplusItem(
                payment_id=row.id,
                payment_hash=row.invoice.payment_hash if row.invoice else "",
                sats=_surplus(row),
                paid_at=row.paid_at or 0,
                till=row.plan.till,
            )
            for row in rows
        ]

    def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        row = self.store.payments.get(surplus.payment_id)
        if row is None or _surplus(row) != surplus.sats or row.surplus_seen >= surplus.sats:
            return False
        row.surplus_seen = surplus.sats
        for told in self.on_surplus_seen:
            told(row, who)
        return True

    def _see(self, row: PaymentRow, who: str) -> None:
        if not row.is_seen:
            row.is_seen, row.view = True, None
            for told in self.on_seen:
                told(row, who)


def _surplus(row: PaymentRow) -> int:
    return 0 if row.received_sats is None else row.received_sats - row.plan.quote.total_sats


def _announcement(payment: Payment) -> Announcement:
    return Announcement(
        payment_id=payment.id,
        payment_hash=payment.payment_hash,
        amount=payment.total,
        sats=payment.received_sats or 0,
        paid_at=payment.paid_at or 0,
        till=payment.till,
        was_closed=payment.was_closed,
    )


class Do(Protocol):
    """One transaction on a process's connection, with all that can happen to it."""

    def __call__(self, step: str, work: Callable[[], T]) -> Awaitable[T]: ...


@dataclass(slots=True)
class SeenLine:
    """One process's way to them; what it has shown in green is forgotten with it."""

    model: SeenModel
    do: Do
    shown: set[int] = field(default_factory=set)

    def mark_shown(self, payment_id: int) -> None:
        self.shown.add(payment_id)

    async def complete(self, payment_id: int) -> Payment | None:
        return await self.do(f"complete {payment_id}", lambda: self.complete_now(payment_id))

    def complete_now(self, payment_id: int) -> Payment | None:
        """Complete a payment within somebody's transaction."""
        completed = self.model.complete(payment_id, was_shown=payment_id in self.shown)
        if completed is not None and completed.is_seen:
            self.shown.discard(payment_id)
        return completed

    async def see(self, payment_id: int, who: str) -> bool:
        is_first = await self.do(f"see {payment_id}", lambda: self.model.see(payment_id, who))
        self.shown.discard(payment_id)
        return is_first

    async def unseen(self) -> Sequence[Announcement]:
        return await self.do("unseen", self.model.unseen)

    async def surpluses(self) -> Sequence[SurplusItem]:
        return await self.do("surpluses", self.model.surpluses)

    async def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        return await self.do(
            f"see the surplus of {surplus.payment_id}",
            lambda: self.model.see_surplus(surplus, who),
        )
