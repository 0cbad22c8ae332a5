"""Knows whether payments can be seen, and tells when they can't: for ``domain.sight``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Final, TypeVar

from blinkpos_desktop.domain.blink import InvoiceStatus
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.facts import SightChanged
from blinkpos_desktop.domain.sight import Sight
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Clock, Inquiry

LOOK_SECONDS: Final = 1.0
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Seeing:
    """Stands between whoever asks for invoices and Blink, and notes whether it answers.

    While the socket is away and nobody asks, it asks something cheap itself.
    """

    def __init__(self, blink: Inquiry, feed: Feed, clock: Clock) -> None:
        """Take whom to ask; ``on_socket`` is to be called, both ``run…`` are kept going."""
        self._blink, self._feed, self._clock = blink, feed, clock
        self._sight = Sight.begin(clock.boot())
        self._can_see = True

    def on_socket(self, *, is_there: bool) -> None:
        """Hear how the updates' socket is."""
        now = self._clock.boot()
        self._note(self._sight.connected() if is_there else self._sight.lost(now))

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        """Ask Blink how an invoice stands; raises as the gateway does."""
        return await self._ask(self._blink.invoice_status(payment_hash, urgent=urgent))

    async def run(self) -> None:
        """Tell in time that nothing can be seen, until cancelled."""
        while True:
            self._tell()
            await self._clock.sleep(LOOK_SECONDS)

    async def run_questions(self) -> None:
        """Ask where nobody else does, until cancelled."""
        while True:
            if self._sight.wants_question(self._clock.boot()):
                try:
                    await self._ask(self._blink.network())
                except TillError as error:
                    _log.info("asking whether Blink is there: %s", error)
            await self._clock.sleep(LOOK_SECONDS)

    async def _ask(self, question: Awaitable[_T]) -> _T:
        asked_at = self._clock.boot()
        self._note(self._sight.asked(asked_at))
        try:
            answer = await question
        except TillError:
            self._note(self._sight.unanswered(asked_at))
            raise
        self._note(self._sight.answered(asked_at))
        return answer

    def _note(self, sight: Sight) -> None:
        self._sight = sight
        self._tell()

    def _tell(self) -> None:
        can_see = not self._sight.is_blind(self._clock.boot())
        if can_see is not self._can_see:
            self._can_see = can_see
            _log.warning("payments can %s", "be seen again" if can_see else "not be seen")
            self._feed.publish(SightChanged(can_see=can_see))
