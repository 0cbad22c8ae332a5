"""From every earlier version, with a shop's data in it, to this one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from blinkpos_desktop.domain.history import FOREVER, Search, Span
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.services.store import auditing, migrations
from tests.integration.stores import ACCOUNT, claimed, store_at
from tests.support.ledger import rows

LEDGERS = Path(__file__).resolve().parents[1] / "fixtures" / "ledgers"
VERSIONS = [each.version for each in migrations.known()]


async def _as_of(version: int, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tables of a version as it came, one file after another, with what each wrote."""
    known = migrations.known()
    for number in range(1, version + 1):
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "known", lambda: known[:number])  # noqa: B023 (used at once)
            async with await psycopg.AsyncConnection.connect(url) as connection:
                await migrations.migrate(connection)
        with psycopg.connect(url) as connection:
            text = (LEDGERS / f"{number:04}.sql").read_text(encoding="utf-8")
            connection.execute(text.encode())


def test_every_version_has_its_data() -> None:
    assert [int(path.stem) for path in sorted(LEDGERS.glob("*.sql"))] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_upgrade_keeps_the_books(
    version: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _as_of(version, database_url, monkeypatch)
    before = {query: rows(database_url, query) for query in _KEPT}
    async with store_at(database_url) as store:
        for query, old in before.items():
            for was, is_now in zip(old, rows(database_url, query), strict=True):
                assert {**is_now, **was} == is_now
        books = await auditing.audit(store.connections)
        assert books.holds
        later = (110 if version >= _ATTENTION else 0) + (66 if version >= _DEBTS else 0)
        assert books.received_sats == 757 + 150 + later
        assert books.surplus_sats == 40

        # The program goes on with what it finds.
        watched = await store.watched(ACCOUNT.id)
        assert [each.id for each in watched] == [7]
        unfinished = await store.unfinished(ACCOUNT.id)
        came = {4: 1, 14: _ATTENTION, 17: _DEBTS, 20: _DEBTS}
        assert [each.id for each in unfinished] == [
            n for n, since in came.items() if since <= version
        ]
        tip = await claimed(store, unfinished[0].transfers[1])
        assert tip.invoice is not None
        assert tip.invoice.payment_hash == "6" * 64
        assert await store.move(7, PaymentState.PAID, reason="")
        waiting = await store.waiting_choices(ACCOUNT.id)
        assert [each.transfer.id for each in waiting] == ([15] if version >= _ATTENTION else [])
        [tips] = await store.records.tips([Span(start=0, end=FOREVER)])
        assert (tips[0].recipient, tips[0].settled_sats) == ("ana", 69)
        [found] = (await store.records.sales(Search(words="table"))).sales
        assert found.payment_id == 1
        assert (await auditing.audit(store.connections)).holds


_ATTENTION, _DEBTS = 3, 5
_KEPT = (
    "SELECT * FROM payments ORDER BY id",
    "SELECT * FROM transfers ORDER BY id",
    "SELECT * FROM recipient_invoices ORDER BY external_id",
    "SELECT * FROM events ORDER BY id",
)
