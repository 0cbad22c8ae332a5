"""Mutations: their errors travel in the payload."""

import asyncio
from collections.abc import Awaitable, Callable

from ariadne import MutationType

from . import bolt11_text
from .accounts import Currency, Scope
from .context import Context, Info, context_of
from .faults import FaultKind
from .invoices import Invoice, InvoiceOrder
from .payments import SendStatus, Sent
from .refusals import Refusal, lightning_error
from .scalars import check
from .views import View, invoice_view, transaction_view

mutation = MutationType()
Input = dict[str, object]
Resolver = Callable[[Context, Input], Awaitable[View]]


def _payload(name: str, **on_refusal: object) -> Callable[[Resolver], Resolver]:
    """Make a resolver of `name` whose refusals become the payload's errors."""

    def decorate(work: Resolver) -> Resolver:
        async def resolve(
            _: object,
            info: Info,
            input: Input,  # noqa: A002 - GraphQL's name
        ) -> View:
            context = context_of(info)
            fault = context.fault_of(FaultKind.PAYLOAD_ERROR)
            done: View = {}
            try:
                if fault is None or fault.processed:
                    done = await work(context, input)
            except Refusal as error:
                refusal = error
            else:
                if fault is None:
                    return {"errors": [], **done}
                refusal = Refusal(fault.code, fault.message)
            # Blink answers FAILURE for what its rules refuse, null for what scalars do.
            told = on_refusal if refusal.code is not None else {}
            return {"errors": [error_view(refusal, name)], **told}

        mutation.set_field(name, resolve)
        return work

    return decorate


def error_view(refusal: Refusal, name: str) -> View:
    """`Error`; what scalars refuse carries neither code nor path."""
    return {
        "__typename": "GraphQLApplicationError",
        "code": refusal.code,
        "message": refusal.message,
        "path": None if refusal.code is None else [name],
    }


@_payload("lnInvoiceCreate")
async def create_invoice(context: Context, asked: Input) -> View:
    """An invoice on a BTC wallet of the account that asks."""
    context.account(Scope.RECEIVE)
    check(*asked.values())
    wallet = context.own_wallet(str(asked["walletId"]), Scope.RECEIVE)
    order = _order(asked, sats=asked["amount"])
    invoice = context.world.invoices.create(wallet, Currency.BTC, order, on_behalf=False)
    return _created(context, invoice)


@_payload("lnUsdInvoiceCreate")
async def create_usd_invoice(context: Context, asked: Input) -> View:
    """An invoice on a USD wallet of the account that asks, its amount in cents."""
    context.account(Scope.RECEIVE)
    check(*asked.values())
    wallet = context.own_wallet(str(asked["walletId"]), Scope.RECEIVE)
    order = _order(asked, cents=asked["amount"])
    invoice = context.world.invoices.create(wallet, Currency.USD, order, on_behalf=False)
    return _created(context, invoice)


@_payload("lnInvoiceCreateOnBehalfOfRecipient")
async def create_for_recipient(context: Context, asked: Input) -> View:
    """An invoice on anybody's BTC wallet: no key is needed."""
    return _on_behalf(context, asked, Currency.BTC)


@_payload("lnUsdInvoiceBtcDenominatedCreateOnBehalfOfRecipient")
async def create_usd_for_recipient(context: Context, asked: Input) -> View:
    """An invoice on anybody's USD wallet, its amount in sats at today's price."""
    return _on_behalf(context, asked, Currency.USD)


@_payload("lnInvoiceCancel", success=False)
async def cancel_invoice(context: Context, asked: Input) -> View:
    """Cancel an unpaid invoice of the account that asks."""
    context.account(Scope.RECEIVE)
    check(*asked.values())
    wallet = context.own_wallet(str(asked["walletId"]), Scope.RECEIVE)
    context.world.invoices.cancel(wallet, str(asked["paymentHash"]))
    context.hub.touch()
    return {"success": True}


@_payload("lnInvoiceFeeProbe")
async def probe_fee(context: Context, asked: Input) -> View:
    """Inside Blink nothing is charged."""
    check(*asked.values())
    context.own_wallet(str(asked["walletId"]), Scope.READ)
    return {"amount": 0}


@_payload("lnInvoicePaymentSend", status=SendStatus.FAILURE)
async def send_payment(context: Context, asked: Input) -> View:
    """Pay an invoice out of a wallet of the account that asks."""
    context.account(Scope.WRITE)
    check(*asked.values())
    world = context.world
    wallet = context.own_wallet(str(asked["walletId"]), Scope.WRITE)
    request = str(asked["paymentRequest"]).removeprefix("lightning:")
    fault = context.fault_of(FaultKind.SEND_STATUS)
    pending = fault is not None and fault.status == SendStatus.PENDING
    payment_hash = world.payments.begin(wallet, request)
    try:
        await world.locks.take(wallet.id)
        try:
            await asyncio.sleep(world.settings.send_work_milliseconds / 1000)
            sent = world.payments.pay(wallet, request, _memo(asked), pending=pending)
        finally:
            world.locks.free(wallet.id)
    finally:
        world.payments.end(payment_hash)
        context.hub.touch()
    if fault is not None and fault.status == SendStatus.FAILURE:
        raise lightning_error(fault.message)
    return _sent(context, sent, sent.status if fault is None or pending else fault.status)


@_payload("intraLedgerPaymentSend", status=SendStatus.FAILURE)
async def send_plainly(context: Context, asked: Input) -> View:
    """From wallet to wallet, without any protection against a repeat."""
    context.account(Scope.WRITE)
    check(*asked.values())
    world = context.world
    wallet = context.own_wallet(str(asked["walletId"]), Scope.WRITE)
    to = world.accounts.wallet(str(asked["recipientWalletId"]))
    amount = asked["amount"]
    assert isinstance(amount, int)
    await world.locks.take(wallet.id)
    try:
        sent = world.payments.send_plainly(wallet, to, amount, _memo(asked))
    finally:
        world.locks.free(wallet.id)
    return _sent(context, sent, sent.status)


def _on_behalf(context: Context, asked: Input, currency: Currency) -> View:
    check(*asked.values())
    world = context.world
    wallet = world.accounts.wallet(str(asked["recipientWalletId"]))
    order = _order(asked, sats=asked["amount"])
    return _created(context, world.invoices.create(wallet, currency, order, on_behalf=True))


def _order(asked: Input, *, sats: object = None, cents: object = None) -> InvoiceOrder:
    minutes, external_id = asked.get("expiresIn"), asked.get("externalId")
    description_hash = asked.get("descriptionHash")
    return InvoiceOrder(
        sats=sats if isinstance(sats, int) else None,
        cents=cents if isinstance(cents, int) else None,
        memo=_memo(asked),
        minutes=minutes if isinstance(minutes, int) else None,
        external_id=None if external_id is None else str(external_id),
        description_hash=None if description_hash is None else str(description_hash),
    )


def _memo(asked: Input) -> str | None:
    memo = asked.get("memo")
    return None if memo is None else str(memo)


def _created(context: Context, invoice: Invoice) -> View:
    context.hub.touch()
    fault = context.fault_of(FaultKind.WRONG_INVOICE)
    if fault is None:
        return {"invoice": invoice_view(context.world, invoice)}
    wrong = bolt11_text.write(bolt11_text.falsify(invoice.terms, fault.field))
    return {"invoice": invoice_view(context.world, invoice, wrong)}


def _sent(context: Context, sent: Sent, status: object) -> View:
    shown = sent.transaction and transaction_view(context.world, sent.transaction)
    return {"status": str(status), "transaction": shown}
