"""The cart, its discounts and its note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.ui.fakes import (
    USD,
)
from tests.ui.screens.shelf import items_cart, items_many, items_on_the_keypad
from tests.ui.screens.stage import Stage


def cart() -> Stage:
    stage = items_cart()
    stage.till.open_cart()
    return stage


def cart_discounts() -> Stage:
    stage = items_on_the_keypad()
    stage.till.open_cart()
    stage.till.set_quantity(0, 123)
    stage.till.open_discount(1)
    stage.type("12.5")
    stage.till.use_discount()
    stage.till.open_discount(None)
    stage.till.choose_kind(is_percent=False)
    stage.type("25")
    stage.till.use_discount()
    stage.till.open_note()
    stage.till.type_note("Table 4, for the birthday of Ana's grandmother, with two candles")
    stage.till.keep_note()
    return stage


def cart_free() -> Stage:
    stage = Stage(currency=USD, network="regtest").ready().type("3.50")
    stage.till.open_cart()
    stage.till.open_discount(0)
    stage.type("100")
    stage.till.use_discount()
    return stage


def cart_many() -> Stage:
    stage = items_many()
    stage.till.open_cart()
    return stage


def cart_discount() -> Stage:
    stage = cart()
    stage.till.open_discount(3)
    return stage.type("15")


def cart_discount_fixed() -> Stage:
    stage = cart_discounts()
    stage.till.open_discount(None)
    stage.till.choose_kind(is_percent=False)
    return stage.type("2.50")


def cart_note() -> Stage:
    stage = cart()
    stage.till.open_note()
    stage.till.type_note("Table 4")
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    cart,
    cart_discounts,
    cart_free,
    cart_many,
    cart_discount,
    cart_discount_fixed,
    cart_note,
)
