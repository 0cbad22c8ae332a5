"""The doors of the services: what the use cases need, and nothing of how it is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import (
    AttentionItem,
    Choice,
    RetiredInvoice,
    WaitingChoice,
)
from blinkpos_desktop.domain.blink import (
    Account,
    InvoiceStatus,
    RecipientWallet,
    SendAnswer,
    TransactionPage,
    TransactionStatus,
    WalletTransaction,
)
from blinkpos_desktop.domain.difference import Report, Run
from blinkpos_desktop.domain.history import Page, Place, Search, Span, Takings
from blinkpos_desktop.domain.hold import Hold, HoldCause
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.payment import (
    Intended,
    Invoice,
    Payment,
    PaymentState,
    SendEnd,
)
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.reconciliation import LedgerRows
from blinkpos_desktop.domain.story import Story
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    SendStart,
    Transfer,
    TransferEvent,
    Trouble,
)


class CallKind(StrEnum):
    """The kinds of calls that Blink counts apart."""

    INVOICE = "invoice"
    """Invoices of our own account."""
    RECIPIENT = "recipient"
    """Invoices on behalf of a recipient, counted per receiving wallet."""


class Clock(Protocol):
    """Time, so that a test can hold it."""

    def now(self) -> float:
        """Return Unix seconds."""

    def boot(self) -> float:
        """Return seconds since the machine's start, those it slept included."""

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""


class SharedPrices(Protocol):
    """The prices that tills tell one another. They may be missing, old or anybody's: a hint."""

    def tell_price(self, price: Price) -> None:
        """Tell a price that Blink has just told; returns at once."""

    async def told_price(self, currency: Currency) -> Price | None:
        """Return what a till told within the last minute, if there is anything."""


class PriceBook(Protocol):
    """The prices that the ledger's tills heard within the last hour."""

    async def prices(self, currency: Currency, *, since: int) -> Sequence[Price]:
        """Return the lowest and the highest since a time of Blink's, and since a person agreed."""

    async def keep(self, price: Price, *, is_agreed: bool) -> None:
        """Let a price count; one that a person agreed to ends those before it."""


class BlinkGateway(Protocol):
    """Blink, as far as a till needs it.

    Every method raises :class:`~blinkpos_desktop.domain.errors.UnavailableError`
    (its subclass ``OutcomeUnknownError`` when the request may have been carried
    out), ``SettingsError`` for a wrong key or a missing scope, and
    ``BlinkRefusedError`` for Blink's own errors.
    """

    async def account(self) -> Account:
        """Return the key's own account, its scopes and the network."""

    async def currencies(self) -> Sequence[Currency]:
        """Return all the currencies that Blink lists."""

    async def price(self, currency: Currency) -> Price:
        """Return what one sat costs now."""

    async def recipient(self, username: str) -> RecipientWallet:
        """Return a username's BTC wallet, or its USD wallet when it has no other.

        Raises:
            UnknownRecipientError: Blink knows no such username.
        """

    async def create_invoice(
        self, account: Account, *, sats: int, memo: str, minutes: int, external_id: str
    ) -> Invoice:
        """Make the customer's invoice, decode and check it.

        Raises:
            RefusedError: it is not what was asked.
            IdTakenError: Blink has seen ``external_id`` before.
        """

    async def create_recipient_invoice(
        self, account: Account, to: RecipientWallet, *, sats: int, memo: str, external_id: str
    ) -> RecipientInvoice:
        """Make an invoice on behalf of a recipient, decode and check it.

        Raises:
            RefusedError: it is not what was asked.
            IdTakenError: Blink has seen ``external_id`` before.
            BelowOneCentError: it is too little for his USD wallet.
        """

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        """Return what Blink says of an invoice; ``urgent`` while it is on a screen."""

    async def received_sats(self, wallet_id: str, payment_hash: str) -> int | None:
        """Return what came in for an invoice of ours; ``None`` when nothing did."""

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        """Return how our wallet's own payment of an invoice stands; ``None`` without one."""

    async def cancel_invoice(self, wallet_id: str, payment_hash: str) -> bool:
        """Cancel an unpaid invoice of ours; ``False`` when refused, which proves nothing."""

    async def until_open(self) -> None:
        """Return when Blink may be asked again after HTTP 429, before a payment is intended."""

    async def pay(self, wallet_id: str, payment_request: str, memo: str) -> SendAnswer:
        """Pay a stored invoice from our wallet, now or not at all: its intent is written."""


class Inquiry(Protocol):
    """The questions by which it is seen whether Blink answers. Raises as :class:`BlinkGateway`."""

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        """Return what Blink says of an invoice; ``urgent`` while it is on a screen."""

    async def network(self) -> str:
        """Return Blink's own word for its network: the cheapest question there is."""


