"""Which price is sold at: its age, and the last hour's, which tills and commands share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.facts import PriceChanged
from blinkpos_desktop.domain.money import SATS, Currency, Price
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.pricing import ClockAheadError, PriceMovedError
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.prices import PostgresPrices
from tests.support import ledger

USD = Currency(code="USD", digits=2, symbol="$")
EUR = Currency(code="EUR", digits=2, symbol="€")
NOON = 1_780_000_000


class DayOverError(Exception):
    """The script is at its end."""


@dataclass
class Blink:
    """Blink's price, and the time: both stand until they are moved."""

    at: float = NOON
    base: int = 100_000
    lag: int = 0
    """So much older is what Blink tells."""
    is_away: bool = False
    asked: int = 0
    facts: list[object] = field(default_factory=list)
    skew: float = 0.0
    script: dict[int, Callable[[], None]] = field(default_factory=dict)
    """What happens so many seconds after noon; the last of it ends the day."""

    def now(self) -> float:
        return self.at

    async def price(self, currency: Currency) -> Price:
        self.asked += 1
        if self.is_away:
            raise UnavailableError("Blink is away.")
        return Price(currency=currency, base=self.base, offset=6, as_of=int(self.at) - self.lag)

    async def sleep(self, seconds: float) -> None:
        """Let time pass, and what happens meanwhile."""
        self.at += seconds
        for moment in [each for each in self.script if NOON + each <= self.at]:
            self.script.pop(moment)()
        if not self.script:
            raise DayOverError

    def told(self) -> list[tuple[Health, str]]:
        """Return what the screen was told of the price."""
        return [
            (fact.health, fact.sentence)
            for fact in self.facts
            if isinstance(fact, PartChanged) and fact.part is Part.PRICE
        ]

    def fails(self) -> None:
        self.is_away = True

    def is_back(self) -> None:
        self.is_away = False

    def doubles(self) -> None:
        self.base *= 2

    def halves(self) -> None:
        self.base //= 2


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database_url, process=uuid4(), till="counter")
    await store.open()
    yield store
    await store.close()


def till(blink: Blink, store: PostgresStore | None = None) -> Rates:
    feed = Feed()
    feed.listen(blink.facts.append)
    book = PostgresPrices(store.connections) if store else None
    return Rates(blink, feed, blink, None, book, lambda: blink.skew)  # type: ignore[arg-type]


async def test_a_price_is_fetched_after_two_minutes_and_none_is_sold_at_after_ten() -> None:
    blink = Blink()
    rates = till(blink)
    assert await rates.price(SATS) is None
    assert blink.asked == 0
    await rates.price(USD)
    blink.at += 119
    await rates.price(USD)
    assert blink.asked == 1
    blink.at, blink.base = blink.at + 1, 100_001
    renewed = await rates.price(USD)
    assert renewed is not None
    assert (blink.asked, renewed.base) == (2, 100_001)
    blink.is_away = True
    blink.at += 599
    assert await rates.price(USD) == renewed
    blink.at += 1
    with pytest.raises(UnavailableError, match="no price for USD now: try again, or sell in sats"):
        await rates.price(USD)
    assert await rates.price(SATS) is None


async def test_blinks_own_old_price_is_old_for_us_too() -> None:
    blink = Blink(lag=130)
    rates = till(blink)
    await rates.price(USD)
    await rates.price(USD)
    assert blink.asked == 2
    blink.lag = 600
    blink.at += 600
    with pytest.raises(UnavailableError, match="no price for USD"):
        await rates.price(USD)
    [*_, told] = [fact for fact in blink.facts if isinstance(fact, PriceChanged)]
    assert told.since == blink.at - 600
    # Whose clock is behind hears of prices that are yet to come.
    blink.lag = -3600
    assert await rates.price(USD)


async def test_one_that_moved_far_needs_a_person_and_then_counts_everywhere(
    store: PostgresStore, database_url: str
) -> None:
    blink = Blink()
    await till(blink, store).price(USD)
    # Another program, a quarter of an hour later; another currency is another price.
    blink.at, blink.base = blink.at + 900, 121_000
    counter, charge = till(blink, store), till(blink, store)
    with pytest.raises(PriceMovedError):
        await charge.price(USD)
    with pytest.raises(PriceMovedError) as caught:
        await counter.price(USD)
    assert (caught.value.move.before.base, caught.value.move.minutes) == (100_000, 15)
    assert (await counter.price(EUR)) is not None
    assert (await counter.price(SATS)) is None
    # What was agreed to is near what is sold at, or it is asked again.
    other = Price(currency=USD, base=90_000, offset=6, as_of=NOON)
    with pytest.raises(PriceMovedError):
        await counter.price(USD, other)
    agreed = caught.value.move.price
    assert await counter.price(USD, agreed) == agreed
    # Without a question more, here and elsewhere: what was before is forgotten.
    assert await counter.price(USD) == agreed
    assert await charge.price(USD) == agreed
    blink.at, blink.base = blink.at + 200, 100_000
    assert await charge.price(USD)
    kept = ledger.rows(database_url, "SELECT base, is_agreed FROM prices WHERE currency = 'USD'")
    assert [(row["base"], row["is_agreed"]) for row in kept] == [
        (100_000, False),
        (121_000, True),
        (121_000, False),
        (100_000, False),
    ]


