"""A backup of the ledger that was verified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerifiedIn(StrEnum):
    """Where a backup was restored to and compared."""

    SAME_SERVER = "same_server"
    BUILT_IN = "built_in"
    """The built-in PostgreSQL, for the server lets us make no database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was restored once, and was the same."""

    made_at: int
    """The moment that it shows, in Unix seconds by the database's clock."""
    till: str
    place: str
    """The file, on the machine of that till."""
    size: int
    """In bytes."""
    is_encrypted: bool
    verified_in: VerifiedIn
