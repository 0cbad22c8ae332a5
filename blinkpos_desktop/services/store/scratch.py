"""A database for a while: what a backup is restored into to prove it, and dropped again."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Final

import psycopg
from psycopg import sql

from blinkpos_desktop.domain.errors import SettingsError, TillError, UnavailableError
from blinkpos_desktop.services.store import queries
from blinkpos_desktop.services.store.connections import first_line
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.whole import WholeConnection, connected

STALE_SECONDS: Final = 6 * 3600
_log = logging.getLogger(__name__)


class NoScratchError(TillError):
    """There is no database to restore a backup into."""


@contextmanager
def on_same_server(conninfo: str) -> Iterator[str]:
    """Make a scratch database beside the ledger's; yield how to connect to it.

    Raises:
        NoScratchError: the server lets us make none, or lets us not into it.
    """
    name = f"blinkpos_scratch_{int(time.time())}_{token_hex(6)}"
    scratch = psycopg.conninfo.make_conninfo(conninfo, dbname=name)
    with connected(conninfo) as connection:
        _sweep(connection)
        try:
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' "
                    "LC_COLLATE 'C' LC_CTYPE 'C'"
                ).format(sql.Identifier(name))
            )
        except psycopg.Error as error:
            raise NoScratchError(
                "The server lets this program make no scratch database.", cause=first_line(error)
            ) from error
    try:
        try:
            with connected(scratch):
                pass
        except (SettingsError, UnavailableError) as error:
            # A pooler that knows the ledger's database only.
            raise NoScratchError(
                "The server does not let this program into its scratch database.",
                cause=error.cause,
            ) from error
        yield scratch
    finally:
        _drop(conninfo, name)


@contextmanager
def built_in(folder: Path) -> Iterator[str]:
    """Start a built-in PostgreSQL of its own in ``folder``, which is removed afterwards.

    Raises:
        NoScratchError: it can't be started here.
    """
    shutil.rmtree(folder, ignore_errors=True)
    server = EmbeddedPostgres(folder)
    try:
        try:
            server.start()
        except (SettingsError, UnavailableError) as error:
            raise NoScratchError(error.sentence, cause=error.cause) from error
        try:
            yield server.conninfo
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(connection: WholeConnection) -> None:
    """Drop what a verification left behind that was killed."""
    found = connection.execute(
        queries.load()["stale_scratch"], {"seconds": STALE_SECONDS}
    ).fetchall()
    for row in found:
        try:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(row["name"]))
            )
        except psycopg.Error as error:
            _log.warning("%s stays: %s", row["name"], first_line(error))


def _drop(conninfo: str, name: str) -> None:
    try:
        with connected(conninfo) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
    except (psycopg.Error, TillError) as error:
        _log.warning("%s stays until a later backup drops it: %s", name, error)
