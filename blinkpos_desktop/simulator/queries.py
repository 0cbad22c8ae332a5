"""Queries and the fields with arguments below them."""

from collections.abc import Callable
from typing import cast

from ariadne import ObjectType, QueryType

from .accounts import Account, Currency, Scope, Wallet
from .bolt11_text import NODE_KEY
from .context import Context, Info, context_of
from .currencies import CURRENCIES
from .invoices import Invoice
from .refusals import TopLevelRefusal
from .scalars import check_query
from .views import (
    View,
    connection,
    currency_view,
    invoice_view,
    public_wallet,
    realtime_price,
    status_view,
    transaction_view,
    user_view,
    wallet_view,
)

query = QueryType()
account_type = ObjectType("ConsumerAccount")
wallet_types = [ObjectType("BTCWallet"), ObjectType("UsdWallet")]


def invoice_by_request(context: Context, payment_request: str) -> Invoice:
    """The invoice of that text."""
    for invoice in context.world.invoices.all():
        if invoice.payment_request == payment_request:
            return invoice
    raise TopLevelRefusal("Couldn't find invoice for payment request")


@query.field("accountDefaultWallet")
def resolve_default_wallet(
    _: object, info: Info, username: str, walletCurrency: str | None = None
) -> View:
    """The wallet that a username's money goes to: no key is needed."""
    check_query(username)
    accounts = context_of(info).world.accounts
    account = accounts.by_username(username)
    if walletCurrency is None:
        return public_wallet(accounts.wallet(account.default_wallet_id))
    wallet = account.wallet(Currency(walletCurrency))
    if wallet is None:
        raise TopLevelRefusal(
            f"Account for username {username} does not have a {walletCurrency} wallet"
        )
    return public_wallet(wallet)


@query.field("usernameAvailable")
def resolve_username_available(_: object, info: Info, username: str) -> bool:
    """Whether nobody has that username."""
    check_query(username)
    try:
        context_of(info).world.accounts.by_username(username)
    except TopLevelRefusal:
        return True
    return False


@query.field("authorization")
def resolve_authorization(_: object, info: Info) -> View:
    """The key's scopes."""
    identity = context_of(info).identity
    if identity is None:
        raise TopLevelRefusal("Not authorized")
    return {"scopes": sorted(identity.scopes)}


@query.field("currencyList")
def resolve_currencies(_: object, _info: Info) -> list[View]:
    """All display currencies."""
    return [currency_view(currency) for currency in CURRENCIES]


@query.field("globals")
def resolve_globals(_: object, info: Info) -> View:
    """The network, and what else needs no key."""
    settings = context_of(info).world.settings
    return {
        "network": settings.stated_network or settings.network,
        "lightningAddressDomain": "localhost",
        "nodesIds": [NODE_KEY],
    }


@query.field("me")
def resolve_me(_: object, info: Info) -> View:
    """The account that asks."""
    context = context_of(info)
    return user_view(context.world, context.account(Scope.READ))


@query.field("realtimePrice")
def resolve_price(_: object, info: Info, currency: str = "USD") -> View:
    """The price of a sat and of a US cent."""
    check_query(currency)
    world = context_of(info).world
    if world.prices.offline:
        raise TopLevelRefusal("Realtime price is currently offline")
    return realtime_price(world, currency)


@query.field("lnInvoicePaymentStatusByHash")
def resolve_status_by_hash(_: object, info: Info, input: dict[str, str]) -> View:  # noqa: A002 - GraphQL's name
    """Whether an invoice has been paid: no key is needed."""
    check_query(*input.values())
    world = context_of(info).world
    return status_view(world, world.invoices.get(input["paymentHash"]))


@query.field("lnInvoicePaymentStatusByPaymentRequest")
def resolve_status_by_request(_: object, info: Info, input: dict[str, str]) -> View:  # noqa: A002 - GraphQL's name
    """The same, by the invoice's text."""
    check_query(*input.values())
    context = context_of(info)
    return status_view(context.world, invoice_by_request(context, input["paymentRequest"]))


@account_type.field("walletById")
def resolve_wallet(parent: View, info: Info, walletId: str) -> View:
    """One of the account's wallets."""
    account = cast("Account", parent["account"])
    for wallet in account.wallets:
        if wallet.id == walletId:
            return wallet_view(context_of(info).world, wallet)
    raise TopLevelRefusal(f"Wallet does not exist for id {walletId}")


