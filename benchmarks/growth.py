"""Every owner's question at ten thousand, a hundred thousand and a million payments."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg

from benchmarks import history, servers
from blinkpos_desktop.domain.history import FOREVER, Search, Span, Step, spans
from blinkpos_desktop.domain.money import Currency, Money
from blinkpos_desktop.services.store.books import PostgresBooks
from blinkpos_desktop.services.store.postgres import PostgresStore

RUNS = 15
ZONE = ZoneInfo("Europe/Vienna")
Ask = Callable[[], Awaitable[object]]
Tell = Callable[[str], None]


_SIZES = """SELECT pg_database_size(current_database()) AS all,
    pg_total_relation_size('events') AS events"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a history of so many payments takes: milliseconds by question, bytes on the disk."""

    questions: dict[str, float]
    bytes_a_sale: int
    bytes_of_events: int
    """Those of a sale's events among them."""


async def measure(conninfo: str, payments: int, tell: Tell) -> Growth:
    """Make a history of so many payments; return the median times of questions, and its size."""
    url = servers.fresh_database(conninfo)
    store = PostgresStore(url, process=uuid4(), till="counter 1")
    await store.open()
    try:
        empty = _sizes(url)
        now = history.make(url, payments, tell=tell)
        size = _sizes(url)
        questions = {
            name: await _median(ask)
            for name, ask in (await _questions(store, now, payments)).items()
        }
        return Growth(
            questions=questions | await asyncio.to_thread(_tabs, url),
            bytes_a_sale=(size[0] - empty[0]) // payments,
            bytes_of_events=(size[1] - empty[1]) // payments,
        )
    finally:
        await store.close()


def _tabs(url: str) -> dict[str, float]:
    """Open the owner's tabs in a process with a window; from the tap to what is painted."""
    command = [sys.executable, "-m", "benchmarks.tabs", url]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return {f"on the screen: {name}": value for name, value in found.items()}


def _sizes(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(_SIZES).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def _questions(store: PostgresStore, now: datetime, payments: int) -> dict[str, Ask]:
    records, books = store.records, PostgresBooks(store.connections)
    today = now.astimezone(ZONE).date()
    middle = int((now - timedelta(seconds=payments / 2 * history.SECONDS_BETWEEN)).timestamp())
    [sale] = (await records.sales(Search(until=middle, received_only=True), limit=1)).sales
    usd = Currency(code="USD", digits=2, symbol="$")
    price = Money(minor=1234, currency=usd)
    day_ago = int((now - timedelta(days=1)).timestamp())

    def tips(days: int, step: Step) -> Ask:
        cut = spans(today - timedelta(days=days - 1), today, step, ZONE)
        return lambda: records.tips(cut)

    def takings(days: int, step: Step) -> Ask:
        cut = spans(today - timedelta(days=days - 1), today, step, ZONE)
        return lambda: records.takings(cut)

    def found(search: Search) -> Ask:
        return lambda: records.sales(search)

    return {
        "history: newest page": found(Search()),
        "history: next page, from the middle": lambda: records.sales(Search(), behind=sale.place),
        "history: a day long ago": found(Search(since=middle, until=middle + 86400)),
        "history: one amount in sats": found(Search(least_sats=12340, most_sats=12340)),
        "history: one price in dollars": found(Search(least_price=price, most_price=price)),
        "history: a rare word": found(Search(words="ngozi")),
        "history: a common word": found(Search(words="table")),
        "history: two words": found(Search(words="table 17")),
        "history: a hash": found(Search(payment_hash=sale.payment_hash)),
        "a payment's story": lambda: records.story_of(sale.payment_id),
        "tips: today": tips(1, Step.DAY),
        "tips: a week": tips(7, Step.WEEK),
        "tips: a month, day by day": tips(30, Step.DAY),
        "tips: a year, month by month": tips(365, Step.MONTH),
        "tips: of all times": lambda: records.tips([Span(start=0, end=FOREVER)]),
        "takings: a week, day by day": takings(7, Step.DAY),
        "takings: a year, month by month": takings(365, Step.MONTH),
        "attention": lambda: store.attention(history.ACCOUNT_ID),
        "unfinished": lambda: store.unfinished(history.ACCOUNT_ID),
        "watched": lambda: store.watched(history.ACCOUNT_ID),
        "reconcile: a day": lambda: books.rows(history.WALLET_ID, day_ago, ()),
    }


async def _median(ask: Ask) -> float:
    await ask()
    times: list[float] = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
