"""Selling by items: taps, the cart, discounts, the note, the scanner, the editor, the last sale."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from fractions import Fraction
from typing import Any, cast

import pytest
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.cart import Discount
from blinkpos_desktop.domain.errors import InputError, UnavailableError
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    ItemEdited,
    ItemEditFailed,
    ItemsChanged,
    LastSaleFailed,
    LastSaleLoaded,
    PaymentClosed,
    PaymentPaid,
)
from blinkpos_desktop.domain.item import Item, Tint
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.ui.bridge import NOT_DONE, STARTING, Bridge, Services
from blinkpos_desktop.ui.pages.cart_page import CartPage
from blinkpos_desktop.ui.pages.editor_page import EditorPage
from blinkpos_desktop.ui.pages.items_page import ItemsPage
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.last_sale_page import LastSalePage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.viewmodels.words import TIMES
from tests.ui.fakes import PRESETS, USD, payment_for, sale_of, shop
from tests.ui.screens import SIZES, Stage, on_stage, shelf
from tests.ui.screens.shelf import shelf_of
from tests.ui.screens.stage import settle

COFFEE, CROISSANT = shelf_of()[0], shelf_of()[5]
EAN = COFFEE.code
SCANNER_MS = 8
HAND_MS = 90


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage(currency=USD).ready()
    qtbot.addWidget(stage.window)
    stage.tell(ItemsChanged(items=shelf_of()))
    stage.window.resize(SIZES[0])
    stage.window.show()
    qtbot.waitExposed(stage.window)
    QApplication.processEvents()
    return stage


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()


def keypad(stage: Stage) -> KeypadPage:
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    page.keypad._held_until = 0.0
    return page


def items(stage: Stage) -> ItemsPage:
    page = stage.window.page(Screen.ITEMS)
    assert isinstance(page, ItemsPage)
    return page


def cart(stage: Stage) -> CartPage:
    page = stage.window.page(Screen.CART)
    assert isinstance(page, CartPage)
    return page


def last(stage: Stage) -> LastSalePage:
    page = stage.window.page("last sale")
    assert isinstance(page, LastSalePage)
    return page


def editor(stage: Stage) -> EditorPage:
    page = stage.window.stack.currentWidget()
    assert isinstance(page, EditorPage)
    return page


def tap(stage: Stage, name: str) -> None:
    page = items(stage)
    page.grid.turn_to(0)
    while name not in {tile._item.name for tile in page.grid.tiles}:
        click(page.pager.after)
    click(next(tile for tile in page.grid.tiles if tile._item.name == name))


def strike(stage: Stage, text: str, *, gap: int, start: int, end: str = "\r") -> int:
    """Send keys with the times at which they were struck; return when the last one was."""
    at = start
    for letter in text + end:
        key = Qt.Key.Key_Return if letter == "\r" else Qt.Key(ord(letter.upper()))
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, letter)
        event.setTimestamp(at)
        QApplication.sendEvent(stage.window, event)
        at += gap
    QApplication.processEvents()
    return at


# -- taps and the cart ------------------------------------------------------------------------


def test_the_keyboard_stays_on_the_button_that_counts(stage: Stage) -> None:
    click(stage.window.items_tab)
    for name in ("Espresso", "Croissant"):
        tap(stage, name)
    click(items(stage).cart)
    page = cart(stage)
    page.lines.rows.rows[1].more.setFocus()
    for _ in range(3):
        QTest.keyClick(page.lines.rows.rows[1].more, Qt.Key.Key_Space)
        QApplication.processEvents()
        assert page.lines.rows.rows[1].more.hasFocus()
    assert page.lines.total.text() == "$13.70"
    # But a line that goes hands it on to no other line's end.
    page.lines.rows.rows[0].out.setFocus()
    QTest.keyClick(page.lines.rows.rows[0].out, Qt.Key.Key_Space)
    QApplication.processEvents()
    [left] = page.lines.rows.rows
    assert not left.out.hasFocus()


def test_a_sale_by_taps_goes_through_the_cart_and_comes_back_to_an_empty_keypad(
    stage: Stage,
) -> None:
    assert stage.is_on(Screen.KEYPAD)
    stage.type("1.50")
    click(stage.window.items_tab)
    page = items(stage)
    for name in ("Espresso", "Espresso", "Croissant"):
        tap(stage, name)
    assert page.amount.text() == "$9.30"
    assert page.lines.texts() == [
        ("Amount", "$1.50"),
        (f"2 {TIMES} Espresso", "$5.00"),
        ("Croissant", "$2.80"),
    ]
    click(page.cart)
    rows = cart(stage).lines.rows.rows
    click(rows[0].out)
    click(cart(stage).lines.rows.rows[1].more)
    click(cart(stage).lines.rows.rows[0].fewer)
    assert cart(stage).lines.total.text() == "$8.10"
    click(cart(stage).lines.charge)
    assert stage.is_on(Screen.TIP)
    assert [choice.amount.minor for choice in stage.till.view.tip_choices] == [81, 122, 162]
    stage.till.choose_tip(PRESETS[0])
    [sale] = stage.bridge.charges
    assert (sale.items, sale.base.minor, sale.tip.minor) == ((250, 560), 810, 81)
    assert sale.sold is not None
    assert [(line.item_id, line.quantity) for line in sale.sold.lines] == [(1, 1), (6, 2)]
    payment = payment_for(sale)
    stage.tell(InvoiceReady(payment=payment), PaymentPaid(payment=payment))
    stage.till.dismiss_success()
    assert stage.is_on(Screen.KEYPAD)
    assert stage.till.view.basket.is_empty
    assert keypad(stage).amount.text() == "$0"


def test_what_is_typed_on_top_of_a_cart_is_one_sale(stage: Stage) -> None:
    stage.till.add(COFFEE)
    page = keypad(stage)
    assert page.hint.text() == f"1 {TIMES} Espresso: $2.50"
    stage.type("3.5")
    assert page.hint.text() == ""
    assert page.amount.text() == "$2.50 + 3.5"
    assert page._sum.text() == "2.50 + 3.50 = 6.00"
    stage.type("+1")
    assert page.amount.text() == "$6.00 + 1"
    assert page.cart.text() == "Cart · 3"
    stage.till.ok()
    stage.till.choose_tip(Fraction(0))
    assert stage.bridge.charges[0].items == (250, 350, 100)
    # Given up before its code: all of it is still there; C clears everything.
    stage.till.cancel()
    assert page.amount.text() == "$6.00 + 1"
    stage.type("C")
    assert stage.till.view.basket.is_empty
    assert page.amount.text() == "$0"


def test_what_is_sold_out_or_priced_otherwise_says_so_and_changes_nothing(stage: Stage) -> None:
    click(stage.window.items_tab)
    stage.till.add(COFFEE)
    tap(stage, "Carrot cake")
    assert items(stage)._hint.text() == "Carrot cake is sold out."
    stage.till.add(replace(COFFEE, price=Money(minor=21, currency=SATS)))
    assert items(stage)._hint.text() == "Espresso has a price in SATS only: edit it."
    assert stage.till.view.basket.pieces == 1


def test_another_currency_empties_the_cart_and_says_so(stage: Stage) -> None:
    stage.till.add(COFFEE)
    stage.tell(shop(currency=replace(USD, symbol="US$")))
    assert keypad(stage).amount.text() == "US$2.50"
    assert stage.till.view.cart.currency.symbol == "US$"
    stage.tell(shop(currency=SATS))
    assert stage.till.view.basket.is_empty
    assert "The currency has changed" in keypad(stage).hint.text()


# -- discounts and the note -------------------------------------------------------------------


def test_discounts_and_a_note_by_the_screen(stage: Stage) -> None:
    stage.till.add(COFFEE)
    stage.till.add(shelf_of()[9])
    click(keypad(stage).cart)
    click(cart(stage).lines.rows.rows[1].discount)
    page = cart(stage).discount
    stage.type("10")
    assert (page.amount.text(), page._off.text()) == ("10 %", "\N{MINUS SIGN}$1.25")
    click(page.use)
    click(cart(stage).lines.discount)
    click(page.fixed)
    stage.type("99")
    # Never more than there is.
    assert page._off.text() == "\N{MINUS SIGN}$13.75"
    QTest.keyClick(stage.window, Qt.Key.Key_Return)
    assert cart(stage).lines._hint.text().startswith("Nothing is left to pay")
    assert not cart(stage).lines.charge.isEnabled()
    click(cart(stage).lines.discount)
    click(page.fixed)
    stage.type("1.75")
    QTest.keyClick(stage.window, Qt.Key.Key_Enter)
    assert cart(stage).lines.charge.text() == "Charge $12.00"
    click(cart(stage).lines.note)
    QTest.keyClicks(cart(stage).note.line, "table 4")
    # Enter keeps the note, and charges nothing.
    QTest.keyClick(cart(stage).note.line, Qt.Key.Key_Return)
    assert stage.is_on(Screen.CART)
    assert cart(stage).lines.note.accessibleName() == "Note: table 4"
    QTest.keyClick(stage.window, Qt.Key.Key_Return)
    stage.till.choose_tip(PRESETS[0])
    [sale] = stage.bridge.charges
    assert (sale.items, sale.off_minor, sale.base.minor) == ((250, 1125), 175, 1200)
    assert (sale.tip.minor, sale.note) == (120, "table 4")


def test_a_discount_can_be_taken_away_and_escape_goes_back_step_by_step(stage: Stage) -> None:
    click(stage.window.items_tab)
    stage.till.add(COFFEE)
    click(items(stage).cart)
    stage.till.open_discount(0)
    stage.type("50")
    stage.till.use_discount()
    assert stage.till.view.cart.lines[0].discount == Discount(percent=Fraction(50))
    stage.till.open_discount(0)
    click(cart(stage).discount.none)
    assert stage.till.view.cart.total.minor == 250
    stage.till.open_discount(None)
    for expected in (Screen.CART, Screen.ITEMS, Screen.KEYPAD):
        QTest.keyClick(stage.window, Qt.Key.Key_Escape)
        assert stage.is_on(expected)
    assert stage.till.view.cart.pieces == 1


def test_a_long_cart_turns_its_pages_and_shows_what_has_just_come(stage: Stage) -> None:
    for item in shelf_of()[:8]:
        stage.till.add(item)
    stage.till.open_cart()
    QApplication.processEvents()
    lines = cart(stage).lines
    assert lines.pager.isVisible()
    assert lines.rows.rows[-1].out.accessibleName() == "Take out: Avocado toast"
    click(lines.pager.before)
    assert lines.rows.rows[0].out.accessibleName() == "Take out: Espresso"
    while stage.till.view.cart.lines:
        click(lines.rows.rows[0].out)
    assert not lines.charge.isEnabled()


@pytest.mark.parametrize("size", SIZES)
def test_a_cart_that_is_opened_shows_its_last_line(qtbot: QtBot, size: QSize) -> None:
    stage = on_stage(shelf.items_many, size)
    qtbot.addWidget(stage.window)
    stage.till.open_cart()
    settle()
    last = stage.till.view.cart.lines[-1].name
    assert cart(stage).lines.rows.rows[-1].out.accessibleName() == f"Take out: {last}"


# -- the scanner ------------------------------------------------------------------------------


@pytest.mark.parametrize("opener", [Screen.KEYPAD, Screen.ITEMS, Screen.CART])
def test_a_scanner_finds_an_item_and_types_nothing(stage: Stage, opener: Screen) -> None:
    stage.type("2")
    if opener is Screen.ITEMS:
        stage.till.open_items()
    elif opener is Screen.CART:
        stage.till.open_cart()
    strike(stage, EAN, gap=SCANNER_MS, start=10_000)
    assert stage.is_on(opener)
    assert [line.name for line in stage.till.view.basket.lines] == ["", "Espresso"]
    strike(stage, EAN, gap=SCANNER_MS, start=20_000)
    assert stage.till.view.basket.total.minor == 200 + 2 * 250
    assert stage.bridge.charges == []


def test_an_unknown_code_says_so_and_charges_nothing(stage: Stage) -> None:
    stage.type("2")
    strike(stage, "9999999999994", gap=SCANNER_MS, start=10_000)
    assert keypad(stage).hint.text() == "No item has the code 9999999999994."
    assert stage.till.view.entry.text == "2"
    assert stage.is_on(Screen.KEYPAD)


def test_fast_hands_type_amounts_and_enter_charges(stage: Stage) -> None:
    strike(stage, "1234567", gap=HAND_MS, start=10_000)
    assert stage.is_on(Screen.TIP)
    assert stage.till.view.entry.total.minor == 123_456_700


def test_keys_that_waited_while_the_till_was_busy_are_no_scan(stage: Stage) -> None:
    # They are all delivered at once, with the times at which a hand struck them.
    strike(stage, "123456", gap=HAND_MS, start=10_000)
    assert stage.is_on(Screen.TIP)
    # And without any times of their own.
    stage.till.cancel()
    stage.type("C")
    strike(stage, "654321", gap=0, start=0)
    assert stage.is_on(Screen.TIP)


def test_a_held_key_is_no_scan(stage: Stage) -> None:
    for at in range(8):
        event = QKeyEvent(
            QEvent.Type.KeyPress,
            Qt.Key.Key_1,
            Qt.KeyboardModifier.NoModifier,
            "1",
            autorep=at > 0,
        )
        event.setTimestamp(10_000 + 20 * at)
        QApplication.sendEvent(stage.window, event)
    strike(stage, "", gap=0, start=10_150)
    assert stage.is_on(Screen.TIP)
    assert stage.till.view.entry.text == "11111111"


def test_a_scan_over_a_typed_tip_or_discount_decides_nothing(stage: Stage) -> None:
    stage.type("10")
    stage.till.ok()
    stage.till.open_custom()
    stage.type("5")
    strike(stage, EAN, gap=SCANNER_MS, start=10_000)
    assert stage.till.view.custom is not None
    assert stage.till.view.custom.text == "5"
    assert stage.bridge.charges == []
    stage.till.back()
    stage.till.back()
    stage.till.open_cart()
    stage.till.open_discount(0)
    strike(stage, EAN, gap=SCANNER_MS, start=20_000)
    assert stage.till.view.discounting is not None
    assert stage.till.view.discounting.text == ""


def test_a_scan_on_the_green_begins_the_next_sale(stage: Stage) -> None:
    stage.type("10")
    stage.paid()
    strike(stage, EAN, gap=SCANNER_MS, start=10_000)
    assert stage.is_on(Screen.KEYPAD)
    assert [line.name for line in stage.till.view.basket.lines] == ["Espresso"]


# -- the shelf and its editor -----------------------------------------------------------------


def test_an_item_is_made_on_the_screen(qtbot: QtBot) -> None:
    stage = Stage(currency=USD).ready()
    qtbot.addWidget(stage.window)
    stage.window.show()
    click(stage.window.items_tab)
    click(items(stage).first)
    page = editor(stage)
    QTest.keyClicks(page.lines["name"], "Lemonade")
    click(page.save)
    assert page._error.text() == "Type a price."
    QTest.keyClicks(page.lines["price"], "3,5")
    QTest.keyClicks(page.lines["category"], "Drinks & more")
    # A scanner's Enter in the code's line saves nothing.
    QTest.keyClicks(page.lines["code"], "4006381333931")
    page.lines["code"].setFocus()
    QTest.keyClick(page.lines["code"], Qt.Key.Key_Return)
    assert stage.bridge.saved == []
    click(page.tints[Tint.YELLOW])
    click(page.tints[Tint.YELLOW])
    assert page.tints[Tint.YELLOW].isChecked()
    page.lines["name"].setFocus()
    QTest.keyClick(page.lines["name"], Qt.Key.Key_Return)
    made = Item(
        name="Lemonade",
        price=Money(minor=350, currency=USD),
        category="Drinks & more",
        code="4006381333931",
        tint=Tint.YELLOW,
    )
    assert stage.bridge.saved == [made]
    assert not page.save.isEnabled()
    stage.tell(ItemEditFailed(sentence="The database is away."))
    assert page._error.text() == "The database is away."
    click(page.save)
    stage.tell(ItemsChanged(items=(replace(made, id=7, version=1),)), ItemEdited())
    assert stage.window.stack.currentWidget() is items(stage)
    tap(stage, "Lemonade")
    assert stage.till.view.basket.total.minor == 350
    assert [button.text() for button in items(stage).chips.buttons.values()] == [
        "All",
        "Drinks && more",
    ]


def test_an_item_is_edited_moved_and_removed(stage: Stage) -> None:
    click(stage.window.items_tab)
    click(items(stage).pencil)
    tap(stage, "Flat white")
    page = editor(stage)
    assert (page.lines["name"].text(), page.lines["price"].text()) == ("Flat white", "3.80")
    click(page.sold_out)
    click(page.later)
    assert stage.bridge.swapped == [(2, 3)]
    first, second, third, *others = shelf_of()
    moved = (first, replace(third, version=2), replace(second, version=2), *others)
    stage.tell(ItemsChanged(items=moved), ItemEdited())
    # Only its place has changed: what was marked is kept, and saved over what is there now.
    click(page.save)
    [saved] = stage.bridge.saved
    assert (saved.id, saved.version, saved.is_sold_out) == (2, 2, True)
    stage.tell(ItemEdited())
    tap(stage, "Espresso")
    page = editor(stage)
    assert not page.earlier.isEnabled()
    # What another till has written meanwhile is not written over unseen.
    theirs = replace(first, version=5, price=Money(minor=999, currency=USD))
    stage.tell(ItemsChanged(items=(theirs, *moved[1:])))
    stage.shelf.again.seconds = 60.0
    for _ in range(2):
        click(page.remove)
        assert stage.bridge.removed == [], "a double tap removes nothing"
    stage.shelf.again.seconds = 0.0
    click(page.remove)
    assert [(item.id, item.version) for item in stage.bridge.removed] == [(1, first.version)]
    stage.tell(ItemEditFailed(sentence="Another till was first."))
    QTest.keyClick(stage.window, Qt.Key.Key_Escape)
    assert stage.window.stack.currentWidget() is items(stage)
    assert stage.till.view.basket.is_empty
    # Left for another page, the draft is gone, and brings nobody back.
    tap(stage, "Croissant")
    stage.window.open_tips()
    assert stage.shelf.view.draft is None
    stage.tell(ItemsChanged(items=moved))
    assert stage.window.stack.currentWidget() is stage.window.page("tips")


def test_categories_and_pages_of_buttons(stage: Stage) -> None:
    click(stage.window.items_tab)
    page = items(stage)
    shown = len(page.grid.tiles)
    assert page.pager.isVisible()
    click(page.pager.after)
    assert len(page.grid.tiles) == len(shelf_of()) - shown
    click(page.chips.buttons["Beans"])
    assert [tile._item.name for tile in page.grid.tiles] == ["House blend 250 g", "Decaf 250 g"]
    assert not page.pager.isVisible()
    stage.tell(ItemsChanged(items=shelf_of()[:3]))
    assert len(page.grid.tiles) == 3


def test_keys_type_nothing_behind_the_editor(stage: Stage) -> None:
    stage.shelf.edit(COFFEE)
    QTest.keyClicks(stage.window, "21")
    QTest.keyClick(stage.window, Qt.Key.Key_Return)
    assert stage.till.view.entry.text == ""
    other = sale_of(100, currency=USD)
    stage.tell(PaymentPaid(payment=payment_for(other, number=7)))
    assert isinstance(stage.window.stack.currentWidget(), EditorPage)


# -- the last sale ----------------------------------------------------------------------------


def sold(stage: Stage) -> LastSale:
    stage.till.add(COFFEE)
    stage.till.add(CROISSANT)
    stage.till.ok()
    stage.till.choose_tip(PRESETS[0])
    sale = stage.bridge.charges[-1]
    assert sale.sold is not None
    payment = payment_for(sale)
    stage.tell(InvoiceReady(payment=payment))
    stage.till.cancel()
    stage.tell(PaymentClosed(payment=replace(payment, state=PaymentState.CANCELLED)))
    return LastSale(payment=replace(payment, state=PaymentState.CANCELLED), cart=sale.sold)


def test_one_tap_calls_the_last_result_back_and_another_sells_it_again(stage: Stage) -> None:
    sale = sold(stage)
    click(keypad(stage).last)
    assert stage.bridge.last_sales == 1
    stage.tell(LastSaleLoaded(sale=sale))
    assert last(stage)._state.text().startswith("Not paid: cancelled")
    assert last(stage).amount.text() == "$5.83"
    # Late money is money: what is shown follows what is stored.
    paid = replace(sale.payment, state=PaymentState.PAID, paid_at=1, received_sats=5247)
    stage.tell(PaymentPaid(payment=paid))
    assert stage.bridge.last_sales == 2
    stage.tell(LastSaleLoaded(sale=replace(sale, payment=paid)))
    assert last(stage)._state.text().startswith("✓ Paid at")
    click(last(stage).again)
    assert stage.window.stack.currentWidget() is keypad(stage)
    assert stage.till.view.cart == sale.cart
    assert keypad(stage).amount.text() == "$5.30"
    # Nothing that is typed is lost by a second tap.
    stage.till.take_again(sale.cart)
    assert keypad(stage).hint.text() == "Something is typed already: clear it first."
    # A sale that was typed is typed again.
    stage.type("C3+4")
    typed = stage.till.view.basket
    stage.type("C")
    stage.till.take_again(typed)
    assert stage.till.view.entry.items == (300, 400)


def test_without_a_last_sale_or_a_database_it_says_so(stage: Stage) -> None:
    click(keypad(stage).last)
    stage.tell(LastSaleLoaded(sale=None))
    page = last(stage)
    assert page._state.text() == "Nothing sold here yet"
    assert not page.again.isVisible()
    QTest.keyClick(stage.window, Qt.Key.Key_Escape)
    assert stage.window.stack.currentWidget() is keypad(stage)
    click(keypad(stage).last)
    stage.tell(LastSaleFailed(sentence="The database is away."))
    assert page._state.text() == "The database is away."
    click(page.retry)
    assert stage.bridge.last_sales == 3
    stage.last_sale._give_up()
    assert page._state.text().startswith("No answer after 10 seconds")
    click(page.back)
    assert stage.window.stack.currentWidget() is keypad(stage)


# -- the bridge -------------------------------------------------------------------------------


class FakeSupervisor:
    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        del name
        asyncio.run(work)


class FakeItems:
    """The items' use case with an outcome laid down."""

    def __init__(self, outcome: Exception | None) -> None:
        self.outcome = outcome

    async def save(self, item: Item) -> None:
        del item
        if self.outcome:
            raise self.outcome

    remove = save

    async def swap(self, one: int, other: int) -> None:
        del one, other
        if self.outcome:
            raise self.outcome

    async def last_sale(self) -> LastSale | None:
        if self.outcome:
            raise self.outcome
        return None


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (None, None),
        (InputError("Another till was first."), "Another till was first."),
        (UnavailableError("The database is away."), "The database is away."),
        (ZeroDivisionError("a bug"), NOT_DONE),
    ],
)
def test_every_wish_is_answered_once(outcome: Exception | None, sentence: str | None) -> None:
    bridge, nothing = Bridge(), cast("Any", None)
    facts: list[object] = []
    bridge.fact.connect(facts.append)
    wishes: tuple[Callable[[], None], ...] = (
        lambda: bridge.save_item(COFFEE),
        lambda: bridge.remove_item(COFFEE),
        lambda: bridge.swap_items(1, 2),
    )
    for wish in (*wishes, bridge.load_last_sale):
        wish()
    starting = [ItemEditFailed(sentence=STARTING)] * 3 + [LastSaleFailed(sentence=STARTING)]
    assert facts == starting
    facts.clear()
    bridge.attach(
        Services(
            supervisor=cast("Any", FakeSupervisor()),
            checkout=nothing,
            history=nothing,
            attention=nothing,
            announcing=nothing,
            items=cast("Any", FakeItems(outcome)),
            cancel=nothing,
            check=nothing,
            take_up=nothing,
            examine=nothing,
        )
    )
    for wish in (*wishes, bridge.load_last_sale):
        wish()
    if sentence is None:
        assert facts == [ItemEdited()] * 3 + [LastSaleLoaded(sale=None)]
    else:
        failed = [ItemEditFailed(sentence=sentence)] * 3
        assert facts == [*failed, LastSaleFailed(sentence=sentence)]
