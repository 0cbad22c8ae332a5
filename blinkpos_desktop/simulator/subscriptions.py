"""Subscriptions, each a generator over its queue of events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ariadne import SubscriptionType

from .accounts import Account, Scope
from .context import Context, Info, context_of
from .events import Event, IntraLedgerMoved, LightningReceived, PriceMoved
from .hub import events_of
from .invoices import Invoice, InvoiceStatus
from .queries import invoice_by_request
from .refusals import TopLevelRefusal
from .scalars import check_query
from .views import (
    View,
    intraledger_update,
    ln_update,
    old_price,
    realtime_price,
    status_view,
    user_view,
)

subscription = SubscriptionType()
_SOON_SECONDS = 0.05


@subscription.source("myUpdates")
async def my_updates(_: object, info: Info) -> AsyncGenerator[View, None]:
    """First the price, then what happens to the account; a wrong key gets its errors."""
    context = context_of(info)
    if context.identity is None or Scope.READ not in context.identity.scopes:
        # The field's resolver refuses: so the error travels in a `next`, and then it is over.
        yield {}
        return
    account, world = context.identity.account, context.world
    with context.hub.subscribe("myUpdates", account.id) as subscriber:
        if account.display_currency == "USD":
            first = [realtime_price(world, "USD"), old_price(world)]
        else:
            first = [realtime_price(world, account.display_currency)]
        for update in first:
            yield _update(context, account, update)
        async with aclosing(events_of(subscriber, lambda: None)) as events:
            async for event in events:
                update_or_none = event and _account_update(context, account, event)
                if update_or_none:
                    yield _update(context, account, update_or_none)


@subscription.field("myUpdates")
def resolve_my_updates(payload: View, info: Info) -> View:
    """The event itself, for who may see it."""
    context_of(info).account(Scope.READ)
    return payload


@subscription.source("lnInvoicePaymentStatusByHash")
async def status_by_hash(
    _: object,
    info: Info,
    input: dict[str, str],  # noqa: A002 - GraphQL's name
) -> AsyncGenerator[View, None]:
    """The invoice's status now, and when it changes: no key is needed."""
    context = context_of(info)
    try:
        check_query(*input.values())
        invoice = context.world.invoices.get(input["paymentHash"])
    except TopLevelRefusal as refusal:
        yield _refused(refusal)
        return
    async with aclosing(_statuses(context, invoice)) as statuses:
        async for status in statuses:
            yield status


@subscription.source("lnInvoicePaymentStatusByPaymentRequest")
async def status_by_request(
    _: object,
    info: Info,
    input: dict[str, str],  # noqa: A002 - GraphQL's name
) -> AsyncGenerator[View, None]:
    """The same, by the invoice's text."""
    context = context_of(info)
    try:
        check_query(*input.values())
        invoice = invoice_by_request(context, input["paymentRequest"])
    except TopLevelRefusal as refusal:
        yield _refused(refusal)
        return
    async with aclosing(_statuses(context, invoice)) as statuses:
        async for status in statuses:
            yield status


@subscription.source("realtimePrice")
async def price_updates(
    _: object,
    info: Info,
    input: dict[str, str],  # noqa: A002 - GraphQL's name
) -> AsyncGenerator[View, None]:
    """The price now, and whenever it changes."""
    context, currency = context_of(info), input["currency"]
    try:
        check_query(*input.values())
        context.world.prices.currency(currency)
    except TopLevelRefusal as refusal:
        yield _refused(refusal)
        return
    with context.hub.subscribe("realtimePrice", currency) as subscriber:
        yield {"errors": [], "realtimePrice": realtime_price(context.world, currency)}
        async with aclosing(events_of(subscriber, lambda: None)) as events:
            async for event in events:
                if isinstance(event, PriceMoved) and event.currency in {currency, "USD"}:
                    price = realtime_price(context.world, currency)
                    yield {"errors": [], "realtimePrice": price}


@subscription.field("lnInvoicePaymentStatusByHash")
@subscription.field("lnInvoicePaymentStatusByPaymentRequest")
@subscription.field("realtimePrice")
def resolve_event(payload: View, _info: Info, **_input: object) -> View:
    """The event itself."""
    return payload


async def _statuses(context: Context, invoice: Invoice) -> AsyncGenerator[View, None]:
    world = context.world
    with context.hub.subscribe("status", invoice.payment_hash) as subscriber:
        told: InvoiceStatus | None = None

        def until_expiry() -> float | None:
            if told is not InvoiceStatus.PENDING:
                return None
            return max(_SOON_SECONDS, invoice.expires_at - world.clock.now())

        async with aclosing(events_of(subscriber, until_expiry)) as events:
            while True:
                status = invoice.status(world.clock.seconds())
                if status is not told:
                    told = status
                    yield {"errors": [], **status_view(world, invoice)}
                await anext(events)


def _refused(refusal: TopLevelRefusal) -> View:
    """A subscription that can't begin says so in its one event, and is over."""
    error = {"__typename": "GraphQLApplicationError", "message": str(refusal)}
    return {"errors": [error]}


def _update(context: Context, account: Account, update: View) -> View:
    return {"errors": [], "me": user_view(context.world, account), "update": update}


def _account_update(context: Context, account: Account, event: Event) -> View | None:
    world, as_object = context.world, context.hub.faults.created_at_as_object
    match event:
        case LightningReceived(account_id=account.id):
            return ln_update(world, event.transaction, created_as_object=as_object)
        case IntraLedgerMoved(account_id=account.id):
            return intraledger_update(world, event.transaction, created_as_object=as_object)
        case PriceMoved():
            return realtime_price(world, account.display_currency)
        case _:
            return None
