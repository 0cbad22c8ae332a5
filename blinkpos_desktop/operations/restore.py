"""``blinkpos restore``: a backup into an empty database, which then sells but forwards nothing."""

from __future__ import annotations

import getpass
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.inventory import Inventory
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.operations.archive import Head, is_sealed, reading
from blinkpos_desktop.operations.backup import NotTheSameError
from blinkpos_desktop.operations.exits import Exit, exit_of
from blinkpos_desktop.operations.ledger_place import ledger_of
from blinkpos_desktop.operations.progress import ProgressLine
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import counted, minute
from blinkpos_desktop.services.store import moves
from blinkpos_desktop.services.store.loading import loading
from blinkpos_desktop.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What the command line asked for."""

    file: Path
    json: bool = False


def run(settings: Settings, request: RestoreRequest) -> int:
    """Restore a backup, tell of it, and return the exit code. Blocks."""
    try:
        head, inventory = _restore(settings, request.file)
    except NotTheSameError as error:
        _log.error("%s", error)
        say(error.sentence)
        return Exit.DIFFERS
    except TillError as error:
        _log.warning("%s", error)
        say(error.sentence)
        return exit_of(error)
    _tell(head, inventory, settings, as_json=request.json)
    return Exit.GOOD


def _restore(settings: Settings, file: Path) -> tuple[Head, Inventory]:
    with (
        reading(file, _passphrase(settings, file)) as archive,
        ledger_of(settings, alone=True) as conninfo,
        loading(conninfo) as target,
    ):
        target.prepare(archive.head.history)
        with ProgressLine("Restoring") as progress:
            written = archive.pour(target, progress.tell)
            target.finish(written.sequences)
        with ProgressLine("Comparing") as progress:
            differences = written.differences(target.inventory(progress.tell))
        if differences:
            raise NotTheSameError(
                "What was restored is not what was backed up, so nothing was kept: "
                + differences[0],
                cause=" ".join(differences),
            )
        moves.refuse_moved(target.whole)
        target.upgrade()
        target.hold(settings.till)
    return archive.head, written


def _passphrase(settings: Settings, file: Path) -> str | None:
    if settings.backup_passphrase:
        return settings.backup_passphrase.reveal()
    if is_sealed(file) and sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass("Passphrase of the backup: ")
    return None


def _tell(head: Head, inventory: Inventory, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "event": "restored",
            "ledger": head.ledger,
            "made_at": head.made_at,
            "rows": inventory.rows,
            "payments": inventory.payments,
            "received_sats": inventory.received_sats,
        }
        write(json.dumps(fields))
        return
    write(
        f"Restored as of {minute(head.made_at, settings.timezone)}: "
        f"{counted(inventory.payments, 'payment')}, "
        f"{format_sats(inventory.received_sats)} received.\n"
        "It sells, and forwards nothing until `blinkpos reconcile` has found what was received "
        "and sent since."
    )
