"""Items on real PostgreSQL: shared by the tills, edited once, kept with each sale, copied whole."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction

import pytest

from blinkpos_desktop.domain import cart as carts
from blinkpos_desktop.domain import money
from blinkpos_desktop.domain.cart import Cart, Discount
from blinkpos_desktop.domain.errors import InputError, SettingsError
from blinkpos_desktop.domain.facts import ItemsChanged
from blinkpos_desktop.domain.item import MAX_ON_SHELF, Item, Tint
from blinkpos_desktop.domain.money import Currency, Money
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.plan import plan_payment
from blinkpos_desktop.domain.sale import quote, sale_of
from blinkpos_desktop.services.store.items import PostgresItems
from blinkpos_desktop.services.store.loading import loading
from blinkpos_desktop.services.store.polling import Polling
from blinkpos_desktop.services.store.postgres import PostgresStore
from blinkpos_desktop.services.store.whole import snapshot
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Recorder, Till, running
from tests.integration.stores import ACCOUNT, intend, invoice_for, store_at
from tests.support import ledger
from tests.support.servers import PostgresServer

# As the ledger knows it: without its name.
SATS = replace(money.SATS, name="")
EUR = Currency(code="EUR", digits=2, symbol="€")


def item(name: str, sats: int = 21, **changes: object) -> Item:
    made = Item(name=name, price=Money(minor=sats, currency=SATS))
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of Item


def shelf_of(store: PostgresStore) -> PostgresItems:
    return PostgresItems(store.connections)


async def names(shelf: PostgresItems) -> list[str]:
    return [each.name for each in await shelf.items()]


async def sold(store: PostgresStore, cart: Cart) -> Payment:
    plan = plan_payment(
        quote(sale_of(cart)), account=ACCOUNT, till="counter 1", merchant=None, tip_wallets={}
    )
    payment = await intend(store, plan)
    attached = await store.attach_invoice(payment.id, invoice_for(payment))
    assert attached is not None
    return attached


async def test_the_shelf_keeps_what_is_put_there_and_an_older_edit_changes_nothing(
    database_url: str,
) -> None:
    cake = Item(
        name="Cake",
        price=Money(minor=450, currency=EUR),
        tint=Tint.VIOLET,
        category="Sweet",
        code="4006381333931",
        is_sold_out=True,
    )
    async with store_at(database_url) as store, store_at(database_url, "bar") as other:
        shelf, bar = shelf_of(store), shelf_of(other)
        assert await shelf.save(cake)
        assert await bar.save(item("Coffee"))
        [stored, coffee] = await bar.items()
        assert replace(stored, id=0, version=0) == cake
        # Both edit what they see; the first one counts, the other is told.
        assert await bar.save(replace(stored, price=Money(minor=500, currency=EUR)))
        assert not await shelf.save(replace(stored, name="Old cake"))
        assert not await shelf.remove(stored)
        [now, _] = await shelf.items()
        assert (now.name, now.price.minor, now.version) == ("Cake", 500, stored.version + 1)
        # One code, one item, until that one is off the shelf.
        with pytest.raises(InputError, match="Another item has the code"):
            await bar.save(item("Tea", code=cake.code))
        with pytest.raises(InputError, match="Another item has the code"):
            await bar.save(replace(coffee, code=cake.code))
        assert await shelf.swap(now.id, coffee.id)
        assert await names(bar) == ["Coffee", "Cake"]
        [_, now] = await shelf.items()
        assert await shelf.remove(now)
        assert not await shelf.remove(now)
        assert not await shelf.save(now)
        assert not await shelf.swap(now.id, coffee.id)
        assert await bar.save(item("Tea", code=cake.code))
        assert await names(shelf) == ["Coffee", "Tea"]
    # A row that sales may name is never deleted.
    assert [row["n"] for row in ledger.rows(database_url, "SELECT count(*) AS n FROM items")] == [3]


async def test_two_that_swap_at_once_wait_for_one_another(database_url: str) -> None:
    async with store_at(database_url) as store:
        shelf = shelf_of(store)
        for name in "ab":
            assert await shelf.save(item(name))
        [a, b] = await shelf.items()
        done = await asyncio.gather(
            *(shelf.swap(*((a.id, b.id) if turn % 2 else (b.id, a.id))) for turn in range(8))
        )
        assert all(done)
        assert await names(shelf) == ["a", "b"]


async def test_a_full_shelf_says_so(database_url: str) -> None:
    async with store_at(database_url) as store:
        ledger.change(
            database_url,
            "INSERT INTO items (name, price_minor, currency, currency_digits, currency_symbol, "
            "tint, category, code, is_sold_out, position, till, process) "
            "SELECT 'x', 1, 'SATS', 0, '', 'later', '', '', false, n, 't', gen_random_uuid() "
            "FROM generate_series(1, 500) n",
        )
        assert len(await shelf_of(store).items()) == MAX_ON_SHELF
        with pytest.raises(InputError, match="The shelf is full"):
            await shelf_of(store).save(item("Tea"))
        # A colour of a later version's.
        assert {each.tint for each in await shelf_of(store).items()} == {Tint.PLAIN}


async def test_a_sale_keeps_what_was_sold_whatever_becomes_of_the_items(database_url: str) -> None:
    async with store_at(database_url) as store:
        shelf = shelf_of(store)
        assert await shelf.last_sale() is None
        assert await shelf.save(item("Coffee", 300))
        [coffee] = await shelf.items()
        cart = carts.put_typed(carts.put(Cart(currency=SATS), coffee), (50, 7))
        cart = carts.set_quantity(cart, 0, 3)
        cart = carts.discount_line(cart, 0, Discount(percent=Fraction("12.5")))
        cart = carts.discount_line(cart, 2, Discount(percent=Fraction(100)))
        cart = carts.discount_sum(carts.with_note(cart, "table 4"), Discount(minor=38))
        # 900 - 113 (112.5, rounded up once) + 50 - 38
        assert cart.total.minor == 799
        payment = await sold(store, cart)
        assert (payment.base.minor, payment.total_sats) == (799, 799)
        assert payment.memo == "table 4 | 787 + 50 - 38 = 799 sats"
        assert await shelf.save(replace(coffee, name="Espresso"))
        last = await shelf.last_sale()
        assert last is not None
        assert (last.payment, last.cart) == (payment, cart)
        [row] = ledger.rows(database_url, "SELECT sold, items_minor, note FROM payments")
        assert (row["items_minor"], row["note"]) == ([787, 50], "table 4")
        assert row["sold"]["discount"] == {"fixed": 38, "off_minor": 38}
        assert row["sold"]["lines"][0]["discount"] == {"percent": "25/2", "off_minor": 113}
        # Typed amounts are stored as they always were, and the last one is the last one.
        typed = carts.put_typed(Cart(currency=SATS), (10, 11))
        plain = await sold(store, typed)
        last = await shelf.last_sale()
        assert last is not None
        assert (last.payment.id, last.cart) == (plain.id, typed)
        assert ledger.rows(database_url, "SELECT sold FROM payments ORDER BY id")[-1] == {
            "sold": None
        }
    async with store_at(database_url, "bar") as other:
        # Another till's last sale is its own.
        assert await shelf_of(other).last_sale() is None


async def test_whole_copies_have_the_items_and_nothing_is_written_over_them(
    database_url: str, postgres: PostgresServer
) -> None:
    async with store_at(database_url) as store:
        assert await shelf_of(store).save(item("Coffee"))
        [coffee] = await shelf_of(store).items()
        await sold(store, carts.put(carts.put(Cart(currency=SATS), coffee), coffee))
        before = await shelf_of(store).last_sale()
    copied = postgres.fresh_database()
    with snapshot(database_url) as whole, loading(copied) as there:
        there.prepare(whole.history())
        sent = whole.pour(there, lambda *_: None)
        there.finish(sent.sequences)
        assert sent.differences(there.inventory(lambda *_: None)) == ()
        assert sent.tables["items"].rows == 1
    async with store_at(copied) as store:
        assert list(await shelf_of(store).items()) == [coffee]
        assert await shelf_of(store).last_sale() == before
        assert await shelf_of(store).save(item("Tea"))
    # A till that never sold, with items that somebody typed.
    typed = postgres.fresh_database()
    async with store_at(typed) as store:
        assert await shelf_of(store).save(item("Mine"))
    with (
        pytest.raises(SettingsError, match="already holds a ledger"),
        snapshot(database_url) as whole,
        loading(typed) as there,
    ):
        there.prepare(whole.history())


async def _hears(till: Till, *expected: str, after: int = 0) -> None:
    await till.facts.wait_for(
        ItemsChanged,
        lambda fact: [each.name for each in fact.items] == list(expected),
        after=after,
    )


async def test_what_one_till_edits_the_other_shows(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with (
        running(make_settings(till="counter"), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        await _hears(other)
        await one.engine.items.save(item("Coffee"))
        await _hears(one, "Coffee")
        await _hears(other, "Coffee")
        [coffee] = other.facts.told(ItemsChanged)[-1].items
        mark = len(one.facts.facts)
        await other.engine.items.save(replace(coffee, is_sold_out=True))
        changed = await one.facts.wait_for(ItemsChanged, after=mark)
        assert changed.items[0].is_sold_out
        # Who edits what he does not see any more is told, and sees what is there.
        with pytest.raises(InputError, match="Another till has just changed"):
            await one.engine.items.save(replace(coffee, name="Café"))
        with pytest.raises(InputError, match="Another till has just changed"):
            await one.engine.items.swap(coffee.id, 10**9)
        mark = len(other.facts.facts)
        await one.engine.items.remove(changed.items[0])
        await _hears(other, after=mark)


async def test_behind_a_pooler_the_shelf_is_asked_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blinkpos_desktop.services.store.polling.POLL_SECONDS", 0.02)
    missed: asyncio.Queue[None] = asyncio.Queue()

    async def looked_again() -> None:
        async with asyncio.timeout(LIMIT):
            await missed.get()

    async with store_at(database_url) as store, store_at(database_url, "bar") as other:
        asking = Polling(
            store.connections,
            account_id=lambda: ACCOUNT.id,
            hears=lambda: False,
            on_news=lambda _: None,
            on_missed=lambda: missed.put_nowait(None),
        )
        task = asyncio.create_task(asking.run())
        try:
            await looked_again()
            for change in (item("Coffee"), item("Tea")):
                assert await shelf_of(other).save(change)
                await looked_again()
            [coffee, tea] = await shelf_of(other).items()
            assert await shelf_of(other).swap(coffee.id, tea.id)
            await looked_again()
            [*_, coffee] = await shelf_of(other).items()
            assert await shelf_of(other).remove(coffee)
            await looked_again()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_an_answer_is_told_once_and_only_when_it_is_another() -> None:
    from blinkpos_desktop.services.feed import Feed
    from blinkpos_desktop.services.items import Items

    class Empty:
        async def items(self) -> list[Item]:
            return []

    recorder, feed = Recorder(), Feed()
    feed.listen(recorder.hear)
    items = Items(Empty(), feed)  # type: ignore[arg-type]  # only read here
    await asyncio.gather(items._read(), items._read())
    assert recorder.told(ItemsChanged) == [ItemsChanged(items=())]
