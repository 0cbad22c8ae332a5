"""What the counter shows: one frozen snapshot, from which the pages are painted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from blinkpos_desktop.domain.cart import Cart, with_typed
from blinkpos_desktop.domain.entry import Entry
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.pricing import PriceMove
from blinkpos_desktop.domain.sale import Sale


class Screen(StrEnum):
    """The counter's screens, one thing on each."""

    KEYPAD = "keypad"
    ITEMS = "items"
    CART = "cart"
    TIP = "tip"
    PRICE = "price"
    """The price moved far: a person agrees to it, or sells nothing."""
    MAKING = "making"
    """The invoice was asked for and has not come yet."""
    INVOICE = "invoice"
    SUCCESS = "success"


class Sound(StrEnum):
    """The till's sounds; the value is the file's name."""

    CLICK = "click"
    SUCCESS = "success"
    ERROR = "error"


class NoticeKind(StrEnum):
    """Why money is told beside the keypad and not in green."""

    LATE = "late"
    """It came after the sale was cancelled or had expired."""
    GIVEN_UP = "given_up"
    """This counter had just given the sale up when it was paid."""
    LEFT_OPEN = "left_open"
    """For a sale that was on this screen when the program ended, while it was not shown again."""
    UNSEEN = "unseen"
    """No screen showed it in green: its till was off, or shows its QR no longer."""
    ELSEWHERE = "elsewhere"
    """A sale that was never on this screen: another till's."""
    UNASSIGNED = "unassigned"
    """No sale here asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Money that arrived for a sale whose QR is not on this screen, or for none."""

    id: str
    """The payment's hash, or what else tells it from any other."""
    kind: NoticeKind
    amount: Money | None
    """What was asked, or came in unasked; None when nobody knows."""
    at: int
    """When it was paid, in Unix seconds."""
    sats: int | None = None
    """What came in, in sats."""
    till: str = ""
    payment_id: int | None = None
    is_busy: bool = False
    """That it was seen is being written down."""

    @property
    def is_sticky(self) -> bool:
        """Whether it stays, at every till, until a person has acknowledged it."""
        return self.kind not in {NoticeKind.ELSEWHERE, NoticeKind.UNASSIGNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TipChoice:
    """One button of the tip page: a percentage and what it comes to."""

    percent: Fraction
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomTip:
    """A percentage or an amount being typed; ``amount`` is None while it is not a valid one."""

    text: str
    amount: Money | None
    is_percent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Somebody who may have served: a tip recipient."""

    username: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountEdit:
    """A discount being typed: on the line number ``at``, or on the sum when that is None."""

    at: int | None
    text: str = ""
    is_percent: bool = True
    off: Money | None = None
    """What it takes off; None while it is not a valid one."""
    is_set: bool = False
    """There is one already, which can be taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A sale that was on this screen when the program ended, and can be taken up again."""

    payment: Payment
    is_opening: bool = False
    """It was wanted, and its code has not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What somebody wanted asked of Blink for the code on the screen, and what came of it."""

    is_asking: bool = False
    answer: str = ""
    """One plain sentence; empty before there is one."""
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What a bitcoin costs, and of when that is, in Unix seconds; None when nobody said."""

    bitcoin: Money
    since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillView:
    """The counter at one moment."""

    screen: Screen
    entry: Entry
    cart: Cart
    """What was put in before; what is typed comes on top of it."""
    can_charge: bool = False
    blocked: str = ""
    """Why OK is dead although an amount is typed, or whatever is typed; empty if nothing is wrong.
    """
    error: str = ""
    """What went wrong with the last sale: one plain sentence, gone with the next key."""
    worth_sats: int | None = None
    """What the typed fiat amount comes to, while a price is known."""
    told: str = ""
    """What was put into the cart just now, gone with the next key."""
    discounting: DiscountEdit | None = None
    """A discount, while one is being typed on the cart's screen."""
    noting: str | None = None
    """The note, while it is being typed there."""
    tip_choices: tuple[TipChoice, ...] = ()
    round_up: Money | None = None
    """The tip that makes a whole sum; None where the sum is not asked for a tip."""
    servers: tuple[Server, ...] = ()
    """Among whom the tip can be divided, if there are several."""
    custom: CustomTip | None = None
    """A custom tip, while one is being typed."""
    move: PriceMove | None = None
    """How the price moved, while a person is asked about it."""
    sale: Sale | None = None
    """What is being asked for, while the invoice is made."""
    payment: Payment | None = None
    """The payment whose QR, or whose success, is on the screen."""
    unseen: str = ""
    """That payments can't be seen now, and what to do; empty while they can."""
    check: Check = Check()
    older: str = ""
    """That the code which was here before may still be payable; empty if it is not."""
    price: PriceView | None = None
    """The price of the shop's currency, once one is known."""
    other_currency: str = ""
    """What one tap makes the keypad's currency; empty if there is only one."""
    offers: tuple[Offer, ...] = ()
    """The newest last; the first one is shown."""
    notices: tuple[Notice, ...] = ()

    @property
    def basket(self) -> Cart:
        """All that is to be paid: the cart, and what is typed as lines of its own."""
        return with_typed(self.cart, self.entry.parts)

    @property
    def shown(self) -> str:
        """The amount line: what the cart comes to, and what is typed."""
        if self.cart.is_empty:
            return self.entry.shown
        before = self.cart.total.decimal()
        return f"{before} + {self.entry.text}" if self.entry.text else before

    @property
    def sum_line(self) -> str:
        """The line below: how the sum is worked out."""
        return self.entry.sum_line if self.cart.is_empty else self.basket.sum_line
