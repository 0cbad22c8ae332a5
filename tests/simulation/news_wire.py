"""The database's notifications, as the tills hear them: late, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.transfer import TransferEvent, TransferState
from tests.simulation.chances import Chances
from tests.simulation.rows_model import PaymentRow, TransferRow
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story

_QUIET = frozenset({PaymentState.AWAITING, PaymentState.CANCELLING})
_RESTS = frozenset({TransferState.ATTENTION, TransferState.KEPT})
"""What has settled is told with its payment's completion."""

Hear = Callable[[float, LedgerNews], None]
"""Lets a process hear something after so many seconds."""


@dataclass(slots=True)
class NewsWire:
    """What the trigger of ``events`` sends; each process hears also what it wrote itself.

    The real listener leaves its own aside. Here it must do no harm either.
    """

    chances: Chances
    random: random.Random
    story: Story
    listeners: Callable[[], Iterable[Hear]]

    def attach(self, store: StoreModel) -> None:
        """Send what is written from now on."""
        store.on_payment.append(self._payment)
        store.on_transfer.append(self._transfer)
        store.seen.on_seen.append(lambda row, _who: self._send(row.id, None, "seen"))
        store.seen.on_surplus_seen.append(
            lambda row, _who: self._send(row.id, None, "surplus_seen")
        )

    def _payment(self, row: PaymentRow, _before: PaymentState) -> None:
        if row.state not in _QUIET:
            self._send(row.id, None, row.state.value)

    def _transfer(
        self, row: TransferRow, before: TransferState, event: TransferEvent, _process: object
    ) -> None:
        is_about_attention = TransferState.ATTENTION in {before, row.state}
        if row.state in _RESTS or is_about_attention:
            self._send(row.payment.id, row.id, event.value, is_about_attention=is_about_attention)

    def _send(
        self,
        payment_id: int,
        transfer_id: int | None,
        event: str,
        *,
        is_about_attention: bool = False,
    ) -> None:
        news = LedgerNews(
            payment_id=payment_id,
            transfer_id=transfer_id,
            event=event,
            is_about_attention=is_about_attention,
        )
        roll, chances = self.random.random, self.chances
        for hear in self.listeners():
            if chances.lost_updates and roll() < chances.lost_updates:
                self.story.count("notification: lost")
                continue
            delay = 0.002 + 0.01 * roll()
            if chances.late_updates and roll() < chances.late_updates:
                self.story.count("notification: late")
                delay += 120.0 * roll() ** 3
            hear(delay, news)
