"""A door to a PostgreSQL server that can be frozen: connections stay, and nothing comes through."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit


class Door:
    """Passes bytes between a loopback port and a server's Unix socket until it is frozen."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        self._socket = f"{unquote(parts.netloc.rpartition('@')[2])}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = (
            f"postgresql://blinkpos@127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
            "?sslmode=disable&gssencmode=disable"
        )
        self.open = threading.Event()
        self.open.set()
        self.called = threading.Event()
        """Set once somebody has connected."""
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._over.set()
        self.open.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            if not select.select([self._listener], [], [], 0.05)[0]:
                continue
            caller, _ = self._listener.accept()
            self.called.set()
            thread = threading.Thread(target=self._pass, args=(caller,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _pass(self, caller: socket.socket) -> None:
        with caller, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._socket)
            ways = {caller: server, server: caller}
            while not self._over.is_set():
                ready, _, _ = select.select(list(ways), [], [], 0.05)
                if not self.open.is_set():
                    self.open.wait()
                for end in ready:
                    with suppress(OSError):
                        if data := end.recv(1 << 16):
                            ways[end].sendall(data)
                            continue
                    return


@contextmanager
def door(database_url: str, *, frozen: bool = False) -> Iterator[Door]:
    made = Door(database_url)
    if frozen:
        made.open.clear()
    try:
        yield made
    finally:
        made.close()
