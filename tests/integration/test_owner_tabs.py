"""What the owner's tabs ask, of a real PostgreSQL: tips of any days, and questions given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import psycopg
import pytest

from benchmarks.history import make
from blinkpos_desktop.domain.facts import Fact, SalesFailed, SalesFound, StoryFailed
from blinkpos_desktop.domain.history import FOREVER, PAGE_SALES, Days, Search, Span, Step
from blinkpos_desktop.domain.tips import Period, TipsReport
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.history import History
from blinkpos_desktop.services.supervisor import Supervisor
from blinkpos_desktop.ui.bridge import Bridge, Services
from tests.integration.stores import store_at

KATHMANDU = ZoneInfo("Asia/Kathmandu")


class Standing(SystemClock):
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> float:
        return self.at.timestamp()


def adds_up(report: TipsReport) -> bool:
    asked = [bar for bar in report.bars if bar.is_asked]
    return (report.sats, report.count) == (
        sum(bar.sats for bar in asked),
        sum(bar.count for bar in asked),
    )


async def test_tips_of_any_days_add_up_day_by_day(database_url: str) -> None:
    async with store_at(database_url) as store:
        empty = History(store.records, SystemClock(), KATHMANDU)
        assert (await empty.tips(Period.ALL)).rows == ()
        # A sale every 86.4 seconds: the last one is some days and a bit after the first.
        now = make(database_url, 3_000)
        history = History(store.records, Standing(now), KATHMANDU)
        today = now.astimezone(KATHMANDU).date()
        reports = {scope: await history.tips(scope) for scope in Period}
        assert all(adds_up(report) for report in reports.values())
        assert {scope: len(report.bars) for scope, report in reports.items()} == {
            Period.TODAY: 7,
            Period.WEEK: 7,
            Period.MONTH: 30,
            Period.ALL: (today - reports[Period.ALL].bars[0].days.first).days + 1,
        }
        assert [bar.is_asked for bar in reports[Period.TODAY].bars] == [False] * 6 + [True]
        # All of them are really all, whatever the zone's first day is.
        [ever] = await store.records.tips([Span(start=0, end=FOREVER)])
        assert reports[Period.ALL].rows == tuple(ever)
        assert reports[Period.WEEK].rows == reports[Period.ALL].rows
        yesterday = today - timedelta(days=1)
        day = await history.tips(Days(first=yesterday, last=yesterday))
        assert day.bars[-1].sats == day.sats == reports[Period.WEEK].bars[-2].sats
        long = await history.tips(Days(first=today - timedelta(days=800), last=today))
        assert (long.step, long.sats) == (Step.MONTH, sum(row.sats for row in ever))


async def test_a_clock_that_is_behind_hides_no_tip_of_today(database_url: str) -> None:
    async with store_at(database_url) as store:
        now = make(database_url, 100)
        behind = History(store.records, Standing(now - timedelta(hours=3)), UTC)
        [ever] = await store.records.tips([Span(start=0, end=FOREVER)])
        assert (await behind.tips(Period.WEEK)).rows == tuple(ever)


@pytest.fixture
def told() -> list[Fact]:
    return []


async def until(that: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not that():  # noqa: ASYNC110 (a fact that nothing else tells)
            await asyncio.sleep(0.01)


async def test_a_question_typed_anew_gives_the_one_before_up(
    database_url: str, told: list[Fact], caplog: pytest.LogCaptureFixture
) -> None:
    async with store_at(database_url) as store:
        make(database_url, 200)
        supervisor, nothing = Supervisor(lambda: 0.0), cast("Any", None)
        bridge = Bridge()
        bridge.fact.connect(told.append)
        bridge.find_sales(1, Search(), None)
        assert [type(fact) for fact in told] == [SalesFailed]
        services = dict.fromkeys(Services.__slots__, nothing)
        history = History(store.records, SystemClock(), UTC)
        bridge.attach(Services(**services | {"supervisor": supervisor, "history": history}))
        with psycopg.connect(database_url) as other:
            # Nobody gets an answer while the table is held.
            other.execute("LOCK TABLE payments")
            bridge.find_sales(2, Search(), None)
            await until(lambda: _waiting(other) == 1)
            bridge.find_sales(3, Search(words="table"), None)
            # The server is told as well: it works on for nobody.
            await until(lambda: supervisor.names == ("history",) and _waiting(other) == 1)
            bridge.stop_finding()
            await until(lambda: supervisor.names == () and _waiting(other) == 0)
            assert len(told) == 1
            bridge.find_sales(4, Search(), None)
            other.rollback()
        await until(lambda: len(told) == 2)
        found = told[-1]
        assert isinstance(found, SalesFound)
        assert (found.ticket, len(found.page.sales)) == (4, PAGE_SALES)
        bridge.load_story(1)
        bridge.load_story(999_999)
        await until(lambda: supervisor.names == ())
        assert [type(fact) for fact in told[2:]] == [StoryFailed]
        await supervisor.stop()
        bridge.detach()
    assert caplog.records == []


def _waiting(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])
