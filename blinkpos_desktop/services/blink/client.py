"""Blink over HTTP (``services.ports.BlinkGateway``). GraphQL is known in this folder only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from blinkpos_desktop.domain.blink import (
    Account,
    Allowance,
    BelowOneCentError,
    BlinkRefusedError,
    CannotReceiveError,
    IdTakenError,
    InvoiceStatus,
    RateLimitedError,
    RecipientWallet,
    Scope,
    SendAnswer,
    TransactionPage,
    TransactionStatus,
    UnknownRecipientError,
)
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.domain.money import Currency, Price
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.domain.transfer import RecipientInvoice
from blinkpos_desktop.services.blink import invoices, wire
from blinkpos_desktop.services.blink.gate import BUSY, Urgency
from blinkpos_desktop.services.blink.transport import Transport

RECIPIENT_MINUTES: Final = 24 * 60
PAY_SECONDS: Final = 30.0
FRESH_SECONDS: Final = 10.0
"""A payment leaves within so much boot time after its intent was written, or not at all."""
STATUS_SECONDS: Final = 5.0
"""A question that can be asked again soon must not hold up the next invoice's."""
PAGE_SIZE: Final = 100
"""Blink gives no more at once."""
_NO_SUCH = re.compile(
    r"not found|(does not|doesn't) (exist|have)|could(n't| not) find"
    r"|no (account|user|wallet)|invalid",
    re.IGNORECASE,
)
_ID_TAKEN = re.compile(r"external ?id\b.*already exists", re.IGNORECASE | re.DOTALL)
_BELOW_A_CENT = re.compile(r"too low for recipient", re.IGNORECASE)


class BlinkClient:
    """The gateway to Blink. See the port for what each method promises."""

    def __init__(self, transport: Transport) -> None:
        """Take the transport to one endpoint."""
        self._transport = transport

    async def account(self) -> Account:
        """Return the key's own account, its scopes and the network.

        With a key of its own for paying, WRITE is that one's to have.

        Raises:
            SettingsError: a key is wrong, or the key for paying is another account's.
        """
        own = wire.account(await self._transport.call("account"))
        return own if not self._transport.has_paying_key else with_payer(own, await self.payer())

    async def payer(self) -> Account:
        """Return the account of the key for paying.

        Raises:
            SettingsError: that key is wrong, or may not even read whose it is.
        """
        try:
            return wire.account(await self._transport.call("account", paying=True))
        except SettingsError as error:
            raise SettingsError(
                "Blink does not accept the key for paying: it needs READ and WRITE, "
                "check BLINKPOS_PAYOUT_KEY.",
                cause=error.cause,
            ) from error

    async def allowance(self) -> Allowance | None:
        """Return what may still be sent inside Blink today; ``None`` when Blink does not say."""
        return wire.allowance(await self._transport.call("limits"))

    async def currencies(self) -> Sequence[Currency]:
        """Return all the currencies that Blink lists."""
        return wire.currencies(await self._transport.call("currencies", keyed=False))

    async def price(self, currency: Currency) -> Price:
        """Return what one sat costs now, in ``currency``'s minor units."""
        try:
            data = await self._transport.call("price", {"currency": currency.code}, keyed=False)
        except BlinkRefusedError as error:
            # Its price service is away: that passes, and must not end the day's selling.
            raise UnavailableError(
                f"Blink has no price for {currency.code} now: try again.", cause=error.cause
            ) from error
        return wire.price(data, currency)

    async def recipient(self, username: str) -> RecipientWallet:
        """Return a username's BTC wallet, or its USD wallet when it has no other."""
        for name in ("recipient_btc", "recipient_default"):
            try:
                data = await self._transport.call(name, {"username": username}, keyed=False)
            except BlinkRefusedError as error:
                if not _NO_SUCH.search(error.cause) and error.code != "NOT_FOUND":
                    raise
                continue
            return wire.recipient(data, username)
        raise UnknownRecipientError(
            f"Blink knows nobody named {username}: check the spelling.", code="NOT_FOUND"
        )

    async def create_invoice(
        self, account: Account, *, sats: int, memo: str, minutes: int, external_id: str
    ) -> Invoice:
        """Make the customer's invoice, decode and check it."""
        request = {
            "walletId": account.btc_wallet_id,
            "amount": sats,
            "memo": memo,
            "expiresIn": minutes,
            "externalId": external_id,
        }
        payload = await self._mutate(
            "create_invoice", "lnInvoiceCreate", request, urgency=Urgency.COUNTER
        )
        made = wire.invoice(payload)
        decoded = invoices.check(
            made.payment_request,
            payment_hash=made.payment_hash,
            sats=sats,
            network=account.network,
            life=minutes * 60,
        )
        return Invoice(
            payment_request=made.payment_request,
            payment_hash=decoded.payment_hash,
            sats=sats,
            expires_at=decoded.expires_at,
        )

    async def create_recipient_invoice(
        self, account: Account, to: RecipientWallet, *, sats: int, memo: str, external_id: str
    ) -> RecipientInvoice:
        """Make an invoice on behalf of a recipient, decode and check it.

        In a BTC wallet it lives 24 hours; in a USD wallet Blink fixes the price
        in it and lets it live 5 minutes at most.
        """
        request: dict[str, Any] = {
            "recipientWalletId": to.wallet_id,
            "amount": sats,
            "memo": memo,
            "externalId": external_id,
        }
        name, field = "create_recipient_invoice", "lnInvoiceCreateOnBehalfOfRecipient"
        if to.is_usd:
            name = "create_usd_recipient_invoice"
            field = "lnUsdInvoiceBtcDenominatedCreateOnBehalfOfRecipient"
        else:
            request["expiresIn"] = RECIPIENT_MINUTES
        payload = await self._mutate(name, field, request, keyed=False)
        made = wire.invoice(payload)
        decoded = invoices.check(
            made.payment_request,
            payment_hash=made.payment_hash,
            sats=sats,
            network=account.network,
            life=None if to.is_usd else RECIPIENT_MINUTES * 60,
        )
        return RecipientInvoice(
            external_id=external_id,
            payment_request=made.payment_request,
            payment_hash=decoded.payment_hash,
            sats=sats,
            expires_at=decoded.expires_at,
        )

    async def invoice_status(self, payment_hash: str, *, urgent: bool = False) -> InvoiceStatus:
        """Return what Blink says of an invoice; ``urgent`` while it is on a screen."""
        variables = {"input": {"paymentHash": payment_hash}}
        data = await self._transport.call(
            "invoice_status",
            variables,
            keyed=False,
            seconds=STATUS_SECONDS,
            urgency=Urgency.MONEY if urgent else Urgency.ORDINARY,
        )
        return wire.invoice_status(data)

    async def network(self) -> str:
        """Return Blink's own word for its network: the cheapest question there is."""
        return wire.network(
            await self._transport.call("network", keyed=False, seconds=STATUS_SECONDS)
        )

    async def received_sats(self, wallet_id: str, payment_hash: str) -> int | None:
        """Return what came in for an invoice of ours; ``None`` when nothing did."""
        return wire.received(await self._transactions(wallet_id, payment_hash))

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        """Return how our wallet's own payment of an invoice stands; ``None`` without one."""
        return wire.sent(await self._transactions(wallet_id, payment_hash))

    async def cancel_invoice(self, wallet_id: str, payment_hash: str) -> bool:
        """Cancel an unpaid invoice of ours; ``False`` when refused, which proves nothing."""
        request = {"walletId": wallet_id, "paymentHash": payment_hash}
        try:
            payload = await self._mutate("cancel_invoice", "lnInvoiceCancel", request)
        except BlinkRefusedError:
            return False
        return payload.get("success") is True

    async def until_open(self) -> None:
        """Return when Blink may be asked again after HTTP 429: payments are first in the line."""
        await self._transport.gate.wait(Urgency.MONEY, PAY_SECONDS)

    async def pay(self, wallet_id: str, payment_request: str, memo: str) -> SendAnswer:
        """Pay a stored invoice from our wallet, now or not at all."""
        variables = {
            "input": {"walletId": wallet_id, "paymentRequest": payment_request, "memo": memo}
        }
        data = await self._transport.call(
            "pay",
            variables,
            paying=True,
            seconds=PAY_SECONDS,
            urgency=Urgency.MONEY,
            patience=0.0,
            fresh_seconds=FRESH_SECONDS,
        )
        return wire.send_answer(data)

    async def transaction_page(self, wallet_id: str, after: str | None) -> TransactionPage:
        """Return a page of our wallet's transactions, newest first; the first without ``after``."""
        variables = {"walletId": wallet_id, "first": PAGE_SIZE, "after": after}
        return wire.transaction_page(await self._transport.call("wallet_transactions", variables))

    async def _transactions(self, wallet_id: str, payment_hash: str) -> list[Any]:
        variables = {"walletId": wallet_id, "paymentHash": payment_hash}
        return wire.transactions(await self._transport.call("transactions", variables))

    async def _mutate(
        self,
        name: str,
        field: str,
        request: dict[str, Any],
        *,
        keyed: bool = True,
        urgency: Urgency = Urgency.ORDINARY,
    ) -> dict[str, Any]:
        data = await self._transport.call(name, {"input": request}, keyed=keyed, urgency=urgency)
        payload = data.get(field)
        if not isinstance(payload, dict):
            raise OutcomeUnknownError("Blink gives an empty answer: try again.", cause=name)
        if error := wire.first_error(payload):
            raise _payload_error(name, error)
        return payload


