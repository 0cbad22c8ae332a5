"""Paying: inside Blink, out of it, and into it from outside."""

from dataclasses import dataclass, field
from enum import StrEnum

from . import bolt11_text
from .accounts import Accounts, Currency, Wallet
from .books import Books, move, swap
from .clock import Clock
from .events import IntraLedgerMoved
from .invoices import Invoice, Invoices, InvoiceStatus
from .ledger import IN_FLIGHT, OUTSIDE
from .limits import DailyLimit
from .prices import Prices
from .refusals import Refusal, invalid_input, lightning_error, receive_disabled
from .settings import Settings
from .transactions import Direction, Transaction, TransactionStatus

_MAX_OVERPAYMENT = 2
"""An outside payer may pay up to twice what an invoice asks for."""


class SendStatus(StrEnum):
    """What a sending mutation answers."""

    SUCCESS = "SUCCESS"
    ALREADY_PAID = "ALREADY_PAID"
    PENDING = "PENDING"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True)
class Sent:
    """How a send ended, when it wasn't refused."""

    status: SendStatus
    transaction: Transaction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A payment under way: what leaves which wallet for what."""

    payer: Wallet
    debit: int
    """Sats or cents of the payer's wallet."""
    sats: int
    payment_hash: str
    payment_request: str
    memo: str | None
    invoice: Invoice | None
    """The payee's, when he is here."""


