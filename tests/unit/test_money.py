"""Whole sats, whole minor units, exact prices, and what is no amount."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.money import (
    MAX_SATS,
    SATS,
    Currency,
    Money,
    Price,
    format_percent,
    format_sats,
    parse_amount,
    parse_percent,
    round_half_up,
)
from tests.unit.strategies import JPY, KWD, USD, currencies, percents


@given(st.integers(0, MAX_SATS * 10**6), st.integers(0, 12))
def test_rounding_agrees_with_decimals_half_up(numerator: int, digits: int) -> None:
    with localcontext(prec=60):
        expected = Decimal(numerator).scaleb(-digits).quantize(Decimal(1), ROUND_HALF_UP)
    assert round_half_up(Fraction(numerator, 10**digits)) == int(expected)


@given(st.integers(0, MAX_SATS), st.integers(1, 10**15))
def test_exact_halves_go_up(whole: int, denominator: int) -> None:
    half = Fraction(2 * whole + 1, 2)
    assert round_half_up(half) == whole + 1
    assert round_half_up(half - Fraction(1, 2 * denominator + 2)) == whole
    with localcontext(prec=60):
        assert round_half_up(half) == int(
            (Decimal(whole) + Decimal("0.5")).quantize(Decimal(1), ROUND_HALF_UP)
        )


@given(st.fractions(min_value=0, max_value=MAX_SATS))
def test_rounding_finds_the_nearest_whole_number(value: Fraction) -> None:
    assert Fraction(-1, 2) < round_half_up(value) - value <= Fraction(1, 2)


@given(currencies(), st.integers(1, 10**16))
def test_what_is_formatted_is_read_back(currency: Currency, minor: int) -> None:
    money = Money(minor=minor, currency=currency)
    if minor < 10 ** (16 + currency.digits):
        assert parse_amount(money.decimal(), currency) == money


@given(st.integers(1, MAX_SATS))
def test_every_number_of_sats_is_read(sats: int) -> None:
    assert parse_amount(str(sats), SATS).minor == sats


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("21", SATS, 21),
        (" 21 ", SATS, 21),
        ("0021", SATS, 21),
        ("2100000000000000", SATS, MAX_SATS),
        ("0.8", USD, 80),
        (".8", USD, 80),
        ("0.80", USD, 80),
        ("3", USD, 300),
        ("0.01", USD, 1),
        ("500", JPY, 500),
        ("1.234", KWD, 1234),
    ],
)
def test_an_amount_is_read_in_the_currencys_own_digits(
    text: str, currency: Currency, minor: int
) -> None:
    assert parse_amount(text, currency) == Money(minor=minor, currency=currency)


BAD_SATS = [
    "0", "00", "-1", "-0", "-21", "0.5", "1.0", "21.5", "2100000000000001", "9" * 17, "9" * 14_000,
    "1e3", "1E3", "inf", "-inf", "nan", "NaN", "Infinity", "ten", "twenty one", "", " ", ".", "+5",
    "5.", "1.2.3", "1,5", "1 000", "1_000", "0x15", "\u0662\u0661", "\uff12\uff11", "²", "½",
    "21 sats", "$5", "21\n5", "None", "True", "1/2", "5%", "\x1b[31m5", "\udc80", "💶",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_SATS, ids=lambda text: ascii(text[:20]))
def test_what_is_no_number_of_sats_is_refused_in_one_plain_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_amount(text, SATS)
    assert_plain(caught.value)


@pytest.mark.parametrize(
    "text", ["0.001", "0.00", "0", "-0.5", "1.234", "\u0660.\u0665", "1e-2", "0.0.1"]
)
def test_what_is_no_number_of_dollars_is_refused_in_one_plain_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_amount(text, USD)
    assert_plain(caught.value)


def test_yen_take_no_dot() -> None:
    with pytest.raises(InputError, match="JPY has no decimals"):
        parse_amount("5.0", JPY)


def test_the_sentence_says_how_many_decimals_there_are() -> None:
    with pytest.raises(InputError, match=r"USD has at most 2 decimals\."):
        parse_amount("1.234", USD)
    with pytest.raises(InputError, match=r"XXX has at most 1 decimal\."):
        parse_amount("1.23", Currency(code="XXX", digits=1))


def test_thousands_of_leading_zeros_are_only_zeros() -> None:
    assert parse_amount("0" * 10_000 + "21", SATS).minor == 21
    with pytest.raises(InputError):
        parse_amount("0" * 10_000, SATS)


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_plain_sentence(text: str) -> None:
    for currency in (SATS, USD, KWD):
        try:
            money = parse_amount(text, currency)
        except InputError as error:
            assert_plain(error)
        else:
            assert money.minor > 0


@pytest.mark.parametrize(
    ("text", "percent"),
    [("10", "10"), ("7.5", "7.5"), ("0", "0"), ("100", "100"), ("10%", "10"), (" 12.3456 % ",
     "12.3456"), (".5", "0.5"), ("100.0000", "100")],
)  # fmt: skip
def test_a_percentage_is_read_exactly(text: str, percent: str) -> None:
    assert parse_percent(text) == Fraction(percent)


BAD_PERCENTS = [
    "-1", "-0.0001", "100.0001", "101", "1000", "ten", "", "%", "1e1", "nan", "inf", "10.00001",
    "1/2", "10,5", "\u0661\u0660", "10%%", "+10", "5.", "9" * 9999, "0" * 9999,
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_PERCENTS, ids=lambda text: ascii(text[:20]))
def test_what_is_no_percentage_is_refused_in_one_plain_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_percent(text)
    assert_plain(caught.value)
    assert "0" in caught.value.sentence
    assert "100" in caught.value.sentence


@given(percents)
def test_a_percentage_is_shown_as_it_was_typed(percent: Fraction) -> None:
    shown = format_percent(percent)
    assert parse_percent(shown) == percent
    assert not ("." in shown and shown.endswith(("0%", ".%")))


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(minor=80, currency=USD), "$0.80"),
        (Money(minor=350, currency=Currency(code="CHF", digits=2)), "CHF 3.50"),
        (Money(minor=350, currency=Currency(code="SEK", digits=2, symbol="kr")), "kr 3.50"),
        (Money(minor=500, currency=JPY), "¥500"),
        (Money(minor=1, currency=KWD), "KD 0.001"),
        (Money(minor=21, currency=SATS), "21 sats"),
        (Money(minor=1, currency=SATS), "1 sat"),
        (Money(minor=-5, currency=USD), "$-0.05"),
    ],
)
def test_money_reads_as_a_person_writes_it(money: Money, text: str) -> None:
    assert str(money) == text


def test_one_sat_is_one_sat() -> None:
    assert [format_sats(n) for n in (0, 1, 2)] == ["0 sats", "1 sat", "2 sats"]


@given(st.integers(1, 10**18), st.integers(0, 15), st.integers(0, MAX_SATS))
def test_a_price_is_exact_and_rounds_once(base: int, offset: int, sats: int) -> None:
    price = Price(currency=USD, base=base, offset=offset, as_of=0)
    exact = Fraction(sats * base, 10**offset)
    assert Fraction(-1, 2) < price.to_minor(sats) - exact <= Fraction(1, 2)
    minor = price.to_minor(sats)
    back = Fraction(minor * 10**offset, base)
    assert Fraction(-1, 2) < price.to_sats(minor) - back <= Fraction(1, 2)


@pytest.mark.parametrize(("base", "offset"), [(0, 12), (-1, 12), (1, -1), (1, 61)])
def test_a_price_that_makes_no_sense_is_refused(base: int, offset: int) -> None:
    with pytest.raises(InputError):
        Price(currency=USD, base=base, offset=offset, as_of=0)


@pytest.mark.parametrize("digits", [-1, 9])
def test_no_currency_has_such_digits(digits: int) -> None:
    with pytest.raises(InputError):
        Currency(code="XXX", digits=digits)


def assert_plain(error: InputError) -> None:
    """One line for a person: ended, short, printable, without a trace of Python."""
    sentence = error.sentence
    assert sentence.endswith(".")
    assert len(sentence) < 160
    assert sentence.isprintable()
    assert "Traceback" not in sentence
    assert error.__cause__ is None
