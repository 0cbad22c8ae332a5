"""One till with a window on a data folder: a second one knocks, and the first comes forward.

Who is the first is the kernel's to say, by a lock that goes with its holder
however that ends. The socket beside it is only the way to be heard.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import stat
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

ANSWER_SECONDS: Final = 10.0
"""For a first till that is only just starting, or still ending."""
_LOOK_SECONDS: Final = 0.05
_PATH_LIMIT: Final = 100
"""A Unix socket's path has 104 bytes on macOS, 108 on Linux."""
_log = logging.getLogger(__name__)


class Met(StrEnum):
    """Who was there already, and what came of knocking."""

    RAISED = "raised"
    UNRAISED = "unraised"
    """The first one heard it, and its desktop lets no window come forward by itself."""
    SILENT = "silent"
    ANOTHERS = "anothers"
    """It is another user's."""


class Door:
    """The first till's: holds the lock, and hears those who knock."""

    def __init__(self, lock: IO[bytes] | None, listener: socket.socket | None, path: Path) -> None:
        """Take what was opened; without a listener nobody is heard."""
        self._lock, self._listener, self._path = lock, listener, path

    def fileno(self) -> int:
        """Return what becomes readable when somebody knocks; -1 if nobody can."""
        return -1 if self._listener is None else self._listener.fileno()

    def answer(self, met: Met) -> None:
        """Tell everybody who knocked what came of it."""
        while self._listener is not None:
            try:
                guest, _ = self._listener.accept()
            except OSError:
                return
            with guest, suppress(OSError):
                guest.setblocking(False)
                guest.send(met.value.encode())

    def shut(self) -> None:
        """Hear nobody any more: who comes now waits until this till has ended, and is the next."""
        if self._listener is not None:
            with suppress(OSError):
                self._path.unlink()
            self._listener.close()
            self._listener = None

    def close(self) -> None:
        """Leave the folder to whoever comes next."""
        self.shut()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def enter(folder: Path, *, patience: float = ANSWER_SECONDS) -> Door | Met:
    """Become the first till on a data folder, or tell who is there.

    Blocks for a moment only, unless the one who is there does not answer. A
    folder that can't be locked is entered all the same: what is wrong with it
    is said on the window.
    """
    path, until = _socket_path(folder), time.monotonic() + patience
    while True:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (folder / "till.lock").open("ab")
        except OSError as error:
            _log.warning("no lock in %s: %s", folder, error)
            return Door(None, None, path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        except OSError as error:
            _log.warning("no lock in %s: %s", folder, error)
            return Door(lock, None, path)
        else:
            return Door(lock, _listen(path), path)
        met = _knock(path, patience)
        if met is None and time.monotonic() > until:
            met = Met.SILENT
        if met is not None:
            return met
        time.sleep(_LOOK_SECONDS)


def _socket_path(folder: Path) -> Path:
    path = folder / "till.sock"
    if len(os.fsencode(path)) <= _PATH_LIMIT:
        return path
    # Milliseconds that the first keypad need not wait for.
    import hashlib
    import tempfile

    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"blinkpos-{os.geteuid()}-{digest}-till" / "till.sock"


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put a socket there for us to talk to."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _listen(path: Path) -> socket.socket | None:
    """Listen at ``path``; what a killed till left there is taken away, for we hold the lock."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not _is_private(path.parent):
            raise PermissionError(f"{path.parent} is somebody else's")
        path.unlink(missing_ok=True)
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen()
        listener.setblocking(False)
    except OSError as error:
        _log.warning("a second till will not be heard: %s", error)
        listener.close()
        return None
    return listener


def _knock(path: Path, patience: float) -> Met | None:
    """Return what the first till answers; ``None`` when it does not listen yet, or any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(patience)
        try:
            knocking.connect(os.fspath(path))
            answer = knocking.recv(64).decode(errors="replace")
        except TimeoutError:
            return Met.SILENT
        except PermissionError:
            return Met.ANOTHERS
        except OSError:
            return None
    return Met(answer) if answer in set(Met) else None
