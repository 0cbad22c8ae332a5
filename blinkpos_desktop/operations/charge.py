"""``blinkpos charge``: one sale from a script, told as it happens, with an exit code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any, Final, Protocol, TypeVar

from blinkpos_desktop.domain.errors import (
    InputError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.facts import (
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.money import parse_amount
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.sale import Recipient, Sale
from blinkpos_desktop.domain.transfer import Transfer, TransferState
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.operations.tellers import say
from blinkpos_desktop.services.checkout import INVOICE_MINUTES
from blinkpos_desktop.services.ending import end

FORWARD_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 1.0
TIMEOUT_CLOSE_SECONDS: Final = 5.0
"""For Blink's answers to a cancel and to the question after it, when a time-out asks."""
SIGNAL_CLOSE_SECONDS: Final = 3.0
"""The same for a signal, which ends within 5 s even when Blink is silent: the rest is clean-up."""
GIVE_UP_SECONDS: Final = 2.0
"""For giving up a sale that has no invoice yet."""
_STATUS: Final = {
    TransferState.SETTLED: "settled",
    TransferState.KEPT: "kept",
    TransferState.ATTENTION: "attention",
    TransferState.UNKNOWN: "unknown",
    TransferState.SENDING: "unknown",
    TransferState.PLANNED: "pending",
    TransferState.PREPARED: "pending",
    TransferState.CARRIED: "pending",
    TransferState.IN_FLIGHT: "pending",
}
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What ``charge`` ends with."""

    COMPLETED = 0
    BUG = 1
    BAD_INPUT = 2
    EXPIRED = 3
    CANCELLED = 4
    PAID_UNFINISHED = 5
    UNAVAILABLE = 6
    REFUSED = 7


def exit_of(error: TillError) -> Exit:
    """Return the exit code of an error."""
    if isinstance(error, UnavailableError):
        return Exit.UNAVAILABLE
    if isinstance(error, RefusedError):
        return Exit.REFUSED
    if isinstance(error, InputError | SettingsError):
        return Exit.BAD_INPUT
    return Exit.BUG


def fail(teller: Teller, error: TillError, payment: Payment | None = None) -> Exit:
    """Say a failure: the sentence to the person and the program, its cause to the log."""
    _log.warning("%s", error)
    teller.tell("failed", payment, reason=error.sentence)
    say(error.sentence)
    return exit_of(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """What the command line asked for; ``timeout`` in seconds, ``None`` is the invoice's life."""

    amount: str
    currency: str
    tip_percent: Fraction
    recipients: tuple[Recipient, ...]
    note: str
    timeout: float | None


class Teller(Protocol):
    """Who says what happens: JSON lines or plain ones."""

    is_gone: bool
    """Whether nobody reads any more."""

    def tell(self, event: str, payment: Payment | None, **fields: Any) -> None:  # noqa: ANN401 (JSON values)
        """Say one event."""


