"""Late and odd money at two tills: announced until seen, listed or shown, never guessed at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import psycopg
import pytest

from blinkpos_desktop.domain.announcement import Announcement
from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.facts import (
    AnnouncementsChanged,
    AttentionChanged,
    Fact,
    PaymentCompleted,
    PaymentPaid,
    PaymentSeen,
    UnassignedIncome,
)
from blinkpos_desktop.domain.money import SATS, Money
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.operations import attention as operation
from blinkpos_desktop.operations.attention import AttentionRequest
from blinkpos_desktop.services import announcing, attention, income, recovery, watcher
from blinkpos_desktop.services.store import announcements
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, opened, running
from tests.support import ledger

pytestmark = pytest.mark.usefixtures("hasty")

WHO = "ana"
SEEN = Choice(remedy=Remedy.SEEN)


@pytest.fixture(autouse=True)
def _pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(income, "SECOND_LOOK_SECONDS", 0.05)
    # What the tills learn from one another they learn by notification, in these tests.
    monkeypatch.setattr(announcing, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(attention, "EVERY_SECONDS", 3600.0)


def shows_green(till: Till) -> None:
    """Let a till show its own sales in green, as its window does."""

    def hear(fact: Fact) -> None:
        if isinstance(fact, PaymentPaid) and fact.payment.id in own:
            till.engine.announcing.shown(fact.payment)

    own = {each.payment.id for each in till.ready()}
    till.engine.feed.listen(hear)


def sats(number: int) -> Money:
    return Money(minor=number, currency=SATS)


async def announced(till: Till, count: int, *, after: int = 0) -> tuple[Announcement, ...]:
    fact = await till.facts.wait_for(
        AnnouncementsChanged, lambda f: len(f.items) == count, after=after
    )
    return fact.items


async def completed(till: Till, payment: Payment) -> Payment:
    fact = await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
    return fact.payment


def change(database_url: str, sql: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(sql.encode())


def who_saw(database_url: str, event: str = "seen") -> list[str]:
    query = f"SELECT who FROM events WHERE event = '{event}' ORDER BY id"  # noqa: S608
    return [row["who"] for row in ledger.rows(database_url, query)]


@pytest.mark.parametrize("heard", ["by notification", "by asking"])
async def test_late_money_is_announced_at_every_till_until_seen_at_one(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    heard: str,
) -> None:
    if heard == "by asking":
        monkeypatch.setattr(announcing, "EVERY_SECONDS", 0.05)
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        if heard == "by asking":
            # As through a pooler in transaction mode: connected, and deaf.
            change(database_url, "DROP TRIGGER events_tell ON events")
        payment = await one.charge()
        closed = await one.engine.cancel(payment.id)
        assert closed.state is PaymentState.CANCELLED
        await one.customer_pays(payment, from_username="visitor")
        [here], [there] = await announced(one, 1), await announced(other, 1)
        assert here == there
        assert (here.payment_id, here.sats, here.till) == (payment.id, 23, "counter 1")
        assert (here.was_closed, here.amount) == (True, payment.total)
        assert here.paid_at > 0
        await completed(other, payment)
        marks = len(one.facts.facts), len(other.facts.facts)
        assert await other.engine.announcing.see(payment.id, WHO)
        await announced(one, 0, after=marks[0])
        await announced(other, 0, after=marks[1])
        assert not await one.engine.announcing.see(payment.id, "ben")
    assert who_saw(database_url) == [WHO]
    assert simulator.control.balances()["elturco"]["BTC"] == 2
    simulator.control.verify()


async def test_paid_while_the_till_was_off_is_announced_after_its_start(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await till.charge()
    await aside(simulator.control.pay, payment.invoice.payment_request if payment.invoice else "")
    async with running(make_settings(), simulator) as till:
        await completed(till, payment)
        # The screen that has its code may still say that it went green.
        assert await till.engine.announcing.list() == []
        change(database_url, "UPDATE payments SET paid_at = paid_at - interval '16 seconds'")
        await till.engine.announcing.look()
        [item] = await announced(till, 1)
        assert (item.payment_id, item.was_closed) == (payment.id, False)
    monkeypatch.setattr(announcements, "GRACE_SECONDS", 0)
    # Nobody has seen it yet: at the next start it is told again.
    async with running(make_settings(till="bar"), simulator) as till:
        await announced(till, 1)


async def test_an_ordinary_sale_is_seen_in_no_commit_more_and_only_a_line_elsewhere(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its own till is the one that passes it on.
    monkeypatch.setattr(recovery, "OTHERS_GRACE_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        payment = await one.charge()
        shows_green(one)
        await one.customer_pays(payment)
        done = await completed(one, payment)
        assert done.is_seen
        line = await other.facts.wait_for(PaymentPaid)
        assert (line.payment.id, line.payment.was_closed) == (payment.id, False)
        await completed(other, payment)
        change(database_url, "UPDATE payments SET paid_at = paid_at - interval '1 hour'")
        for till in (one, other):
            await till.engine.announcing.look()
            assert [fact.items for fact in till.facts.told(AnnouncementsChanged)] == [()]
    # Not even by stopping: it was written with the completion.
    assert who_saw(database_url) == []


async def test_what_another_till_completed_is_seen_by_the_one_that_shows_it(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcements, "GRACE_SECONDS", 0)
    async with (
        opened(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        payment = await one.charge()
        await one.customer_pays(payment)
        await completed(other, payment)
        await other.engine.announcing.look()
        await announced(other, 1)
        mark = len(other.facts.facts)
        one.engine.announcing.shown(await one.now(payment))
        await announced(other, 0, after=mark)
    assert who_saw(database_url) == [""]


async def test_what_went_green_just_before_the_end_is_written_at_the_end(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await till.charge()
        await till.customer_pays(payment)
        await till.engine.watcher.ask(payment)
        paid = await till.now(payment)
        assert (paid.state, paid.is_seen) == (PaymentState.PAID, False)
        till.engine.announcing.shown(paid)
        till.engine.announcing.shown(paid)
        # It is green on this screen, whatever others announce.
        change(database_url, "UPDATE payments SET paid_at = paid_at - interval '1 hour'")
        assert len(await till.engine.announcing.list()) == 1
        await till.engine.announcing.look()
        assert till.facts.told(AnnouncementsChanged)[-1].items == ()
    assert who_saw(database_url) == [""]


async def test_a_surplus_is_listed_at_every_till_until_somebody_took_note(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        payment = await one.charge()
        await one.customer_pays(payment, amount_sats=40)
        await completed(one, payment)
        [surplus] = await one.engine.attention.surpluses()
        for till in (one, other):
            fact = await till.facts.wait_for(AttentionChanged, lambda f: bool(f.surpluses))
            assert fact.surpluses == (surplus,)
            assert (surplus.payment_id, surplus.sats) == (payment.id, 17)
            assert (surplus.payment_hash, surplus.till) == (payment.payment_hash, "counter 1")
        mark = len(one.facts.facts)
        with pytest.raises(InputError):
            await other.engine.attention.choose(payment.id, Choice(remedy=Remedy.KEEP), WHO)
        await other.engine.attention.choose(payment.id, SEEN, WHO)
        await one.facts.wait_for(AttentionChanged, lambda f: not f.surpluses, after=mark)
        with pytest.raises(InputError):
            await one.engine.attention.choose(payment.id, SEEN, "ben")
        # More is found later: only what was shown had been seen.
        change(database_url, "UPDATE payments SET received_sats = 45")
        [more] = await one.engine.attention.surpluses()
        assert more.sats == 22
        assert not await one.engine.store.see_surplus(surplus, WHO), "it is no longer as given"
    assert who_saw(database_url, "surplus_seen") == [WHO]
    assert simulator.control.balances()["till"]["BTC"] == 17


async def test_the_command_lists_and_sees_them(
    make_settings: SettingsMaker,
    simulator: Simulator,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = make_settings(api_key=None)

    async def command(number: int | None = None, *, json: bool = False) -> list[str]:
        choice = SEEN if number else None
        request = AttentionRequest(transfer_id=number, choice=choice, json=json)
        code = await operation.run(settings, request)
        said = capsys.readouterr()
        assert (code, bool(said.err)) in {(0, False), (2, True)}
        return said.out.splitlines()

    async with opened(make_settings(), simulator) as till:
        late = await till.charge()
        await till.engine.cancel(late.id)
        await till.customer_pays(late, from_username="visitor")
        both = await till.charge(50, percent=0)
        await till.customer_pays(both, amount_sats=80)
        for payment in (late, both):
            await till.engine.watcher.ask(payment)
    change(database_url, "UPDATE payments SET paid_at = paid_at - interval '1 hour'")
    surplus, *unseen = [json.loads(line) for line in await command(json=True)]
    assert {key: surplus[key] for key in ("id", "kind", "sats", "remedies", "till")} == {
        "id": both.id,
        "kind": "surplus",
        "sats": 30,
        "remedies": ["seen"],
        "till": "counter 1",
    }
    assert [(each["kind"], each["id"], each["sats"], each["was_closed"]) for each in unseen] == [
        ("unseen", both.id, 80, False),
        ("unseen", late.id, 23, True),
    ]
    first, second, third = await command()
    assert first.startswith(f"{both.id}: 30 sats more than asked, counter 1, ")
    assert first.endswith("Kept in the collecting wallet.")
    assert second.endswith("No screen showed it.")
    assert third.startswith(f"{late.id}: 23 sats came in, counter 1, ")
    assert third.endswith("the customer may have paid twice.")
    # One number, one word: it stands for the payment and for what was too much.
    for payment in (late, both):
        assert await command(payment.id) == ["Done: written down as seen."]
        assert await command(payment.id) == []
    assert await command() == ["Nothing needs attention."]
    assert len(who_saw(database_url)) == 2
    assert len(who_saw(database_url, "surplus_seen")) == 1


async def test_income_that_no_sale_asked_for_is_shown_once_and_never_forwarded(
    make_settings: SettingsMaker, simulator: Simulator, database_url: str
) -> None:
    control = simulator.control
    async with (
        running(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        before = control.balances()
        foreign = await aside(control.create_invoice, "till", 500)
        await aside(control.set_event_faults, duplicate=1)
        await aside(control.pay, foreign["payment_request"])
        await aside(control.send, "visitor", "till", 70)
        for till in (one, other):
            by_invoice = await till.facts.wait_for(
                UnassignedIncome, lambda f: f.amount == sats(500)
            )
            assert by_invoice.id == foreign["payment_hash"]
            plain = await till.facts.wait_for(UnassignedIncome, lambda f: f.amount == sats(70))
            assert plain.at > 0
        # Our own forwarding is a plain movement of ours as well, and no income.
        payment = await one.charge()
        await one.customer_pays(payment)
        await completed(one, payment)
        for till in (one, other):
            assert len(till.facts.told(UnassignedIncome)) == 2
    after = control.balances()
    assert after["till"]["BTC"] == before["till"]["BTC"] + 570
    assert (after["cafe"]["BTC"], after["elturco"]["BTC"]) == (21, 2)
    assert ledger.states(database_url) == ["completed"]
    control.verify()


async def test_a_sale_that_is_written_down_a_moment_later_is_ours_and_not_unassigned(
    make_settings: SettingsMaker, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        opened(make_settings(), simulator) as one,
        running(make_settings(till="bar"), simulator) as other,
    ):
        # Only the update can find it: no question is ever due.
        monkeypatch.setattr(watcher, "next_question", lambda **_: None)
        store, looks = other.engine.store, _not_yet(other)
        payment = await one.charge()
        await one.customer_pays(payment)
        await completed(other, payment)
        assert next(looks) >= 2
        assert await store.by_hash(payment.payment_hash) is not None
        assert other.facts.told(UnassignedIncome) == []


def _not_yet(till: Till) -> Iterator[int]:
    """Let a till's first look for a hash find nothing; return how often it looked."""
    store, count = till.engine.store, 0
    find = store.by_hash

    async def by_hash(payment_hash: str) -> Payment | None:
        nonlocal count
        count += 1
        return None if count == 1 else await find(payment_hash)

    store.by_hash = by_hash  # type: ignore[method-assign]

    def looks() -> Iterator[int]:
        while True:
            yield count

    return looks()


async def test_an_acknowledgement_is_not_undone_by_a_list_that_was_read_before_it(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    async with opened(make_settings(), simulator) as till:
        payment = await till.charge()
        await till.engine.cancel(payment.id)
        await till.customer_pays(payment, from_username="visitor")
        await till.engine.watcher.ask(payment)
        service, store = till.engine.announcing, till.engine.store
        unseen, read, go_on = store.unseen, asyncio.Event(), asyncio.Event()

        async def slowly() -> object:
            items = await unseen()
            read.set()
            await go_on.wait()
            return items

        store.unseen = slowly  # type: ignore[assignment]
        looking = asyncio.create_task(service.look())
        async with asyncio.timeout(LIMIT):
            await read.wait()
            assert await service.see(payment.id, WHO)
            go_on.set()
            await looking
        assert [fact.payment_id for fact in till.facts.told(PaymentSeen)] == [payment.id]
        assert till.facts.told(AnnouncementsChanged) == []
