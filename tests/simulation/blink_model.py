"""Blink in memory: its accounts, invoices, payments and double-entry ledger, without any network.

Everything here happens at one instant of the loop's time, which is Blink's own
clock. What gets lost on the way is the line's business (``blink_line``).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from blinkpos_desktop.domain.blink import (
    BlinkRefusedError,
    CannotReceiveError,
    InvoiceStatus,
    RateLimitedError,
    RecipientWallet,
    SendAnswer,
    SendStatus,
    TransactionStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import RefusedError
from tests.simulation.loop import VirtualLoop

EPOCH: Final = 1_790_000_000
OUTSIDE: Final = "outside"
IN_FLIGHT: Final = "in flight"
WINDOW_SECONDS: Final = 60.0
WINDOW_INVOICES: Final = 60
BLOCK_SECONDS: Final = 300.0
ALREADY_PAID_SECONDS: Final = 300.0
LOCK_ATTEMPTS: Final = 10
CENT_SATS: Final = 23
"""A USD wallet gets nothing for less: it would be under one cent."""
_PROCESSED: Final = "The invoice has already been processed"


@dataclass(slots=True, eq=False)
class Wallet:
    """A wallet; one in USD is counted by its sats' worth."""

    id: str
    account: str
    is_usd: bool = False
    receive_disabled: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class ModelInvoice:
    """An invoice as Blink keeps it. Times are Blink's Unix seconds."""

    wallet: Wallet
    sats: int
    memo: str
    external_id: str
    payment_hash: str
    expires_at: int
    cancelled: bool = False
    received: int | None = None

    @property
    def payment_request(self) -> str:
        """Its text, which only this model can read."""
        return f"lnmodel1{self.payment_hash}"


