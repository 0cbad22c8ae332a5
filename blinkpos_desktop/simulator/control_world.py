"""Control commands on the world: pay, look, move the clock."""

from collections.abc import Callable
from dataclasses import asdict

from .accounts import Account, Currency, Scope, Wallet
from .invoices import Invoice, InvoiceOrder
from .ledger import Entry
from .payments import SendStatus
from .state import State
from .transactions import Transaction

Result = dict[str, object]


def invoices(state: State, owner: str | None = None, status: str | None = None) -> list[Result]:
    """All invoices, oldest first; `status` is open, paid, expired or cancelled."""
    shown = [_invoice(state, invoice) for invoice in state.world.invoices.all()]
    return [
        invoice
        for invoice in shown
        if owner in {None, invoice["owner"]} and status in {None, invoice["status"]}
    ]


def pay(
    state: State,
    payment_request: str,
    amount_sats: int | None = None,
    from_username: str | None = None,
    currency: str = "BTC",
) -> Result:
    """Pay an invoice: as the outside customer, or from the wallet of a Blink user."""
    payments = state.world.payments
    if from_username is None:
        invoice = payments.pay_from_outside(payment_request, amount_sats)
        return {"status": SendStatus.SUCCESS, "payment_hash": invoice.payment_hash}
    wallet = _wallet(state, from_username, currency)
    payment_hash = payments.begin(wallet, payment_request)
    try:
        sent = payments.pay(wallet, payment_request, None)
    finally:
        payments.end(payment_hash)
    return {"status": sent.status, "payment_hash": payment_hash}


def send(
    state: State, from_username: str, to_username: str, amount_sats: int, memo: str | None = None
) -> Result:
    """A plain send between BTC wallets, without an invoice."""
    source, target = _wallet(state, from_username, "BTC"), _wallet(state, to_username, "BTC")
    sent = state.world.payments.send_plainly(source, target, amount_sats, memo)
    return {"status": sent.status}


def create_invoice(
    state: State, username: str, amount_sats: int, memo: str | None = None
) -> Result:
    """An invoice of that user's BTC wallet, as his own phone makes it."""
    wallet = _wallet(state, username, "BTC")
    order = InvoiceOrder(sats=amount_sats, memo=memo)
    invoice = state.world.invoices.create(wallet, Currency.BTC, order, on_behalf=False)
    state.hub.touch()
    return _invoice(state, invoice)


def resolve(state: State, payment_hash: str, *, paid: bool) -> None:
    """Let a send that is in flight arrive or come back."""
    state.world.payments.resolve(payment_hash, paid=paid)


def in_flight(state: State) -> list[str]:
    """The hashes of the sends that are in flight."""
    return state.world.payments.in_flight()


def balances(state: State) -> dict[str, dict[str, int]]:
    """Every account's balances by currency, in sats and cents."""
    return {
        account.username: {w.currency: state.world.balance(w) for w in account.wallets}
        for account in state.world.accounts.all()
    }


def ledger(state: State) -> list[Result]:
    """Every movement with its postings, wallets shown as `username/BTC`."""
    names = {
        wallet.id: f"{account.username}/{wallet.currency}"
        for account in state.world.accounts.all()
        for wallet in account.wallets
    }
    return [_entry(entry, names) for entry in state.world.ledger.entries]


def verify(state: State) -> int:
    """Count the ledger anew; the number of movements, or a refusal that says what is wrong."""
    state.world.ledger.verify()
    return len(state.world.ledger.entries)


def transactions(state: State, username: str) -> list[Result]:
    """A user's transactions, newest first."""
    account = state.world.accounts.by_username(username)
    wallet_ids = {wallet.id for wallet in account.wallets}
    return [_transaction(t) for t in state.world.transactions.of_wallets(wallet_ids)]


def accounts(state: State) -> list[Result]:
    """All accounts with the ids of their wallets."""
    return [_account(account) for account in state.world.accounts.all()]


def open_account(
    state: State,
    username: str,
    currencies: list[str] | None = None,
    key: str | None = None,
    scopes: list[str] | None = None,
    sats: int = 0,
) -> Result:
    """Open an account, with a key and with sats if asked."""
    wanted = tuple(Currency(currency) for currency in currencies or ["BTC", "USD"])
    account = state.world.accounts.open(username, wanted)
    if key is not None:
        give_key(state, username, key, scopes)
    if sats:
        fund(state, username, sats)
    return _account(account)


def change_account(
    state: State,
    username: str,
    receive_disabled: bool | None = None,  # noqa: FBT001 - a JSON argument
    daily_limit_cents: int | None = None,
    display_currency: str | None = None,
) -> Result:
    """Wind an account down, limit it, or show it another currency."""
    account = state.world.accounts.by_username(username)
    if receive_disabled is not None:
        account.receive_disabled = receive_disabled
    if daily_limit_cents is not None:
        account.daily_limit_cents = daily_limit_cents
    if display_currency is not None:
        account.display_currency = state.world.prices.currency(display_currency).id
    return _account(account)