@dataclass(slots=True, kw_only=True)
class Payments:
    """Moves sats and cents, and writes both sides' transactions."""

    accounts: Accounts
    clock: Clock
    settings: Settings
    prices: Prices
    books: Books
    invoices: Invoices
    daily: DailyLimit
    _attempts: dict[tuple[str, str], float] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)
    _pending: dict[str, tuple[_Order, Transaction]] = field(default_factory=dict)
    _paid_outside: set[str] = field(default_factory=set)

    def begin(self, wallet: Wallet, payment_request: str) -> str:
        """Start sending: the payment's hash, which `end` must get. Refuses a second at once."""
        payment_hash = bolt11_text.read(payment_request, self.settings.network).payment_hash
        if payment_hash in self._under_way or payment_hash in self._pending:
            raise lightning_error("There is a pending payment for this invoice")
        self._attempts.setdefault((wallet.id, payment_hash), self.clock.now())
        self._under_way.add(payment_hash)
        return payment_hash

    def end(self, payment_hash: str) -> None:
        """The send of that hash has its answer."""
        self._under_way.discard(payment_hash)

    def pay(
        self, wallet: Wallet, payment_request: str, memo: str | None, *, pending: bool = False
    ) -> Sent:
        """Pay an invoice out of that wallet; `pending` leaves it in flight."""
        decoded = bolt11_text.read(payment_request, self.settings.network)
        invoice = self.invoices.find(decoded.payment_hash)
        if self._is_paid(decoded.payment_hash, invoice):
            return self._second_answer(wallet, decoded.payment_hash)
        if invoice is not None:
            self._check_payee(wallet, invoice)
        elif decoded.has_expired_at(self.clock.seconds()):
            raise lightning_error("Invoice is expired")
        sats = decoded.sats
        debit = sats if wallet.currency is Currency.BTC else self.prices.cents_for(sats)
        order = _Order(
            payer=wallet,
            debit=debit,
            sats=sats,
            payment_hash=decoded.payment_hash,
            payment_request=payment_request,
            memo=memo or decoded.description or None,
            invoice=invoice,
        )
        self._check_funds(wallet, debit)
        self._check_daily(wallet, sats, invoice.wallet if invoice else None)
        return self._depart(order) if pending else self._settle(order)

    def resolve(self, payment_hash: str, *, paid: bool) -> None:
        """Let a payment that is in flight arrive, or come back."""
        if payment_hash not in self._pending:
            raise ValueError(f"no payment of {payment_hash} is in flight")
        order, transaction = self._pending.pop(payment_hash)
        overtaken = order.invoice is not None and order.invoice.paid_at is not None
        if paid and not overtaken:
            self._arrive(order, source=IN_FLIGHT, reason="arrive")
            transaction.status = TransactionStatus.SUCCESS
            transaction.preimage = order.invoice.preimage if order.invoice else None
            return
        self.books.post(
            "return",
            order.payment_hash,
            transaction.external_id,
            move(IN_FLIGHT, order.payer.id, order.payer.currency, order.debit),
        )
        transaction.status = TransactionStatus.FAILURE

    def pay_from_outside(self, payment_request: str, sats: int | None = None) -> Invoice:
        """Pay an invoice as a stranger on Lightning does; `sats` to overpay."""
        decoded = bolt11_text.read(payment_request, self.settings.network)
        invoice = self.invoices.get(decoded.payment_hash)
        paying = invoice.sats if sats is None else sats
        if invoice.paid_at is not None or decoded.payment_hash in self._pending:
            raise lightning_error("Invoice is already paid")
        if invoice.cancelled or invoice.status(self.clock.seconds()) is InvoiceStatus.EXPIRED:
            raise lightning_error("Invoice is expired or cancelled")
        if self.accounts.owner(invoice.wallet).receive_disabled:
            raise lightning_error("The recipient can't receive")
        if not invoice.sats <= paying <= invoice.sats * _MAX_OVERPAYMENT:
            raise lightning_error("Incorrect payment amount")
        credit = paying if invoice.cents is None else invoice.cents * paying // invoice.sats
        self.books.credit(invoice, OUTSIDE, Currency.BTC, paying, credit, "settle", payer=None)
        return invoice

    def send_plainly(self, wallet: Wallet, to: Wallet, amount: int, memo: str | None) -> Sent:
        """`intraLedgerPaymentSend`: from wallet to wallet. A repeat pays again."""
        if wallet.id == to.id:
            raise _cant_pay_self()
        if wallet.currency is not Currency.BTC:
            raise invalid_input("Invalid wallet currency: the wallet must be a BTC one")
        if not amount:
            raise invalid_input("A valid satoshi amount is required")
        payee = self.accounts.owner(to)
        if payee.receive_disabled:
            raise receive_disabled()
        credit = amount if to.currency is Currency.BTC else self.prices.cents_of(amount)
        if credit < 1:
            raise invalid_input("Amount sent was too low for recipient's usd wallet.")
        self._check_funds(wallet, amount)
        self._check_daily(wallet, amount, to)
        self.books.post(
            "send",
            None,
            None,
            swap(wallet.id, wallet.currency, amount, to.id, to.currency, credit),
        )
        payer = self.accounts.owner(wallet)
        out = self.books.write(wallet, -amount, memo, None, payee.username, to.id)
        came = self.books.write(to, credit, memo, None, payer.username, wallet.id)
        self.books.emit(IntraLedgerMoved(account_id=payer.id, transaction=out))
        self.books.emit(IntraLedgerMoved(account_id=payee.id, transaction=came))
        return Sent(SendStatus.SUCCESS, out)

    def fund(self, wallet: Wallet, amount: int) -> None:
        """Give a wallet sats or cents out of nowhere, that is: from outside."""
        self.books.post("fund", None, None, move(OUTSIDE, wallet.id, wallet.currency, amount))

    def in_flight(self) -> list[str]:
        """The hashes of all payments that are in flight."""
        return list(self._pending)

    def _is_paid(self, payment_hash: str, invoice: Invoice | None) -> bool:
        if invoice is None:
            return payment_hash in self._paid_outside
        return invoice.paid_at is not None

    def _second_answer(self, wallet: Wallet, payment_hash: str) -> Sent:
        """The repeat's two shapes: it depends on the wallet and on the first attempt's age."""
        own = self.books.transactions.of_hash(wallet.id, payment_hash)
        sent = next((t for t in own if _has_left(t)), None)
        age = self.clock.now() - self._attempts.get((wallet.id, payment_hash), self.clock.now())
        if sent is None or age > self.settings.already_paid_seconds:
            raise lightning_error("Invoice is already paid")
        return Sent(SendStatus.ALREADY_PAID, sent)

    def _check_payee(self, wallet: Wallet, invoice: Invoice) -> None:
        """Expiry and cancelling bind only payers from outside, unless it has no description."""
        if invoice.wallet.id == wallet.id:
            raise _cant_pay_self()
        if self.accounts.owner(invoice.wallet).receive_disabled:
            raise receive_disabled()
        dead = invoice.cancelled or (invoice.status(self.clock.seconds()) is InvoiceStatus.EXPIRED)
        if dead and not invoice.terms.memo:
            raise lightning_error("Invoice is expired")

    def _check_funds(self, wallet: Wallet, amount: int) -> None:
        balance = self.books.ledger.balance(wallet.id, wallet.currency)
        if amount > balance:
            unit = "sats" if wallet.currency is Currency.BTC else "cents"
            raise Refusal(
                "INSUFFICIENT_BALANCE",
                f"Payment amount '{amount}' {unit} exceeds balance '{balance}'",
            )

    def _check_daily(self, wallet: Wallet, sats: int, to: Wallet | None) -> None:
        """What stays within one account is no sending."""
        payer = self.accounts.owner(wallet)
        if to is not None and to.account_id == payer.id:
            return
        cents = self.prices.cents_of(sats)
        self.daily.check(payer, cents)
        self.daily.count(payer, cents)

    def _settle(self, order: _Order) -> Sent:
        out = self._departure(order, TransactionStatus.SUCCESS)
        self._arrive(order, source=order.payer.id, reason="settle")
        return Sent(SendStatus.SUCCESS, out)

    def _depart(self, order: _Order) -> Sent:
        """The sats leave the wallet and are in flight until `resolve`."""
        out = self._departure(order, TransactionStatus.PENDING)
        self.books.post(
            "depart",
            order.payment_hash,
            out.external_id,
            move(order.payer.id, IN_FLIGHT, order.payer.currency, order.debit),
        )
        self._pending[order.payment_hash] = (order, out)
        return Sent(SendStatus.PENDING, out)

    def _departure(self, order: _Order, status: TransactionStatus) -> Transaction:
        invoice = order.invoice
        payee = self.accounts.owner(invoice.wallet) if invoice else None
        out = self.books.write(
            order.payer,
            -order.debit,
            order.memo,
            invoice.external_id if invoice else None,
            payee.username if payee else None,
            invoice.wallet.id if invoice else None,
        )
        out.status = status
        out.settled_inside = invoice is not None
        out.payment_hash = order.payment_hash
        out.payment_request = order.payment_request
        if invoice is not None and status is TransactionStatus.SUCCESS:
            out.preimage = invoice.preimage
        return out

    def _arrive(self, order: _Order, *, source: str, reason: str) -> None:
        invoice, currency = order.invoice, order.payer.currency
        if invoice is None:
            self._paid_outside.add(order.payment_hash)
            postings = swap(source, currency, order.debit, OUTSIDE, Currency.BTC, order.sats)
            self.books.post(reason, order.payment_hash, None, postings)
            return
        credit = order.sats if invoice.cents is None else invoice.cents
        self.books.credit(invoice, source, currency, order.debit, credit, reason, payer=order.payer)


def _has_left(transaction: Transaction) -> bool:
    return (
        transaction.direction is Direction.SEND and transaction.status is TransactionStatus.SUCCESS
    )


def _cant_pay_self() -> Refusal:
    return Refusal("CANT_PAY_SELF", "User tried to pay themselves")
