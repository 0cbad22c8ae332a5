"""What the owner's commands end with: the ledger's own answer first, then who must act."""

from __future__ import annotations

from enum import IntEnum

from blinkpos_desktop.domain.errors import (
    InputError,
    RefusedError,
    SettingsError,
    TillError,
    UnavailableError,
)


class Exit(IntEnum):
    """Done, or what keeps it from being done; a bug is 70."""

    GOOD = 0
    DIFFERS = 1
    BAD_INPUT = 2
    UNAVAILABLE = 6
    REFUSED = 7


BUG = 70


def exit_of(error: TillError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, InputError | SettingsError):
        return Exit.BAD_INPUT
    if isinstance(error, UnavailableError):
        return Exit.UNAVAILABLE
    if isinstance(error, RefusedError):
        return Exit.REFUSED
    return BUG
