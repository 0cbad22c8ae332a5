"""The hints of the sales on this till's screen, in a file of its data folder."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from blinkpos_desktop.domain.left_open import OpenSale

NAME: Final = "open-sales.json"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES: Final = 1 << 20
_log = logging.getLogger(__name__)


class OpenSalesFile:
    """Belongs to the first program that opens it, until that ends: a second one has no hints.

    Or two tills on one folder would offer each other what is on the other's
    screen. Every method blocks: call it in a thread. What can't be read or
    written is logged and left: nothing rests on it.
    """

    def __init__(self, folder: Path) -> None:
        """Keep where it is; nothing is opened yet."""
        self._folder, self._path = folder, folder / NAME
        self._lock: IO[bytes] | None = None
        self._writing = threading.Lock()

    def load(self) -> tuple[OpenSale, ...]:
        """Take the file for this program, and return what an earlier one has left in it."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._take():
                return ()
            with self._path.open("rb") as file:
                return _read(file.read(_MOST_BYTES))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            _log.warning("the hints of open sales can't be read: %r", error)
            return ()

    def save(self, sales: Sequence[OpenSale]) -> None:
        """Put these in the place of all others; without any the file goes."""
        with self._writing:
            if self._lock is None:
                return
            try:
                if sales:
                    self._replace(json.dumps([_row(sale) for sale in sales]).encode())
                else:
                    self._path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("the hints of open sales can't be written: %s", error)

    def close(self) -> None:
        """Leave the file to whoever comes next."""
        with self._writing:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _take(self) -> bool:
        lock = self._path.with_suffix(".lock").open("ab")
        try:
            # The kernel gives it back, however this program ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            _log.info("another till uses %s: open sales are not remembered: %s", self._path, error)
            return False
        self._lock = lock
        return True

    def _replace(self, content: bytes) -> None:
        """Write it whole or not at all, and for us alone."""
        fresh = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            # One that was left half written may have other rights.
            fresh.unlink()
        number = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        fresh.replace(self._path)


def _row(sale: OpenSale) -> dict[str, Any]:
    return {"payment_id": sale.payment_id, "payment_hash": sale.payment_hash}


def _read(content: bytes) -> tuple[OpenSale, ...]:
    found = []
    for row in json.loads(content):
        number, payment_hash = row["payment_id"], row["payment_hash"]
        if type(number) is not int or not _HASH.fullmatch(payment_hash):
            raise ValueError("no hint of a sale")
        found.append(OpenSale(payment_id=number, payment_hash=payment_hash))
    return tuple(found)
