"""What a whole ledger holds, table by table: how two copies of one are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

_MODULUS: Final = 1 << 256


class RowDigest:
    """Counts rows and digests them, whatever their order: SHA-256 of each, summed."""

    def __init__(self) -> None:
        """Start with no rows."""
        self.rows = 0
        self._sum = 0

    def add(self, row: bytes) -> None:
        """Add a row as COPY's text format writes it, its line end included."""
        self.rows += 1
        self._sum += int.from_bytes(sha256(row).digest(), "big")

    def hexdigest(self) -> str:
        """Return the digest of all rows so far: 64 hexadecimal digits."""
        return f"{self._sum % _MODULUS:064x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedMigration:
    """A migration that a database has had."""

    version: int
    name: str
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and those of its columns that are copied, in their order."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one table holds: its rows, their digest, and the sums of its amounts in sats."""

    rows: int
    digest: str
    sums: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceState:
    """Where a sequence stands."""

    name: str
    last: int
    is_called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a whole ledger holds."""

    tables: Mapping[str, Figures]
    sequences: tuple[SequenceState, ...]

    @property
    def payments(self) -> int:
        """How many sales there are."""
        return self._of("payments").rows

    @property
    def received_sats(self) -> int:
        """What came in, of all times."""
        return self._of("payments").sums.get("received_sats", 0)

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(each.rows for each in self.tables.values())

    def _of(self, table: str) -> Figures:
        return self.tables.get(table, Figures(rows=0, digest="", sums={}))

    def differences(self, copy: Inventory) -> tuple[str, ...]:
        """Return in plain words where a copy is not the same; nothing when it is."""
        found = [
            f"The table {name} is in one of the two only."
            for name in sorted(self.tables.keys() ^ copy.tables.keys())
        ]
        for name in sorted(self.tables.keys() & copy.tables.keys()):
            ours, theirs = self.tables[name], copy.tables[name]
            if ours.rows != theirs.rows:
                found.append(f"{name} has {ours.rows} rows, its copy {theirs.rows}.")
            elif ours.sums != theirs.sums:
                found.append(f"The sums of {name} are {ours.sums}, its copy's {theirs.sums}.")
            elif ours.digest != theirs.digest:
                found.append(f"A row of {name} is not the same in its copy.")
        if set(self.sequences) != set(copy.sequences):
            found.append("A row of numbers stands elsewhere in the copy.")
        return tuple(found)

    def as_object(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            "tables": {
                name: {"rows": each.rows, "digest": each.digest, "sums": dict(each.sums)}
                for name, each in self.tables.items()
            },
            "sequences": [[each.name, each.last, each.is_called] for each in self.sequences],
        }


def inventory_from(value: Mapping[str, Any]) -> Inventory:
    """Return what :meth:`Inventory.as_object` gave.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    return Inventory(
        tables={
            str(name): Figures(
                rows=int(each["rows"]),
                digest=str(each["digest"]),
                sums={str(column): int(total) for column, total in each["sums"].items()},
            )
            for name, each in value["tables"].items()
        },
        sequences=_sequences(value["sequences"]),
    )


def _sequences(rows: Iterable[tuple[str, int, bool]]) -> tuple[SequenceState, ...]:
    return tuple(
        SequenceState(name=str(name), last=int(last), is_called=bool(called))
        for name, last, called in rows
    )