async def test_a_small_step_after_another_is_a_far_way_too(store: PostgresStore) -> None:
    blink = Blink()
    rates = till(blink, store)
    for base in (100_000, 110_000, 119_000):
        blink.base, blink.at = base, blink.at + 200
        await rates.price(USD)
    blink.base, blink.at = 121_000, blink.at + 200
    with pytest.raises(PriceMovedError):
        await rates.price(USD)


async def test_when_the_hour_is_over_it_is_the_price(
    store: PostgresStore, database_url: str
) -> None:
    blink = Blink()
    await till(blink, store).price(USD)
    blink.base = 150_000
    for minutes in (10, 59):
        blink.at = NOON + 60 * minutes
        with pytest.raises(PriceMovedError):
            await till(blink, store).price(USD)
    blink.at = NOON + 3600
    assert await till(blink, store).price(USD)
    # What is long over is not kept.
    blink.at = NOON + 3 * 3600
    await till(blink, store).price(USD)
    assert len(ledger.rows(database_url, "SELECT id FROM prices")) == 2


async def test_sats_sell_and_no_price_is_asked_when_the_ledger_is_away(
    store: PostgresStore,
) -> None:
    blink = Blink()
    rates = till(blink, store)
    await store.close()
    assert await rates.price(SATS) is None
    with pytest.raises(UnavailableError):
        await rates.price(USD)


# What the status line is told.


async def test_a_price_that_can_not_be_renewed_is_told_with_its_age() -> None:
    blink = Blink()
    blink.script = {5: blink.fails, 700: blink.is_back, 800: blink.fails}
    with pytest.raises(DayOverError):
        await till(blink).run(USD)
    assert blink.told() == [
        (Health.STARTING, ""),
        (Health.OK, ""),
        *(
            (Health.AWAY, f"The price is {minutes} min old and can't be renewed.")
            for minutes in range(2, 10)
        ),
        (Health.AWAY, "The price is 10 min old and can't be renewed."),
        (Health.AWAY, "No price: USD can't be sold, sats can."),
        (Health.OK, ""),
    ]


async def test_a_till_without_any_price_says_so_and_one_in_sats_nothing() -> None:
    blink = Blink(is_away=True)
    blink.script = {30: blink.is_back}
    with pytest.raises(DayOverError):
        await till(blink).run(USD)
    assert blink.told()[-1] == (Health.AWAY, "No price: USD can't be sold, sats can.")
    sats = Blink()
    await till(sats).run(SATS)
    assert (sats.told(), sats.asked) == ([(Health.OFF, "")], 0)


async def test_a_price_that_moved_far_is_told_until_it_is_agreed_to(store: PostgresStore) -> None:
    blink = Blink()
    blink.script = {5: blink.doubles, 90: blink.halves, 150: blink.fails}
    with pytest.raises(DayOverError):
        await till(blink, store).run(USD)
    moved = "Price moved from $100000.00 to $200000.00 in 1 min: the next sale asks."
    assert blink.told()[1:] == [(Health.OK, ""), (Health.AWAY, moved), (Health.OK, "")]


async def test_a_clock_that_is_far_ahead_is_named_and_what_to_do() -> None:
    blink = Blink(lag=780, skew=780.2)
    with pytest.raises(ClockAheadError, match="780 s ahead of Blink's") as caught:
        await till(blink).price(USD)
    assert caught.value.sentence == "The computer's clock seems wrong: set it, or sell in sats."
    # A few minutes only: it sells, and says why each price looks old.
    blink.lag, blink.skew = 180, 180.2
    blink.script = {5: blink.fails}
    rates = till(blink)
    with pytest.raises(DayOverError):
        await rates.run(USD)
    assert await rates.price(USD)
    assert "this computer's clock is 3 min ahead" in blink.told()[-1][1]
    # Blink's own old price is nobody's clock.
    blink.lag, blink.skew = 780, 0.0
    with pytest.raises(UnavailableError, match="no price for USD now"):
        await till(blink).price(USD)
