"""The world's objects as GraphQL's resolvers want them."""

from collections.abc import Sequence
from fractions import Fraction

from .accounts import Account, Wallet
from .currencies import DisplayCurrency
from .invoices import Invoice
from .prices import Quote
from .transactions import Direction, Transaction
from .world import World

View = dict[str, object]
_WALLET_TYPES = {"BTC": "BTCWallet", "USD": "UsdWallet"}
_MAX_PAGE = 100


def public_wallet(wallet: Wallet) -> View:
    """`PublicWallet`."""
    return {"id": wallet.id, "currency": wallet.currency, "walletCurrency": wallet.currency}


def wallet_view(world: World, wallet: Wallet) -> View:
    """`Wallet`; its lists are resolved in `queries`."""
    return {
        "__typename": _WALLET_TYPES[wallet.currency],
        "wallet": wallet,
        "id": wallet.id,
        "accountId": wallet.account_id,
        "balance": world.balance(wallet),
        "pendingIncomingBalance": 0,
        "walletCurrency": wallet.currency,
    }


def account_view(world: World, account: Account) -> View:
    """`ConsumerAccount`."""
    limit = {
        "__typename": "OneDayAccountLimit",
        "interval": 86_400,
        "remainingLimit": world.daily.remaining(account),
        "totalLimit": world.daily.total(account),
    }
    default = world.accounts.wallet(account.default_wallet_id)
    return {
        "__typename": "ConsumerAccount",
        "account": account,
        "id": account.id,
        "level": account.level,
        "displayCurrency": account.display_currency,
        "defaultWalletId": default.id,
        "defaultWallet": public_wallet(default),
        "wallets": [wallet_view(world, wallet) for wallet in account.wallets],
        "limits": {"convert": [limit], "internalSend": [limit], "withdrawal": [limit]},
        "realtimePrice": realtime_price(world, account.display_currency),
    }


def user_view(world: World, account: Account) -> View:
    """`User`."""
    return {
        "id": account.user_id,
        "username": account.username,
        "language": "",
        "createdAt": world.clock.seconds(),
        "defaultAccount": account_view(world, account),
    }


def invoice_view(world: World, invoice: Invoice, payment_request: str | None = None) -> View:
    """`LnInvoice`; another `payment_request` than its own is a fault."""
    return {
        "__typename": "LnInvoice",
        "createdAt": invoice.terms.date,
        "externalId": invoice.external_id,
        "paymentHash": invoice.payment_hash,
        "paymentRequest": payment_request or invoice.payment_request,
        "paymentSecret": invoice.terms.payment_secret,
        "paymentStatus": invoice.status(world.clock.seconds()),
        "satoshis": invoice.sats,
    }


def status_view(world: World, invoice: Invoice) -> View:
    """`LnInvoicePaymentStatus`; the preimage is shown once it is paid."""
    return {
        "paymentHash": invoice.payment_hash,
        "paymentRequest": invoice.payment_request,
        "paymentPreimage": invoice.preimage if invoice.paid_at is not None else None,
        "status": invoice.status(world.clock.seconds()),
    }


def currency_view(currency: DisplayCurrency) -> View:
    """`Currency`."""
    return {
        "id": currency.id,
        "name": currency.name,
        "symbol": currency.symbol,
        "flag": currency.flag,
        "fractionDigits": currency.fraction_digits,
    }


def realtime_price(world: World, currency_id: str) -> View:
    """`RealtimePrice`."""
    currency = world.prices.currency(currency_id)
    per_sat = Quote.of(world.prices.per_sat(currency_id))
    per_cent = Quote.of(world.prices.per_cent(currency_id))
    return {
        "__typename": "RealtimePrice",
        "id": currency.id,
        "timestamp": world.clock.seconds(),
        "denominatorCurrency": currency.id,
        "denominatorCurrencyDetails": currency_view(currency),
        "btcSatPrice": _quote(per_sat, "MINOR"),
        "usdCentPrice": _quote(per_cent, "MINOR"),
    }


def old_price(world: World) -> View:
    """`Price`, deprecated: still pushed first to accounts that show US dollars."""
    quote = Quote.of(world.prices.per_sat("USD"))
    return {"__typename": "Price", **_quote(quote, "USDCENT"), "formattedAmount": ""}


