"""Writing a movement down: the ledger's entry, both sides' transactions, the event."""

from dataclasses import dataclass

from .accounts import Accounts, Currency, Wallet
from .clock import Clock
from .events import LightningReceived, Listener
from .invoices import Invoice
from .ledger import DEALER, Ledger, Posting
from .settings import Settings
from .transactions import Direction, Transaction, Transactions, TransactionStatus


@dataclass(slots=True, kw_only=True)
class Books:
    """What payments write into."""

    accounts: Accounts
    clock: Clock
    settings: Settings
    ledger: Ledger
    transactions: Transactions
    emit: Listener

    def credit(
        self,
        invoice: Invoice,
        source: str,
        source_currency: Currency,
        debit: int,
        credit: int,
        reason: str,
        *,
        payer: Wallet | None,
    ) -> None:
        """The payee's side: the posting, the transaction, the invoice and the event."""
        wallet = invoice.wallet
        postings = swap(source, source_currency, debit, wallet.id, wallet.currency, credit)
        self.post(reason, invoice.payment_hash, invoice.external_id, postings)
        came = self.write(
            wallet,
            credit,
            invoice.terms.memo or None,
            invoice.external_id,
            self.accounts.owner(payer).username if payer else None,
            payer.id if payer else None,
        )
        came.settled_inside = payer is not None
        came.payment_hash = invoice.payment_hash
        came.payment_request = invoice.payment_request
        came.preimage = invoice.preimage
        invoice.paid_at = self.clock.seconds()
        invoice.received = credit
        self.emit(LightningReceived(account_id=wallet.account_id, transaction=came))

    def write(
        self,
        wallet: Wallet,
        amount: int,
        memo: str | None,
        external_id: str | None,
        other_username: str | None,
        other_wallet_id: str | None,
    ) -> Transaction:
        """One side's transaction, settled inside until somebody says otherwise."""
        transaction = Transaction(
            id=self.transactions.next_id(),
            wallet=wallet,
            direction=Direction.SEND if amount < 0 else Direction.RECEIVE,
            status=TransactionStatus.SUCCESS,
            amount=amount,
            created_at=self.clock.seconds(),
            memo=memo if amount < 0 else self._shown_memo(wallet.currency, amount, memo),
            external_id=external_id,
            settled_inside=True,
            other_username=other_username,
            other_wallet_id=other_wallet_id,
        )
        self.transactions.add(transaction)
        return transaction

    def _shown_memo(self, currency: Currency, amount: int, memo: str | None) -> str | None:
        """Blink's guard against spam: small amounts carry no memo to who receives them."""
        least = (
            self.settings.hidden_memo_below_sats
            if currency is Currency.BTC
            else self.settings.hidden_memo_below_cents
        )
        return memo if amount >= least else None

    def post(
        self,
        reason: str,
        payment_hash: str | None,
        external_id: str | None,
        postings: tuple[Posting, ...],
    ) -> None:
        """A movement in the ledger."""
        self.ledger.post(
            at=self.clock.seconds(),
            reason=reason,
            payment_hash=payment_hash,
            external_id=external_id,
            postings=postings,
        )


def move(source: str, target: str, currency: Currency, amount: int) -> tuple[Posting, ...]:
    """Postings from one holder to another."""
    return (
        Posting(holder=source, currency=currency, amount=-amount),
        Posting(holder=target, currency=currency, amount=amount),
    )


def swap(
    source: str, gives: Currency, debit: int, target: str, gets: Currency, credit: int
) -> tuple[Posting, ...]:
    """Postings from one holder to another, through the dealer when currencies differ."""
    if gives is gets and debit == credit:
        return move(source, target, gives, debit)
    return (*move(source, DEALER, gives, debit), *move(DEALER, target, gets, credit))
