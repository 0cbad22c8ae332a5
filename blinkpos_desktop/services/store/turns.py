"""What tills of one account share in PostgreSQL beside the ledger: turns and call counts."""

from __future__ import annotations

from blinkpos_desktop.services.ports import CallKind
from blinkpos_desktop.services.store.connections import Connections


class SharedTurns:
    """Turns at a wallet and Blink's rate limits, by the database's clock."""

    def __init__(self, connections: Connections) -> None:
        """Take the way to the database."""
        self._connections = connections

    async def take(self, wallet_id: str, *, seconds: int) -> bool:
        """Take or renew this process's turn at a wallet; ``False`` while another has it."""
        async with self._connections.single() as shared:
            row = await shared.maybe("take_turn", wallet_id=wallet_id, seconds=seconds)
        return row is not None

    async def leave(self, wallet_id: str) -> None:
        """Give a turn back."""
        async with self._connections.single() as shared:
            await shared.run("leave_turn", wallet_id=wallet_id)

    async def count_call(self, account: str, kind: CallKind, *, most: int) -> int:
        """Count one call if ``most`` a minute allow it: 0, or the seconds to wait."""
        async with self._connections.single() as shared:
            row = await shared.one("count_call", account=account, kind=kind, most=most)
        return int(row["wait"])

    async def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        """Keep everybody off a kind of call: Blink has blocked it."""
        async with self._connections.single() as shared:
            await shared.run("block_calls", account=account, kind=kind, seconds=seconds)
