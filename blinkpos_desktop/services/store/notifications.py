"""Hears what other processes write down: LISTEN, on a connection of its own.

Through a pooler in transaction mode nothing is ever heard, and in silence, and the
LISTEN stays on a connection that is others' next. So nothing is asked of a pooler:
then it wants the server's direct address, or ``Polling`` does without it. A pooler
is known by its number: it tells another process's than the one that answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row

from blinkpos_desktop.domain.announcement import LedgerNews
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.store.connections import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    first_line,
    hang_up_after,
)

ALL_CHANNEL: Final = "blinkpos_all"
"""What tills of any account list: what needs a person, and what a person has seen."""
QUIET_SECONDS: Final = 20.0
"""After so long without a word the server is asked whether it is still there."""
SETTLED_SECONDS: Final = 60.0
"""A connection that lived so long was a good one: the count of failures begins anew."""
POOLED_SECONDS: Final = 300.0
"""After so long it is asked again whether a pooler is still in between."""
ITEMS_CHANNEL: Final = "blinkpos_items"
"""Says which process has changed the shelf: whoever lists something looks again."""
_log = logging.getLogger(__name__)


class Notifications:
    """One listening connection, made anew whenever it breaks."""

    def __init__(
        self,
        conninfo: str,
        *,
        process: UUID,
        account_id: Callable[[], str],
        on_news: Callable[[LedgerNews], None],
        on_connected: Callable[[], None],
        jitter: Callable[[], float],
    ) -> None:
        """Keep what is needed; ``run`` connects.

        Told is what is written of ``account_id``'s sales, which is asked when it connects, and
        what any till lists. ``on_news`` is called for what another process than ``process``
        wrote, and ``on_connected`` when some may have been missed; both return at once.
        """
        self._conninfo, self._process, self._account_id = conninfo, str(process), account_id
        self._on_news, self._on_connected, self._jitter = on_news, on_connected, jitter
        self._has_warned = False
        self.hears = False
        """Whether what others write comes through now."""

    def check(self) -> None:
        """Read the address.

        Raises:
            SettingsError: it can't be read.
        """
        try:
            psycopg.conninfo.conninfo_to_dict(self._conninfo)
        except psycopg.Error:
            # Its message can repeat the password.
            raise SettingsError(
                "BLINKPOS_DATABASE_DIRECT_URL can't be read: it is like postgresql://user@host/name."
            ) from None

    async def run(self) -> None:
        """Listen until cancelled."""
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._listen_once()
                await self._without()
            except (psycopg.Error, OSError) as error:
                _log.info("other tills are not heard, only asked for: %s", first_line(error))
            finally:
                self.hears = False
            failures = 1 if loop.time() - began > SETTLED_SECONDS else failures + 1
            await asyncio.sleep(retry_delay(failures, self._jitter()))

    async def _listen_once(self) -> None:
        """Listen until it breaks; return only where a pooler is in between."""
        connection = await psycopg.AsyncConnection[DictRow].connect(
            self._conninfo,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_SECONDS,
            application_name="blinkpos listens",
            prepare_threshold=None,
        )
        async with connection:
            about = "SELECT pg_backend_pid() AS pid, news_channel(%s) AS news"
            answers = await (await _ask(connection, about, self._account_id())).fetchone()
            if answers is None or answers["pid"] != connection.info.backend_pid:
                return
            for channel in (answers["news"], ALL_CHANNEL, ITEMS_CHANNEL):
                await _ask(connection, f"LISTEN {channel}")
            self.hears = True
            self._on_connected()
            while True:
                async for heard in connection.notifies(timeout=QUIET_SECONDS):
                    if heard.channel != ITEMS_CHANNEL:
                        self._take(heard.payload)
                    elif heard.payload != self._process:
                        self._on_connected()
                await _ask(connection, "SELECT 1")

    async def _without(self) -> None:
        level = logging.INFO if self._has_warned else logging.WARNING
        self._has_warned = True
        _log.log(
            level,
            "BLINKPOS_DATABASE_URL leads through a pooler, which lets no notification through: "
            "other tills are asked for every two seconds. BLINKPOS_DATABASE_DIRECT_URL mends it.",
        )
        await asyncio.sleep(POOLED_SECONDS)

    def _take(self, payload: str) -> None:
        try:
            value = json.loads(payload)
            if value["process"] == self._process:
                return
            news = LedgerNews(
                payment_id=_number(value["payment"]),
                transfer_id=None if value["transfer"] is None else _number(value["transfer"]),
                event=str(value["event"]),
                is_about_attention=value["attention"] is True,
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            _log.warning("a notification that is none: %r", error)
        else:
            self._on_news(news)


async def _ask(
    connection: psycopg.AsyncConnection[DictRow], sql: str, *values: str
) -> psycopg.AsyncCursor[DictRow]:
    limit = hang_up_after(connection, CHECK_SECONDS)
    try:
        return await connection.execute(sql.encode(), values or None)
    finally:
        limit.cancel()


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a number")
    return value