@account_type.field("transactions")
def resolve_account_transactions(
    parent: View,
    info: Info,
    walletIds: list[str] | None = None,
    **page: int | str | None,
) -> View:
    """The account's transactions, newest first."""
    account = cast("Account", parent["account"])
    return _transactions(context_of(info), _own(account, walletIds), page)


@account_type.field("invoices")
def resolve_account_invoices(
    parent: View,
    info: Info,
    walletIds: list[str] | None = None,
    **page: int | str | None,
) -> View:
    """The account's invoices, newest first."""
    account = cast("Account", parent["account"])
    return _invoices(context_of(info), _own(account, walletIds), page)


def resolve_transactions(parent: View, info: Info, **page: int | str | None) -> View:
    """The wallet's transactions, newest first."""
    return _transactions(context_of(info), {_wallet(parent).id}, page)


def resolve_invoices(parent: View, info: Info, **page: int | str | None) -> View:
    """The wallet's invoices, newest first."""
    return _invoices(context_of(info), {_wallet(parent).id}, page)


def resolve_invoice(parent: View, info: Info, paymentHash: str) -> View:
    """The wallet's invoice of that hash."""
    check_query(paymentHash)
    world = context_of(info).world
    invoice = world.invoices.find(paymentHash)
    if invoice is None or invoice.wallet.id != _wallet(parent).id:
        raise TopLevelRefusal(f"Couldn't find invoice for payment hash: {paymentHash}")
    return invoice_view(world, invoice)


def resolve_transaction(parent: View, info: Info, transactionId: str) -> View:
    """The wallet's transaction of that id."""
    world = context_of(info).world
    for transaction in world.transactions.of_wallets({_wallet(parent).id}):
        if transaction.id == transactionId:
            return transaction_view(world, transaction)
    raise TopLevelRefusal(f"Couldn't find transaction for id: {transactionId}")


def resolve_by_hash(parent: View, info: Info, paymentHash: str) -> list[View]:
    """The wallet's transactions of that hash."""
    check_query(paymentHash)
    world = context_of(info).world
    found = world.transactions.of_hash(_wallet(parent).id, paymentHash)
    return [transaction_view(world, transaction) for transaction in found]


def resolve_by_request(parent: View, info: Info, paymentRequest: str) -> list[View]:
    """The wallet's transactions of that invoice's text."""
    check_query(paymentRequest)
    world = context_of(info).world
    found = world.transactions.of_wallets({_wallet(parent).id})
    return [transaction_view(world, t) for t in found if t.payment_request == paymentRequest]


_WALLET_FIELDS: dict[str, Callable[..., object]] = {
    "transactions": resolve_transactions,
    "invoices": resolve_invoices,
    "invoiceByPaymentHash": resolve_invoice,
    "transactionById": resolve_transaction,
    "transactionsByPaymentHash": resolve_by_hash,
    "transactionsByPaymentRequest": resolve_by_request,
}
for _type in wallet_types:
    for _name, _resolver in _WALLET_FIELDS.items():
        _type.set_field(_name, _resolver)


def _wallet(parent: View) -> Wallet:
    return cast("Wallet", parent["wallet"])


def _own(account: Account, wallet_ids: list[str] | None) -> set[str]:
    own = {wallet.id for wallet in account.wallets}
    if wallet_ids is None:
        return own
    if not set(wallet_ids) <= own:
        raise TopLevelRefusal("Invalid wallet")
    return set(wallet_ids)


def _transactions(
    context: Context, wallet_ids: set[str], page: dict[str, int | str | None]
) -> View:
    found = context.world.transactions.of_wallets(wallet_ids)
    nodes = [transaction_view(context.world, transaction) for transaction in found]
    return _page(nodes, "id", page)


def _invoices(context: Context, wallet_ids: set[str], page: dict[str, int | str | None]) -> View:
    found = context.world.invoices.of_wallets(wallet_ids)
    nodes = [invoice_view(context.world, invoice) for invoice in found]
    return _page(nodes, "paymentHash", page)


def _page(nodes: list[View], cursor: str, page: dict[str, int | str | None]) -> View:
    return connection(
        nodes,
        cursor=cursor,
        first=cast("int | None", page.get("first")),
        after=cast("str | None", page.get("after")),
        last=cast("int | None", page.get("last")),
        before=cast("str | None", page.get("before")),
    )