def transaction_view(
    world: World, transaction: Transaction, *, created_as_object: bool = False
) -> View:
    """`Transaction`."""
    owner = world.accounts.owner(transaction.wallet)
    per_unit = (
        world.prices.per_sat(owner.display_currency)
        if transaction.currency == "BTC"
        else world.prices.per_cent(owner.display_currency)
    )
    digits = world.prices.currency(owner.display_currency).fraction_digits
    return {
        "id": transaction.id,
        # A date that went through JSON twice, as Blink's WebSocket events show it at times.
        "createdAt": {} if created_as_object else transaction.created_at,
        "direction": transaction.direction,
        "externalId": transaction.external_id,
        "memo": transaction.memo,
        "settlementAmount": transaction.amount,
        "settlementCurrency": transaction.currency,
        "settlementFee": 0,
        "settlementDisplayAmount": _major(transaction.amount * per_unit, digits),
        "settlementDisplayCurrency": owner.display_currency,
        "settlementDisplayFee": _major(Fraction(0), digits),
        "settlementPrice": {**_quote(Quote.of(per_unit), "MINOR"), "formattedAmount": ""},
        "status": transaction.status,
        "initiationVia": _initiation(transaction),
        "settlementVia": _settlement(transaction),
    }


def ln_update(world: World, transaction: Transaction, *, created_as_object: bool) -> View:
    """`LnUpdate`."""
    return {
        "__typename": "LnUpdate",
        "paymentHash": transaction.payment_hash,
        "status": "PAID",
        "walletId": transaction.wallet.id,
        "transaction": transaction_view(world, transaction, created_as_object=created_as_object),
    }


def intraledger_update(world: World, transaction: Transaction, *, created_as_object: bool) -> View:
    """`IntraLedgerUpdate`."""
    received = transaction.direction is Direction.RECEIVE
    return {
        "__typename": "IntraLedgerUpdate",
        "amount": abs(transaction.amount),
        "displayCurrencyPerSat": 0.0,
        "usdPerSat": 0.0,
        "walletId": transaction.wallet.id,
        "txNotificationType": "IntraLedgerReceipt" if received else "IntraLedgerPayment",
        "transaction": transaction_view(world, transaction, created_as_object=created_as_object),
    }


def connection(
    nodes: Sequence[View],
    *,
    cursor: str,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> View:
    """A page of `nodes`; the cursor of a node is its field of the name `cursor`."""
    cursors = [str(node[cursor]) for node in nodes]
    start = cursors.index(after) + 1 if after in cursors else 0
    end = cursors.index(before) if before in cursors else len(nodes)
    low, high = start, end
    if last is not None and first is None:
        low = max(start, end - min(last, _MAX_PAGE))
    else:
        high = min(end, start + min(_MAX_PAGE if first is None else first, _MAX_PAGE))
    page = list(nodes[low:high])
    return {
        "edges": [{"cursor": str(node[cursor]), "node": node} for node in page],
        "pageInfo": {
            "startCursor": str(page[0][cursor]) if page else None,
            "endCursor": str(page[-1][cursor]) if page else None,
            "hasNextPage": high < end,
            "hasPreviousPage": low > start,
        },
    }


def _quote(quote: Quote, unit: str) -> View:
    return {"base": quote.base, "offset": quote.offset, "currencyUnit": unit}


def _major(minor: Fraction, digits: int) -> str:
    """Minor units as text in the major unit, rounded half away from zero."""
    whole = int(abs(minor) + Fraction(1, 2))
    sign = "-" if minor < 0 and whole else ""
    if not digits:
        return f"{sign}{whole}"
    text = str(whole).zfill(digits + 1)
    return f"{sign}{text[:-digits]}.{text[-digits:]}"


def _initiation(transaction: Transaction) -> View:
    if transaction.payment_hash is None:
        return {"__typename": "InitiationViaIntraLedger", **_other_side(transaction)}
    return {
        "__typename": "InitiationViaLn",
        "paymentHash": transaction.payment_hash,
        "paymentRequest": transaction.payment_request,
    }


def _settlement(transaction: Transaction) -> View:
    if transaction.settled_inside:
        return {
            "__typename": "SettlementViaIntraLedger",
            **_other_side(transaction),
            "preImage": transaction.preimage,
        }
    return {
        "__typename": "SettlementViaLn",
        "paymentSecret": None,
        "preImage": transaction.preimage,
    }


def _other_side(transaction: Transaction) -> View:
    return {
        "counterPartyUsername": transaction.other_username,
        "counterPartyWalletId": transaction.other_wallet_id,
    }
