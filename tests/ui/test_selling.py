"""The counter's rules for prices and currencies, tips for several, and a code after another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.cart import Cart, put
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    PriceChanged,
    PriceDoubted,
)
from blinkpos_desktop.domain.item import Item, Tint
from blinkpos_desktop.domain.money import SATS, Money, Price
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.pricing import PriceMove
from blinkpos_desktop.domain.sale import parse_recipients
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.viewmodels.words import Tone, move_words, price_line
from tests.ui.fakes import NOON, USD, payment_for, shop
from tests.ui.screens import SIZES, on_stage, selling
from tests.ui.screens.stage import settle
from tests.ui.test_till import Counter, paid

OLDER = "The code before may still be payable: have only this one paid."
COFFEE = Item(id=1, name="Coffee", price=Money(minor=300, currency=USD), tint=Tint.PLAIN)


def dear(base: int = 100_000_000_000, *, at: int = NOON) -> Price:
    """A tenth of a cent a sat: a bitcoin is $100,000 (or another base)."""
    return Price(currency=USD, base=base, offset=12, as_of=at)


class Fiat(Counter):
    """A counter in dollars, in a shop where two serve."""

    def __init__(self) -> None:
        super().__init__(currency=USD)
        self.wall = float(NOON)
        self.till._wall = lambda: self.wall
        two = parse_recipients(["ana:60", "ben:40"])
        self.till.on_fact(shop(currency=USD, recipients=two))
        self.till.on_fact(PriceChanged(price=dear(), since=NOON, is_sure=True))

    def to_tip(self, text: str = "12.50") -> None:
        self.type(text)
        self.till.ok()
        assert self.is_on(Screen.TIP)
        self.wait()

    def typed(self) -> tuple[str, str]:
        entry = self.till.view.entry
        return entry.currency.code, entry.text

    def chosen(self) -> list[str]:
        return [each.username for each in self.till.view.servers if each.is_chosen]


@pytest.fixture
def fiat() -> Fiat:
    return Fiat()


# -- two currencies -----------------------------------------------------------------------------


def test_one_tap_turns_to_sats_and_back_and_the_amount_keeps_its_worth(fiat: Fiat) -> None:
    fiat.type("12.50")
    assert fiat.till.view.other_currency == "sats"
    fiat.till.switch_currency()
    assert fiat.typed() == ("SATS", "12500")
    assert fiat.till.view.other_currency == "USD"
    fiat.till.switch_currency()
    assert fiat.typed() == ("USD", "12.50")
    fiat.till.press(Key.CLEAR)
    fiat.till.switch_currency()
    fiat.type("21")
    fiat.till.ok()
    fiat.wait()
    fiat.till.choose_tip(Fraction(10))
    assert (fiat.sales[0].currency, fiat.sales[0].base.minor) == (SATS, 21)


@pytest.mark.parametrize("why", ["none", "old", "doubted"])
def test_without_a_sure_price_nothing_is_converted_and_sats_sell(why: str) -> None:
    fiat = Fiat()
    if why == "none":
        fiat.till._price = None
    elif why == "old":
        fiat.wall += 600
    else:
        fiat.till.on_fact(PriceChanged(price=dear(130_000_000_000), since=NOON))
    fiat.type("12.50")
    fiat.till.switch_currency()
    assert fiat.typed() == ("SATS", "")
    assert "no sure price" in fiat.till.view.told
    fiat.type("21")
    assert fiat.till.view.told == ""
    assert fiat.can_charge()


def test_a_sale_is_in_one_currency(fiat: Fiat) -> None:
    fiat.type("3+2")
    fiat.till.switch_currency()
    assert fiat.typed() == ("USD", "2")
    assert "one currency" in fiat.till.view.error
    fiat.till.press(Key.CLEAR)
    fiat.till.switch_currency()
    fiat.type("21")
    # An item has its own: it does not come to what is typed in another.
    fiat.till.add(COFFEE)
    assert fiat.till.view.cart.is_empty
    fiat.till.press(Key.CLEAR)
    fiat.till.add(COFFEE)
    assert fiat.till.view.basket.total == Money(minor=300, currency=USD)


def test_the_next_sale_is_in_the_shops_currency_again(fiat: Fiat) -> None:
    fiat.till.switch_currency()
    payment = fiat.to_invoice()
    fiat.till.on_fact(PaymentPaid(payment=paid(payment)))
    fiat.wait()
    fiat.till.dismiss_success()
    assert fiat.typed() == ("USD", "")
    # One that was in sats is taken again in sats.
    cart = Cart(currency=SATS)
    sats = replace(COFFEE, price=Money(minor=21, currency=SATS))
    fiat.till.take_again(put(cart, sats))
    assert fiat.till.view.basket.total == Money(minor=21, currency=SATS)


def test_a_shop_that_is_told_again_leaves_the_hands_choice(fiat: Fiat) -> None:
    fiat.till.switch_currency()
    fiat.type("21")
    fiat.till.on_fact(shop(currency=USD))
    assert fiat.typed() == ("SATS", "21")


def test_a_shop_in_sats_has_one_currency() -> None:
    counter = Counter()
    counter.till.on_fact(shop())
    assert counter.till.view.other_currency == ""
    assert counter.till.view.price is None
    counter.type("21")
    counter.till.switch_currency()
    assert counter.till.view.entry.text == "21"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        *((None, "₿ = $86.00"), (0, "₿ = $86.00 · 0 s ago"), (59, "₿ = $86.00 · 50 s ago")),
        *((61, "₿ = $86.00 · 1 min ago"), (-5, "₿ = $86.00 · 0 s ago")),
        (601, "₿ = $86.00 · too old, 10 min"),
    ],
)
def test_the_price_shows_its_age(age: float | None, words: str) -> None:
    text, tone = price_line(Money(minor=8600, currency=USD), age)
    assert text == words
    assert (tone is Tone.ALERT) is ("too old" in words)


# -- a price that moved -------------------------------------------------------------------------

MOVE = PriceMove(before=dear(), price=dear(125_000_000_000, at=NOON + 300))


def to_price(fiat: Fiat) -> None:
    fiat.to_tip()
    fiat.till.choose_tip(Fraction(10))
    fiat.wait()
    fiat.till.on_fact(PriceDoubted(move=MOVE))
    assert fiat.is_on(Screen.PRICE)


def test_a_person_is_asked_in_one_sentence_and_may_agree(fiat: Fiat) -> None:
    to_price(fiat)
    assert fiat.till.view.move is not None
    assert move_words(fiat.till.view.move).replace("\N{NARROW NO-BREAK SPACE}", " ") == (
        "A bitcoin was $100 000.00 5 minutes ago and is $125 000.00 now. Sell at the new price?"
    )
    # The second half of a double tap was for the page before.
    fiat.till.agree_to_price()
    assert fiat.is_on(Screen.PRICE)
    fiat.wait()
    fiat.till.agree_to_price()
    assert fiat.is_on(Screen.MAKING)
    asked, agreed = fiat.sales
    assert agreed == replace(asked, agreed=MOVE.price)
    fiat.till.on_fact(InvoiceReady(payment=payment_for(agreed)))
    assert fiat.is_on(Screen.INVOICE)


def test_who_does_not_agree_sells_nothing_and_keeps_the_amount(fiat: Fiat) -> None:
    to_price(fiat)
    fiat.wait()
    fiat.till.back()
    assert fiat.is_on(Screen.KEYPAD)
    assert fiat.typed() == ("USD", "12.50")
    assert len(fiat.sales) == 1


def test_a_doubt_about_a_sale_that_was_given_up_asks_nobody(fiat: Fiat) -> None:
    fiat.to_tip()
    fiat.till.choose_tip(Fraction(0))
    fiat.wait()
    fiat.till.cancel()
    fiat.till.on_fact(PriceDoubted(move=MOVE))
    assert fiat.is_on(Screen.KEYPAD)


# -- tips ---------------------------------------------------------------------------------------


def test_whoever_served_gets_the_tip_and_everybody_if_nobody_is_named(fiat: Fiat) -> None:
    fiat.to_tip()
    assert fiat.chosen() == []
    fiat.till.toggle_server("ben")
    assert fiat.chosen() == ["ben"]
    fiat.till.choose_tip(Fraction(10))
    assert [each.username for each in fiat.sales[0].recipients] == ["ben"]
    fiat.wait()
    fiat.till.cancel()
    # Each sale begins with the settings' shares.
    fiat.till.ok()
    fiat.wait()
    assert fiat.chosen() == []
    fiat.till.choose_tip(Fraction(10))
    assert [(each.username, each.share) for each in fiat.sales[1].recipients] == [
        ("ana", 60),
        ("ben", 40),
    ]


def test_a_name_looks_chosen_only_when_it_is(qtbot: QtBot) -> None:
    stage = on_stage(selling.tip_two, SIZES[0])
    qtbot.addWidget(stage.window)
    page = stage.window.page(Screen.TIP)
    assert isinstance(page, TipPage)
    ana, ben = page.presets.served.names
    stage.till._guard_seconds = 1e9
    QTest.mouseClick(ana, Qt.MouseButton.LeftButton)
    assert not ana.isChecked()
    stage.till._guard_seconds = 0
    for button in (ana, ben, ana):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert (ana.isChecked(), ben.isChecked()) == (False, True)
    QTest.mouseClick(page.presets.round_up, Qt.MouseButton.LeftButton)
    [sale] = stage.bridge.charges
    assert sale.tip.minor == 50
    assert [each.username for each in sale.recipients] == ["ben"]


def test_nobody_is_asked_who_served_where_one_does() -> None:
    counter = Counter()
    counter.till.on_fact(shop())
    counter.type("21")
    counter.till.ok()
    assert counter.till.view.servers == ()


def test_a_sum_is_rounded_up_at_a_tap(fiat: Fiat) -> None:
    fiat.to_tip("12.40")
    assert fiat.till.view.round_up == Money(minor=60, currency=USD)
    fiat.till.toggle_server("ana")
    fiat.till.choose_round_up()
    [sale] = fiat.sales
    assert (sale.base.minor, sale.tip.minor, sale.tip_percent) == (1240, 60, Fraction(0))
    assert [each.username for each in sale.recipients] == ["ana"]


def test_a_tip_is_typed_as_an_amount(fiat: Fiat) -> None:
    fiat.to_tip()
    fiat.till.open_custom()
    fiat.wait()
    fiat.till.choose_custom()
    assert fiat.is_on(Screen.TIP)
    fiat.till.choose_tip_kind(is_percent=False)
    fiat.type("2.555")
    custom = fiat.till.view.custom
    assert custom is not None
    assert (custom.text, custom.amount) == ("2.55", Money(minor=255, currency=USD))
    fiat.till.choose_custom()
    assert (fiat.sales[0].tip.minor, fiat.sales[0].tip_percent) == (255, Fraction(0))


def test_an_amount_of_nothing_is_no_tip(fiat: Fiat) -> None:
    fiat.to_tip()
    fiat.till.open_custom()
    fiat.till.choose_tip_kind(is_percent=False)
    fiat.type("0")
    fiat.wait()
    fiat.till.choose_custom()
    assert fiat.sales[0].tip.minor == 0
    assert fiat.sales[0].recipients == ()


# -- a code after another -----------------------------------------------------------------------


def given_up(counter: Counter) -> Payment:
    first = counter.to_invoice(1)
    counter.till.change_amount()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [first.id]
    counter.wait()
    return first


@pytest.fixture
def counter() -> Counter:
    counter = Counter()
    counter.till.on_fact(shop())
    return counter


def second_code(counter: Counter) -> Payment:
    """Make the next sale and have its invoice ready, which may have to wait."""
    counter.till.ok()
    counter.wait()
    counter.till.choose_tip(Fraction(0))
    counter.wait()
    payment = payment_for(counter.sales[-1], number=2)
    counter.till.on_fact(InvoiceReady(payment=payment))
    return payment


def test_a_new_amount_is_one_tap_away_and_begins_with_what_was_typed(counter: Counter) -> None:
    given_up(counter)
    assert counter.till.view.entry.text == "21"
    counter.till.press(Key.BACKSPACE)
    assert counter.till.view.entry.text == "2"


def test_the_new_code_waits_until_the_old_one_is_dead(counter: Counter) -> None:
    first = given_up(counter)
    second = second_code(counter)
    assert counter.is_on(Screen.MAKING)
    assert counter.till._wait.interval() == 3000
    counter.till.on_fact(PaymentClosed(payment=replace(first, state=PaymentState.CANCELLED)))
    assert counter.is_on(Screen.INVOICE)
    assert (counter.till.view.payment, counter.till.view.older) == (second, "")
    assert not counter.till._wait.isActive()


def test_after_three_seconds_it_is_shown_and_says_that_the_old_one_may_be_payable(
    counter: Counter, qtbot: QtBot
) -> None:
    first = given_up(counter)
    counter.till._wait.setInterval(1)
    second_code(counter)
    qtbot.waitUntil(lambda: counter.is_on(Screen.INVOICE))
    assert counter.till.view.older == OLDER
    counter.till.on_fact(PaymentClosed(payment=replace(first, state=PaymentState.CANCELLED)))
    assert counter.till.view.older == ""


def test_nobody_waits_twice_for_the_same_code(counter: Counter) -> None:
    given_up(counter)
    second = second_code(counter)
    counter.till._show_ready()
    counter.till.change_amount()
    assert counter.is_on(Screen.INVOICE)
    counter.wait()
    counter.till.on_fact(PaymentPaid(payment=paid(second)))
    assert counter.is_on(Screen.SUCCESS)
    counter.wait()
    counter.till.dismiss_success()
    payment = payment_for(counter.to_making(), number=3)
    counter.till.on_fact(InvoiceReady(payment=payment))
    assert counter.is_on(Screen.INVOICE)
    assert counter.till.view.older == ""


def test_the_old_code_paid_at_the_last_moment_is_a_line_and_the_new_one_shown(
    counter: Counter,
) -> None:
    first = given_up(counter)
    second_code(counter)
    counter.till.on_fact(PaymentPaid(payment=paid(first)))
    assert counter.is_on(Screen.INVOICE)
    assert [each.payment_id for each in counter.till.view.notices] == [first.id]


def test_a_code_that_waits_is_given_up_with_its_sale(counter: Counter) -> None:
    first = given_up(counter)
    second = second_code(counter)
    counter.wait()
    counter.till.cancel()
    assert counter.is_on(Screen.KEYPAD)
    assert counter.cancelled == [first.id, second.id]
    counter.till.on_fact(PaymentClosed(payment=replace(first, state=PaymentState.CANCELLED)))
    assert counter.is_on(Screen.KEYPAD)


def test_a_code_that_ends_while_it_waits_is_never_shown(counter: Counter) -> None:
    given_up(counter)
    second = second_code(counter)
    counter.till.on_fact(PaymentClosed(payment=replace(second, state=PaymentState.EXPIRED)))
    assert counter.is_on(Screen.KEYPAD)
    assert counter.till.view.error


# -- parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 6, 9])
def test_no_part_of_the_money_is_left_out_without_a_word(qtbot: QtBot, count: int) -> None:
    stage = on_stage(selling.success_shared, SIZES[0])
    qtbot.addWidget(stage.window)
    payment = stage.till.view.payment
    assert payment is not None
    merchant, tip, *_ = payment.transfers
    parts = tuple(replace(tip, id=9 + at, recipient=f"waiter_{at}") for at in range(count - 1))
    page = stage.window.page(Screen.SUCCESS)
    stage.tell(PaymentCompleted(payment=replace(payment, transfers=(merchant, *parts))))
    settle()
    texts = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    shown = [text for text in texts if " to " in text]
    rest = [text for text in texts if text.startswith("and ")]
    assert len(shown) + (int(rest[0].split()[1]) if rest else 0) == count
