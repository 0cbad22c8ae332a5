"""What one customer buys: lines with quantities, discounts and a note, in whole minor units.

Each discount is rounded half up once, in the amount that it is taken off: a
line's is of its whole price (not of one piece), the sum's of the sum of the
lines. Nothing else is rounded, so lines and sum agree to the minor unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import Item, same_currency, tidy
from blinkpos_desktop.domain.money import MAX_SATS, Currency, Money, format_percent, round_half_up

MAX_LINES: Final = 100
MAX_QUANTITY: Final = 999
MAX_NOTE: Final = 140
MAX_MINOR: Final = 10**16
"""More than any sale, and with room below what a database's whole number holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Either a percentage above 0 and up to 100, or a fixed amount in minor units above 0."""

    percent: Fraction = Fraction(0)
    minor: int = 0

    def __post_init__(self) -> None:
        """Refuse none, both, and what is out of range.

        Raises:
            InputError: a sentence for the cashier.
        """
        if not 0 <= self.percent <= 100 or self.minor < 0:  # noqa: PLR2004 (per cent)
            raise InputError("A discount is between 0 and 100 percent.")
        if bool(self.percent) is bool(self.minor):
            raise InputError("A discount is a percentage or an amount above zero.")

    def of(self, amount: int) -> int:
        """Return what is taken off ``amount`` minor units: never more than there is."""
        if self.percent:
            return round_half_up(amount * self.percent / 100)
        return min(self.minor, amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: a number of pieces of one price. ``item_id`` is None for a typed amount."""

    name: str
    unit_minor: int
    quantity: int = 1
    discount: Discount | None = None
    item_id: int | None = None

    def __post_init__(self) -> None:
        """Refuse a line of nothing.

        Raises:
            InputError: a price or a quantity that can't be.
        """
        if self.unit_minor <= 0:
            raise InputError("An amount must be above zero.")
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise InputError(f"A line has 1 to {MAX_QUANTITY} pieces.")

    @property
    def full_minor(self) -> int:
        """Its price before the discount."""
        return self.unit_minor * self.quantity

    @property
    def off_minor(self) -> int:
        """What its own discount takes off."""
        return self.discount.of(self.full_minor) if self.discount else 0

    @property
    def minor(self) -> int:
        """What it costs; 0 when it is free."""
        return self.full_minor - self.off_minor

    @property
    def is_plain(self) -> bool:
        """Whether it is a typed amount and nothing more."""
        return self.item_id is None and self.quantity == 1 and self.discount is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """The lines in the order they came, the discount on their sum, and the note."""

    currency: Currency
    lines: tuple[Line, ...] = ()
    discount: Discount | None = None
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no line (a note or a discount may wait for one)."""
        return not self.lines

    @property
    def is_plain(self) -> bool:
        """Whether the keypad alone could have made it: typed amounts without a discount."""
        return self.discount is None and all(line.is_plain for line in self.lines)

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return sum(line.quantity for line in self.lines)

    @property
    def parts(self) -> tuple[int, ...]:
        """What each line costs in minor units; free lines are left out."""
        return tuple(line.minor for line in self.lines if line.minor)

    @property
    def sum_minor(self) -> int:
        """The sum of the lines, before the discount on it."""
        return sum(line.minor for line in self.lines)

    @property
    def off_minor(self) -> int:
        """What the discount on the sum takes off."""
        return self.discount.of(self.sum_minor) if self.discount else 0

    @property
    def total(self) -> Money:
        """What is to be paid, without a tip."""
        return Money(minor=self.sum_minor - self.off_minor, currency=self.currency)

    @property
    def is_chargeable(self) -> bool:
        """Whether the amount is valid by itself (a price may still make it too small)."""
        return self.total.minor > 0 and (not self.currency.is_sats or self.total.minor <= MAX_SATS)

    @property
    def sum_line(self) -> str:
        """The sum as it is worked out: ``5.00 + 1.00 - 0.60 = 5.40``; empty for one plain line."""
        off = self.off_minor
        if len(self.lines) < 2 and not off:  # noqa: PLR2004 (one alone is its own sum)
            return ""
        texts = [self._text(line.minor) for line in self.lines]
        minus = f" - {self._text(off)}" if off else ""
        return f"{' + '.join(texts)}{minus} = {self.total.decimal()}"

    def _text(self, minor: int) -> str:
        return Money(minor=minor, currency=self.currency).decimal()


def put(cart: Cart, item: Item) -> Cart:
    """Return the cart with one more piece of ``item``.

    Raises:
        InputError: it is sold out, priced in another currency, or too much.
    """
    if item.is_sold_out:
        raise InputError(f"{item.name} is sold out.")
    if not same_currency(item.price.currency, cart.currency):
        raise InputError(f"{item.name} has a price in {item.price.currency.code} only: edit it.")
    for at, line in enumerate(cart.lines):
        if (line.item_id, line.unit_minor, line.name) == (item.id, item.price.minor, item.name):
            return set_quantity(cart, at, line.quantity + 1)
    return _with(cart, Line(name=item.name, unit_minor=item.price.minor, item_id=item.id))


def put_typed(cart: Cart, parts: tuple[int, ...]) -> Cart:
    """Return the cart with typed amounts, in minor units, as lines of their own.

    Raises:
        InputError: it is too much.
    """
    for minor in parts:
        cart = _with(cart, Line(name="", unit_minor=minor))
    return cart


def with_typed(cart: Cart, parts: tuple[int, ...]) -> Cart:
    """Return the cart as it would be with what is still being typed; the limits come later."""
    typed = tuple(Line(name="", unit_minor=minor) for minor in parts)
    return replace(cart, lines=cart.lines + typed)


def set_quantity(cart: Cart, at: int, quantity: int) -> Cart:
    """Return the cart with so many pieces in its line number ``at``.

    Raises:
        InputError: there is no such number of pieces.
    """
    return _replaced(cart, at, replace(cart.lines[at], quantity=quantity))


def discount_line(cart: Cart, at: int, discount: Discount | None) -> Cart:
    """Return the cart with a discount on its line number ``at``, or without one."""
    return _replaced(cart, at, replace(cart.lines[at], discount=discount))


def discount_sum(cart: Cart, discount: Discount | None) -> Cart:
    """Return the cart with a discount on its sum, or without one."""
    return replace(cart, discount=discount)


def take_out(cart: Cart, at: int) -> Cart:
    """Return the cart without its line number ``at``; with the last one its discount goes."""
    lines = (*cart.lines[:at], *cart.lines[at + 1 :])
    return replace(cart, lines=lines, discount=cart.discount if lines else None)


def with_note(cart: Cart, note: str) -> Cart:
    """Return the cart with a note on one line, cut to what there is room for."""
    return replace(cart, note=tidy(note)[:MAX_NOTE].rstrip())


def discount_text(discount: Discount, currency: Currency) -> str:
    """Return ``10%`` or ``$1.50``."""
    if discount.percent:
        return format_percent(discount.percent)
    return str(Money(minor=discount.minor, currency=currency))


def _with(cart: Cart, line: Line) -> Cart:
    if len(cart.lines) >= MAX_LINES:
        raise InputError(f"A sale has at most {MAX_LINES} lines.")
    return _checked(replace(cart, lines=(*cart.lines, line)))


def _replaced(cart: Cart, at: int, line: Line) -> Cart:
    return _checked(replace(cart, lines=(*cart.lines[:at], line, *cart.lines[at + 1 :])))


def _checked(cart: Cart) -> Cart:
    if sum(line.full_minor for line in cart.lines) > MAX_MINOR:
        raise InputError("That is more than one sale can hold.")
    return cart
