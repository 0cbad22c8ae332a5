"""Numbers as the locale writes them, wherever there is one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from PySide6.QtCore import QLocale

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.money import Currency, Money
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.viewmodels.numbers import (
    all_grouped,
    around,
    decimal_point,
    grouped,
    with_point,
)
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.viewmodels.words import money_text, percent_text, sats_text
from tests.ui.fakes import USD
from tests.ui.screens import Stage

EUR = Currency(code="EUR", digits=2, symbol="€")
CHF = Currency(code="CHF", digits=2)


@pytest.fixture(autouse=True)
def _locale() -> Iterator[None]:
    before = QLocale()
    yield
    QLocale.setDefault(before)


def plain(text: str) -> str:
    """Return a text with blanks that can be typed."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", "_")


@pytest.mark.parametrize(
    ("name", "million", "euros", "francs", "percent"),
    [
        ("C", "1_000_000 sats", "€86_206.90", "CHF 3.50", "7.5%"),
        ("en_US", "1,000,000 sats", "€86,206.90", "CHF 3.50", "7.5%"),
        ("de_DE", "1.000.000 sats", "86.206,90 €", "3,50 CHF", "7,5%"),
        (
            "de_CH",
            "1'000'000 sats",
            "€86'206.90",
            "CHF 3.50",
            "7.5%",
        ),
        ("fr_FR", "1_000_000 sats", "86_206,90 €", "3,50 CHF", "7,5%"),
        ("hi_IN", "10,00,000 sats", "€86,206.90", "CHF 3.50", "7.5%"),
        # Its digits are others than those on the keys.
        ("ar_EG", "1_000_000 sats", "€86_206.90", "CHF 3.50", "7.5%"),
    ],
)
def test_amounts_are_written_as_the_locale_writes_them(
    name: str, million: str, euros: str, francs: str, percent: str
) -> None:
    QLocale.setDefault(QLocale(name))
    assert plain(sats_text(1_000_000)) == million
    assert plain(money_text(Money(minor=8_620_690, currency=EUR))) == euros
    assert plain(money_text(Money(minor=350, currency=CHF))) == francs
    assert percent_text(Fraction(15, 2)) == percent


@pytest.mark.parametrize(
    ("number", "shown"),
    [("0", "0"), ("2100", "2100"), ("21000", "21_000"), ("1000000.5", "1_000_000.5")],
)
def test_the_house_groups_from_five_digits_on(number: str, shown: str) -> None:
    assert plain(grouped(number)) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("", ""),
        ("0", "0"),
        ("0.", "0,"),
        ("007", "007"),
        ("12345678901234.5", "12.345.678.901.234,5"),
        # As much as a sale may ever come to, in minor units.
        ("10000000000000000", "10.000.000.000.000.000"),
    ],
)
def test_what_is_half_typed_and_what_is_large(number: str, shown: str) -> None:
    QLocale.setDefault(QLocale("de_DE"))
    assert grouped(number) == shown


def test_a_sum_is_written_number_by_number_and_an_edited_one_without_groups() -> None:
    QLocale.setDefault(QLocale("de_DE"))
    assert all_grouped("3.50 + 1200.00 - 0.5 = ") == "3,50 + 1.200,00 - 0,5 = "
    assert with_point("1234.50") == "1234,50"
    assert (decimal_point(), around("$")) == (",", ("", "\N{NO-BREAK SPACE}$"))


def test_the_keypad_has_the_locales_point_and_types_with_it() -> None:
    QLocale.setDefault(QLocale("de_DE"))
    stage = Stage(currency=USD)
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    assert page.keypad.keys[Key.DOT].text() == ","
    for key in (Key.D1, Key.D2, Key.D3, Key.D4, Key.DOT, Key.D5):
        page.keypad.keys[key].strike()
    assert plain(page.amount.text()) == "1.234,5 $"
    assert page.keypad.keys[Key.DOT].accessibleName() == "Decimal point"
