"""Wrong engines that tell what was seen: money stays untold, or is called seen too soon."""

from __future__ import annotations

from blinkpos_desktop.domain.announcement import Announcement
from blinkpos_desktop.domain.blink import PaidUpdate
from blinkpos_desktop.domain.facts import PaymentSeen
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.services.announcing import Announcing
from blinkpos_desktop.services.income import Income
from blinkpos_desktop.services.watcher import Watcher
from tests.simulation.mutating import Family
from tests.simulation.seen_model import SeenLine, SeenModel
from tests.simulation.store_model import StoreModel

wrong = Family("Telling what was seen")

_complete, _unseen, _move = SeenModel.complete, SeenModel.unseen, StoreModel.move


@wrong.function("call it seen when it is completed", SeenModel, "complete")
def _unshown(self: SeenModel, payment_id: int, *, was_shown: bool) -> Payment | None:
    del was_shown
    return _complete(self, payment_id, was_shown=True)


@wrong.function("call it seen when it is recorded", StoreModel, "move")
def _recorded(
    self: StoreModel, payment_id: int, to: PaymentState, *, reason: str, received_sats: int | None
) -> Payment | None:
    moved = _move(self, payment_id, to, reason=reason, received_sats=received_sats)
    if moved is not None and to is PaymentState.PAID:
        self.seen.see(payment_id, "")
    return moved


@wrong.function("announce late money alone", SeenModel, "unseen")
def _late_alone(self: SeenModel) -> list[Announcement]:
    return [each for each in _unseen(self) if each.was_closed]


@wrong.function("take an acknowledgement and write nothing down", Announcing, "see")
async def _unwritten(self: Announcing, payment_id: int, who: str) -> bool:
    del who
    self._feed.publish(PaymentSeen(payment_id=payment_id))
    return True


@wrong.function("forget what went green before it is written", Announcing, "_write")
async def _never_written(self: Announcing, payment_id: int, delay: float) -> None:
    del delay
    self._store.mark_shown(payment_id)


wrong.value("forget what went green before it is written", SeenLine, "mark_shown", lambda *_: None)


@wrong.function("call unknown income unassigned at once", Income, "on_unknown")
def _at_once(self: Income, update: PaidUpdate) -> None:
    self._tell(update.payment_hash, update.received_sats, update.received_cents)


@wrong.function("call unknown income unassigned at once", Watcher, "_find")
async def _late_row(self: Watcher, payment_hash: str) -> Payment | None:
    found = await self._store.by_hash(payment_hash)
    # Its row is there a moment later.
    return found if found is not None and found.id in self._asked else None