class Charge:
    """One run of ``charge``. ``interrupt`` and ``cut_short`` may be called at any moment."""

    def __init__(self, engine: Engine, request: ChargeRequest, teller: Teller) -> None:
        """Take the engine, which is opened here and stopped by the caller."""
        self._engine, self._request, self._teller = engine, request, teller
        self._interrupted = asyncio.Event()
        self._paid: asyncio.Future[Payment] = asyncio.get_running_loop().create_future()
        self._closed: asyncio.Future[Payment] = asyncio.get_running_loop().create_future()
        self._payment: Payment | None = None
        self._exit: Exit | None = None
        self._told: set[int] = set()
        self._told_paid = False
        self._changed = asyncio.Event()
        self._passed_on = False

    def interrupt(self) -> None:
        """End soon: cancel what is not paid."""
        self._interrupted.set()

    def cut_short(self) -> Exit:
        """Say what is left to say, from another thread, because something does not end."""
        if self._exit is None:
            if self._paid.done():
                self._exit = Exit.PAID_UNFINISHED
                self._tell_paid(self._paid.result())
                self._tell_all(self._payment or self._paid.result())
            else:
                self._exit = Exit.CANCELLED
                self._teller.tell("cancelled", self._payment)
        return self._exit

    async def run(self) -> Exit:
        """Make the sale and see it through; return the exit code."""
        self._exit = await self._run()
        return self._exit

    async def _run(self) -> Exit:
        try:
            payment = await self._or_interrupt(self._open_and_charge())
        except TillError as error:
            return fail(self._teller, error)
        if payment is None:
            self._teller.tell("cancelled", None)
            return Exit.CANCELLED
        try:
            return await self._see_through(payment)
        except UnavailableError as error:
            # It is written down and watched: another start takes it up.
            fail(self._teller, error, payment)
            return Exit.PAID_UNFINISHED if self._paid.done() else Exit.UNAVAILABLE

    async def _open_and_charge(self) -> Payment:
        request, engine = self._request, self._engine
        # Without a key nothing is opened.
        await engine.open_keys()
        await engine.open_store()
        await engine.open_blink()
        currency = await engine.shop.currency(request.currency)
        sale = Sale(
            currency=currency,
            items=(parse_amount(request.amount, currency).minor,),
            tip_percent=request.tip_percent,
            recipients=request.recipients,
            note=request.note,
        )
        engine.feed.listen(self._on_fact)
        engine.watch()
        return await engine.checkout.charge(sale)

    async def _see_through(self, payment: Payment) -> Exit:
        if not self._interrupted.is_set():
            self._tell_invoice(payment)
        timeout = self._request.timeout
        if timeout is None:
            # Not until its expiry: that is Blink's time, and this machine's may be another.
            timeout = INVOICE_MINUTES * 60.0
        ended = await self._wait_for_payment(timeout)
        if ended is not None:
            return ended
        paid = self._payment = self._paid.result()
        self._tell_paid(paid)
        if not self._teller.is_gone:
            self._engine.announcing.shown(paid)
        if self._interrupted.is_set():
            return await self._unfinished(paid)
        return await self._forward(paid)

    def _tell_invoice(self, payment: Payment) -> None:
        invoice = payment.invoice
        assert invoice is not None
        self._teller.tell(
            "invoice",
            payment,
            payment_request=invoice.payment_request,
            total_sats=payment.total_sats,
            base_sats=payment.base_sats,
            tip_sats=payment.tip_sats,
            expires_at=invoice.expires_at,
        )
        if self._teller.is_gone:
            say("Nobody reads the invoice: the sale is cancelled.")
            self.interrupt()

    def _tell_paid(self, paid: Payment) -> None:
        if not self._told_paid:
            self._told_paid = True
            self._teller.tell("paid", paid, received_sats=paid.received_sats, paid_at=paid.paid_at)

    async def _wait_for_payment(self, timeout: float) -> Exit | None:  # noqa: ASYNC109 (the user's own)
        """Return the exit code when the sale ended unpaid, ``None`` when it was paid."""
        interrupted = asyncio.ensure_future(self._interrupted.wait())
        try:
            waiting: set[asyncio.Future[Any]] = {self._paid, self._closed, interrupted}
            await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            interrupted.cancel()
        if self._paid.done():
            return None
        if self._closed.done() and not self._interrupted.is_set():
            return self._tell_closed(self._closed.result())
        by_signal = self._interrupted.is_set()
        to = PaymentState.CANCELLED if by_signal else PaymentState.EXPIRED
        closed = await self._close(to)
        if self._paid.done():
            return None
        self._teller.tell("cancelled" if by_signal else "expired", closed)
        return Exit.CANCELLED if by_signal else Exit.EXPIRED

    async def _close(self, to: PaymentState) -> Payment:
        """Cancel at Blink and ask once more; without an answer the sale stays watched."""
        assert self._payment is not None
        engine, payment = self._engine, self._payment
        by_signal = to is PaymentState.CANCELLED
        reason = "Cancelled by a signal." if by_signal else "Its wait was over."
        closed = payment

        async def close() -> None:
            nonlocal closed
            given_up = await engine.closing.give_up(payment.id, reason=reason)
            closed = await engine.closing.finish(given_up, to=to)

        # Beside the cancelling, which may hang alone: whether it is paid is asked all the same.
        both = asyncio.gather(close(), engine.closing.ask(payment), return_exceptions=True)
        try:
            async with asyncio.timeout(
                SIGNAL_CLOSE_SECONDS if by_signal else TIMEOUT_CLOSE_SECONDS
            ):
                ended = await both
        except TimeoutError:
            _log.warning("Blink did not answer: the sale stays watched")
            return closed
        for error in ended:
            if isinstance(error, TillError):
                _log.warning("the sale could not be cancelled: %s", error)
            elif isinstance(error, BaseException):
                raise error
        return closed

    async def _forward(self, paid: Payment) -> Exit:
        self._tell_finished(paid)
        self._engine.supervisor.start(f"forward-{paid.id}", self._pass_on(paid.id))
        interrupted = asyncio.ensure_future(self._interrupted.wait())
        done = asyncio.ensure_future(self._until_forwarded(paid.id))
        try:
            waiting: set[asyncio.Future[Any]] = {done, interrupted}
            await asyncio.wait(
                waiting, timeout=FORWARD_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if done.done() and (completed := done.result()):
                self._tell_finished(completed)
                self._teller.tell("completed", completed)
                return Exit.COMPLETED
        finally:
            await end(interrupted, done)
        return await self._unfinished(paid)

    async def _pass_on(self, payment_id: int) -> None:
        """Forward; when the ledger can't be read it is tried again for as long as we wait."""
        try:
            while True:
                try:
                    await self._engine.forwarder.forward(payment_id)
                except UnavailableError as error:
                    _log.warning("forwarding waits: %s", error)
                    await asyncio.sleep(LOOK_SECONDS)
                else:
                    return
        finally:
            self._passed_on = True
            self._changed.set()

    async def _until_forwarded(self, payment_id: int) -> Payment | None:
        """Return the completed payment, or ``None`` when what is left waits for something else.

        That is a person, Blink's limit, the recipient's next tip, or the end of a hold.
        """
        while True:
            nothing_more = self._passed_on
            try:
                current = self._payment = await self._engine.store.payment(payment_id)
            except UnavailableError as error:
                _log.warning("looking at the forwarding: %s", error)
            else:
                self._tell_finished(current)
                if current.state is PaymentState.COMPLETED:
                    return current
                if nothing_more:
                    return None
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()
            self._changed.clear()

    async def _unfinished(self, paid: Payment) -> Exit:
        """Say how each transfer stands, once; another start takes them up."""
        current, hold = self._payment or paid, None
        try:
            async with asyncio.timeout(SIGNAL_CLOSE_SECONDS):
                current = await self._engine.store.payment(paid.id)
                hold = await self._engine.store.held(paid.account_id)
        except (TillError, TimeoutError) as error:
            _log.warning("the ledger can't be read: %r", error)
        self._tell_all(current)
        if hold:
            say(hold.sentence)
        say("The payment is recorded, but not all of it is forwarded: the till goes on with it.")
        return Exit.PAID_UNFINISHED

    def _tell_all(self, payment: Payment) -> None:
        for transfer in payment.transfers:
            self._tell_transfer(payment, transfer)

    def _tell_closed(self, closed: Payment) -> Exit:
        event = "expired" if closed.state is PaymentState.EXPIRED else "cancelled"
        self._teller.tell(event, closed)
        return Exit.EXPIRED if closed.state is PaymentState.EXPIRED else Exit.CANCELLED

    def _tell_finished(self, payment: Payment) -> None:
        for transfer in payment.transfers:
            if transfer.is_finished:
                self._tell_transfer(payment, transfer)

    def _tell_transfer(self, payment: Payment, transfer: Transfer) -> None:
        if transfer.id in self._told:
            return
        self._told.add(transfer.id)
        reason = {"reason": transfer.reason} if transfer.reason else {}
        self._teller.tell(
            "transfer",
            payment,
            role=transfer.role.value,
            recipient=transfer.recipient,
            sats=transfer.sats,
            status=_STATUS[transfer.state],
            **reason,
        )

    def _on_fact(self, fact: Fact) -> None:
        # The only invoice that is made here is this sale's own.
        if isinstance(fact, InvoiceReady):
            self._payment = fact.payment
        elif isinstance(fact, TransferChanged | PaymentCompleted):
            self._changed.set()
        elif isinstance(fact, PaymentPaid | PaymentClosed):
            waiting = self._paid if isinstance(fact, PaymentPaid) else self._closed
            if self._payment and fact.payment.id == self._payment.id and not waiting.done():
                waiting.set_result(fact.payment)

    async def _or_interrupt(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """Return what ``work`` comes to, or ``None`` when a signal came first."""
        task = asyncio.create_task(work, name="charge")
        interrupted = asyncio.ensure_future(self._interrupted.wait())
        try:
            waiting: set[asyncio.Future[Any]] = {task, interrupted}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=GIVE_UP_SECONDS)
                if not task.done() or task.cancelled() or task.exception():
                    return None
            # The invoice may have come at the last moment: then it is cancelled as any other.
            return task.result()
        finally:
            interrupted.cancel()
