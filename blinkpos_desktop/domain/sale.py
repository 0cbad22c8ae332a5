"""How much: a sale as it was asked for, and its quote in sats."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from blinkpos_desktop.domain.cart import Cart
from blinkpos_desktop.domain.errors import InputError, UnavailableError, quoted
from blinkpos_desktop.domain.money import MAX_SATS, Currency, Money, Price
from blinkpos_desktop.domain.split import largest_remainder, tip_of, tip_part

_USERNAME = re.compile(r"(?![13_]|bc1|lnbc1)(?=.*[a-z])[0-9a-z_]{3,50}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A Blink username with its whole-number share of the tip."""

    username: str
    share: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be a Blink username, and shares of nothing."""
        check_username(self.username)
        if self.share <= 0:
            raise InputError(f"The share of {self.username} must be a whole number above 0.")


def check_username(name: str) -> str:
    """Return ``name`` in lower case, as Blink compares it.

    Raises:
        InputError: Blink has no such usernames.
    """
    # ASCII first: lower() makes a plain k of the Kelvin sign.
    if not name.isascii() or not _USERNAME.fullmatch(name.lower()):
        raise InputError(
            f"{quoted(name, 60)} is not a Blink username: 3 to 50 letters, digits or underscores."
        )
    return name.lower()


def parse_recipients(texts: list[str]) -> tuple[Recipient, ...]:
    """Read ``elturco`` or ``ana:60`` and ``ben:40``: shares all given or none.

    Raises:
        InputError: an unknown shape, a share that is not a whole number above 0,
            shares given to some only, or one name twice.
    """
    found: list[Recipient] = []
    shared = [":" in text for text in texts]
    if any(shared) and not all(shared):
        raise InputError("Give every tip recipient a share, or none of them.")
    for text in texts:
        name, _, share = text.strip().partition(":")
        name = check_username(name.strip())
        if ":" in text and not re.fullmatch(r"[0-9]{1,9}", share.strip(), re.ASCII):
            raise InputError(
                f"{quoted(share.strip(), 20)} is not a share: use a whole number above 0."
            )
        if name in {recipient.username for recipient in found}:
            raise InputError(f"{name} is named twice as a tip recipient.")
        found.append(Recipient(username=name, share=int(share) if share.strip() else 1))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What the cashier asks for. ``items`` are minor units of ``currency``, all above 0.

    ``note`` comes before the made memo; it is kept on one line. ``off_minor`` is a
    discount on the sum of the items. ``sold`` is the cart they come from, when
    there was more to it than amounts. A tip is a percentage or, with ``tip_minor``,
    an amount.
    """

    currency: Currency
    items: tuple[int, ...]
    tip_percent: Fraction = Fraction(0)
    recipients: tuple[Recipient, ...] = ()
    note: str = ""
    off_minor: int = 0
    sold: Cart | None = None
    tip_minor: int | None = None
    agreed: Price | None = None
    """A price that a person agreed to sell at, although it had moved far."""

    def __post_init__(self) -> None:
        """Refuse a sale of nothing, a tip out of range, a tip for nobody."""
        if not self.items or any(item <= 0 for item in self.items):
            raise InputError("An amount must be above zero.")
        if not 0 <= self.off_minor < sum(self.items):
            raise InputError("Nothing is left to pay: make the discount smaller.")
        if not 0 <= self.tip_percent <= 100:  # noqa: PLR2004 (per cent)
            raise InputError("A tip is between 0 and 100 percent.")
        if self.tip_minor is not None and (self.tip_minor <= 0 or self.tip_percent):
            raise InputError("A tip is a percentage or an amount above zero, not both.")
        if (self.tip_percent or self.tip_minor) and not self.recipients:
            raise InputError("There is nobody to receive the tip: set a tip recipient first.")
        object.__setattr__(self, "note", _one_line(self.note))
        assert self.sold is None or self.sold.total == self.base

    @property
    def base(self) -> Money:
        """What was typed, after the discount and without the tip."""
        return Money(minor=sum(self.items) - self.off_minor, currency=self.currency)

    @property
    def tip(self) -> Money:
        """The tip in the sale's own currency, a percentage rounded half up."""
        minor = self.tip_minor
        if minor is None:
            minor = tip_of(self.base.minor, self.tip_percent)
        return Money(minor=minor, currency=self.currency)


