"""What was sold, as JSON: the lines of a sale as they were, whatever becomes of the items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from blinkpos_desktop.domain.cart import Cart, Discount, Line
from blinkpos_desktop.domain.money import Currency


def to_object(cart: Cart | None) -> dict[str, Any] | None:
    """Return a cart without its currency and its note, which the sale has; ``None`` for none."""
    if cart is None:
        return None
    return {
        "lines": [
            {
                "item": line.item_id,
                "name": line.name,
                "unit_minor": line.unit_minor,
                "quantity": line.quantity,
                "discount": _discount(line.discount, line.off_minor),
                "minor": line.minor,
            }
            for line in cart.lines
        ],
        "discount": _discount(cart.discount, cart.off_minor),
    }


def from_row(row: Mapping[str, Any], currency: Currency) -> Cart:
    """Return the cart of a row with ``sold``, ``items_minor`` and ``note``."""
    sold, note = row["sold"], row["note"]
    if sold is None:
        typed: Sequence[int] = row["items_minor"]
        lines = tuple(Line(name="", unit_minor=minor) for minor in typed)
        return Cart(currency=currency, lines=lines, note=note)
    return Cart(
        currency=currency,
        lines=tuple(
            Line(
                name=each["name"],
                unit_minor=each["unit_minor"],
                quantity=each["quantity"],
                discount=_read(each["discount"]),
                item_id=each["item"],
            )
            for each in sold["lines"]
        ),
        discount=_read(sold["discount"]),
        note=note,
    )


def _discount(discount: Discount | None, off_minor: int) -> dict[str, Any] | None:
    if discount is None:
        return None
    # A percentage as an exact fraction in text; what it came to is kept beside it.
    what = {"percent": str(discount.percent)} if discount.percent else {"fixed": discount.minor}
    return {**what, "off_minor": off_minor}


def _read(value: Mapping[str, Any] | None) -> Discount | None:
    if value is None:
        return None
    return Discount(percent=Fraction(value.get("percent", 0)), minor=value.get("fixed", 0))