@dataclass(slots=True, eq=False, kw_only=True)
class Sending:
    """The sending side's transaction of a payment."""

    wallet: Wallet
    sats: int
    invoice: ModelInvoice
    status: TransactionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Sats on their way from one holder to another, as the ledger has it."""

    reason: str
    source: str
    target: str
    sats: int
    invoice: ModelInvoice | None


@dataclass(slots=True)
class _Window:
    since: float
    count: int = 0
    blocked_until: float | None = None


@dataclass(slots=True, kw_only=True)
class BlinkModel:
    """The server. ``on_received`` and ``on_moved`` are told at once of what happens."""

    loop: VirtualLoop
    random: random.Random
    wallets: dict[str, Wallet] = field(default_factory=dict)
    invoices: dict[str, ModelInvoice] = field(default_factory=dict)
    sendings: dict[tuple[str, str], list[Sending]] = field(default_factory=dict)
    balances: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    ledger: list[Movement] = field(default_factory=list)
    on_received: list[Callable[[ModelInvoice], None]] = field(default_factory=list)
    on_moved: list[Callable[[Movement], None]] = field(default_factory=list)
    usernames: dict[str, Wallet] = field(default_factory=dict)
    in_flight: dict[str, Sending] = field(default_factory=dict)
    _external_ids: set[tuple[str, str]] = field(default_factory=set)
    _attempts: dict[tuple[str, str], float] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)
    _locks: dict[str, float] = field(default_factory=dict)
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    # Accounts.

    def open(self, username: str, *, is_usd: bool = False) -> Wallet:
        """Open an account of one wallet."""
        currency = "usd" if is_usd else "btc"
        wallet = Wallet(id=f"{username}/{currency}", account=username, is_usd=is_usd)
        self.wallets[wallet.id] = self.usernames[username] = wallet
        return wallet

    def fund(self, wallet: Wallet, sats: int) -> None:
        """Give a wallet sats from outside."""
        self._post("fund", OUTSIDE, wallet.id, sats, None)

    def withdraw(self, wallet: Wallet, sats: int) -> None:
        """Take sats out of a wallet, as its owner does in Blink's app."""
        self._post("withdraw", wallet.id, OUTSIDE, sats, None)

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
        self._count(kind, wallet.account)
        if wallet.receive_disabled:
            raise CannotReceiveError("It can no longer receive.", code="RECEIVE_DISABLED")
        if wallet.is_usd and sats < CENT_SATS:
            raise BlinkRefusedError("Too low for a USD wallet.", code="INVALID_INPUT")
        if (wallet.account, external_id) in self._external_ids:
            raise BlinkRefusedError(f"{external_id} already exists", code="INVALID_INPUT")
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

    def block(self, kind: str, account: str) -> None:
        """Block an account's making of invoices, as one too many does."""
        until = self.loop.time() + BLOCK_SECONDS
        self._windows[kind, account] = _Window(self.loop.time(), WINDOW_INVOICES, until)

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

    def sent(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        """Return how a wallet's own payment stands: a success or a pending one counts first."""
        states = {each.status for each in self.sendings.get((wallet_id, payment_hash), ())}
        return next((state for state in TransactionStatus if state in states), None)

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
        sending = self.in_flight.pop(payment_hash)
        if paid and sending.invoice.received is None:
            sending.status = TransactionStatus.SUCCESS
            self._credit("arrive", IN_FLIGHT, sending.invoice, sending.sats)
            return
        sending.status = TransactionStatus.FAILURE
        self._post("return", IN_FLIGHT, sending.wallet.id, sending.sats, sending.invoice)

    def verify(self) -> None:
        """Count the ledger anew: no sat out of nothing, no wallet in debt, none paid twice."""
        counted: defaultdict[str, int] = defaultdict(int)
        arrivals: defaultdict[str, int] = defaultdict(int)
        for each in self.ledger:
            counted[each.source] -= each.sats
            counted[each.target] += each.sats
            if each.invoice and each.reason in {"settle", "arrive"}:
                arrivals[each.invoice.payment_hash] += 1
        for holder, sats in counted.items():
            assert self.balances[holder] == sats, f"{holder} was miscounted"
            assert sats >= 0 or holder == OUTSIDE, f"{holder} owes {-sats} sats"
        twice = [payment_hash for payment_hash, times in arrivals.items() if times > 1]
        assert not twice, f"paid twice: {twice}"

    def _pay(self, payer: Wallet, invoice: ModelInvoice, pending: float | None) -> SendAnswer:
        payment_hash = invoice.payment_hash
        if invoice.received is not None:
            return self._second_answer(payer, payment_hash)
        if refusal := self._refusal(payer, invoice):
            return refusal
        self._attempts.setdefault((payer.id, payment_hash), self.loop.time())
        sending = Sending(
            wallet=payer, sats=invoice.sats, invoice=invoice, status=TransactionStatus.SUCCESS
        )
        self.sendings.setdefault((payer.id, payment_hash), []).append(sending)
        if pending is None:
            self._credit("settle", payer.id, invoice, invoice.sats)
            return SendAnswer(status=SendStatus.SUCCESS)
        sending.status = TransactionStatus.PENDING
        self.in_flight[payment_hash] = sending
        self._post("depart", payer.id, IN_FLIGHT, invoice.sats, invoice)
        self.loop.world_later(pending, self._resolve_later, payment_hash)
        return SendAnswer(status=SendStatus.PENDING)

    def _refusal(self, payer: Wallet, invoice: ModelInvoice) -> SendAnswer | None:
        if invoice.payment_hash in self.in_flight:
            return _failure("LIGHTNING_PAYMENT_ERROR", "There is a pending payment")
        if invoice.wallet is payer:
            return _failure("CANT_PAY_SELF", "User tried to pay themselves")
        if invoice.wallet.receive_disabled:
            return _failure("RECEIVE_DISABLED", "This account can no longer receive")
        if self.balances[payer.id] < invoice.sats:
            return _failure("INSUFFICIENT_BALANCE", "The balance is too small")
        return None

    def _resolve_later(self, payment_hash: str) -> None:
        if payment_hash in self.in_flight:
            self.resolve(payment_hash, paid=self.random.random() < 0.5)

    def _second_answer(self, payer: Wallet, payment_hash: str) -> SendAnswer:
        mine = self.sent(payer.id, payment_hash) is TransactionStatus.SUCCESS
        first = self._attempts.get((payer.id, payment_hash), self.loop.time())
        if not mine or self.loop.time() - first > ALREADY_PAID_SECONDS:
            return _failure("LIGHTNING_PAYMENT_ERROR", "Invoice is already paid")
        return SendAnswer(status=SendStatus.ALREADY_PAID)

    def _credit(self, reason: str, source: str, invoice: ModelInvoice, sats: int) -> None:
        invoice.received = sats
        self._post(reason, source, invoice.wallet.id, sats, invoice)
        for told in self.on_received:
            told(invoice)

    def _post(
        self, reason: str, source: str, target: str, sats: int, invoice: ModelInvoice | None
    ) -> None:
        movement = Movement(reason=reason, source=source, target=target, sats=sats, invoice=invoice)
        self.ledger.append(movement)
        self.balances[source] -= sats
        self.balances[target] += sats
        for told in self.on_moved:
            told(movement)

    def _count(self, kind: str, account: str) -> None:
        now = self.loop.time()
        window = self._windows.get((kind, account))
        if window is None or now >= (
            window.since + WINDOW_SECONDS if window.blocked_until is None else window.blocked_until
        ):
            window = self._windows[kind, account] = _Window(now)
        window.count += 1
        if window.count > WINDOW_INVOICES:
            if window.blocked_until is None:
                window.blocked_until = now + BLOCK_SECONDS
            raise RateLimitedError("Too many requests.", cause="TOO_MANY_REQUEST")


def _failure(code: str, message: str) -> SendAnswer:
    return SendAnswer(status=SendStatus.FAILURE, code=code, message=message)
