"""The ledger in PostgreSQL, put together: what is sold, sent, chosen, seen, held and shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.domain.history import FOREVER, Span
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.services.store import migrations, moves
from blinkpos_desktop.services.store.announcements import AnnouncementRows
from blinkpos_desktop.services.store.choices import ChoiceRows
from blinkpos_desktop.services.store.connections import Connections, LedgerError
from blinkpos_desktop.services.store.holds import HoldRows
from blinkpos_desktop.services.store.payments import PaymentRows
from blinkpos_desktop.services.store.records import PostgresRecords
from blinkpos_desktop.services.store.sends import SendRows
from blinkpos_desktop.services.store.transfers import TransferRows
from blinkpos_desktop.services.store.turns import SharedTurns

MIGRATE_SECONDS: Final = 120.0


class PostgresStore(PaymentRows, TransferRows, SendRows, ChoiceRows, AnnouncementRows, HoldRows):
    """The ledger's tables. ``process`` owns its claims; ``till`` is a label on events."""

    def __init__(self, conninfo: str, *, process: UUID, till: str) -> None:
        """Keep what is needed to connect; nothing is opened yet."""
        self.connections = Connections(conninfo, process=process, till=till)
        self.turns = SharedTurns(self.connections)
        self.shown = set()
        self.records = PostgresRecords(self.connections)

    async def open(self) -> None:
        """Connect and migrate.

        Raises:
            UnavailableError: the database can't be reached.
            SettingsError: it is newer than the program, has moved, or can't be used by it.
        """
        await self.connections.open()
        try:
            await self._migrate()
        except UnavailableError as error:
            # The pool knows only that it had to wait: what to mend is in the server's own words.
            cause = await self.connections.why_away() or error.cause
            raise UnavailableError(error.sentence, cause=cause) from error

    async def _migrate(self) -> None:
        try:
            async with self.connections.transaction(MIGRATE_SECONDS) as ledger:
                await migrations.migrate(ledger.connection)
                await moves.refuse_moved_away(ledger)
        except LedgerError as error:
            raise SettingsError(
                "The database does not let this program make its tables.", cause=error.cause
            ) from error

    async def close(self) -> None:
        """Close every connection."""
        await self.connections.close()

    async def ping(self) -> None:
        """Ask for nothing; raises ``UnavailableError`` when it is away."""
        async with self.connections.single() as ledger:
            await ledger.one("ledger")

    async def bind_network(self, network: str) -> None:
        """Tie the database to a network, once.

        Raises:
            SettingsError: it belongs to another.
        """
        async with self.connections.transaction() as ledger:
            await ledger.run("bind_network", network=network)
            row = await ledger.one("ledger")
        if row["network"] != network:
            raise SettingsError(
                f"This database belongs to {row['network']} and the key to {network}: "
                "use another data folder or database."
            )

    async def tips(self, since: int) -> Sequence[TipSummary]:
        """Return the tips of sales paid since a moment (Unix seconds), the largest sum first."""
        [tips] = await self.records.tips([Span(start=since, end=FOREVER)])
        return tips
