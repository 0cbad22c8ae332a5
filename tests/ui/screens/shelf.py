"""The items, and the editor of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from blinkpos_desktop.domain.facts import (
    ItemEditFailed,
    ItemsChanged,
)
from blinkpos_desktop.domain.item import Item, Tint
from blinkpos_desktop.domain.money import Currency, Money
from tests.ui.fakes import (
    USD,
)
from tests.ui.screens.stage import Stage


def shelf_of(currency: Currency = USD) -> tuple[Item, ...]:
    """A café's buttons."""
    coffee, food, other = "Coffee & tea", "Sandwiches", "Beans"
    rows = (
        ("Espresso", 250, Tint.ORANGE, coffee),
        ("Flat white", 380, Tint.ORANGE, coffee),
        ("Cappuccino", 360, Tint.ORANGE, coffee),
        ("Filter coffee of the day", 320, Tint.ORANGE, coffee),
        ("Green tea", 300, Tint.GREEN, coffee),
        ("Croissant", 280, Tint.YELLOW, food),
        ("Cheese sandwich with tomatoes", 650, Tint.YELLOW, food),
        ("Avocado toast", 890, Tint.TEAL, food),
        ("Carrot cake", 450, Tint.RED, food),
        ("House blend 250 g", 1_250, Tint.BLUE, other),
        ("Decaf 250 g", 1_350, Tint.VIOLET, other),
        ("Gift card", 2_500, Tint.PLAIN, ""),
    )
    return tuple(
        Item(
            id=number,
            version=1,
            name=name,
            price=Money(minor=price, currency=currency),
            tint=tint,
            category=category,
            code=f"40063813339{number:02}",
            is_sold_out=name == "Carrot cake",
        )
        for number, (name, price, tint, category) in enumerate(rows, start=1)
    )


def items_page(*, network: str = "mainnet") -> Stage:
    stage = Stage(currency=USD, network=network).ready()
    stage.tell(ItemsChanged(items=shelf_of()))
    stage.window.open_items()
    return stage


def items_empty() -> Stage:
    stage = Stage(currency=USD).ready()
    stage.window.open_items()
    return stage


def items_cart() -> Stage:
    stage = items_page()
    for at in (0, 0, 5, 2, 9, 1):
        stage.till.add(shelf_of()[at])
    return stage


def items_sold_out() -> Stage:
    stage = items_page(network="regtest")
    stage.till.add(shelf_of()[8])
    stage.shelf.choose("Sandwiches")
    return stage


def items_arranging() -> Stage:
    stage = items_page()
    stage.shelf.arrange(is_on=True)
    return stage


def items_many() -> Stage:
    """More items than fit, and more categories."""
    stage = Stage(currency=USD, network="regtest").ready()
    items = tuple(
        replace(each, id=100 * turn + each.id, category=f"{each.category} {turn}")
        for turn in range(4)
        for each in shelf_of()
    )
    stage.tell(ItemsChanged(items=items))
    stage.window.open_items()
    for item in items[:30]:
        stage.till.add(item)
    return stage


def items_on_the_keypad() -> Stage:
    stage = items_page()
    for at in (0, 0, 5):
        stage.till.add(shelf_of()[at])
    stage.window.open_till()
    return stage.type("3.5")


def items_scanned() -> Stage:
    stage = items_page()
    stage.window.open_till()
    stage.till.add(shelf_of()[9])
    return stage


def items_editor() -> Stage:
    stage = items_page(network="regtest")
    stage.shelf.edit(shelf_of()[3])
    return stage


def items_editor_new() -> Stage:
    stage = items_page()
    stage.shelf.new()
    stage.shelf.write(name="Lemonade", price="3.5")
    stage.shelf.choose_tint(Tint.YELLOW)
    stage.shelf.save()
    stage.tell(ItemEditFailed(sentence="The database can't be reached: try again."))
    return stage


def items_editor_removing() -> Stage:
    stage = items_editor()
    stage.shelf.mark_sold_out(is_sold_out=True)
    stage.shelf.remove()
    return stage


STATES: Final[tuple[Callable[[], Stage], ...]] = (
    items_page,
    items_empty,
    items_cart,
    items_sold_out,
    items_arranging,
    items_many,
    items_on_the_keypad,
    items_scanned,
    items_editor,
    items_editor_new,
    items_editor_removing,
)
