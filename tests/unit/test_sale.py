"""How much: base + tips == total, to the sat, for every sale."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings

from blinkpos_desktop.domain.errors import InputError, UnavailableError
from blinkpos_desktop.domain.money import MAX_SATS, SATS, Money, Price
from blinkpos_desktop.domain.sale import (
    Recipient,
    Sale,
    check_username,
    parse_recipients,
    quote,
)
from blinkpos_desktop.domain.split import largest_remainder
from tests.unit.strategies import JPY, USD, Deal, deals, fiat_deals, parts_of, sale_of, sats_deals

# 757 sats are $0.88, as in the memo that every cashier knows: about 0.1163 cents a sat.
PRICE = Price(currency=USD, base=116_279_070_000, offset=12, as_of=1_800_000_000)


@given(deals)
@settings(max_examples=600)
def test_base_and_tips_make_the_total_to_the_sat(deal: Deal) -> None:
    result = quote(deal.sale, deal.price)
    assert result.base_sats + result.tip_sats == result.total_sats
    assert sum(parts_of(result)) == result.tip_sats
    assert result.base_sats + sum(parts_of(result)) == result.total_sats
    assert 1 <= result.total_sats <= MAX_SATS
    assert result.base_sats >= 1
    assert result.tip_sats >= 0
    assert all(part.sats >= 0 and part.minor >= 0 for part in result.tips)
    assert result.total.minor == result.sale.base.minor + result.sale.tip.minor


@given(sats_deals())
def test_in_sats_the_tip_is_the_percentage_of_what_was_typed(deal: Deal) -> None:
    result = quote(deal.sale)
    typed = sum(deal.sale.items)
    assert result.base_sats == typed
    off = result.tip_sats - typed * deal.sale.tip_percent / 100
    assert Fraction(-1, 2) < off <= Fraction(1, 2)
    assert [part.minor for part in result.tips] == parts_of(result)
    assert result.price is None


@given(fiat_deals())
def test_in_fiat_the_tip_is_in_minor_units_and_its_sats_a_part_of_the_totals(deal: Deal) -> None:
    assert deal.price is not None
    result = quote(deal.sale, deal.price)
    base = sum(deal.sale.items)
    tip = result.sale.tip.minor
    half = Fraction(1, 2)
    assert -half < tip - base * deal.sale.tip_percent / 100 <= half
    exact_total = (base + tip) * 10**deal.price.offset / Fraction(deal.price.base)
    assert -half < result.total_sats - exact_total <= half
    assert -half < result.tip_sats - Fraction(result.total_sats * tip, base + tip) <= half
    if result.tips:
        assert sum(part.minor for part in result.tips) == tip


@given(deals)
def test_the_tip_is_shared_by_largest_remainder_in_the_order_given(deal: Deal) -> None:
    result = quote(deal.sale, deal.price)
    shares = [recipient.share for recipient in deal.sale.recipients]
    if result.tip_sats:
        assert tuple(parts_of(result)) == largest_remainder(result.tip_sats, shares)
        assert tuple(part.recipient for part in result.tips) == deal.sale.recipients
    else:
        assert result.tips == ()


def test_the_golden_case() -> None:
    result = quote(sale_of(21, 10))
    assert (result.total_sats, result.base_sats, result.tip_sats) == (23, 21, 2)
    assert [(part.recipient.username, part.sats) for part in result.tips] == [("elturco", 2)]


def test_the_dollar_case_of_the_memos() -> None:
    result = quote(sale_of(80, 10, currency=USD), PRICE)
    assert result.total == Money(minor=88, currency=USD)
    assert (result.total_sats, result.tip_sats, result.base_sats) == (757, 69, 688)


def test_all_the_bitcoin_there_is_can_be_sold_and_no_sat_more() -> None:
    assert quote(sale_of(MAX_SATS)).total_sats == MAX_SATS
    with pytest.raises(InputError, match="more than all the bitcoin"):
        quote(sale_of(MAX_SATS + 1))
    with pytest.raises(InputError, match="more than all the bitcoin"):
        quote(sale_of(MAX_SATS, 1))


@pytest.mark.parametrize(("minor", "sold"), [(1, False), (19, False), (20, True)])
def test_an_amount_worth_less_than_a_sat_is_refused(minor: int, *, sold: bool) -> None:
    # A sat is 20 yen here: 19 yen would round to a sat, and are still under one.
    price = Price(currency=JPY, base=20, offset=0, as_of=0)
    sale = sale_of(minor, currency=JPY)
    if sold:
        assert quote(sale, price).total_sats == 1
    else:
        with pytest.raises(InputError, match="less than 1 sat"):
            quote(sale, price)


def test_a_tip_does_not_lift_an_amount_over_the_least() -> None:
    price = Price(currency=JPY, base=20, offset=0, as_of=0)
    with pytest.raises(InputError, match="less than 1 sat"):
        quote(sale_of(15, 100, currency=JPY), price)


def test_fiat_without_a_price_makes_no_sale() -> None:
    with pytest.raises(UnavailableError, match="no price for USD"):
        quote(sale_of(80, currency=USD))
    with pytest.raises(UnavailableError, match="no price for JPY"):
        quote(sale_of(80, currency=JPY), PRICE)


@pytest.mark.parametrize("items", [(), (0,), (-1,), (5, 0), (5, -5)])
def test_a_sale_of_nothing_is_refused(items: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="above zero"):
        Sale(currency=SATS, items=items)


@pytest.mark.parametrize("percent", ["-0.0001", "-10", "100.0001", "1000"])
def test_a_tip_out_of_range_is_refused(percent: str) -> None:
    with pytest.raises(InputError, match="between 0 and 100"):
        sale_of(21, percent)


def test_a_tip_for_nobody_is_refused() -> None:
    with pytest.raises(InputError, match="nobody to receive the tip"):
        sale_of(21, 10, recipients=())


def test_a_note_is_kept_on_one_line_without_what_no_database_holds() -> None:
    sale = sale_of(21, note=" Table 4\n\tterrace \x00\udc80 👨\N{ZERO WIDTH JOINER}👩 ")
    assert sale.note == "Table 4 terrace 👨\N{ZERO WIDTH JOINER}👩"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], []),
        (["elturco"], [("elturco", 1)]),
        (["ElTurco"], [("elturco", 1)]),
        ([" ana:60 ", "ben:40"], [("ana", 60), ("ben", 40)]),
        (["ana : 3", "ben: 1"], [("ana", 3), ("ben", 1)]),
        (["ana:7"], [("ana", 7)]),
        (["ana", "ben", "eva"], [("ana", 1), ("ben", 1), ("eva", 1)]),
    ],
)
def test_recipients_are_read_with_and_without_shares(
    texts: list[str], expected: list[tuple[str, int]]
) -> None:
    assert [(r.username, r.share) for r in parse_recipients(texts)] == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["ana:60", "ben"], ["ana", "ben:40"], ["ana:0"], ["ana:-1"], ["ana:0.5"], ["ana:x"],
        ["ana:"], ["ana:1:2"], ["ana:\u0663"], ["ana:1e3"], ["ana:9999999999"], ["ana", "ANA"],
        [""], ["ab"], ["a" * 51], ["a b c"], ["12345"], ["1ana"], ["3ana"], ["_ana"], ["bc1ana"],
        ["lnbc1ana"], ["ana@blink.sv"], ["\N{KELVIN SIGN}en"], ["an\u0430"], ["ana\nben"],
        ["ana\x1b"],
    ],
    ids=ascii,
)  # fmt: skip
def test_recipients_that_cannot_be_are_refused_in_one_plain_sentence(texts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_recipients(texts)
    assert caught.value.sentence.endswith(".")
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize("share", [0, -1])
def test_a_recipient_has_a_share_above_zero(share: int) -> None:
    with pytest.raises(InputError, match="above 0"):
        Recipient(username="ana", share=share)


@pytest.mark.parametrize("name", ["ana", "4na", "a1_", "z" * 50, "A_N_A", "2bc1"])
def test_usernames_are_compared_in_lower_case(name: str) -> None:
    assert check_username(name) == name.lower()
