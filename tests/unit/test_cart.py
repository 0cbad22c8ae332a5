"""The cart: every discount is rounded once, lines and sum agree, nothing goes below the least."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain import cart as carts
from blinkpos_desktop.domain.cart import MAX_NOTE, MAX_QUANTITY, Cart, Discount, Line
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.domain.memo import customer_memo, merchant_memo
from blinkpos_desktop.domain.money import SATS, Currency, Money, Price
from blinkpos_desktop.domain.sale import Recipient, quote, sale_of
from tests.unit.strategies import JPY, USD, percents

ELTURCO = (Recipient(username="elturco"),)
COFFEE = Item(name="Coffee", price=Money(minor=250, currency=USD), id=1)

discounts = st.none() | st.one_of(
    percents.filter(bool).map(lambda percent: Discount(percent=percent)),
    st.integers(1, 10_000).map(lambda minor: Discount(minor=minor)),
)
lines = st.builds(
    Line,
    name=st.sampled_from(["", "Coffee", "Cake"]),
    unit_minor=st.integers(1, 5_000),
    quantity=st.integers(1, 30),
    discount=discounts,
    item_id=st.none() | st.integers(1, 3),
)
currencies = st.sampled_from([USD, JPY, SATS])


@st.composite
def filled(draw: st.DrawFn) -> Cart:
    """Any cart."""
    return Cart(
        currency=draw(currencies),
        lines=tuple(draw(st.lists(lines, max_size=6))),
        discount=draw(discounts),
        note=draw(st.sampled_from(["", "table 4"])),
    )


def cart_of(*amounts: int, currency: Currency = USD) -> Cart:
    return carts.put_typed(Cart(currency=currency), amounts)


def off(percent: int | str) -> Discount:
    return Discount(percent=Fraction(percent))


@given(filled())
def test_lines_less_the_discount_are_the_total_to_the_minor_unit(cart: Cart) -> None:
    assert cart.total.minor == sum(cart.parts) - cart.off_minor
    assert 0 <= cart.total.minor <= sum(line.full_minor for line in cart.lines)
    for line in cart.lines:
        assert 0 <= line.minor <= line.full_minor


@given(filled())
def test_each_discount_is_rounded_half_up_once_in_what_it_is_taken_off(cart: Cart) -> None:
    taken = [(line.discount, line.full_minor, line.off_minor) for line in cart.lines]
    taken.append((cart.discount, cart.sum_minor, cart.off_minor))
    for discount, amount, minus in taken:
        if discount is None:
            assert minus == 0
        elif discount.percent:
            exact = amount * discount.percent / 100
            assert Fraction(-1, 2) < minus - exact <= Fraction(1, 2)
        else:
            assert minus == min(discount.minor, amount)


@given(filled(), percents)
def test_a_sale_asks_for_the_total_and_its_tip_is_on_what_is_left(
    cart: Cart, percent: Fraction
) -> None:
    if cart.total.minor < 1:
        assert not cart.is_chargeable
        with pytest.raises(InputError):
            sale_of(cart, percent=percent, recipients=ELTURCO)
        return
    sale = sale_of(cart, percent=percent, recipients=ELTURCO)
    assert sale.base == cart.total
    exact = cart.total.minor * percent / 100
    assert Fraction(-1, 2) < sale.tip.minor - exact <= Fraction(1, 2)
    assert sale.note == cart.note
    # What the keypad alone could have made is stored as it always was.
    assert (sale.sold is None) == cart.is_plain
    price = Price(currency=cart.currency, base=1, offset=0, as_of=0)
    worked_out = quote(sale, None if cart.currency.is_sats else price)
    assert worked_out.base_sats + worked_out.tip_sats == worked_out.total_sats
    assert worked_out.total.minor == cart.total.minor + sale.tip.minor


@pytest.mark.parametrize(
    ("amounts", "discount", "total"),
    [
        ((250,), off("10"), 225),
        ((5,), off("10"), 4),  # 0.5 is rounded up, once
        ((15,), off("10"), 13),
        ((33, 33, 33), off("50"), 49),
        ((1000,), Discount(minor=250), 750),
        ((100,), Discount(minor=500), 0),
        ((100,), off("100"), 0),
        ((1,), off("50"), 0),
    ],
)
def test_a_discount_on_the_sum(amounts: tuple[int, ...], discount: Discount, total: int) -> None:
    cart = carts.discount_sum(cart_of(*amounts), discount)
    assert cart.total.minor == total
    assert cart.is_chargeable is (total > 0)


def test_a_lines_discount_is_of_the_line_not_of_each_piece() -> None:
    cart = cart_of(5)
    cart = carts.set_quantity(cart, 0, 3)
    cart = carts.discount_line(cart, 0, off("10"))
    # 1.5 of 15, and not three times 0.5.
    assert cart.total.minor == 13


def test_taps_on_one_button_count_on_one_line_until_its_price_changes() -> None:
    cart = Cart(currency=USD)
    for _ in range(3):
        cart = carts.put(cart, COFFEE)
    assert [(line.name, line.quantity, line.minor) for line in cart.lines] == [("Coffee", 3, 750)]
    dearer = replace(COFFEE, price=Money(minor=300, currency=USD))
    cart = carts.put(cart, dearer)
    assert [(line.quantity, line.unit_minor) for line in cart.lines] == [(3, 250), (1, 300)]
    assert (cart.pieces, cart.total.minor) == (4, 1050)
    cart = carts.take_out(cart, 0)
    assert cart.total.minor == 300


def test_a_discount_goes_with_the_last_line() -> None:
    cart = carts.discount_sum(cart_of(100), off("10"))
    assert carts.take_out(cart, 0) == Cart(currency=USD)


def test_what_cant_be_sold_says_why() -> None:
    cart = Cart(currency=USD)
    with pytest.raises(InputError, match="Coffee is sold out"):
        carts.put(cart, replace(COFFEE, is_sold_out=True))
    with pytest.raises(InputError, match="a price in USD only"):
        carts.put(Cart(currency=SATS), COFFEE)
    with pytest.raises(InputError, match="1 to 999 pieces"):
        carts.set_quantity(carts.put(cart, COFFEE), 0, MAX_QUANTITY + 1)
    with pytest.raises(InputError, match="1 to 999 pieces"):
        carts.set_quantity(carts.put(cart, COFFEE), 0, 0)
    with pytest.raises(InputError, match="at most 100 lines"):
        cart_of(*range(1, 102))
    with pytest.raises(InputError, match="more than one sale can hold"):
        carts.set_quantity(cart_of(10**14 - 1), 0, 999)


@pytest.mark.parametrize(("percent", "minor"), [(0, 0), (10, 5), (101, 0), (-1, 0), (0, -1)])
def test_a_discount_is_one_thing_and_in_range(percent: int, minor: int) -> None:
    with pytest.raises(InputError):
        Discount(percent=Fraction(percent), minor=minor)


def test_the_memo_shows_the_lines_and_what_was_taken_off() -> None:
    cart = carts.put_typed(carts.put(carts.put(Cart(currency=USD), COFFEE), COFFEE), (100,))
    cart = carts.with_note(carts.discount_sum(cart, off("10")), " table\n 4 ")
    assert cart.sum_line == "5.00 + 1.00 - 0.60 = 5.40"
    sale = sale_of(cart, percent=Fraction(10), recipients=ELTURCO)
    price = Price(currency=USD, base=1, offset=1, as_of=0)
    worked_out = quote(sale, price)
    made = "5.00 + 1.00 - 0.60 + 10% tip = $5.94 (5940 sats)"
    assert customer_memo(worked_out) == f"table 4 | {made}"
    assert merchant_memo(worked_out).startswith(f"BlinkPOS: {made}")
    one = sale_of(carts.discount_sum(cart_of(500), Discount(minor=50)))
    assert customer_memo(quote(one, price)) == "$5.00 - 0.50 = $4.50 (4500 sats)"


def test_a_long_carts_memo_keeps_the_discount_and_the_total() -> None:
    cart = carts.discount_sum(cart_of(*([12_345_678] * 100)), off("5"))
    memo = customer_memo(quote(sale_of(cart), Price(currency=USD, base=1, offset=0, as_of=0)))
    assert len(memo.encode()) <= 639
    assert " + … - 617283.90 = $11728394.10" in memo


def test_a_note_is_one_line_and_is_cut() -> None:
    cart = carts.with_note(Cart(currency=USD), "a\tb\n" + "x" * 500)
    assert cart.note.startswith("a b x")
    assert len(cart.note) == MAX_NOTE
