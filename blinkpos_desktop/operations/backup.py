"""``blinkpos backup``: the whole ledger in one file, proven by restoring it once."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from blinkpos_desktop import __version__
from blinkpos_desktop.domain.backup import Backup, VerifiedIn
from blinkpos_desktop.domain.errors import InputError, SettingsError, TillError
from blinkpos_desktop.domain.inventory import Inventory
from blinkpos_desktop.domain.money import format_sats
from blinkpos_desktop.operations.archive import Head, reading, writing
from blinkpos_desktop.operations.exits import Exit, exit_of
from blinkpos_desktop.operations.ledger_place import ledger_of
from blinkpos_desktop.operations.progress import ProgressLine
from blinkpos_desktop.operations.tellers import say, write
from blinkpos_desktop.operations.wording import counted
from blinkpos_desktop.services.store import backups, moves, scratch
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.loading import loading
from blinkpos_desktop.services.store.whole import snapshot
from blinkpos_desktop.settings import Settings

KEPT: Final = 7
"""Daily backups; those that a person made are his to remove."""
_STALE_SECONDS: Final = 6 * 3600
_DAILY: Final = re.compile(r"blinkpos-[a-z0-9]+-daily-\d{8}T\d{6}Z\.backup", re.ASCII)
_NOTHING: Final = "There is no ledger here yet: nothing to back up."
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """What the command line asked for: a folder of its own, or the usual one."""

    to: Path | None = None
    daily: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    path: Path
    head: Head
    inventory: Inventory


class NotTheSameError(TillError):
    """What was restored is not what was backed up."""


def run(settings: Settings, request: BackupRequest) -> int:
    """Make a backup, prove it, tell of it, and return the exit code. Blocks."""
    if request.daily:
        # A till is selling beside it.
        with suppress(OSError):
            os.nice(10)
    try:
        return _run(settings, request)
    except NotTheSameError as error:
        _log.error("%s", error)
        say(error.sentence)
        return Exit.DIFFERS
    except TillError as error:
        _log.warning("%s", error)
        say(error.sentence)
        return exit_of(error)


def _run(settings: Settings, request: BackupRequest) -> int:
    folder = request.to or settings.backups
    if settings.database_url is None and not EmbeddedPostgres(settings.data_dir).is_made:
        raise SettingsError(_NOTHING)
    _make_folder(folder)
    with ledger_of(settings) as conninfo:
        made = _write(conninfo, settings, folder, request)
        part = _part_of(made.path)
        try:
            proven = _prove(conninfo, settings, part, made.inventory)
            _keep(part, made.path)
        finally:
            _discard(part)
        if proven is None:
            say(
                f"{made.path} is made and could only be read back: there is no scratch database "
                "to restore it into. Install the built-in PostgreSQL, or let the user make one."
            )
            return Exit.DIFFERS
        backup = Backup(
            made_at=made.head.made_at,
            till=settings.till,
            place=str(made.path),
            size=made.path.stat().st_size,
            is_encrypted=settings.backup_passphrase is not None,
            verified_in=proven,
        )
        if not backups.note(conninfo, backup):
            _log.info("the database is of before there was a list of backups")
    if request.daily:
        _prune(folder, made.head.ledger)
    _tell(backup, made.inventory, as_json=request.json)
    return Exit.GOOD


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in folder.glob("blinkpos-*.part"):
            # Left by one that was killed.
            if part.stat().st_mtime < time.time() - _STALE_SECONDS:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _write(conninfo: str, settings: Settings, folder: Path, request: BackupRequest) -> _Made:
    """Write the ledger beside the file that it will be."""
    passphrase = settings.backup_passphrase
    with snapshot(conninfo) as whole:
        history = whole.history()
        if not history:
            raise SettingsError(_NOTHING)
        moves.refuse_moved(whole)
        identity, [moment] = whole.identity(), whole.rows("moment")
        stamp = datetime.fromtimestamp(moment["moment"], UTC).strftime("%Y%m%dT%H%M%SZ")
        kind = "-daily" if request.daily else ""
        path = folder.absolute() / f"blinkpos-{identity.id}{kind}-{stamp}.backup"
        if path.exists():
            raise SettingsError(f"{path} is there already.")
        head = Head(
            ledger=identity.id,
            network=identity.network,
            till=settings.till,
            made_at=moment["moment"],
            program=__version__,
            server=moment["version"],
            history=history,
        )
        part = _part_of(path)
        try:
            with (
                ProgressLine("Writing the backup") as progress,
                writing(part, passphrase.reveal() if passphrase else None, head) as archive,
            ):
                inventory = whole.pour(archive, progress.tell)
                archive.finish(inventory)
        except FileExistsError as error:
            # Somebody else's, of the same second: it is not ours to discard.
            raise SettingsError(
                f"Another backup is being written to {folder}: try again.", cause=str(error)
            ) from error
        except OSError as error:
            _discard(part)
            raise _cannot_write(folder, error) from error
        except BaseException:
            _discard(part)
            raise
    return _Made(path=path, head=head, inventory=inventory)


def _prove(
    conninfo: str, settings: Settings, path: Path, inventory: Inventory
) -> VerifiedIn | None:
    """Restore the file into a scratch database and compare; ``None`` when there is none.

    Raises:
        NotTheSameError: it is not the same.
    """
    passphrase = settings.backup_passphrase.reveal() if settings.backup_passphrase else None
    try:
        with scratch.on_same_server(conninfo) as place:
            _restore_and_compare(path, passphrase, place, inventory)
            return VerifiedIn.SAME_SERVER
    except scratch.NoScratchError as error:
        _log.info("%s", error)
        say(f"{error.sentence} The backup is restored into a built-in one instead.")
    try:
        with scratch.built_in(settings.data_dir / "scratch") as place:
            _restore_and_compare(path, passphrase, place, inventory)
            return VerifiedIn.BUILT_IN
    except scratch.NoScratchError as error:
        _log.warning("%s", error)
    return None


def _restore_and_compare(
    path: Path, passphrase: str | None, place: str, inventory: Inventory
) -> None:
    try:
        with reading(path, passphrase) as archive, loading(place, durable=False) as target:
            target.prepare(archive.head.history)
            with ProgressLine("Restoring it into a scratch database") as progress:
                written = archive.pour(target, progress.tell)
                target.finish(written.sequences)
            with ProgressLine("Comparing") as progress:
                copy = target.inventory(progress.tell)
    except InputError as error:
        differences: tuple[str, ...] = (str(error),)
    else:
        differences = inventory.differences(written) + inventory.differences(copy)
    if differences:
        raise NotTheSameError(
            "The backup was restored and is not the same, so it was removed: " + differences[0],
            cause=" ".join(differences),
        )


def _keep(part: Path, path: Path) -> None:
    """Give a proven file its name, for good."""
    try:
        part.rename(path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _cannot_write(path.parent, error) from error


def _prune(folder: Path, ledger: str) -> None:
    """Remove this ledger's daily backups but for the youngest ones."""
    mine = [
        path
        for path in folder.glob(f"blinkpos-{ledger}-daily-*.backup")
        if _DAILY.fullmatch(path.name)
    ]
    for path in sorted(mine, key=lambda each: each.name)[:-KEPT]:
        try:
            path.unlink()
        except OSError as error:
            _log.warning("an old backup stays: %s", error)


def _discard(part: Path) -> None:
    """Remove an unfinished file. A disk that is read-only or gone has said so already."""
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("an unfinished backup stays: %s", error)


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _cannot_write(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The backup can't be written to {folder}: {error.strerror or error}.", cause=str(error)
    )


def _tell(backup: Backup, inventory: Inventory, *, as_json: bool) -> None:
    if as_json:
        fields = {
            "event": "backup",
            "path": backup.place,
            "made_at": backup.made_at,
            "bytes": backup.size,
            "encrypted": backup.is_encrypted,
            "verified_in": backup.verified_in.value,
            "rows": inventory.rows,
            "payments": inventory.payments,
            "received_sats": inventory.received_sats,
        }
        write(json.dumps(fields))
        return
    sealed = "under the passphrase" if backup.is_encrypted else "not encrypted"
    write(
        f"{backup.place}\n"
        f"{counted(inventory.payments, 'payment')}, "
        f"{format_sats(inventory.received_sats)} received; "
        f"{backup.size:,} bytes, {sealed}; restored once and the same to the last row."
    )