def served_by(recipients: tuple[Recipient, ...], names: frozenset[str]) -> tuple[Recipient, ...]:
    """Return those that served, with their shares; everybody if nobody is named."""
    chosen = tuple(each for each in recipients if each.username in names)
    return chosen or recipients


def sale_of(
    cart: Cart,
    *,
    percent: Fraction = Fraction(0),
    tip_minor: int | None = None,
    recipients: tuple[Recipient, ...] = (),
) -> Sale:
    """Return the sale of a cart, with a tip on its sum after the discounts: per cent, or an amount.

    Raises:
        InputError: there is nothing in it, or nothing is left to pay.
    """
    return Sale(
        currency=cart.currency,
        items=cart.parts,
        tip_percent=percent,
        tip_minor=tip_minor,
        recipients=recipients if percent or tip_minor else (),
        note=cart.note,
        off_minor=cart.off_minor,
        sold=None if cart.is_plain else cart,
    )


def _one_line(text: str) -> str:
    """Return ``text`` on one line, without what UTF-8 or a database cannot hold."""
    unfit = {"Cc", "Cs"}  # control characters, and halves of surrogate pairs
    fit = (" " if unicodedata.category(char) in unfit else char for char in text)
    return " ".join("".join(fit).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class TipPart:
    """One recipient's part of the tip, in sats and in the sale's minor units."""

    recipient: Recipient
    sats: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sale in sats. ``base_sats + tip_sats == total_sats``, to the sat."""

    sale: Sale
    price: Price | None
    total_sats: int
    tip_sats: int
    tips: tuple[TipPart, ...]

    @property
    def base_sats(self) -> int:
        """The merchant's part."""
        return self.total_sats - self.tip_sats

    @property
    def total(self) -> Money:
        """What the customer pays, in the sale's own currency."""
        sale = self.sale
        return Money(minor=sale.base.minor + sale.tip.minor, currency=sale.currency)


def quote(sale: Sale, price: Price | None = None) -> Quote:
    """Work out a sale's sats; ``price`` is wanted for every currency but sats.

    Raises:
        InputError: under 1 sat, or above all the bitcoin there is.
        UnavailableError: there is no price for the sale's currency.
    """
    base, tip = sale.base.minor, sale.tip.minor
    if sale.currency.is_sats:
        total_sats, tip_sats = base + tip, tip
    else:
        if price is None or price.currency.code != sale.currency.code:
            raise UnavailableError(f"There is no price for {sale.currency.code} yet: try again.")
        # By its exact worth: half a sat rounded up would leave the merchant nothing beside a tip.
        if base < price.minor_per_sat:
            raise InputError(f"{sale.base} is less than 1 sat: type a larger amount.")
        total_sats = price.to_sats(base + tip)
        tip_sats = tip_part(total_sats=total_sats, tip_minor=tip, total_minor=base + tip)
    if total_sats > MAX_SATS:
        raise InputError("That is more than all the bitcoin there is.")
    return Quote(
        sale=sale,
        price=None if sale.currency.is_sats else price,
        total_sats=total_sats,
        tip_sats=tip_sats,
        tips=_tip_parts(sale, tip_sats=tip_sats),
    )


def _tip_parts(sale: Sale, *, tip_sats: int) -> tuple[TipPart, ...]:
    if not tip_sats:
        return ()
    shares = [recipient.share for recipient in sale.recipients]
    sats = largest_remainder(tip_sats, shares)
    minors = largest_remainder(sale.tip.minor, shares)
    return tuple(
        TipPart(recipient=recipient, sats=part, minor=minor)
        for recipient, part, minor in zip(sale.recipients, sats, minors, strict=True)
    )