class Statement(Protocol):
    """What Blink itself shows of our wallet. Raises as :class:`BlinkGateway` does."""

    async def transaction_page(self, wallet_id: str, after: str | None) -> TransactionPage:
        """Return a page of our wallet's transactions, newest first; the first without ``after``."""

    async def invoice_status(self, payment_hash: str) -> InvoiceStatus:
        """Return what Blink says of an invoice."""

    async def received_sats(self, wallet_id: str, payment_hash: str) -> int | None:
        """Return what came in for an invoice of ours; ``None`` when nothing did."""

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        """Return how our wallet's own payment of an invoice stands; ``None`` without one."""


class Books(Protocol):
    """The ledger as it is compared with Blink. Raises ``UnavailableError`` as ``Store`` does."""

    async def begin(self, account_id: str, since: int | None) -> Run:
        """Write that a comparison begins, by default from where the last complete one ended."""

    async def rows(
        self, wallet_id: str, since: int, transactions: Sequence[WalletTransaction]
    ) -> LedgerRows:
        """Return what the ledger has since a moment, and whatever those transactions name."""

    async def correct_received(self, payment_id: int, *, before: int, sats: int) -> bool:
        """Record that more sats came in than was known; ``False`` when somebody else did."""

    async def finish(self, run: Run, report: Report) -> bool:
        """Write what a comparison came to; only now it is complete.

        ``True`` when it has ended a hold: it began under that one, left out nothing since the
        last complete one, and nothing differs.
        """


class Records(Protocol):
    """What the ledger remembers, for people. Raises ``UnavailableError`` as ``Store`` does."""

    async def sales(self, search: Search, *, behind: Place | None = None, limit: int = 50) -> Page:
        """Return up to ``limit`` sales, newest first, from behind the end of the page before."""

    async def tips(self, spans: Sequence[Span]) -> Sequence[Sequence[TipSummary]]:
        """Return the tips of sales paid in each span, per recipient, the largest sum first."""

    async def first_tip(self) -> int | None:
        """Return a moment before which no tip was paid, in Unix seconds; ``None`` without any."""

    async def takings(self, spans: Sequence[Span]) -> Sequence[Sequence[Takings]]:
        """Return what was sold and paid in each span, per currency, the largest sum first."""

    async def story_of(self, key: str | int) -> Story | None:
        """Return a payment's story by a number or a hash, its transfers' and invoices' included."""


