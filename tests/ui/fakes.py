"""A shop that is not there: facts, a bridge that records, a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import AttentionItem, Choice
from blinkpos_desktop.domain.facts import ShopReady
from blinkpos_desktop.domain.history import Place, Search
from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.domain.money import SATS, Currency, Money
from blinkpos_desktop.domain.options import Kind
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Invoice, Payment, PaymentState
from blinkpos_desktop.domain.sale import Recipient, Sale
from blinkpos_desktop.domain.split import tip_of
from blinkpos_desktop.domain.tips import Scope
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferState

USD: Final = Currency(code="USD", digits=2, symbol="$", name="US Dollar")
PRESETS: Final = (Fraction(10), Fraction(15), Fraction(20))
ELTURCO: Final = Recipient(username="elturco")
NOON: Final = 1_780_000_000
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


class FakeBridge(QObject):
    """Records what the screens want.

    Signals:
        fact: any fact.
    """

    fact = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.charges: list[Sale] = []
        self.cancelled: list[int] = []
        self.checked: list[int] = []
        self.taken_up: list[int] = []
        self.periods: list[Scope] = []
        self.searches: list[tuple[int, Search, Place | None]] = []
        self.stopped = 0
        self.stories: list[int] = []
        self.choices: list[tuple[int, Choice]] = []
        self.green: list[Payment] = []
        self.acknowledged: list[int] = []
        self.examined = 0
        self.saved: list[Item] = []
        self.removed: list[Item] = []
        self.swapped: list[tuple[int, int]] = []
        self.last_sales = 0
        self.settings_loads = 0
        self.settings_saves: list[tuple[Mapping[str, str | None], str]] = []
        self.look_ups: list[tuple[Kind, str]] = []

    def charge(self, sale: Sale) -> None:
        self.charges.append(sale)

    def cancel(self, payment_id: int) -> None:
        self.cancelled.append(payment_id)

    def check(self, payment_id: int) -> None:
        self.checked.append(payment_id)

    def take_up(self, payment_id: int) -> None:
        self.taken_up.append(payment_id)

    def shown(self, payment: Payment) -> None:
        self.green.append(payment)

    def acknowledge(self, payment_id: int) -> None:
        self.acknowledged.append(payment_id)

    def load_tips(self, scope: Scope) -> None:
        self.periods.append(scope)

    def find_sales(self, ticket: int, search: Search, behind: Place | None) -> None:
        self.searches.append((ticket, search, behind))

    def stop_finding(self) -> None:
        self.stopped += 1

    def load_story(self, payment_id: int) -> None:
        self.stories.append(payment_id)

    def examine(self) -> None:
        self.examined += 1

    def choose(self, transfer_id: int, choice: Choice) -> None:
        self.choices.append((transfer_id, choice))

    def save_item(self, item: Item) -> None:
        self.saved.append(item)

    def remove_item(self, item: Item) -> None:
        self.removed.append(item)

    def swap_items(self, one: int, other: int) -> None:
        self.swapped.append((one, other))

    def load_last_sale(self) -> None:
        self.last_sales += 1

    def load_settings(self) -> None:
        self.settings_loads += 1

    def save_settings(self, changes: Mapping[str, str | None], stamp: str) -> None:
        self.settings_saves.append((changes, stamp))

    def look_up(self, kind: Kind, text: str) -> None:
        self.look_ups.append((kind, text))


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def shop(
    *,
    currency: Currency = SATS,
    recipients: tuple[Recipient, ...] = (ELTURCO,),
    network: str = "mainnet",
    problem: str = "",
) -> ShopReady:
    return ShopReady(network=network, currency=currency, tip_recipients=recipients, problem=problem)


def all_is_well() -> tuple[PartChanged, ...]:
    return (
        PartChanged(part=Part.BLINK, health=Health.OK),
        PartChanged(part=Part.POSTGRESQL, health=Health.OK),
        PartChanged(part=Part.REDIS, health=Health.OFF),
    )


def request_of(number: int, sats: int) -> str:
    """Return what a payment request looks like; nothing here decodes it."""
    digits = "".join(_BECH32[(number * 7 + i * i * 3 + i) % 32] for i in range(330))
    return f"lnbc{sats}0n1p{digits}"


def transfers_of(
    base_sats: int, tip_sats: int, state: TransferState = TransferState.PLANNED
) -> tuple[Transfer, ...]:
    base = Transfer(
        id=1, role=Role.MERCHANT, recipient="cafe", sats=base_sats, memo="m", state=state
    )
    tip = Transfer(id=2, role=Role.TIP, recipient="elturco", sats=tip_sats, memo="t", state=state)
    return (base, tip) if tip_sats else (base,)


def payment_for(sale: Sale, *, number: int = 1, **changes: Any) -> Payment:  # noqa: ANN401
    """Return the payment that a sale becomes; its hash tells its number."""
    sats_per_minor = 1 if sale.currency.is_sats else 9
    total_sats = (sale.base.minor + sale.tip.minor) * sats_per_minor
    tip_sats = sale.tip.minor * sats_per_minor
    values: dict[str, Any] = {
        "id": 5_000_000_000 + number,
        "state": PaymentState.AWAITING,
        "network": "mainnet",
        "account_id": "account",
        "wallet_id": "wallet",
        "till": "counter",
        "base": sale.base,
        "tip": sale.tip,
        "total_sats": total_sats,
        "tip_sats": tip_sats,
        "memo": "21 + 10% tip = 23 sats",
        "created_at": NOON,
        "invoice": Invoice(
            payment_request=request_of(number, total_sats),
            payment_hash=f"{number:064x}",
            sats=total_sats,
            expires_at=NOON + 900,
        ),
        "transfers": transfers_of(total_sats - tip_sats, tip_sats),
    }
    return Payment(**(values | changes))


def sale_of(minor: int = 21, percent: Fraction = Fraction(10), currency: Currency = SATS) -> Sale:
    recipients = (ELTURCO,) if percent else ()
    return Sale(currency=currency, items=(minor,), tip_percent=percent, recipients=recipients)


def tip_amount(minor: int, percent: Fraction, currency: Currency = SATS) -> Money:
    return Money(minor=tip_of(minor, percent), currency=currency)


def waiting(
    number: int = 1,
    reason: str = "elturco: This Blink account can no longer receive: its owner must ask Blink.",
    **changes: Any,  # noqa: ANN401
) -> AttentionItem:
    """Return a tip that waits for a person."""
    _, tip = transfers_of(21, 2, TransferState.ATTENTION)
    values: dict[str, Any] = {
        "payment_id": 5_000_000_000 + number,
        "payment_hash": f"{number:064x}",
        "transfer": replace(tip, id=number, reason=reason),
        "paid_at": NOON,
    }
    return AttentionItem(**(values | changes))


def announcement_of(payment: Payment, *, was_closed: bool = False, at: int = NOON) -> Announcement:
    """Return what the ledger lists of a payment that nobody saw go green."""
    return Announcement(
        payment_id=payment.id,
        payment_hash=payment.payment_hash,
        amount=payment.total,
        sats=payment.received_sats or payment.total_sats,
        paid_at=at,
        till=payment.till,
        was_closed=was_closed,
    )


def surplus_of(number: int = 1, sats: int = 17) -> SurplusItem:
    return SurplusItem(
        payment_id=5_000_000_000 + number,
        payment_hash=f"{number:064x}",
        sats=sats,
        paid_at=NOON,
        till="counter",
    )