def give_key(state: State, username: str, key: str, scopes: list[str] | None = None) -> None:
    """Give an account an API key, with all scopes unless told otherwise."""
    wanted = {Scope(scope) for scope in scopes} if scopes is not None else set(Scope)
    state.world.accounts.give_key(username, key, wanted)


def revoke_key(state: State, key: str) -> None:
    """Take an API key away."""
    state.world.accounts.revoke_key(key)


def fund(state: State, username: str, amount: int, currency: str = "BTC") -> None:
    """Give a wallet sats or cents from outside."""
    state.world.payments.fund(_wallet(state, username, currency), amount)


def set_price(state: State, currency: str, minor_units_per_btc: int) -> None:
    """Set the price of one bitcoin in whole minor units."""
    state.world.set_price(currency, minor_units_per_btc)


def set_price_offline(state: State, *, offline: bool) -> None:
    """Let the price service fail, or come back."""
    state.world.prices.offline = offline


def advance(state: State, seconds: float) -> float:
    """Move the clock; the new Unix time."""
    state.world.advance(seconds)
    return state.world.clock.now()


def settings(state: State, **changes: int | str | list[int] | None) -> Result:
    """Change settings by name; all of them as they are now."""
    known = asdict(state.world.settings)
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"no such setting: {name}")
        changed = tuple(value) if isinstance(value, list) else value
        setattr(state.world.settings, name, changed)
    return asdict(state.world.settings)


def lock_wallet(state: State, username: str, lock_seconds: float, currency: str = "BTC") -> bool:
    """Hold a wallet's lock as another server would; False when it is taken."""
    return state.world.locks.try_take(_wallet(state, username, currency).id, lock_seconds)


def free_wallet(state: State, username: str, currency: str = "BTC") -> None:
    """Give that lock back."""
    state.world.locks.free(_wallet(state, username, currency).id)


def _wallet(state: State, username: str, currency: str) -> Wallet:
    wallet = state.world.accounts.by_username(username).wallet(Currency(currency))
    if wallet is None:
        raise ValueError(f"{username} has no {currency} wallet")
    return wallet


def _account(account: Account) -> Result:
    return {
        "id": account.id,
        "username": account.username,
        "wallets": {wallet.currency: wallet.id for wallet in account.wallets},
        "default_wallet_id": account.default_wallet_id,
        "receive_disabled": account.receive_disabled,
    }


def _invoice(state: State, invoice: Invoice) -> Result:
    said = invoice.status(state.world.clock.seconds())
    status = {"PENDING": "open", "PAID": "paid", "EXPIRED": "expired"}[said]
    if invoice.cancelled and status != "paid":
        status = "cancelled"
    return {
        "status": status,
        "owner": state.world.accounts.owner(invoice.wallet).username,
        "currency": invoice.wallet.currency,
        "on_behalf": invoice.on_behalf,
        "sats": invoice.sats,
        "cents": invoice.cents,
        "memo": invoice.terms.memo,
        "payment_hash": invoice.payment_hash,
        "payment_request": invoice.payment_request,
        "external_id": invoice.external_id,
        "created_at": invoice.terms.date,
        "expires_at": invoice.expires_at,
        "paid_at": invoice.paid_at,
        "received": invoice.received,
    }


def _entry(entry: Entry, names: dict[str, str]) -> Result:
    return {
        "number": entry.number,
        "at": entry.at,
        "reason": entry.reason,
        "payment_hash": entry.payment_hash,
        "external_id": entry.external_id,
        "postings": [
            {
                "holder": names.get(posting.holder, posting.holder),
                "currency": posting.currency,
                "amount": posting.amount,
            }
            for posting in entry.postings
        ],
    }


def _transaction(transaction: Transaction) -> Result:
    return {
        "id": transaction.id,
        "direction": transaction.direction,
        "status": transaction.status,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "created_at": transaction.created_at,
        "memo": transaction.memo,
        "external_id": transaction.external_id,
        "payment_hash": transaction.payment_hash,
        "other_username": transaction.other_username,
        "settled_inside": transaction.settled_inside,
    }


_ALL: list[Callable[..., object]] = [
    invoices,
    pay,
    send,
    create_invoice,
    resolve,
    in_flight,
    balances,
    ledger,
    verify,
    transactions,
    accounts,
    open_account,
    change_account,
    give_key,
    revoke_key,
    fund,
    set_price,
    set_price_offline,
    advance,
    settings,
    lock_wallet,
    free_wallet,
]
COMMANDS = {command.__name__: command for command in _ALL}
