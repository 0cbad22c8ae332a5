"""Sees money come in: by Blink's updates, and by asking, ever more seldom."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from blinkpos_desktop.domain.blink import InvoiceStatus, PaidUpdate, RateLimitedError
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentPaid,
    SaleLeftOpen,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.watching import LATER_EVERY, next_question
from blinkpos_desktop.services.ending import end
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import Clock, Store

TICK_SECONDS: Final = 1.0
AFTER_FAILURE_SECONDS: Final = 2.0
RELOAD_SECONDS: Final = 20.0
OTHERS_SECONDS: Final = 1.0
"""The update of what is on no screen here is left so long to the till that shows it."""
CHECK_SECONDS: Final = 1.0
"""Between two questions that somebody wants asked by tapping."""
NO_ANSWER: Final = "Blink doesn't answer: check again in a moment."
NOT_RECORDED: Final = "It is paid, but not written down yet."
_CLOSED: Final = frozenset({PaymentState.EXPIRED, PaymentState.CANCELLED})
_log = logging.getLogger(__name__)


class Answerer(Protocol):
    """Who answers how an invoice stands: Blink, by whatever way."""

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        """Return what Blink says of an invoice; ``urgent`` while it is on a screen."""


class Receiver(Protocol):
    """Who records money that came in."""

    async def paid(self, payment_id: int, received_sats: int | None) -> None:
        """Record a payment as paid."""

    def has_told(self, payment_hash: str) -> bool:
        """Whether it was told just now that this invoice is paid."""


class Closer(Protocol):
    """Who finishes a sale that was given up."""

    async def finish(self, payment: Payment, *, to: PaymentState) -> Payment:
        """Ask Blink to cancel, then how it stands."""


class Watcher:
    """Watches this account's open invoices; with ``only_own``, this process's sales alone."""

    def __init__(
        self,
        store: Store,
        gateway: Answerer,
        feed: Feed,
        clock: Clock,
        receiver: Receiver,
        closer: Closer,
        *,
        only_own: bool = False,
    ) -> None:
        """Take what watching needs; ``listen`` to the feed and ``run`` it."""
        self._store, self._gateway, self._feed, self._clock = store, gateway, feed, clock
        self._receiver, self._closer, self._only_own = receiver, closer, only_own
        self.on_unknown: Callable[[PaidUpdate], None] | None = None
        """Takes the update of an invoice that is not in the ledger, where all sales are watched."""
        self._updates: asyncio.Queue[PaidUpdate] = asyncio.Queue()
        self._others: deque[tuple[float, PaidUpdate]] = deque()
        """Updates of what may be on another till's screen, and when their turn comes."""
        self._on_screen: dict[int, Payment] = {}
        self._own: set[int] = set()
        self._open: dict[int, Payment] = {}
        self._asked: dict[int, int] = {}
        self._reloaded_at = float("-inf")
        self._hurry = asyncio.Event()
        self._checked_at = float("-inf")
        self._checking: set[int] = set()

    def on_update(self, update: PaidUpdate) -> None:
        """Take an update of Blink's; returns at once."""
        self._updates.put_nowait(update)

    def on_fact(self, fact: Fact) -> None:
        """Learn which invoices are on a screen, and when the connection is back."""
        if isinstance(fact, InvoiceReady) or (
            # Offered at this counter: its customer may be paying, and its end must be told.
            isinstance(fact, SaleLeftOpen) and fact.payment.state is PaymentState.AWAITING
        ):
            if self._only_own:
                self._own.add(fact.payment.id)
            self._on_screen[fact.payment.id] = fact.payment
            # Its QR is new: the first question is worth asking a few seconds on.
            self._asked[fact.payment.id] = int(self._clock.now())
        elif isinstance(fact, PaymentPaid | PaymentClosed):
            self.off_screen(fact.payment.id)
        elif fact == PartChanged(part=Part.BLINK, health=Health.OK):
            # What was missed while we were away is not told again: ask for everything.
            self._asked.clear()
            self._reloaded_at = float("-inf")
            self._hurry.set()

    def off_screen(self, payment_id: int) -> None:
        """Nobody waits at the counter for it any more: it is asked for more seldom."""
        if payment := self._on_screen.pop(payment_id, None):
            self._open[payment_id] = payment

    async def run_updates(self) -> None:
        """Record what Blink's updates tell, until cancelled."""
        while True:
            update = await self._next_update()
            # Blink tells each till of the account, and mostly the one that sold was faster.
            if not self._receiver.has_told(update.payment_hash):
                await self._take(update)

    async def _next_update(self) -> PaidUpdate:
        now = asyncio.get_running_loop().time
        while True:
            wait = None
            if self._others:
                wait = self._others[0][0] - now()
                if wait <= 0:
                    return self._others.popleft()[1]
            try:
                async with asyncio.timeout(wait):
                    update = await self._updates.get()
            except TimeoutError:
                continue
            if self._only_own or self._is_on_screen(update):
                return update
            self._others.append((now() + OTHERS_SECONDS, update))

    def _is_on_screen(self, update: PaidUpdate) -> bool:
        shown = self._on_screen.values()
        return any(each.payment_hash == update.payment_hash for each in shown)

    async def run_questions(self, account_id: str) -> None:
        """Ask for what is due, until cancelled."""
        while True:
            try:
                await self.ask_due(account_id)
            except UnavailableError as error:
                _log.info("asking for open invoices: %s", error)
                await self._clock.sleep(AFTER_FAILURE_SECONDS)
            self._hurry.clear()
            await self._tick()

    async def ask_due(self, account_id: str) -> None:
        """Ask once for every invoice that is due."""
        now = self._clock.now()
        # A clock that was set back counts as time that has passed.
        if not self._only_own and not 0 <= now - self._reloaded_at < RELOAD_SECONDS:
            self._open = {each.id: each for each in await self._store.watched(account_id)}
            self._reloaded_at = now
            watched = self._open.keys() | self._on_screen.keys()
            self._asked = {each: at for each, at in self._asked.items() if each in watched}
        for waiting in tuple(self._open.values()):
            # Somebody stands at the counter: that invoice never waits for a hundred old ones.
            await self._ask_on_screen()
            await self._ask_if_due(waiting)
        await self._ask_on_screen()

    async def _ask_on_screen(self) -> None:
        for payment in tuple(self._on_screen.values()):
            await self._ask_if_due(payment)

    async def _ask_if_due(self, payment: Payment) -> None:
        if not self._is_due(payment, int(self._clock.now())):
            return
        try:
            await self.ask(payment)
        except UnavailableError:
            raise
        except TillError as error:
            # One that Blink refuses to speak of must not hide the others.
            _log.warning("asking for payment %d: %s", payment.id, error)

    async def ask(self, payment: Payment) -> None:
        """Ask Blink how an invoice stands, and record what it says.

        Raises:
            UnavailableError: Blink or the database did not answer.
        """
        before, self._asked[payment.id] = self._asked.get(payment.id), int(self._clock.now())
        try:
            status = await self._gateway.invoice_status(
                payment.payment_hash, urgent=payment.id in self._on_screen
            )
        except UnavailableError:
            # A question without an answer was none: it stays due.
            self._asked.pop(payment.id, None)
            if before is not None:
                self._asked[payment.id] = before
            raise
        await self._heed(payment, status)

    async def check(self, payment_id: int) -> bool:
        """Ask at once, because somebody at the counter wants to know; facts tell what is news.

        ``False``: one is being asked already, and its answer is on the way.

        Raises:
            TillError: there was no answer, or it can't be written down; the sentence says which.
        """
        if payment_id in self._checking:
            return False
        self._checking.add(payment_id)
        try:
            wait = self._checked_at + CHECK_SECONDS - self._clock.boot()
            if wait > 0:
                await self._clock.sleep(wait)
            self._checked_at = self._clock.boot()
            payment = self._on_screen.get(payment_id) or await self._store.payment(payment_id)
            await self._check(payment)
        finally:
            self._checking.discard(payment_id)
        return True

    async def _check(self, payment: Payment) -> None:
        try:
            status = await self._gateway.invoice_status(payment.payment_hash, urgent=True)
        except RateLimitedError:
            raise
        except UnavailableError as error:
            raise UnavailableError(NO_ANSWER, cause=str(error)) from error
        try:
            await self._heed(payment, status)
        except UnavailableError as error:
            if status is not InvoiceStatus.PAID:
                raise
            sentence = f"{NOT_RECORDED} {error.sentence}"
            raise UnavailableError(sentence, cause=error.cause) from error

    async def _heed(self, payment: Payment, status: InvoiceStatus) -> None:
        """Record what Blink has said of an invoice."""
        if status is InvoiceStatus.PAID:
            await self._receiver.paid(payment.id, None)
            for known in (self._open, self._on_screen):
                known.pop(payment.id, None)
            return
        current = await self._store.payment(payment.id)
        if current.state is PaymentState.CANCELLING:
            await self._closer.finish(current, to=PaymentState.CANCELLED)
        elif current.state is PaymentState.AWAITING and status is InvoiceStatus.EXPIRED:
            current = await self._store.move(payment.id, PaymentState.EXPIRED, reason="") or current
        if current.state in _CLOSED and payment.id in self._on_screen:
            # Whoever closed it, this till or another: its code must leave this screen.
            self._feed.publish(PaymentClosed(payment=current))

    async def _take(self, update: PaidUpdate) -> None:
        delay = 0.2
        while True:
            try:
                payment = await self._find(update.payment_hash)
                if payment is not None:
                    await self._receiver.paid(payment.id, update.received_sats)
                elif self.on_unknown is not None:
                    self.on_unknown(update)
            except UnavailableError as error:
                # The database is away: the update is kept until it is back.
                _log.warning("a payment came in and can't be recorded yet: %s", error)
                await self._clock.sleep(delay)
                delay = min(delay * 2, 5.0)
            except TillError:
                _log.exception("an update could not be recorded")
                return
            else:
                return

    async def _find(self, payment_hash: str) -> Payment | None:
        for payment in self._on_screen.values():
            if payment.payment_hash == payment_hash:
                return payment
        found = await self._store.by_hash(payment_hash)
        if found is None:
            # Another terminal's, or Blink's own app: not ours, never guessed at.
            _log.info("an update for an invoice that is not ours")
            return None
        return None if self._only_own and found.id not in self._own else found

    def _is_due(self, payment: Payment, now: int) -> bool:
        if payment.invoice is None:
            return False
        due = next_question(
            now=now,
            asked_at=self._asked.get(payment.id),
            created_at=payment.created_at,
            # By the later one of Blink's clock and our own, which may be days ahead.
            expires_at=max(payment.invoice.expires_at, payment.created_at),
            on_screen=payment.id in self._on_screen,
        )
        if due is None:
            # Our clock says it is over; what is still to be watched is the database's word.
            due = self._asked.get(payment.id, now) + LATER_EVERY
        return due <= now

    async def _tick(self) -> None:
        """Wait a second, or less when the connection is back."""
        waiting = {
            asyncio.ensure_future(self._hurry.wait()),
            asyncio.ensure_future(self._clock.sleep(TICK_SECONDS)),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(*waiting)
