"""The whole range of what a sale can be."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from blinkpos_desktop.domain.money import MAX_SATS, SATS, Currency, Price
from blinkpos_desktop.domain.sale import Quote, Recipient, Sale

USD = Currency(code="USD", digits=2, symbol="$")
JPY = Currency(code="JPY", digits=0, symbol="¥")
KWD = Currency(code="KWD", digits=3, symbol="KD")

# Every percentage from 0 to 100 with up to four decimals; the common ones more often.
percents = st.one_of(
    st.sampled_from([Fraction(0), Fraction(10), Fraction(15), Fraction("7.5"), Fraction(100)]),
    st.integers(0, 1_000_000).map(lambda scaled: Fraction(scaled, 10_000)),
)
shares = st.lists(st.one_of(st.integers(1, 5), st.integers(1, 10**9 - 1)), min_size=1, max_size=10)


@st.composite
def currencies(draw: st.DrawFn) -> Currency:
    digits = draw(st.integers(0, 8))
    return Currency(code="XXX", digits=digits, symbol=draw(st.sampled_from(["", "$", "kr", "₿"])))


@st.composite
def recipients(draw: st.DrawFn) -> tuple[Recipient, ...]:
    given = draw(shares)
    return tuple(Recipient(username=f"waiter_{i}", share=s) for i, s in enumerate(given))


@dataclass(frozen=True)
class Deal:
    """A sale and the price it is quoted at."""

    sale: Sale
    price: Price | None


@st.composite
def sats_deals(draw: st.DrawFn, most: int = MAX_SATS // 2) -> Deal:
    """A sale in sats that bitcoin can pay, its tip included."""
    count = draw(st.integers(1, 4))
    typed = st.one_of(st.integers(1, 1000), st.integers(1, max(most // count, 1)))
    sale = Sale(
        currency=SATS,
        items=tuple(draw(st.lists(typed, min_size=count, max_size=count))),
        tip_percent=draw(percents),
        recipients=draw(recipients()),
    )
    return Deal(sale, None)


@st.composite
def fiat_deals(draw: st.DrawFn) -> Deal:
    """A sale in any currency, at any price, worth between a sat and half of all bitcoin."""
    currency = draw(currencies())
    offset = draw(st.integers(0, 15))
    # A price of base / 10**offset for which one minor unit may be worth much or little.
    base = draw(st.one_of(st.integers(1, 10**6), st.integers(1, 10**18)))
    price = Price(currency=currency, base=base, offset=offset, as_of=1_800_000_000)
    least = -(-price.base // 10**price.offset)
    most = max(least, MAX_SATS // 2 * price.base // 10**price.offset)
    whole = draw(
        st.one_of(
            st.integers(least, min(most, least + 10_000)),
            st.integers(least, most),
        )
    )
    first = draw(st.integers(1, whole))
    sale = Sale(
        currency=currency,
        items=(first, whole - first) if whole > first else (whole,),
        tip_percent=draw(percents),
        recipients=draw(recipients()),
    )
    return Deal(sale, price)


deals = st.one_of(sats_deals(), fiat_deals())


def sale_of(amount: int, percent: Any = 0, **changes: Any) -> Sale:  # noqa: ANN401 (Fraction's argument)
    """A sale in sats with elturco's tip, but for ``changes``."""
    fields: dict[str, Any] = {
        "currency": SATS,
        "items": (amount,),
        "tip_percent": Fraction(percent),
        "recipients": (Recipient(username="elturco"),),
    }
    return Sale(**(fields | changes))


def parts_of(quote: Quote) -> list[int]:
    return [part.sats for part in quote.tips]
