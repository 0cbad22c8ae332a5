"""Items: what the editor refuses, in words; prices exactly as typed."""

from __future__ import annotations

from typing import Any

import pytest

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.item import Item, categories_of, parse_price
from blinkpos_desktop.domain.money import SATS, Currency, Money
from tests.unit.strategies import JPY, USD


def item(**changes: Any) -> Item:  # noqa: ANN401 (its fields)
    fields: dict[str, Any] = {"name": "Coffee", "price": Money(minor=250, currency=USD)}
    return Item(**(fields | changes))


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("2.5", USD, 250), ("2,50", USD, 250), (" 3 ", USD, 300), ("350", JPY, 350), ("21", SATS, 21)],
)
def test_a_price_is_read_as_typed(text: str, currency: Currency, minor: int) -> None:
    assert parse_price(text, currency).minor == minor


@pytest.mark.parametrize(
    ("text", "currency"), [("", USD), ("0", USD), ("-1", USD), ("x", USD), ("1.5", JPY)]
)
def test_what_is_no_price_is_refused(text: str, currency: Currency) -> None:
    with pytest.raises(InputError):
        parse_price(text, currency)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " \n "}, "Give the item a name"),
        ({"name": "x" * 41}, "at most 40"),
        ({"category": "x" * 25}, "at most 24"),
        ({"price": Money(minor=0, currency=USD)}, "above zero"),
        ({"price": Money(minor=10**12, currency=USD)}, "too high"),
        ({"code": "12345"}, "6 to 64"),
        ({"code": "1" * 65}, "6 to 64"),
        ({"code": "123\t456"}, "plain letters"),
        ({"code": "caffè-12"}, "plain letters"),
    ],
)
def test_what_fits_no_button_is_refused_in_words(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        item(**changes)


def test_texts_are_kept_on_one_line() -> None:
    made = item(name=" Café\n crème ", category=" Hot  drinks ", code=" 4006381333931 ")
    assert (made.name, made.category, made.code) == ("Café crème", "Hot drinks", "4006381333931")


def test_categories_stand_in_the_shelfs_order() -> None:
    shelf = tuple(item(category=name) for name in ("Drinks", "", "Food", "Drinks"))
    assert categories_of(shelf) == ("Drinks", "Food")
