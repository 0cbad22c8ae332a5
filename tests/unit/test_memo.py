"""The memos, word for word, and what is left of them in 639 bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.memo import (
    MAX_BYTES,
    customer_memo,
    joined_memo,
    merchant_memo,
    tip_memo,
)
from blinkpos_desktop.domain.money import SATS, Currency, Price, format_sats
from blinkpos_desktop.domain.sale import Quote, Recipient, quote
from tests.unit.strategies import USD, Deal, deals, sale_of

# At this price $0.88 are 757 sats, and $0.80 are 688.
PRICE = Price(currency=USD, base=116_279_070_000, offset=12, as_of=1_800_000_000)
ANA_AND_BEN = (Recipient(username="ana", share=60), Recipient(username="ben", share=40))


def dollars(*items: int, percent: str = "0", note: str = "") -> Quote:
    return quote(sale_of(0, percent, items=items, currency=USD, note=note), PRICE)


def with_tip(*items: int, tip: int, currency: Currency) -> Quote:
    return quote(sale_of(0, items=items, tip_minor=tip, currency=currency), PRICE)


def sats(*items: int, percent: str = "0", note: str = "") -> Quote:
    return quote(sale_of(0, percent, items=items, note=note))


@pytest.mark.parametrize(
    ("asked", "memo"),
    [
        (dollars(80, percent="10"), "$0.80 + 10% tip = $0.88 (757 sats)"),
        (dollars(50, 30, percent="10"), "0.50 + 0.30 + 10% tip = $0.88 (757 sats)"),
        (dollars(80), "$0.80 (688 sats)"),
        (dollars(50, 30), "0.50 + 0.30 = $0.80 (688 sats)"),
        (dollars(80, percent="7.5"), "$0.80 + 7.5% tip = $0.86 (740 sats)"),
        (sats(21, percent="10"), "21 + 10% tip = 23 sats"),
        (with_tip(21, tip=4, currency=SATS), "21 + 4 tip = 25 sats"),
        (with_tip(80, tip=8, currency=USD), "$0.80 + $0.08 tip = $0.88 (757 sats)"),
        (with_tip(50, 30, tip=8, currency=USD), "0.50 + 0.30 + 0.08 tip = $0.88 (757 sats)"),
        (sats(10, 11), "10 + 11 = 21 sats"),
        (sats(10, 11, percent="10"), "10 + 11 + 10% tip = 23 sats"),
        (sats(21), "21 sats"),
        (sats(1), "1 sat"),
        # A tip that rounds to nothing is no tip.
        (sats(1, percent="10"), "1 sat"),
    ],
)
def test_the_customer_reads(asked: Quote, memo: str) -> None:
    assert customer_memo(asked) == memo


@pytest.mark.parametrize(
    ("asked", "memo"),
    [
        (
            dollars(80, percent="10"),
            "BlinkPOS: $0.80 + 10% tip = $0.88 (757 sats) | $0.08 (69 sat) tip received to elturco",
        ),
        (dollars(80), "BlinkPOS: $0.80 (688 sats)"),
        (sats(21), "BlinkPOS: 21 sats"),
        (
            sats(21, percent="10"),
            "BlinkPOS: 21 + 10% tip = 23 sats | 2 sat tip received to elturco",
        ),
    ],
)
def test_the_merchant_reads(asked: Quote, memo: str) -> None:
    assert merchant_memo(asked) == memo


def test_the_merchant_does_not_read_the_customers_note() -> None:
    assert merchant_memo(sats(21, note="Table 4")) == "BlinkPOS: 21 sats"


def test_the_merchant_reads_all_who_got_a_tip_and_nobody_else() -> None:
    both = quote(sale_of(100, 10, recipients=ANA_AND_BEN))
    assert merchant_memo(both).endswith("| 10 sat tip received to ana, ben")
    one = quote(sale_of(10, 10, recipients=ANA_AND_BEN))
    assert [part.sats for part in one.tips] == [1, 0]
    assert merchant_memo(one).endswith("| 1 sat tip received to ana")


@pytest.mark.parametrize(
    ("asked", "memo"),
    [
        (dollars(80, percent="10"), "BlinkPOS Tip received: $0.08 (69 sats)"),
        (sats(21, percent="10"), "BlinkPOS Tip received: 2 sats"),
        (sats(10, percent="10"), "BlinkPOS Tip received: 1 sat"),
    ],
)
def test_a_tip_recipient_reads(asked: Quote, memo: str) -> None:
    assert tip_memo(asked, asked.tips[0]) == memo


def test_each_of_two_recipients_reads_the_own_part() -> None:
    shared = quote(sale_of(80, 10, currency=USD, recipients=ANA_AND_BEN), PRICE)
    assert [tip_memo(shared, part) for part in shared.tips] == [
        "BlinkPOS Tip received: $0.05 (41 sats)",
        "BlinkPOS Tip received: $0.03 (28 sats)",
    ]


def test_a_note_comes_before_the_made_text() -> None:
    assert customer_memo(sats(21, percent="10", note="Table 4")) == (
        "Table 4 | 21 + 10% tip = 23 sats"
    )
    assert customer_memo(sats(21, note="Table 4:")) == "Table 4: 21 sats"
    assert customer_memo(sats(21, note="  \n ")) == "21 sats"


@pytest.mark.parametrize(
    "char", ["a", "ä", "€", "💶", "👨\N{ZERO WIDTH JOINER}👩"], ids=["1", "2", "3", "4", "joined"]
)
def test_a_long_note_is_cut_at_a_character_and_the_totals_never(char: str) -> None:
    made = " | 21 + 10% tip = 23 sats"
    # Every offset within a character.
    for lead in range(5):
        memo = customer_memo(sats(21, percent="10", note="x" * lead + char * 700))
        assert memo.endswith("…" + made)
        assert MAX_BYTES - 12 < len(memo.encode()) <= MAX_BYTES
        note = memo.removesuffix("…" + made)
        assert ("x" * lead + char * 700).startswith(note)
        assert not note.endswith("\N{ZERO WIDTH JOINER}")


def test_a_note_that_just_fits_is_whole() -> None:
    room = MAX_BYTES - len(" | 21 sats")
    assert customer_memo(sats(21, note="n" * room)) == "n" * room + " | 21 sats"
    assert customer_memo(sats(21, note="n" * (room + 1))) == "n" * (room - 3) + "… | 21 sats"


def test_fifty_long_items_are_cut_between_items_with_the_tip_and_the_total_whole() -> None:
    items = (10_000_000_000_000,) * 50
    asked = sats(*items, percent="10", note="Table 4")
    memo = customer_memo(asked)
    total = format_sats(sum(items) * 11 // 10)
    assert len(memo.encode()) <= MAX_BYTES
    assert memo.endswith(f"10000000000000 + … + 10% tip = {total}")
    sums = memo.removeprefix("Table 4 | ").split(" = ")[0].split(" + ")
    assert {part for part in sums if part.isdigit()} == {"10000000000000"}
    assert merchant_memo(asked).endswith(f"+ … + 10% tip = {total} | " + tip_words(asked))
    assert len(merchant_memo(asked).encode()) <= MAX_BYTES


def test_fifty_short_items_are_all_there() -> None:
    assert customer_memo(sats(*(1,) * 50)) == " + ".join(["1"] * 50) + " = 50 sats"


def test_many_recipients_do_not_push_the_totals_out() -> None:
    many = tuple(Recipient(username=f"waiter_with_a_very_long_name_indeed_{i}") for i in range(30))
    memo = merchant_memo(quote(sale_of(1000, 10, recipients=many)))
    assert len(memo.encode()) <= MAX_BYTES
    assert memo.startswith("BlinkPOS: 1000 + 10% tip = 1100 sats | 100 sat tip received to waiter_")
    named = memo.count("waiter_")
    assert memo.endswith(f" and {30 - named} more")
    assert 0 < named < 30


@given(deals, st.text(max_size=800))
def test_no_memo_is_longer_than_blink_takes_or_loses_its_total(deal: Deal, note: str) -> None:
    asked = quote(replace(deal.sale, note=note), deal.price)
    total = format_sats(asked.total_sats)
    if deal.price is not None:
        total = f"{asked.total} ({total})"
    customer, merchant = customer_memo(asked), merchant_memo(asked)
    assert customer.endswith(total)
    assert total in merchant
    for memo in (customer, merchant, *(tip_memo(asked, part) for part in asked.tips)):
        assert 0 < len(memo.encode("utf-8")) <= MAX_BYTES
        assert "\n" not in memo


@given(st.text(alphabet=st.sampled_from("aé€💶\N{ZERO WIDTH JOINER} \n\udc80\x00|="), max_size=900))
def test_any_note_is_valid_utf_8(note: str) -> None:
    memo = customer_memo(sats(21, note=note))
    assert memo.encode("utf-8").decode("utf-8") == memo
    assert memo == "21 sats" or memo.endswith((" | 21 sats", ": 21 sats"))


def test_a_currency_without_a_symbol_shows_its_code() -> None:
    franc = Currency(code="CHF", digits=2)
    price = Price(currency=franc, base=10**11, offset=12, as_of=0)
    asked = quote(sale_of(350, 10, currency=franc), price)
    assert customer_memo(asked) == "CHF 3.50 + 10% tip = CHF 3.85 (3850 sats)"


def tip_words(asked: Quote) -> str:
    assert asked.sale.currency is SATS
    return f"{asked.tip_sats} sat tip received to elturco"


def test_a_joined_memo_names_all_that_go_along() -> None:
    tips = [f"BlinkPOS Tip received: {sats} sats" for sats in (100, 2, 7)]
    assert joined_memo(tips[0], []) == tips[0]
    assert joined_memo(tips[0], tips[1:]) == (
        "BlinkPOS Tip received: 100 sats | owed before: "
        "BlinkPOS Tip received: 2 sats, BlinkPOS Tip received: 7 sats"
    )


@given(memo=st.text(min_size=1, max_size=639), carried=st.lists(st.text("ab₿ ", min_size=1)))
def test_a_joined_memo_has_room_for_the_count_of_those_it_does_not_name(
    memo: str, carried: list[str]
) -> None:
    joined = joined_memo(memo, carried)
    assert len(joined.encode()) <= max(MAX_BYTES, len(memo.encode()) if not carried else 0)
    assert joined


def test_many_debts_are_counted_where_there_is_no_room() -> None:
    joined = joined_memo("a", ["b" * 200] * 7)
    assert joined == f"a | owed before: {', '.join(['b' * 200] * 3)} and 4 more"
    assert joined_memo("a" * 600, ["b" * 200] * 7) == f"{'a' * 600} | owed before: 7 more"
