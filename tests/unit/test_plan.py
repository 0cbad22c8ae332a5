"""A sale about to be written down."""

from __future__ import annotations

from hypothesis import given

from blinkpos_desktop.domain.blink import Account, RecipientWallet, Scope
from blinkpos_desktop.domain.memo import customer_memo, merchant_memo, tip_memo
from blinkpos_desktop.domain.plan import NO_MERCHANT, OWN_ACCOUNT, PaymentPlan, plan_payment
from blinkpos_desktop.domain.sale import Quote, Recipient, quote
from blinkpos_desktop.domain.transfer import Role, TransferState
from tests.unit.strategies import Deal, deals, sale_of

ACCOUNT = Account(
    id="account",
    network="mainnet",
    username="collector",
    btc_wallet_id="own-btc",
    wallet_ids=frozenset({"own-btc", "own-usd"}),
    scopes=frozenset(Scope),
)
CAFE = RecipientWallet(username="cafe", wallet_id="cafe-btc", is_usd=False)
OWN_BTC = RecipientWallet(username="collector", wallet_id="own-btc", is_usd=False)
OWN_USD = RecipientWallet(username="collector", wallet_id="own-usd", is_usd=True)


def plan(
    asked: Quote, merchant: RecipientWallet | None = CAFE, **own: RecipientWallet
) -> PaymentPlan:
    wallets = {
        part.recipient.username: own.get(
            part.recipient.username,
            RecipientWallet(
                username=part.recipient.username,
                wallet_id=f"{part.recipient.username}-btc",
                is_usd=False,
            ),
        )
        for part in asked.tips
    }
    return plan_payment(
        asked, account=ACCOUNT, till="counter 1", merchant=merchant, tip_wallets=wallets
    )


def test_the_golden_case_is_one_transfer_to_each() -> None:
    asked = quote(sale_of(21, 10))
    made = plan(asked)
    assert [(t.role, t.recipient, t.sats, t.state, t.reason) for t in made.transfers] == [
        (Role.MERCHANT, "cafe", 21, TransferState.PLANNED, ""),
        (Role.TIP, "elturco", 2, TransferState.PLANNED, ""),
    ]
    assert made.memo == customer_memo(asked)
    assert made.transfers[0].memo == merchant_memo(asked)
    assert made.transfers[1].memo == tip_memo(asked, asked.tips[0])


@given(deals)
def test_transfers_make_the_total_and_none_is_of_nothing(deal: Deal) -> None:
    made = plan(quote(deal.sale, deal.price))
    assert sum(transfer.sats for transfer in made.transfers) == made.quote.total_sats
    assert all(transfer.sats > 0 for transfer in made.transfers)
    assert all(transfer.memo for transfer in made.transfers)
    assert [transfer.role for transfer in made.transfers].count(Role.MERCHANT) == 1


def test_a_part_of_no_sats_makes_no_transfer() -> None:
    both = (Recipient(username="ana"), Recipient(username="ben"))
    made = plan(quote(sale_of(10, 10, recipients=both)))
    assert [(t.recipient, t.sats) for t in made.transfers] == [("cafe", 10), ("ana", 1)]


def test_without_a_merchant_the_base_stays_and_the_tip_goes() -> None:
    merchant, tip = plan(quote(sale_of(21, 10)), merchant=None).transfers
    assert (merchant.state, merchant.recipient, merchant.sats) == (TransferState.KEPT, "", 21)
    assert merchant.reason == NO_MERCHANT
    assert tip.state is TransferState.PLANNED


def test_the_collecting_account_as_merchant_keeps_the_base_in_whichever_wallet() -> None:
    for own in (OWN_BTC, OWN_USD):
        merchant, tip = plan(quote(sale_of(21, 10)), merchant=own).transfers
        assert (merchant.state, merchant.recipient) == (TransferState.KEPT, "collector")
        assert merchant.reason == OWN_ACCOUNT
        assert tip.state is TransferState.PLANNED


def test_the_collecting_account_as_recipient_keeps_its_part_only() -> None:
    both = (Recipient(username="collector"), Recipient(username="ben"))
    made = plan(quote(sale_of(100, 10, recipients=both)), collector=OWN_BTC)
    assert [(t.recipient, t.state, t.reason) for t in made.transfers] == [
        ("cafe", TransferState.PLANNED, ""),
        ("collector", TransferState.KEPT, OWN_ACCOUNT),
        ("ben", TransferState.PLANNED, ""),
    ]


def test_the_merchant_may_be_a_tip_recipient_too() -> None:
    cafe_tips = (Recipient(username="cafe"),)
    made = plan(quote(sale_of(21, 10, recipients=cafe_tips)), cafe=CAFE)
    assert [(t.role, t.recipient, t.sats) for t in made.transfers] == [
        (Role.MERCHANT, "cafe", 21),
        (Role.TIP, "cafe", 2),
    ]
