"""A backup's file says what it was given, or that it is damaged; never anything else."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from blinkpos_desktop.domain.errors import InputError, SettingsError
from blinkpos_desktop.domain.inventory import (
    AppliedMigration,
    Figures,
    Inventory,
    RowDigest,
    SequenceState,
    Table,
)
from blinkpos_desktop.operations import sealing
from blinkpos_desktop.operations.archive import Head, is_sealed, reading, writing

HEAD = Head(
    ledger="abc",
    network="",
    till="t\n₿",
    made_at=1,
    program="0",
    server="18",
    history=(AppliedMigration(version=1, name="0001_a.sql", checksum="x"),),
)
ROWS = [b"1\ta\n", b"2\t\\\\.\n", b"\\N\t" + b"x" * 200_000 + b"\n"]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_COST", 1 << 10)


class _Heard:
    def __init__(self) -> None:
        self.tables: dict[Table, list[bytes]] = {}

    def begin(self, table: Table) -> None:
        self.tables[table] = []

    def row(self, row: bytes) -> None:
        self.tables[list(self.tables)[-1]].append(row)

    def end(self) -> None:
        pass


def _silent(_table: str, _done: int, _total: int) -> None:
    pass


def _write(path: Path, passphrase: str | None, rows: list[bytes]) -> Inventory:
    digest = RowDigest()
    for row in rows:
        digest.add(row)
    inventory = Inventory(
        tables={
            "full": Figures(rows=len(rows), digest=digest.hexdigest(), sums={"sats": 21}),
            "bare": Figures(rows=0, digest="0" * 64, sums={}),
        },
        sequences=(SequenceState(name="s", last=7, is_called=True),),
    )
    with writing(path, passphrase, HEAD) as archive:
        for name, content in (("bare", []), ("full", rows)):
            archive.begin(Table(name=name, columns=("a", "b")))
            for row in content:
                archive.row(row)
            archive.end()
        archive.finish(inventory)
    return inventory


def _read(path: Path, passphrase: str | None) -> tuple[Head, Inventory, _Heard]:
    heard = _Heard()
    with reading(path, passphrase) as archive:
        inventory = archive.pour(heard, _silent)
        return archive.head, inventory, heard


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_it_reads_what_was_written(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "a.backup"
    for rows in (ROWS, ROWS * 3):
        path.unlink(missing_ok=True)
        written = _write(path, passphrase, rows)
        head, inventory, heard = _read(path, passphrase)
        assert (head, inventory) == (HEAD, written)
        assert list(heard.tables.values()) == [[], rows]
    assert is_sealed(path) is bool(passphrase)
    assert (b"payments" in path.read_bytes()) is False
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        _write(path, None, ROWS)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_whatever_is_done_to_it_is_noticed(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "a.backup"
    # Rows that don't pack well, so that it has several sealed pieces.
    rows = [b"%x\t%x\n" % (pow(3, n, 2**2203 - 1), n) for n in range(1000, 1700)]
    _write(path, passphrase, rows)
    whole = path.read_bytes()
    assert len(whole) > 2 * sealing.PIECE
    step = len(whole) // 23
    changes: list[Callable[[], bytes]] = [
        *(lambda at=at: whole[:at] for at in range(0, len(whole), step)),
        *(
            lambda at=at: whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            # gzip's head holds a time and a system that nobody reads.
            for at in range(0 if passphrase else 10, len(whole), step)
        ),
        lambda: whole[:-1],
        lambda: whole + b"x",
    ]
    for change in changes:
        path.write_bytes(change())
        with pytest.raises((InputError, SettingsError)):
            _read(path, passphrase)
    if passphrase:
        piece = sealing.PIECE + 16
        head = whole.index(b"}\n") + 2
        first, second = whole[head : head + piece], whole[head + piece : head + 2 * piece]
        path.write_bytes(whole[:head] + second + first + whole[head + 2 * piece :])
        with pytest.raises(InputError):
            _read(path, passphrase)
        # A cut exactly between two pieces.
        path.write_bytes(whole[: head + piece])
        with pytest.raises(InputError):
            _read(path, passphrase)


def test_rows_that_were_exchanged_within_a_sound_file_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    _write(path, None, ROWS)
    text = gzip.decompress(path.read_bytes())
    for old, new in (
        (b"1\ta\n", b"7\ta\n"),
        (b"1\ta\n", b""),
        (b"\\.\nCOPY", b"COPY"),
        (b"-- end", b"--"),
    ):
        path.write_bytes(gzip.compress(text.replace(old, new, 1)))
        with pytest.raises(InputError):
            _read(path, None)


def test_what_is_none_or_does_not_open_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    _write(path, "correct horse", ROWS)
    with pytest.raises(SettingsError, match="BLINKPOS_BACKUP_PASSPHRASE"):
        _read(path, None)
    with pytest.raises(InputError, match="passphrase is another one"):
        _read(path, "wrong horse")
    for content in (b"", b"PK", b"CREATE TABLE", gzip.compress(b"hello")):
        path.write_bytes(content)
        with pytest.raises(InputError, match="no backup"):
            _read(path, None)
    with pytest.raises(SettingsError, match="can't be read"):
        _read(tmp_path / "nowhere", None)
    path.unlink()
    _write(path, None, ROWS)
    newer = gzip.decompress(path.read_bytes()).replace(b'"format": 1', b'"format": 2')
    path.write_bytes(gzip.compress(newer))
    with pytest.raises(InputError, match="newer program"):
        _read(path, None)


def test_copies_are_compared_row_by_row() -> None:
    def figures(rows: list[bytes], sats: int) -> Inventory:
        digest = RowDigest()
        for row in rows:
            digest.add(row)
        one = Figures(rows=digest.rows, digest=digest.hexdigest(), sums={"sats": sats})
        return Inventory(tables={"t": one}, sequences=())

    whole = figures([b"a\n", b"b\n"], 3)
    assert whole.differences(figures([b"b\n", b"a\n"], 3)) == ()
    for other in (
        figures([b"a\n"], 3),
        figures([b"a\n", b"a\n"], 3),
        figures([b"a\n", b"b\n"], 4),
        Inventory(tables={}, sequences=()),
        Inventory(
            tables=whole.tables, sequences=(SequenceState(name="s", last=1, is_called=True),)
        ),
    ):
        assert len(whole.differences(other)) == 1
