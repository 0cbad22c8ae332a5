"""The real PgBouncer in transaction mode, before a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from blinkpos_desktop.services.store.server_user import server_user
from tests.support.clusters import PASSWORD, QUOTED, USER
from tests.support.servers import free_port, serving

SERVER_CONNECTIONS = 3
"""Fewer than two tills have: whoever keeps something on one, another one finds it there."""


@dataclass(frozen=True, slots=True)
class PgBouncer:
    """A running PgBouncer."""

    port: int

    def url(self, direct: str) -> str:
        """Return the address of a database through it."""
        name = urlsplit(direct).path.strip("/")
        return f"postgresql://{USER}:{QUOTED}@127.0.0.1:{self.port}/{name}"


@contextmanager
def pgbouncer(
    folder: Path, direct: str, *, mode: str = "transaction", port: int | None = None
) -> Iterator[PgBouncer]:
    """Run it before the server of the address ``direct`` (a socket's); skips without it."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if program is None:
        pytest.skip("there is no pgbouncer on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(direct)
    if parts.port:
        place = f"host=127.0.0.1 port={parts.port}"
    else:
        place = f"host={unquote(parts.netloc.rpartition('@')[2])} port=5432"
    users = folder / "users.txt"
    users.write_text(f'"{USER}" "{PASSWORD}"\n')
    port = port or free_port()
    conf = folder / "pgbouncer.ini"
    # Each test has a database of its own: what is left of it makes room for the next ones'.
    conf.write_text(
        f"[databases]\n* = {place}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n"
        f"pool_mode = {mode}\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
        "max_client_conn = 300\nserver_idle_timeout = 5\n"
    )
    with serving([*server_user().prefix, program, "-q", str(conf)], port, folder):
        yield PgBouncer(port)
