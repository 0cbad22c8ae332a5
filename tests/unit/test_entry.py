"""The keypad: what every key does, and that no sequence of keys breaks the entry."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blinkpos_desktop.domain.entry import MAX_DIGITS, MAX_ITEMS, Entry, Key, press
from blinkpos_desktop.domain.money import MAX_SATS, SATS, Currency, Money
from blinkpos_desktop.domain.sale import Sale
from tests.unit.strategies import JPY, KWD, USD, currencies


def typed(keys: str, currency: Currency = USD) -> Entry:
    entry = Entry(currency=currency)
    for key in keys:
        entry = press(entry, Key(key))
    return entry


@pytest.mark.parametrize(
    ("keys", "currency", "text"),
    [
        ("", USD, ""),
        ("0", USD, "0."),
        (".", USD, "0."),
        ("00", USD, "0.0"),
        ("000", USD, "0.00"),
        ("0000", USD, "0.00"),
        ("0.5", USD, "0.5"),
        (".5", USD, "0.5"),
        ("35", USD, "35"),
        ("3.5", USD, "3.5"),
        ("3.50", USD, "3.50"),
        ("3.509", USD, "3.50"),
        ("3..5", USD, "3.5"),
        ("3.5.0", USD, "3.50"),
        ("10.", USD, "10."),
        ("1.2345", KWD, "1.234"),
        ("0", JPY, ""),
        (".", JPY, ""),
        ("05", JPY, "5"),
        ("5.0", JPY, "50"),
        ("0", SATS, ""),
        (".", SATS, ""),
        ("021", SATS, "21"),
        ("2.1", SATS, "21"),
        ("2100", SATS, "2100"),
        ("123456789012345", SATS, "12345678901234"),
        ("123456789012345", USD, "12345678901234"),
        ("123456789012.345", USD, "123456789012.34"),
        ("1234567890123.45", USD, "1234567890123.4"),
        ("12345678901234.5", USD, "12345678901234."),
    ],
)
def test_digits_and_dots_are_taken_as_a_cashier_expects(
    keys: str, currency: Currency, text: str
) -> None:
    assert typed(keys, currency).text == text


@pytest.mark.parametrize(
    ("keys", "text"),
    [("⌫", ""), ("3⌫", ""), ("35⌫", "3"), ("3.5⌫", "3."), ("3.5⌫⌫", "3"), ("0⌫", ""), (".⌫", ""),
     ("0.5⌫", "0."), ("0.5⌫⌫", ""), ("3+⌫", "")],
)  # fmt: skip
def test_backspace_takes_what_the_last_key_put_there(keys: str, text: str) -> None:
    assert typed(keys).text == text


def test_backspace_leaves_the_items() -> None:
    assert typed("3.5+⌫").items == (350,)


def test_plus_puts_the_amount_on_the_list_and_clears_it() -> None:
    entry = typed("3.5+")
    assert (entry.text, entry.items, entry.total.minor) == ("", (350,), 350)


@pytest.mark.parametrize("keys", ["+", "0+", ".+", "0.00+"])
def test_plus_adds_nothing_to_the_list_for_nothing(keys: str) -> None:
    assert typed(keys).items == ()


def test_clear_clears_everything() -> None:
    assert typed("3.5+2.00C") == Entry(currency=USD)


@pytest.mark.parametrize(
    ("keys", "currency", "line"),
    [
        ("", USD, ""),
        ("3.5", USD, ""),
        ("3.5+2", USD, "3.50 + 2.00 = 5.50"),
        ("3.5+2+", USD, "3.50 + 2.00 = 5.50"),
        ("3.5+2+.", USD, "3.50 + 2.00 = 5.50"),
        ("1+2+3", USD, "1.00 + 2.00 + 3.00 = 6.00"),
        ("10+11", SATS, "10 + 11 = 21"),
        ("100+50", JPY, "100 + 50 = 150"),
        ("1+.5", KWD, "1.000 + 0.500 = 1.500"),
    ],
)
def test_the_line_below_adds_up(keys: str, currency: Currency, line: str) -> None:
    assert typed(keys, currency).sum_line == line


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("", "0"), ("3.", "3."), ("3.5+", "3.50"), ("3.5+2", "3.50 + 2"), ("3.5+2+", "5.50")],
)
def test_the_amount_line_shows_the_running_total_and_the_entry(keys: str, shown: str) -> None:
    assert typed(keys).shown == shown


def test_the_list_has_an_end_and_what_is_typed_stays() -> None:
    entry = typed("1+" * MAX_ITEMS + "7+")
    assert len(entry.items) == MAX_ITEMS
    assert entry.text == "7"
    assert entry.total.minor == (MAX_ITEMS + 7) * 100


@pytest.mark.parametrize(
    ("keys", "currency", "chargeable"),
    [
        ("", USD, False),
        ("0", USD, False),
        ("0.00", USD, False),
        ("0.01", USD, True),
        ("3+", USD, True),
        ("3+0", USD, True),
        ("1", SATS, True),
        ("99999999999999", SATS, True),
        ("99999999999999+" * 21, SATS, True),
        ("99999999999999+" * 22, SATS, False),
    ],
)
def test_ok_is_dead_until_the_amount_is_valid(
    keys: str, currency: Currency, *, chargeable: bool
) -> None:
    entry = typed(keys, currency)
    assert entry.is_chargeable is chargeable
    assert MAX_SATS // 99999999999999 == 21


# Mostly digits and dots, so that long amounts and lists are reached.
sequences = st.lists(
    st.sampled_from([*Key, *[k for k in Key if k.value.isdigit()], Key.PLUS, Key.DOT]), max_size=60
)


@given(currencies() | st.just(SATS), sequences)
@settings(max_examples=300)
def test_no_sequence_of_keys_breaks_the_entry(currency: Currency, keys: list[Key]) -> None:
    entry = Entry(currency=currency)
    for key in keys:
        before = entry
        entry = press(entry, key)
        check_shape(entry)
        assert entry.total.minor == sum(entry.items) + entry.typed_minor
        assert sum(entry.parts) == entry.total.minor
        assert all(part > 0 for part in entry.parts)
        if key is Key.PLUS:
            assert entry.total == before.total
        if key is Key.BACKSPACE:
            assert entry.items == before.items
            assert len(entry.text) < len(before.text) or not before.text
        if entry.is_chargeable:
            assert Sale(currency=currency, items=entry.parts).base == entry.total


def check_shape(entry: Entry) -> None:
    text, digits = entry.text, entry.currency.digits
    whole, dot, decimals = text.partition(".")
    assert set(text) <= set("0123456789.")
    assert text.count(".") <= 1
    assert len(decimals) <= digits
    assert len(whole + decimals) <= MAX_DIGITS
    assert not dot or (digits > 0 and whole)
    assert whole == "0" if whole.startswith("0") else True
    assert not (digits == 0 and whole.startswith("0"))
    assert entry.typed_minor == Decimal(text or 0).scaleb(digits)
    assert len(entry.items) <= MAX_ITEMS
    money = Money(minor=sum(entry.items), currency=entry.currency)
    line = [part for part in (money.decimal() if entry.items else "", text) if part]
    assert entry.shown == (" + ".join(line) or "0")
    assert bool(entry.sum_line) == bool(entry.items)
    assert not entry.sum_line or entry.sum_line.endswith(f" = {entry.total.decimal()}")
