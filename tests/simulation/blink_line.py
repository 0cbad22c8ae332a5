"""A process's way to Blink (``services.ports.BlinkGateway``), with all that happens on it.

A request that has left is done by Blink whether its sender still lives or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from blinkpos_desktop.domain.blink import (
    Account,
    BlinkRefusedError,
    InvoiceStatus,
    RateLimitedError,
    RecipientWallet,
    SendAnswer,
    SendStatus,
    TransactionPage,
    TransactionStatus,
)
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.domain.transfer import RecipientInvoice
from blinkpos_desktop.services.blink.gate import Gate, Urgency
from tests.simulation.blink_books import Entry, ModelInvoice
from tests.simulation.blink_model import BlinkModel
from tests.simulation.faults import BlinkFaults, Fault, Killable

T = TypeVar("T")
CREATE_SECONDS: Final = 15.0
STATUS_SECONDS: Final = 5.0
PAY_SECONDS: Final = 30.0
LATEST_SECONDS: Final = 6 * 60.0
"""A request is not on its way for longer; the database's clock may jump ahead meanwhile."""
RECIPIENT_SECONDS: Final = 24 * 3600
USD_SECONDS: Final = 5 * 60
USD: Final = Currency(code="USD", digits=2, symbol="$", name="US Dollar")
_HASHLESS: Final = frozenset("37b")
"""Last digits of hashes that Blink's list may not show."""
_NOT_DONE: Final = {Fault.AWAY, Fault.BUSY, Fault.REFUSED, Fault.DROPPED, Fault.KEY}
_REFUSALS: Final = (
    ("UNEXPECTED_CLIENT_ERROR", "Something went wrong"),
    ("UNEXPECTED_CLIENT_ERROR", "(code: ResourceAttemptsRedlockServiceError)"),
    ("LIGHTNING_PAYMENT_ERROR", "No route"),
    ("TRANSACTION_RESTRICTED", "Cannot transfer more in 24 hours"),
    ("", "Not a code"),
)