def with_payer(own: Account, payer: Account) -> Account:
    """Return the account with the scopes that its two keys have together.

    Raises:
        SettingsError: the key for paying is another account's, or may not pay.
    """
    if (payer.id, payer.network) != (own.id, own.network):
        raise SettingsError(
            "The key for paying is another account's: both must be the collecting account's."
        )
    if Scope.WRITE not in payer.scopes:
        raise SettingsError("The key for paying lacks WRITE: make another one at Blink.")
    return replace(own, scopes=own.scopes | {Scope.WRITE})


def _payload_error(name: str, error: wire.PayloadError) -> TillError:
    cause = f"{name}: {error.code} {error.message}"[:300]
    if error.code == "TOO_MANY_REQUEST":
        return RateLimitedError(BUSY, cause=cause, is_block=True)
    if error.code in {"NOT_AUTHORIZED", "NOT_AUTHENTICATED"} or "not authorized" in cause.lower():
        return SettingsError(
            "The API key may not do this: it needs the scopes READ, RECEIVE and WRITE.",
            cause=cause,
        )
    kind: type[BlinkRefusedError] = BlinkRefusedError
    sentence = "Blink refuses this request."
    if error.code == "RECEIVE_DISABLED":
        kind = CannotReceiveError
        sentence = "This Blink account can no longer receive: its owner must ask Blink."
    elif error.code == "TRANSACTION_RESTRICTED":
        sentence = "Blink restricts this account, mostly by its daily limit."
    elif _ID_TAKEN.search(error.message):
        kind = IdTakenError
        sentence = "Blink knows an invoice of this number that this ledger does not have."
    elif _BELOW_A_CENT.search(error.message):
        kind, sentence = BelowOneCentError, "Less than a cent can't be sent to a USD wallet."
    return kind(sentence, code=error.code, cause=cause)
