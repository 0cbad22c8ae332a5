"""A ledger that moves to another database: the mark by which no till opens it again.

Blocks, as ``whole`` does; ``moved_away`` alone is for a till's loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.services.store import queries
from blinkpos_desktop.services.store.connections import Transaction
from blinkpos_desktop.services.store.whole import Whole, answering, connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a ledger is going, without a password; ``is_over`` once it has arrived."""

    target: str
    is_over: bool

    @property
    def sentence(self) -> str:
        """The move in plain words, and what to do."""
        if self.is_over:
            return (
                f"This till's history has moved to {self.target}: "
                "set BLINKPOS_DATABASE_URL to that address."
            )
        return (
            f"This till's history is on its way to {self.target}: end that with "
            "`blinkpos move-to` and the same address."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedSale:
    """A sale for which money is under way, or may be. ``created_at`` is in Unix seconds."""

    id: int
    state: str
    payment_hash: str
    total_sats: int
    created_at: int


async def refuse_moved_away(ledger: Transaction) -> None:
    """Refuse to work on a ledger that lives elsewhere now.

    Raises:
        SettingsError: its sentence says where.
    """
    row = await ledger.maybe("move")
    if row is not None:
        raise SettingsError(Move(**row).sentence)


def move_of(whole: Whole) -> Move | None:
    """Return where the ledger is going or has gone; ``None`` while it lives here."""
    if not whole.has_table("moves"):
        return None
    row = next(iter(whole.rows("move")), None)
    return Move(**row) if row else None


def refuse_moved(whole: Whole) -> None:
    """Refuse to work on a ledger that lives elsewhere now. Raises ``SettingsError``."""
    if move := move_of(whole):
        raise SettingsError(move.sentence)


def unfinished(whole: Whole) -> Sequence[UnfinishedSale]:
    """Return the sales for which money is under way, or may be."""
    return [UnfinishedSale(**row) for row in whole.rows("unfinished_sales")]


def begin(conninfo: str, target: str) -> None:
    """Mark the ledger, durably: from here on no till opens it."""
    _write(conninfo, "begin_move", target=target)


def end(conninfo: str) -> None:
    """Mark it as moved, for good."""
    _write(conninfo, "end_move")


def undo(conninfo: str) -> None:
    """Take the mark back: the ledger stays where it is."""
    _write(conninfo, "forget_move")


def _write(conninfo: str, query: str, **values: object) -> None:
    with connected(conninfo) as connection, answering():
        connection.execute(queries.load()[query], values or None)
