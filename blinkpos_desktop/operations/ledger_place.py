"""Where the ledger is: a server's database, or the built-in one, started for as long as needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.settings import Settings


@contextmanager
def ledger_of(settings: Settings, *, alone: bool = False) -> Iterator[str]:
    """Yield how to connect to the settings' own database; ``alone`` keeps tills out meanwhile.

    Raises:
        SettingsError: the data folder can't be used, or a till is using it.
        UnavailableError: the built-in database does not start.
    """
    if settings.database_url:
        yield settings.database_url.reveal()
        return
    with built_in(settings, alone=alone) as conninfo:
        yield conninfo


@contextmanager
def built_in(settings: Settings, *, alone: bool = False) -> Iterator[str]:
    """Yield how to connect to the built-in database, whatever server is set. Raises as above."""
    server = EmbeddedPostgres(settings.data_dir)
    server.start(alone=alone)
    try:
        yield server.conninfo
    finally:
        server.stop()
