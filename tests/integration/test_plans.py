"""No question of an owner or a till reads a table from end to end, however much was sold."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from benchmarks import history
from tests.integration.stores import store_at
from tests.support.plans import Plan, plans
from tests.support.servers import PostgresServer

MILLION: Final = 1_000_000
A_LITTLE: Final = 3_000
HOUR, DAY = 3_600, 86_400


async def test_each_query_has_an_index_to_go_by(database_url: str) -> None:
    """A small history, in which the planner is told to scan only what it must."""
    async with store_at(database_url):
        pass
    history.make(database_url, A_LITTLE)
    _assert_no_scans(_explained(database_url, since=HOUR, by_force=True))


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_after_a_million_payments(postgres: PostgresServer, database_url: str) -> None:
    async with store_at(database_url):
        pass
    history.make(database_url, MILLION)
    found = _explained(database_url, since=DAY)
    _assert_no_scans(found)
    # The payments alone are some 80,000 blocks; what is asked reads a page of them.
    most = {"sends_to_reconcile": 40_000, "payments_to_reconcile": 20_000, "sales_page": 10_000}
    # Of all times: each recipient's day is a row.
    most["tips_in"] = 8_000
    too_much = {
        each.query: each.blocks
        for each in found
        if each.blocks is not None and each.blocks > most.get(each.query, 4_000)
    }
    assert not too_much
    postgres.drop(database_url)


def _assert_no_scans(found: list[Plan]) -> None:
    assert len({each.query for each in found}) > 60
    assert {each.query: each.scanned for each in found if each.scanned} == {}


def _explained(url: str, *, since: int, by_force: bool = False) -> list[Plan]:
    with psycopg.connect(url, prepare_threshold=None) as connection:
        if by_force:
            connection.execute("SET enable_seqscan = off")
            connection.commit()
        values = _values(url, since)
        return list(plans(connection, values, _own(values)))


def _values(url: str, since: int) -> dict[str, Any]:
    """A value for each parameter of any query, all of one sale of the middle of history."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        sale = connection.execute(
            "SELECT p.id, p.payment_hash, p.created_at, t.id AS transfer_id, i.external_id "
            "FROM payments p JOIN transfers t ON t.payment_id = p.id AND t.role = 'tip' "
            "JOIN recipient_invoices i ON i.transfer_id = t.id "
            "WHERE p.state = 'completed' ORDER BY p.id OFFSET 1000 LIMIT 1"
        ).fetchone()
        last = connection.execute("SELECT max(id) AS last_event FROM events").fetchone()
    assert sale is not None
    assert last is not None
    now, text, none = int(time.time()), "x", None
    return {
        **dict.fromkeys(_NULLS, none),
        **dict.fromkeys(_TEXTS, text),
        **dict.fromkeys(_NUMBERS, 1),
        "account_id": history.ACCOUNT_ID,
        "wallet_id": history.WALLET_ID,
        "recipient": history.RECIPIENTS[0],
        "process": uuid4(),
        "id": sale["id"],
        "number": sale["id"],
        "last_event": last["last_event"],
        "payment_id": sale["id"],
        "payment_ids": [sale["id"]],
        "transfer_id": sale["transfer_id"],
        "payment_hash": sale["payment_hash"],
        "external_id": sale["external_id"],
        "hashes": [sale["payment_hash"]],
        "external_ids": [sale["external_id"]],
        "numbers": [sale["id"]],
        "items_minor": [1],
        "ids": [sale["transfer_id"]],
        "recipients": [history.RECIPIENTS[0]],
        "wallets": [text],
        "shown": [sale["id"]],
        "parts_sats": [1],
        **{name: [text] for name in ("roles", "memos", "states", "reasons", "sources")},
        **dict.fromkeys(("releases", "was_shown", "encrypted", "is_over"), True),
        **dict.fromkeys(("is_sold_out", "is_agreed"), True),
        "made_at": now,
        "tip_percent": Decimal(10),
        "kind": "recipient",
        "reaches_back": True,
        "received_only": False,
        "since": now - since,
        "seconds": 15,
        "watch_seconds": DAY,
        "expires_at": now,
        "as_of": now,
        "limit": 51,
        "made_us": int(sale["created_at"].timestamp() * 1_000_000),
    }


_NULLS = (
    *("behind_us", "behind_id", "until", "least_sats", "most_sats", "currency", "least_minor"),
    *("most_minor", "words", "price_base", "price_offset", "price_as_of", "received_sats"),
    *("oldest", "highest", "sold"),
)
_TEXTS = (
    *(
        "account",
        "after",
        "before",
        "cause",
        "currency_symbol",
        "error",
        "event",
        "memo",
        "network",
    ),
    *("note", "outcome", "payment_request", "reason", "remedy", "role", "state", "state_after"),
    *("state_before", "till", "to", "trouble", "who", "why_completed", "place", "verified_in"),
    *("target", "name", "sentence", "tint", "category", "code"),
)
_NUMBERS = (
    *("asked", "base_minor", "currency_digits", "differing", "fixed", "for_person", "found"),
    *("hold_id", "invoice_seconds", "most", "not_ours", "position", "quiet_seconds", "remaining"),
    *("sats", "step", "tip_minor", "tip_sats", "total_sats", "transactions", "tries"),
    *(
        "wait_seconds",
        "grace_seconds",
        "late_seconds",
        "bytes",
        "price_minor",
        "version",
        "base",
        "scale",
    ),
)


def _own(values: Mapping[str, Any]) -> dict[str, Sequence[Mapping[str, Any]]]:
    now, long_ago = int(time.time()), values["made_us"] // 1_000_000
    anything = {"payment_hash": None, "since": None}
    month = {"since": [now - 30 * DAY + 1800], "until": [now]}
    days = {
        "since": [now - day * DAY + 1800 for day in range(30)],
        "until": [now - (day - 1) * DAY + 1800 for day in range(30)],
    }
    ever = {"since": [0], "until": [now]}
    return {
        "sales_page": [
            anything,
            {**anything, "behind_us": values["made_us"], "behind_id": values["id"]},
            {**anything, "since": long_ago, "until": long_ago + HOUR},
            {**anything, "least_sats": 12340, "most_sats": 12340},
            {**anything, "currency": "USD", "least_minor": 1234, "most_minor": 1234},
            {**anything, "words": "ngozi"},
            {**anything, "words": "table"},
            {**anything, "words": "table 17"},
            {**anything, "words": "nobody"},
            {**anything, "payment_hash": values["payment_hash"]},
        ],
        "tips_in": [month, days, ever],
        "takings_in": [month, days, ever],
        "story_of_hash": [values],
        "news_after": [{"after": values["last_event"]}],
        "correct_received": [{"before": 1}],
        "intend": [{"currency": "USD", "note": "", "kind": "x"}],
        "prices_since": [{"currency": "USD"}],
        "keep_price": [{"currency": "USD"}],
    }
