"""Alerts in PostgreSQL: which are raised, told and over, shared by the tills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blinkpos_desktop.domain.alarm import Alert, AlertKind
from blinkpos_desktop.services.store.backups import last_backup
from blinkpos_desktop.services.store.connections import Connections


class PostgresAlerts:
    """Each thing is raised once until it is over (``services.alerts.AlertStore``)."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def raised_transfers(self) -> frozenset[int]:
        """Return the transfers whose alert is not over, once what is over has been ended."""
        async with self._connections.transaction() as ledger:
            await ledger.run("end_attention_alerts")
            rows = await ledger.rows("open_attention_alerts")
        return frozenset(row["transfer_id"] for row in rows)

    async def raise_attention(self, sentences: Mapping[int, str]) -> None:
        """Raise alerts for transfers that still wait for a person."""
        async with self._connections.transaction() as ledger:
            for transfer_id, sentence in sentences.items():
                await ledger.run(
                    "raise_attention_alert", transfer_id=transfer_id, sentence=sentence
                )

    async def backup_age(self) -> float | None:
        """Return seconds since the last backup or the first sale; ``None``: nothing to lose yet."""
        last = await last_backup(self._connections)
        async with self._connections.transaction() as ledger:
            row = await ledger.one("backup_age", made_at=last.made_at if last else None)
        age: float | None = row["age"]
        return age

    async def raise_backup(self, sentence: str) -> None:
        """Raise the alert that there is no backup."""
        async with self._connections.transaction() as ledger:
            await ledger.run("raise_backup_alert", sentence=sentence)

    async def end_backup(self) -> None:
        """End it: there is one again."""
        async with self._connections.transaction() as ledger:
            await ledger.run("end_backup_alert")

    async def claim(self, *, seconds: int, most: int) -> Sequence[Alert]:
        """Claim what is to be told, the oldest first; nobody else tells it for so long."""
        async with self._connections.transaction() as ledger:
            rows = await ledger.rows("claim_alerts", seconds=seconds, most=most)
        alerts = [Alert(**{**row, "kind": AlertKind(row["kind"])}) for row in rows]
        return sorted(alerts, key=lambda each: each.id)

    async def told(self, alert: Alert) -> None:
        """Write that it was told."""
        async with self._connections.transaction() as ledger:
            await ledger.run("alert_told", id=alert.id, is_over=alert.is_over)

    async def release(self, alert: Alert) -> None:
        """Give it back untold."""
        async with self._connections.transaction() as ledger:
            await ledger.run("release_alert", id=alert.id)