class Store(Protocol):
    """The ledger. Every change is compare-and-set: ``None`` says that somebody else won.

    Raises ``UnavailableError`` when PostgreSQL is away.
    """

    async def intend(self, plan: PaymentPlan, *, most: int) -> Intended:
        """Write a payment, its transfers and its first attempt in one transaction.

        The attempt's call is counted; without room for it (``most`` a minute) there is none.
        """

    async def begin_attempt(self, payment_id: int) -> str:
        """Take the next attempt of a payment's invoice; return its ``externalId``."""

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        """INTENDED → AWAITING with the invoice."""

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        """Move a payment along its table of moves; ``None`` when it could not go there."""

    async def payment(self, payment_id: int) -> Payment:
        """Return one payment with its transfers, from PostgreSQL."""

    async def payments_of(self, ids: Collection[int]) -> Sequence[Payment]:
        """Return those payments of ``ids`` that there are, from PostgreSQL, at one moment."""

    async def by_hash(self, payment_hash: str) -> Payment | None:
        """Return a payment by its invoice's hash: Redis first, then PostgreSQL."""

    async def watched(self, account_id: str) -> Sequence[Payment]:
        """Return the payments for which money may still arrive."""

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        """Return the paid payments whose transfers are not all finished."""

    async def claim(self, transfer_id: int, *, seconds: int) -> Transfer | None:
        """Claim a transfer for this process, or renew the claim; ``None`` when another holds it."""

    async def release(self, transfer_id: int) -> None:
        """Give a claim back."""

    async def begin_transfer_attempt(self, transfer_id: int) -> Attempt:
        """Take the next attempt of a recipient's invoice.

        What is owed to the same recipient from the same wallet goes with a transfer whose
        payment is paid, from here on: CARRIED, until it has settled or its invoice is given up.

        Raises:
            HeldError: the ledger is held. TillError: somebody else works on the transfer.
        """

    async def begin_ahead(
        self, wanted: Sequence[tuple[Transfer, str]], *, most: int, seconds: int
    ) -> Sequence[Attempt]:
        """Claim PLANNED transfers and begin an attempt of each, in one transaction.

        Each comes with the wallet whose calls are counted. Those are left out for which
        there is no room, that somebody else works on, or that are no longer as given.
        """

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice, *, releases: bool = False
    ) -> Transfer | None:
        """PLANNED → PREPARED with the latest attempt's invoice, if the claim is ours.

        With ``releases`` the claim is given back in the same transaction.
        """

    async def record(
        self,
        transfer: Transfer,
        event: TransferEvent,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> Transfer | None:
        """Apply an event to a transfer that is still as given and claimed by this process.

        It is not due again before ``wait_seconds``; what it carries follows it, in the same
        transaction (``domain.transfer.for_carried``).

        Raises:
            HeldError: a send was to be started, and the ledger is held.
        """

    async def start_send(self, transfer: Transfer, wallet_id: str, *, seconds: int) -> SendStart:
        """Claim a PREPARED transfer, take the turn at its wallet and write that it is sent.

        One transaction: after it a request may leave, without it none does. The state,
        the recipient and the live invoice must still be as given.

        Raises:
            HeldError: nothing of its account may be sent.
        """

    async def end_send(
        self,
        transfer: Transfer,
        event: TransferEvent,
        wallet_id: str,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> SendEnd | None:
        """Record what a request came to, as ``record`` does, and give the turn back with it.

        A transfer that has settled gives its claim back too, and completes its payment
        if it was the last one: of two last ones at once neither may, then ``complete`` does.
        """

    async def adopt(
        self, transfer: Transfer, invoice: RecipientInvoice, *, quiet_seconds: float
    ) -> Transfer | None:
        """Settle a claimed transfer that a newer copy of this ledger has paid by ``invoice``.

        Its own live invoice is retired: the caller must have had the two proofs, and no request
        may have left in the last ``quiet_seconds``. ``None`` when the transfer is no longer as
        given, or one has.
        """

    async def complete(self, payment_id: int) -> Payment | None:
        """PAID → COMPLETED, if every transfer is finished; seen, if this process has shown it."""

    def mark_shown(self, payment_id: int) -> None:
        """Note that this process shows a payment in green: written by ``complete``, or ``see``."""

    async def see(self, payment_id: int, who: str) -> bool:
        """Write down that a received payment was seen, by ``who`` or on a screen (empty).

        ``False`` when it was seen already, or was not received.
        """

    async def unseen(self) -> Sequence[Announcement]:
        """Return what was received and nobody has seen, newest first.

        Late money at once, any other after ``domain.announcement.GRACE_SECONDS``.
        """

    async def surpluses(self) -> Sequence[SurplusItem]:
        """Return what came in beyond what was asked and no person took note of, oldest first."""

    async def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        """Write down who took note of a surplus; ``False`` when it is no longer as given."""

    async def take_turn(self, wallet_id: str, *, seconds: int) -> bool:
        """Take or renew this process's turn to send from a wallet; ``False``: another's."""

    async def leave_turn(self, wallet_id: str) -> None:
        """Give a turn back."""

    async def count_call(self, account: str, kind: CallKind, *, most: int) -> int:
        """Count a call to Blink if ``most`` a minute allow it: 0, or the seconds to wait."""

    async def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        """Keep every till off a kind of call for ``seconds``."""

    async def hold(self, cause: HoldCause, external_id: str = "") -> None:
        """Hold the ledger: no send starts from now on, at any till, and no number is used again."""

    async def held(self, account_id: str) -> Hold | None:
        """Return the hold on an account; with an empty id, the one on any account."""

    async def release_hold(self, account_id: str, who: str) -> bool:
        """End the hold by a person's choice; ``False`` while something can still be recorded."""

    async def tips(self, since: int) -> Sequence[TipSummary]:
        """Return tips per recipient since a moment (Unix seconds), the largest sum first."""

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        """Return what waits for a person, oldest first.

        With an account's id also what is unfinished of other accounts; without one (empty) not.
        """

    async def waiting_choices(self, account_id: str) -> Sequence[WaitingChoice]:
        """Return the account's choices that are to be carried out, oldest first."""

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> Transfer | None:
        """Write down who chose what; carry it out if nothing has to be asked first.

        ``None`` when the transfer does not wait for a person (any more). A later
        choice takes the place of one that waits. One that is tried again and again is sent no
        more until the choice is carried out.

        Raises:
            HeldError: the ledger is held.
        """

    async def carry_out(self, waiting: WaitingChoice, *, paid: bool = False) -> Transfer | None:
        """Retire the live invoice, if there is one, and do what was chosen: one transaction.

        With ``paid`` the invoice is settled instead. ``None`` when the transfer or
        the choice is no longer as given, or a request left in the last ten minutes.
        The caller must have had the other two proofs of ``domain.retiring``.
        """

    async def drop_choice(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        """End a choice that can't be carried out: its transfer waits for another one."""

    async def retired(self) -> Sequence[RetiredInvoice]:
        """Return the retired invoices that are still watched."""

    async def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        """Write down that a retired invoice was paid after all; ``None`` when it was known."""
