"""Where the till before this one left its history: its file, its tables as CSV, or its database.

Each is read row by row. What can't be read at all is said with its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blinkpos_desktop.domain.errors import InputError, SettingsError, quoted
from blinkpos_desktop.domain.imported import Origin, Values, snake
from blinkpos_desktop.domain.scrub import Json
from blinkpos_desktop.services.store import imports

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

MOST_CHARACTERS: Final = 1 << 22
"""Of one row: more is no row of a payment."""
_CHUNK: Final = 1 << 16
_DELIMITERS: Final = ",;\t|"
_SPACE: Final = re.compile(r"[\s]*")


class Kind(StrEnum):
    """What a row is of."""

    PAYMENT = "payment"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it was found; ``problem`` says why it can't even be looked at."""

    line: int
    kind: Kind
    origin: Origin
    values: Values
    problem: str = ""


@contextmanager
def opened(path: Path) -> Iterator[Iterator[Row]]:
    """Lend the rows of a file: the tip store's JSON, or a table as CSV.

    Raises:
        SettingsError: it can't be read.
        InputError: it is neither.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            start = file.read(_CHUNK)
            file.seek(0)
            if not start.strip():
                raise InputError(f"The file {path} is empty.")
            is_json = start.lstrip()[0] in "{["
            yield _TipStore(file).rows() if is_json else _table(file, start)
    except OSError as error:
        raise SettingsError(
            f"The file {path} can't be read: {error.strerror}.", cause=str(error)
        ) from error


def _table(file: io.TextIOWrapper, start: str) -> Iterator[Row]:
    """Read a CSV with the names of the origin's columns in its first line."""
    first = start.splitlines()[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(MOST_CHARACTERS)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader)]
    kind = _kind_of(header)
    return _table_rows(reader, header, kind)


def _kind_of(header: list[str]) -> Kind:
    names = {snake(name) for name in header}
    if "payment_hash" in names and "event_type" in names:
        return Kind.EVENT
    if "payment_hash" in names and names & {"total_amount", "base_amount"}:
        return Kind.PAYMENT
    raise InputError(
        "The first line must name the columns of payment_splits or payment_events: export it "
        "with a header."
    )


def _table_rows(reader: CsvReader, header: list[str], kind: Kind) -> Iterator[Row]:
    line = 2
    while True:
        values: dict[str, Json] = {}
        problem = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, problem = [], f"it is no CSV: {error}."
        if cells and len(cells) != len(header):
            problem = f"it has {len(cells)} fields, the header {len(header)}."
        elif cells:
            values = {name: _embedded(cell) for name, cell in zip(header, cells, strict=True)}
            if any(_is_foreign(cell) for cell in cells):
                problem = "it is not UTF-8."
        if cells or problem:
            yield Row(
                line=line, kind=kind, origin=Origin.PAYMENT_SPLITS, values=values, problem=problem
            )
        # A row may go over several lines.
        line = reader.line_num + 1


def _embedded(cell: str) -> Json:
    """Return JSON within a cell as what it is: jsonb columns are exported as text."""
    if cell[:1] in {"{", "["}:
        try:
            value: Json = json.loads(cell, parse_float=Decimal, parse_constant=str)
        except (ValueError, RecursionError):
            return cell
        return value
    return cell


def _is_foreign(text: str) -> bool:
    return any("\udc80" <= char <= "\udcff" for char in text)


class _TipStore:
    """Reads ``{"<payment hash>": {"baseAmount": …, …}, …}`` entry by entry."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=str)
        self._text, self._at = "", 0
        self._line = 1
        self._is_over = False

    def rows(self) -> Iterator[Row]:
        """Give every entry; a file that breaks off or is no JSON ends with a row that says so."""
        try:
            self._expect("{")
            if self._next() == "}":
                self._end()
                return
            while True:
                self._next()
                line, name = self._line, self._value()
                self._expect(":")
                self._next()
                yield _entry(line, name, self._value())
                if self._next() == "}":
                    self._end()
                    return
                self._expect(",")
        except InputError as error:
            yield _entry(self._line, error.sentence, None, problem=error.sentence)

    def _end(self) -> None:
        """Take the last brace. What follows it is a file that was written over, or two in one."""
        self._at += 1
        if self._peek():
            raise InputError("here the file should end: what follows is not read.")

    def _expect(self, char: str) -> None:
        if self._next() != char:
            raise InputError(f"here the file should go on with {quoted(char)}: it is no tip store.")
        self._at += 1

    def _next(self) -> str:
        """Return the next character that is no space, without taking it."""
        if char := self._peek():
            return char
        raise InputError("the file breaks off here.")

    def _peek(self) -> str:
        """Return the same, and nothing at the file's end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None, "it matches nothing, too"
            self._take(space.end())
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read():
                return ""

    def _value(self) -> Json:
        """Take a whole value; read on while it may only be the beginning of one."""
        while True:
            try:
                value: Json
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > MOST_CHARACTERS or not self._read():
                    raise InputError(f"this is no JSON: {error}.") from error
                continue
            # A number may go on in what is not read yet; nothing else does.
            if end == len(self._text) and self._read():
                continue
            self._take(end)
            return value

    def _read(self) -> bool:
        if not self._is_over:
            self._text, self._at = self._text[self._at :], 0
            # As much again as there is: a long value is not tried at every step of its way.
            chunk = self._file.read(max(_CHUNK, len(self._text)))
            self._is_over = not chunk
            self._text += chunk
        return not self._is_over

    def _take(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end


def _entry(line: int, name: Json, value: Json, problem: str = "") -> Row:
    values: dict[str, Json] = {}
    if isinstance(name, str) and isinstance(value, dict):
        values = {each: value[each] for each in value if snake(each) != "payment_hash"}
        values["payment_hash"] = name
    elif not problem:
        problem = f"the entry {quoted(str(name), 70)} is no object."
    return Row(
        line=line, kind=Kind.PAYMENT, origin=Origin.TIP_STORE, values=values, problem=problem
    )


@contextmanager
def connected_to(url: str) -> Iterator[Iterator[Row]]:
    """Lend the rows of the origin's own database, as one moment shows them.

    Raises:
        SettingsError: the address can't be read, or holds no such table.
        UnavailableError: it is away.
    """
    with imports.origin_rows(url) as rows:
        yield (
            Row(
                line=number,
                kind=Kind.EVENT if table == "payment_events" else Kind.PAYMENT,
                origin=Origin.PAYMENT_SPLITS,
                values=json.loads(text, parse_float=Decimal),
            )
            for table, number, text in rows
        )
