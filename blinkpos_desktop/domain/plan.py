"""A sale about to be written down: its payment and the transfers it will need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.blink import Account, RecipientWallet
from blinkpos_desktop.domain.memo import customer_memo, merchant_memo, tip_memo
from blinkpos_desktop.domain.sale import Quote
from blinkpos_desktop.domain.transfer import Role, TransferState

NO_MERCHANT: Final = "No merchant is set, so it stays in the collecting wallet."
OWN_ACCOUNT: Final = "This is the collecting account itself, so it stays where it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTransfer:
    """One part of the money; ``sats`` is above 0. KEPT at once by rule, else PLANNED."""

    role: Role
    recipient: str
    sats: int
    memo: str
    state: TransferState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """Everything that is written in one transaction before Blink is asked."""

    quote: Quote
    memo: str
    account: Account
    till: str
    transfers: tuple[PlannedTransfer, ...]


def plan_payment(
    quote: Quote,
    *,
    account: Account,
    till: str,
    merchant: RecipientWallet | None,
    tip_wallets: dict[str, RecipientWallet],
) -> PaymentPlan:
    """Cut a quote into transfers: the base to the merchant, a part of the tip to each recipient.

    A part of 0 sats makes no transfer. What would go to the collecting account
    itself, or to a merchant that is not set, is kept where it is.
    """
    transfers: list[PlannedTransfer] = []
    if quote.base_sats:
        memo = merchant_memo(quote)
        transfers.append(_plan(Role.MERCHANT, merchant, quote.base_sats, memo, account))
    for part in quote.tips:
        if part.sats:
            wallet = tip_wallets[part.recipient.username]
            transfers.append(_plan(Role.TIP, wallet, part.sats, tip_memo(quote, part), account))
    assert sum(transfer.sats for transfer in transfers) == quote.total_sats
    return PaymentPlan(
        quote=quote,
        memo=customer_memo(quote),
        account=account,
        till=till,
        transfers=tuple(transfers),
    )


def _plan(
    role: Role, wallet: RecipientWallet | None, sats: int, memo: str, account: Account
) -> PlannedTransfer:
    kept = ""
    if wallet is None:
        kept = NO_MERCHANT
    elif wallet.wallet_id in account.wallet_ids:
        kept = OWN_ACCOUNT
    return PlannedTransfer(
        role=role,
        recipient=wallet.username if wallet else "",
        sats=sats,
        memo=memo,
        state=TransferState.KEPT if kept else TransferState.PLANNED,
        reason=kept,
    )