class BlinkLine:
    """One process's client."""

    def __init__(
        self, model: BlinkModel, faults: BlinkFaults, process: Killable, account: Account
    ) -> None:
        self._model, self._faults, self._process = model, faults, process
        self._account, self._loop = account, model.loop
        self._gate = Gate(faults.random.random)
        self.known_pending: dict[str, Entry] = {}
        """The payments that Blink last told this process are in flight, by their hashes."""
        self.on_paying: Callable[[ModelInvoice], None] = lambda _: None
        self.on_creating: Callable[[str], None] = lambda _: None
        self.on_look_up_failed: Callable[[str], None] = lambda _: None

    async def account(self) -> Account:
        return await self._call("account", lambda: self._account, CREATE_SECONDS)

    async def currencies(self) -> Sequence[Currency]:
        return await self._call("currencies", lambda: [USD], CREATE_SECONDS)

    async def price(self, currency: Currency) -> Price:
        price = Price(currency=currency, base=43_623_050_781, offset=12, as_of=self._model.now)
        try:
            return await self._call("price", lambda: price, CREATE_SECONDS)
        except BlinkRefusedError as error:
            raise UnavailableError("Blink has no price now.", cause=error.cause) from error

    async def recipient(self, username: str) -> RecipientWallet:
        return await self._call(
            f"recipient {username}", lambda: self._model.recipient(username), CREATE_SECONDS
        )

    async def create_invoice(
        self, account: Account, *, sats: int, memo: str, minutes: int, external_id: str
    ) -> Invoice:
        self.on_creating(external_id)

        def work() -> Invoice:
            made = self._create("own", account.btc_wallet_id, sats, memo, minutes * 60, external_id)
            return Invoice(
                payment_request=made.payment_request,
                payment_hash=made.payment_hash,
                sats=sats,
                expires_at=made.expires_at,
            )

        return await self._call(
            f"create {external_id}", work, CREATE_SECONDS, urgency=Urgency.COUNTER
        )

    async def create_recipient_invoice(
        self, account: Account, to: RecipientWallet, *, sats: int, memo: str, external_id: str
    ) -> RecipientInvoice:
        del account
        self.on_creating(external_id)
        seconds = USD_SECONDS if to.is_usd else RECIPIENT_SECONDS

        def work() -> RecipientInvoice:
            made = self._create("on behalf", to.wallet_id, sats, memo, seconds, external_id)
            return RecipientInvoice(
                external_id=external_id,
                payment_request=made.payment_request,
                payment_hash=made.payment_hash,
                sats=sats,
                expires_at=made.expires_at,
            )

        made = await self._call(f"create {external_id} for {to.username}", work, CREATE_SECONDS)
        if self._faults.falls_asleep_between():
            await self._process.nap(f"before {external_id} is stored")
        return made

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        return await self._call(
            f"status {_short(payment_hash)}",
            lambda: self._model.status(payment_hash),
            STATUS_SECONDS,
            urgency=Urgency.MONEY if urgent else Urgency.ORDINARY,
        )

    async def received_sats(self, wallet_id: str, payment_hash: str) -> int | None:
        try:
            return await self._call(
                f"received {_short(payment_hash)}",
                lambda: self._model.received(wallet_id, payment_hash),
                CREATE_SECONDS,
            )
        except BaseException:
            self.on_look_up_failed(payment_hash)
            raise

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        status = await self._call(
            f"sent {_short(payment_hash)}",
            lambda: self._model.books.sent(wallet_id, payment_hash),
            CREATE_SECONDS,
        )
        self._learn(payment_hash, is_pending=status is TransactionStatus.PENDING)
        return status

    async def transaction_page(self, wallet_id: str, after: str | None) -> TransactionPage:
        return await self._call(
            f"transactions from {after or 'the newest'}",
            lambda: self._page(wallet_id, after),
            CREATE_SECONDS,
        )

    async def cancel_invoice(self, wallet_id: str, payment_hash: str) -> bool:
        try:
            await self._call(
                f"cancel {_short(payment_hash)}",
                lambda: self._model.cancel(wallet_id, payment_hash),
                CREATE_SECONDS,
            )
        except BlinkRefusedError:
            return False
        return True

    async def until_open(self) -> None:
        await self._gate.wait(Urgency.MONEY, PAY_SECONDS)

    async def pay(self, wallet_id: str, payment_request: str, memo: str) -> SendAnswer:
        del memo
        invoice = self._model.read(payment_request)
        call = f"pay {_short(invoice.payment_hash)}"
        self._process.point(f"before {call}")
        async with self._gate.passage(Urgency.MONEY, 0.0) as passage:
            self.on_paying(invoice)
            fault = self._faults.draw_send(call)
            if fault is Fault.BUSY:
                passage.refuse(0.0)
            future: asyncio.Future[SendAnswer] = self._loop.create_future()
            if fault in _NOT_DONE:
                later = self._faults.between(0.0, PAY_SECONDS if fault is Fault.DROPPED else 1.0)
                self._loop.world_later(later, self._answer_undone_pay, future, fault)
            else:
                self._send(future, wallet_id, payment_request, fault)
            answer = await self._answer(future, call)
        if answer.status is SendStatus.PENDING:
            self._learn(invoice.payment_hash, is_pending=True)
        return answer

    def _learn(self, payment_hash: str, *, is_pending: bool) -> None:
        self.known_pending.pop(payment_hash, None)
        if is_pending and payment_hash in self._model.in_flight:
            self.known_pending[payment_hash] = self._model.in_flight[payment_hash][1]

    def _send(
        self,
        future: asyncio.Future[SendAnswer],
        wallet_id: str,
        payment_request: str,
        fault: Fault | None,
    ) -> None:
        between, chances = self._faults.between, self._faults.chances
        pending = None
        if chances.pending and self._faults.random.random() < chances.pending:
            self._faults.story.count("Blink: PENDING")
            # What is late may have to be waited for longest, too.
            long = 0.5 if fault is Fault.LATE else 0.05
            longest = 3600.0 if self._faults.random.random() < long else 30.0
            pending = between(0.5, longest)

        payment_hash = self._model.read(payment_request).payment_hash
        self._model.requests[payment_hash] += 1

        def answered(answer: SendAnswer) -> None:
            self._model.requests[payment_hash] -= 1
            if fault in {Fault.LOST, Fault.LATE}:
                self._fail(future, OutcomeUnknownError("Silence.", cause="pay"))
            elif fault is Fault.DENIED:
                code, message = _REFUSALS[0]
                _set(future, SendAnswer(status=SendStatus.FAILURE, code=code, message=message))
            else:
                _set(future, answer)

        leaves = between(0.005, 0.05)
        if fault is Fault.LATE:
            leaves = between(PAY_SECONDS, LATEST_SECONDS)
            self._loop.world_later(
                PAY_SECONDS, self._fail, future, OutcomeUnknownError("Silence.", cause="pay")
            )
        elif fault in {Fault.SLOW, Fault.LOST}:
            leaves = between(0.1, PAY_SECONDS - 9.0)
        work = 0.06 if self._faults.random.random() < 0.97 else between(0.1, 20.0)
        self._loop.world_later(
            leaves,
            lambda: self._model.pay(
                wallet_id, payment_request, answered, work=work, pending=pending
            ),
        )

    def _page(self, wallet_id: str, after: str | None) -> TransactionPage:
        page = self._model.books.page(wallet_id, after)
        if not self._faults.chances.hashless:
            return page
        shown = (
            replace(each, payment_hash="") if each.payment_hash[-1:] in _HASHLESS else each
            for each in page.transactions
        )
        return replace(page, transactions=tuple(shown))

    def _answer_undone_pay(self, future: asyncio.Future[SendAnswer], fault: Fault) -> None:
        if fault is Fault.REFUSED:
            code, message = _REFUSALS[int(self._faults.random.random() * len(_REFUSALS))]
            _set(future, SendAnswer(status=SendStatus.FAILURE, code=code, message=message))
        else:
            self._fail(future, _error(fault))

    def _create(
        self, kind: str, wallet_id: str, sats: int, memo: str, seconds: int, external_id: str
    ) -> ModelInvoice:
        faults, model = self._faults, self._model
        chances = faults.chances
        chance = chances.block if kind == "own" else max(chances.block, chances.recipient_block)
        if chance and faults.random.random() < chance:
            faults.story.count("Blink: block of 5 min")
            model.invoice_limit.block(kind, model.wallets[wallet_id].account)
        return model.create(
            wallet_id, sats=sats, memo=memo, seconds=seconds, external_id=external_id, kind=kind
        )

    async def _call(
        self,
        call: str,
        work: Callable[[], T],
        limit: float,
        *,
        urgency: Urgency = Urgency.ORDINARY,
    ) -> T:
        self._process.point(f"before {call}")
        async with self._gate.passage(urgency, limit) as passage:
            fault = self._faults.draw(call)
            if fault is Fault.BUSY:
                passage.refuse(0.0)
            return await self._asked(call, work, limit, fault)

    async def _asked(
        self, call: str, work: Callable[[], T], limit: float, fault: Fault | None
    ) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        later, between = self._loop.world_later, self._faults.between
        if fault is None:
            later(0.01 + 0.05 * self._faults.random.random(), self._do, future, work, None)
        elif fault in _NOT_DONE:
            delay = between(0.0, limit if fault is Fault.DROPPED else 1.0)
            later(delay, self._fail, future, _error(fault))
        elif fault is Fault.LATE:
            later(limit, self._fail, future, OutcomeUnknownError("Silence.", cause=call))
            later(between(limit, 300.0), self._do, future, work, fault)
        else:
            later(between(0.05, limit - 0.1), self._do, future, work, fault)
        return await self._answer(future, call)

    async def _answer(self, future: asyncio.Future[T], call: str) -> T:
        try:
            answer = await future
        except TillError as error:
            self._process.point(f"after {call}")
            self._faults.story.tell(self._process.name, call, "!", type(error).__name__)
            raise
        self._process.point(f"after {call}")
        self._faults.story.tell(self._process.name, call, "→", answer)
        if self._faults.falls_asleep():
            await self._process.nap(f"after {call}")
        return answer

    def _do(self, future: asyncio.Future[T], work: Callable[[], T], fault: Fault | None) -> None:
        lost = fault in {Fault.LOST, Fault.LATE}
        try:
            result = work()
        except TillError as error:
            self._fail(future, OutcomeUnknownError("Silence.") if lost else error)
            return
        if lost:
            self._fail(future, OutcomeUnknownError("Silence."))
        elif fault is Fault.DENIED:
            self._fail(future, BlinkRefusedError("Blink refuses this request.", cause="denied"))
        else:
            _set(future, result)

    @staticmethod
    def _fail(future: asyncio.Future[Any], error: TillError) -> None:
        if not future.done():
            future.set_exception(error)


def _set(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _error(fault: Fault) -> TillError:
    match fault:
        case Fault.AWAY:
            return UnavailableError("Blink can't be reached.")
        case Fault.BUSY:
            return RateLimitedError("Blink asks us to slow down.", cause="HTTP 429")
        case Fault.KEY:
            return SettingsError("The API key may not do this.", cause="once")
        case Fault.REFUSED:
            return BlinkRefusedError("Blink refuses this request.", cause="once")
        case _:
            return OutcomeUnknownError("Blink does not answer as it should.")


def _short(payment_hash: str) -> str:
    return f"#{int(payment_hash, 16)}"
