"""A note beside the built-in database, for whoever looks while that is down: where it has moved.

It only repeats the database's own mark (``moves``), which alone decides. It may be missing.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from blinkpos_desktop.services.store.moves import Move

_log = logging.getLogger(__name__)


def write(note: Path, move: Move) -> None:
    """Note where the ledger goes or has gone."""
    fresh = note.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"target": move.target, "is_over": move.is_over}), "utf-8")
        fresh.replace(note)
    except OSError as error:
        _log.warning("where the ledger has moved is not noted: %s", error)


def remove(note: Path) -> None:
    """Take the note away: the ledger lives here."""
    try:
        note.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("the note of a move stays: %s", error)


def read(note: Path) -> Move | None:
    """Return what is noted; ``None`` without a note that can be read."""
    try:
        noted = json.loads(note.read_text("utf-8"))
        return Move(target=str(noted["target"]), is_over=bool(noted["is_over"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
