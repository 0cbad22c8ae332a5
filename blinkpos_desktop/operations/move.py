"""``blinkpos move-to``: the built-in database's ledger to a server, and never in both.

In this order, each step durable before the next one:

1. here: the ledger is marked as on its way. From here on no till opens it.
2. there: all of it in one transaction, counted, summed and compared before it commits.
3. here: the mark says that it has arrived, for good.

Whatever dies between two steps, at most one of the two can be opened. The same
command goes on: it asks the server, alone at its lock, whether the ledger is
there, and either ends step 3 or begins step 2 anew. The target is one server
until that is known, so two can never have it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from blinkpos_desktop.domain.address import redact_url
from blinkpos_desktop.domain.errors import (
    InputError,
    OutcomeUnknownError,
    SettingsError,
    TillError,
)
from blinkpos_desktop.domain.inventory import Inventory
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.operations.backup import NotTheSameError
from blinkpos_desktop.operations.exits import Exit, exit_of
from blinkpos_desktop.operations.ledger_place import built_in
from blinkpos_desktop.operations.progress import ProgressLine
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import counted, minute
from blinkpos_desktop.services.store import move_note, moves
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.loading import holds_ledger, loading
from blinkpos_desktop.services.store.whole import snapshot
from blinkpos_desktop.settings import Settings

_SHOWN: Final = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest:
    """What the command line asked for; ``undo`` takes a move back that has not arrived."""

    url: str
    undo: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """The built-in database: its own mark decides, and the note is for ``doctor``."""

    conninfo: str
    note: Path

    def begin(self, target: str) -> None:
        moves.begin(self.conninfo, target)
        move_note.write(self.note, moves.Move(target=target, is_over=False))

    def end(self, target: str) -> None:
        moves.end(self.conninfo)
        move_note.write(self.note, moves.Move(target=target, is_over=True))

    def undo(self) -> None:
        # Cut short in between, a note that is missing misleads nobody.
        move_note.remove(self.note)
        moves.undo(self.conninfo)


class UnfinishedError(TillError):
    """Sales are unfinished: nothing was moved."""


def run(settings: Settings, request: MoveRequest) -> int:
    """Move, tell of it, and return the exit code. Blocks."""
    try:
        return _run(settings, request)
    except (NotTheSameError, UnfinishedError) as error:
        _log.warning("%s", error)
        say(error.sentence)
        return Exit.DIFFERS
    except TillError as error:
        _log.warning("%s", error)
        say(error.sentence)
        return exit_of(error)
    except KeyboardInterrupt:
        say("It was cut short: the same command goes on, or with --undo all stays here.")
        raise


def _run(settings: Settings, request: MoveRequest) -> int:
    if urlsplit(request.url).scheme not in {"postgresql", "postgres"}:
        raise InputError("move-to takes an address like postgresql://user@host/name.")
    embedded = EmbeddedPostgres(settings.data_dir)
    if not embedded.is_made:
        raise SettingsError(
            f"There is no built-in database in {settings.data_dir}: nothing to move. "
            "Set BLINKPOS_DATABASE_URL to the server's address."
        )
    target = redact_url(request.url)
    with built_in(settings, alone=True) as conninfo:
        here = _Here(conninfo=conninfo, note=embedded.move_note)
        with snapshot(conninfo) as whole:
            if not whole.history():
                raise SettingsError("The built-in database holds no ledger: nothing to move.")
            ledger, before = whole.identity().id, moves.move_of(whole)
        if before and (before.target != target or (before.is_over and request.undo)):
            raise SettingsError(before.sentence)
        if before and before.is_over:
            move_note.write(here.note, before)
            return _tell(request, target, ledger, None)
        if request.undo:
            return _undo(here, request.url, ledger, before)
        if before and holds_ledger(request.url, ledger):
            # It had arrived, and nobody was left to write it down here.
            here.end(target)
            return _tell(request, target, ledger, None)
        moved = _move(here, settings.timezone, request.url, target, is_marked=before is not None)
    return _tell(request, target, ledger, moved)


def _undo(here: _Here, url: str, ledger: str, before: moves.Move | None) -> int:
    if before is None:
        raise SettingsError("This till's history is not being moved: there is nothing to undo.")
    if holds_ledger(url, ledger):
        raise SettingsError("It has arrived there: run the same command without --undo.")
    here.undo()
    write("This till's history stays where it is.")
    return Exit.GOOD


def _move(here: _Here, zone: tzinfo | None, url: str, target: str, *, is_marked: bool) -> Inventory:
    try:
        with loading(url) as there:
            with snapshot(here.conninfo) as whole:
                _refuse_unfinished(moves.unfinished(whole), zone)
                history = whole.history()
            # All that can be refused is refused before anything is marked.
            there.prepare(history)
            if not is_marked:
                here.begin(target)
                is_marked = True
            with snapshot(here.conninfo) as whole:
                with ProgressLine("Moving") as progress:
                    sent = whole.pour(there, progress.tell)
                    there.finish(sent.sequences)
                with ProgressLine("Comparing") as progress:
                    differences = sent.differences(there.inventory(progress.tell))
            if differences:
                raise NotTheSameError(
                    "What arrived is not what was sent, so nothing was moved: " + differences[0],
                    cause=" ".join(differences),
                )
            there.upgrade()
            there.live_here()
    except OutcomeUnknownError:
        # It may have arrived: the mark stays, and the same command finds out.
        raise
    except TillError:
        # The server was never asked to keep it.
        if is_marked:
            here.undo()
        raise
    here.end(target)
    return sent


def _refuse_unfinished(sales: Sequence[moves.UnfinishedSale], zone: tzinfo | None) -> None:
    if not sales:
        return
    lines = [
        f"  payment {each.id} of {format_sats(each.total_sats)}, "
        f"{minute(each.created_at, zone)}: {each.state}, "
        f"hash {each.payment_hash}"
        for each in sales[:_SHOWN]
    ]
    if len(sales) > _SHOWN:
        lines.append(f"  and {len(sales) - _SHOWN} more")
    raise UnfinishedError(
        "These sales are unfinished: open the till, or run `blinkpos reconcile --fix`, until "
        "they are finished, then move.\n" + "\n".join(lines)
    )


def _tell(request: MoveRequest, target: str, ledger: str, moved: Inventory | None) -> int:
    if request.json:
        fields: dict[str, object] = {"event": "moved", "ledger": ledger, "target": target}
        if moved is not None:
            fields |= {
                "rows": moved.rows,
                "payments": moved.payments,
                "received_sats": moved.received_sats,
            }
        write(json.dumps(fields))
        return Exit.GOOD
    if moved is not None:
        write(
            f"Moved: {counted(moved.payments, 'payment')}, "
            f"{format_sats(moved.received_sats)} received; compared to the last row."
        )
    write(
        f"This till's history lives at {target} now. Set BLINKPOS_DATABASE_URL to that address "
        "in every till; the built-in database is not opened again."
    )
    return Exit.GOOD
