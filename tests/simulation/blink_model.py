"""Blink in memory: its accounts, invoices, payments and double-entry ledger, without any network.

Everything here happens at one instant of the loop's time, which is Blink's own
clock. What gets lost on the way is the line's business (``blink_line``).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import (
    BelowOneCentError,
    BlinkRefusedError,
    CannotReceiveError,
    Direction,
    IdTakenError,
    InvoiceStatus,
    RecipientWallet,
    SendAnswer,
    SendStatus,
    TransactionStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import RefusedError
from tests.simulation.blink_books import (
    EPOCH,
    IN_FLIGHT,
    OUTSIDE,
    BlinkBooks,
    Entry,
    ModelInvoice,
    Wallet,
)
from tests.simulation.blink_limits import DailyLimit, InvoiceLimit
from tests.simulation.loop import VirtualLoop

ALREADY_PAID_SECONDS: Final = 300.0
LOCK_ATTEMPTS: Final = 10
CENT_SATS: Final = 23
"""A USD wallet gets nothing for less: it would be under one cent."""
_PROCESSED: Final = "The invoice has already been processed"


@dataclass(slots=True, kw_only=True)
class BlinkModel:
    """The server. ``on_received`` and ``on_moved`` are told at once of what happens."""

    loop: VirtualLoop
    random: random.Random
    wallets: dict[str, Wallet] = field(default_factory=dict)
    invoices: dict[str, ModelInvoice] = field(default_factory=dict)
    on_received: list[Callable[[ModelInvoice], None]] = field(default_factory=list)
    usernames: dict[str, Wallet] = field(default_factory=dict)
    """Whom Blink finds by name now."""
    everybody: dict[str, Wallet] = field(default_factory=dict)
    in_flight: dict[str, tuple[Wallet, Entry]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    """How many requests to pay are on their way or at work, by the invoice's hash."""
    books: BlinkBooks = field(init=False)
    invoice_limit: InvoiceLimit = field(init=False)
    daily_limit: DailyLimit = field(init=False)
    _external_ids: set[tuple[str, str]] = field(default_factory=set)
    _attempts: dict[tuple[str, str], float] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)
    _locks: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books = BlinkBooks(lambda: self.now)
        self.invoice_limit = InvoiceLimit(self.loop.time)
        self.daily_limit = DailyLimit(self.loop.time)

    # Accounts.

    def open(self, username: str, *, is_usd: bool = False) -> Wallet:
        """Open an account of one wallet."""
        currency = "usd" if is_usd else "btc"
        wallet = Wallet(id=f"{username}/{currency}", account=username, is_usd=is_usd)
        self.wallets[wallet.id] = self.usernames[username] = self.everybody[username] = wallet
        return wallet

    def fund(self, wallet: Wallet, sats: int) -> None:
        """Give a wallet sats from outside."""
        self.books.write(wallet.id, Direction.RECEIVE, sats)
        self.books.move("fund", OUTSIDE, wallet.id, sats, None)

    def withdraw(self, wallet: Wallet, sats: int) -> None:
        """Take sats out of a wallet, as its owner does in Blink's app."""
        self.books.write(wallet.id, Direction.SEND, sats)
        self.books.move("withdraw", wallet.id, OUTSIDE, sats, None)

    def recipient(self, username: str) -> RecipientWallet:
        """Return whom a username belongs to."""
        wallet = self.usernames.get(username)
        if wallet is None:
            raise UnknownRecipientError("Blink knows nobody of that name.", code="NOT_FOUND")
        return RecipientWallet(username=username, wallet_id=wallet.id, is_usd=wallet.is_usd)

    # Invoices.

    @property
    def now(self) -> int:
        """Blink's own clock, in Unix seconds."""
        return EPOCH + int(self.loop.time())

    def create(
        self, wallet_id: str, *, sats: int, memo: str, seconds: int, external_id: str, kind: str
    ) -> ModelInvoice:
        """Make an invoice; ``kind`` is what the limiter counts by: own or on behalf."""
        wallet = self.wallets[wallet_id]
        self.invoice_limit.count(kind, wallet.account)
        if wallet.receive_disabled:
            raise CannotReceiveError("It can no longer receive.", code="RECEIVE_DISABLED")
        if wallet.is_usd and sats < CENT_SATS:
            raise BelowOneCentError("Too low for a USD wallet.", code="INVALID_INPUT")
        if (wallet.account, external_id) in self._external_ids:
            raise IdTakenError(f"{external_id} already exists", code="INVALID_INPUT")
        self._external_ids.add((wallet.account, external_id))
        invoice = ModelInvoice(
            wallet=wallet,
            sats=sats,
            memo=memo,
            external_id=external_id,
            payment_hash=f"{len(self.invoices) + 1:064x}",
            expires_at=self.now + seconds,
        )
        self.invoices[invoice.payment_hash] = invoice
        return invoice

    def cancel(self, wallet_id: str, payment_hash: str) -> None:
        """Cancel an open invoice; paid, expired and cancelled ones are refused alike."""
        invoice = self.invoices.get(payment_hash)
        if invoice is None or invoice.wallet.id != wallet_id:
            raise BlinkRefusedError("No such invoice.", code="NOT_FOUND")
        if invoice.cancelled or self.status(payment_hash) is not InvoiceStatus.PENDING:
            raise BlinkRefusedError(_PROCESSED, code="INVALID_INPUT")
        invoice.cancelled = True

    def status(self, payment_hash: str) -> InvoiceStatus:
        """Return what the status query says: a cancelled invoice is PENDING until its expiry."""
        invoice = self.invoices.get(payment_hash)
        if invoice is None:
            raise BlinkRefusedError("No such invoice.")
        if invoice.received is not None:
            return InvoiceStatus.PAID
        return InvoiceStatus.EXPIRED if self.now >= invoice.expires_at else InvoiceStatus.PENDING

    def received(self, wallet_id: str, payment_hash: str) -> int | None:
        """Return what came in for an invoice."""
        invoice = self.invoices.get(payment_hash)
        return invoice.received if invoice and invoice.wallet.id == wallet_id else None

    # Payments.

    def read(self, payment_request: str) -> ModelInvoice:
        """Return the invoice of a text."""
        return self.invoices[payment_request.removeprefix("lnmodel1")]

    def pay(
        self,
        wallet_id: str,
        payment_request: str,
        answer: Callable[[SendAnswer], None],
        *,
        work: float,
        pending: float | None = None,
    ) -> None:
        """Pay an invoice; the lock is polled for, ``answer`` comes after ``work`` seconds.

        ``pending`` leaves it in flight for so many seconds; it then arrives, or
        comes back when the seed says so.
        """
        invoice = self.read(payment_request)
        payment_hash = invoice.payment_hash
        if payment_hash in self._under_way or payment_hash in self.in_flight:
            answer(_failure("LIGHTNING_PAYMENT_ERROR", "There is a pending payment"))
            return
        self._attempts.setdefault((wallet_id, payment_hash), self.loop.time())
        self._under_way.add(payment_hash)

        def end() -> None:
            self._under_way.discard(payment_hash)
            self._locks.pop(wallet_id, None)
            answer(self._pay(self.wallets[wallet_id], invoice, pending))

        def try_lock(attempt: int) -> None:
            if self._locks.get(wallet_id, -1.0) <= self.loop.time():
                self._locks[wallet_id] = self.loop.time() + work
                self.loop.world_later(work, end)
            elif attempt < LOCK_ATTEMPTS:
                self.loop.world_later(self.random.uniform(0.4, 0.8), try_lock, attempt + 1)
            else:
                self._under_way.discard(payment_hash)
                code = "UNEXPECTED_CLIENT_ERROR"
                answer(_failure(code, "(code: ResourceAttemptsRedlockServiceError)"))

        try_lock(1)

    def pay_from_outside(self, payment_hash: str, sats: int | None = None) -> None:
        """Pay as a stranger on Lightning does; expiry and cancelling bind him."""
        invoice = self.invoices[payment_hash]
        paying = invoice.sats if sats is None else sats
        if invoice.received is not None or payment_hash in self.in_flight:
            raise RefusedError("It is paid already.")
        if invoice.cancelled or self.status(payment_hash) is InvoiceStatus.EXPIRED:
            raise RefusedError("It is expired or cancelled.")
        if not invoice.sats <= paying <= 2 * invoice.sats:
            raise RefusedError("Not that amount.")
        self._credit("settle", OUTSIDE, invoice, paying)

    def pay_from_inside(self, wallet: Wallet, payment_hash: str) -> None:
        """Pay as a Blink user does, at once; expiry and cancelling do not bind him."""
        answer = self._pay(wallet, self.invoices[payment_hash], None)
        if answer.status is not SendStatus.SUCCESS:
            raise RefusedError(answer.message)

    def resolve(self, payment_hash: str, *, paid: bool) -> None:
        """Let a payment in flight arrive or come back."""
        wallet, entry = self.in_flight.pop(payment_hash)
        invoice = self.invoices[payment_hash]
        if paid and invoice.received is None:
            entry.status = TransactionStatus.SUCCESS
            self._credit("arrive", IN_FLIGHT, invoice, entry.sats)
            return
        entry.status = TransactionStatus.FAILURE
        self.books.move("return", IN_FLIGHT, wallet.id, entry.sats, invoice)

    def _pay(self, payer: Wallet, invoice: ModelInvoice, pending: float | None) -> SendAnswer:
        payment_hash = invoice.payment_hash
        if invoice.received is not None:
            return self._second_answer(payer, payment_hash)
        if refusal := self._refusal(payer, invoice):
            return refusal
        self._attempts.setdefault((payer.id, payment_hash), self.loop.time())
        self.daily_limit.count(payer.id, invoice.sats)
        entry = self.books.write(payer.id, Direction.SEND, invoice.sats, invoice)
        if pending is None:
            self._credit("settle", payer.id, invoice, invoice.sats)
            return SendAnswer(status=SendStatus.SUCCESS)
        entry.status = TransactionStatus.PENDING
        self.in_flight[payment_hash] = payer, entry
        self.books.move("depart", payer.id, IN_FLIGHT, invoice.sats, invoice)
        self.loop.world_later(pending, self._resolve_later, payment_hash)
        return SendAnswer(status=SendStatus.PENDING)

    def _refusal(self, payer: Wallet, invoice: ModelInvoice) -> SendAnswer | None:
        if invoice.payment_hash in self.in_flight:
            return _failure("LIGHTNING_PAYMENT_ERROR", "There is a pending payment")
        if invoice.wallet is payer:
            return _failure("CANT_PAY_SELF", "User tried to pay themselves")
        if invoice.wallet.receive_disabled:
            return _failure("RECEIVE_DISABLED", "This account can no longer receive")
        if self.books.balances[payer.id] < invoice.sats:
            return _failure("INSUFFICIENT_BALANCE", "The balance is too small")
        if not self.daily_limit.allows(payer.id, invoice.sats):
            return _failure("TRANSACTION_RESTRICTED", "Cannot transfer more in 24 hours")
        return None

    def _resolve_later(self, payment_hash: str) -> None:
        if payment_hash in self.in_flight:
            self.resolve(payment_hash, paid=self.random.random() < 0.5)

    def _second_answer(self, payer: Wallet, payment_hash: str) -> SendAnswer:
        mine = self.books.sent(payer.id, payment_hash) is TransactionStatus.SUCCESS
        first = self._attempts.get((payer.id, payment_hash), self.loop.time())
        if not mine or self.loop.time() - first > ALREADY_PAID_SECONDS:
            return _failure("LIGHTNING_PAYMENT_ERROR", "Invoice is already paid")
        return SendAnswer(status=SendStatus.ALREADY_PAID)

    def _credit(self, reason: str, source: str, invoice: ModelInvoice, sats: int) -> None:
        invoice.received = sats
        self.books.write(invoice.wallet.id, Direction.RECEIVE, sats, invoice)
        self.books.move(reason, source, invoice.wallet.id, sats, invoice)
        for told in self.on_received:
            told(invoice)


def _failure(code: str, message: str) -> SendAnswer:
    return SendAnswer(status=SendStatus.FAILURE, code=code, message=message)
