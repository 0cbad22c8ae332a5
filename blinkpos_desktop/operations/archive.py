r"""The backup's file: gzip of plain text, which `zcat` shows and psql's COPY understands.

    -- blinkpos backup {"format": 1, …}        what it is, in JSON
    COPY payments (id, state, …) FROM stdin;   a table
    1 …                                        its rows as COPY's text format has them
    \.
    -- end {"tables": {…}, "sequences": […]}   counts, sums and digests

Under a passphrase the whole of it is sealed (``sealing``).
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from blinkpos_desktop.domain.errors import InputError, SettingsError
from blinkpos_desktop.domain.inventory import (
    AppliedMigration,
    Inventory,
    RowDigest,
    Table,
    inventory_from,
)
from blinkpos_desktop.operations.sealing import MAGIC, Seal, Unseal
from blinkpos_desktop.services.store.whole import TELL_EVERY, Progress, Taker

FORMAT: Final = 1
_LEVEL: Final = 4
"""gzip's: more takes twice the time for a tenth less."""
_BUFFER: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_HEAD: Final = b"-- blinkpos backup "
_END: Final = b"-- end "
_LAST_ROW: Final = b"\\.\n"
_LINE_BYTES: Final = 1 << 20
"""The longest line that is no row."""
_COPY: Final = re.compile(rb"COPY (\w+) \((\w+(?:, \w+)*)\) FROM stdin;\n")
_DAMAGED: Final = "The backup is damaged: a part of it was changed or is missing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a backup is of. ``made_at`` is in Unix seconds by the database's clock."""

    ledger: str
    network: str
    till: str
    made_at: int
    program: str
    server: str
    history: tuple[AppliedMigration, ...]


class ArchiveWriter:
    """Writes a backup (``whole.Taker``); ``finish`` ends it."""

    def __init__(self, text: io.BufferedWriter[Any], head: Head) -> None:
        """Write the head."""
        self._text = text
        fields = {"format": FORMAT, **asdict(head)}
        self._text.write(_HEAD + json.dumps(fields).encode() + b"\n")

    def begin(self, table: Table) -> None:
        """Take a table's name and columns; its rows follow."""
        columns = ", ".join(table.columns)
        line = f"COPY {table.name} ({columns}) FROM stdin;\n".encode()
        assert _COPY.fullmatch(line), "the ledger's names are plain words"
        self._text.write(line)

    def row(self, row: bytes) -> None:
        """Take a row."""
        self._text.write(row)

    def end(self) -> None:
        """Know that the table has no more rows."""
        self._text.write(_LAST_ROW)

    def finish(self, inventory: Inventory) -> None:
        """Write what all of it came to."""
        self._text.write(_END + json.dumps(inventory.as_object()).encode() + b"\n")


class ArchiveReader:
    """Reads a backup: its ``head``, then its tables by ``pour``."""

    def __init__(self, text: io.BufferedReader) -> None:
        """Read the head."""
        self._text = text
        line = self._line()
        if not line.startswith(_HEAD):
            raise InputError("This is no backup of BlinkPOS.")
        self.head = _head(line.removeprefix(_HEAD))

    def pour(self, taker: Taker, tell: Progress) -> Inventory:
        """Give every table to ``taker``; return what they came to when they were written.

        Raises:
            InputError: the file is damaged.
        """
        digests: dict[str, RowDigest] = {}
        line = self._line()
        while match := _COPY.fullmatch(line):
            columns = tuple(name.decode() for name in match[2].split(b", "))
            table = Table(name=match[1].decode(), columns=columns)
            taker.begin(table)
            digests[table.name] = self._rows(table, taker, tell)
            taker.end()
            line = self._line()
        if not line.startswith(_END) or self._line():
            raise InputError(_DAMAGED, cause="it does not end as it should")
        with _undamaged():
            written = inventory_from(json.loads(line.removeprefix(_END)))
        read = {name: (each.rows, each.hexdigest()) for name, each in digests.items()}
        if read != {name: (each.rows, each.digest) for name, each in written.tables.items()}:
            raise InputError(_DAMAGED, cause="its rows are not those that it was made with")
        return written

    def _rows(self, table: Table, taker: Taker, tell: Progress) -> RowDigest:
        digest = RowDigest()
        for row in self._lines():
            if row == _LAST_ROW:
                tell(table.name, digest.rows, digest.rows)
                return digest
            digest.add(row)
            taker.row(row)
            if digest.rows % TELL_EVERY == 0:
                tell(table.name, digest.rows, 0)
        raise InputError(_DAMAGED, cause=f"{table.name} has no end")

    def _lines(self) -> Iterator[bytes]:
        with _undamaged():
            line = self._text.readline()
        while line:
            # What its reader does with it is not ours to judge.
            yield line
            with _undamaged():
                line = self._text.readline()

    def _line(self) -> bytes:
        with _undamaged():
            return self._text.readline(_LINE_BYTES)


@contextmanager
def writing(path: Path, passphrase: str | None, head: Head) -> Iterator[ArchiveWriter]:
    """Lend a new file for a backup, readable for us alone; it is on the disk when the block ends.

    Raises:
        OSError: it can't be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=_BUFFER) as file:
        sealed: IO[bytes] = Seal(file, passphrase) if passphrase else file  # type: ignore[assignment]  # a raw file is one
        packed = gzip.GzipFile(
            filename="", mode="wb", compresslevel=_LEVEL, fileobj=sealed, mtime=0
        )
        with io.BufferedWriter(packed, _BUFFER) as text:
            yield ArchiveWriter(text, head)
        if sealed is not file:
            sealed.close()
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def reading(path: Path, passphrase: str | None) -> Iterator[ArchiveReader]:
    """Lend a backup to be read.

    Raises:
        InputError: it is none, is damaged, or its passphrase is missing or another.
        SettingsError: the file can't be opened.
    """
    try:
        file = io.BufferedReader(io.FileIO(path), _BUFFER)
    except OSError as error:
        raise SettingsError(
            f"The file {path} can't be read: {error.strerror}.", cause=str(error)
        ) from error
    with file:
        start = file.peek(len(MAGIC))
        if start.startswith(MAGIC):
            if not passphrase:
                raise SettingsError(
                    "This backup is sealed: set BLINKPOS_BACKUP_PASSPHRASE to its passphrase."
                )
            opened: IO[bytes] = io.BufferedReader(Unseal(file, passphrase), _BUFFER)
        elif start.startswith(_GZIP):
            opened = file
        else:
            raise InputError("This is no backup of BlinkPOS.")
        with gzip.GzipFile(fileobj=opened, mode="rb") as unpacked:
            yield ArchiveReader(io.BufferedReader(unpacked, _BUFFER))


def is_sealed(path: Path) -> bool:
    """Whether a file is under a passphrase; ``False`` when it can't be read either."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@contextmanager
def _undamaged() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise InputError(_DAMAGED, cause=str(error)) from error


def _head(line: bytes) -> Head:
    with _undamaged():
        fields: dict[str, Any] = json.loads(line)
        if fields.pop("format") != FORMAT:
            raise InputError("This backup was made by a newer program: update this one.")
        history = tuple(AppliedMigration(**each) for each in fields.pop("history"))
        return Head(history=history, **fields)
