"""``blinkpos doctor``: everything that a till rests on, looked at; nothing is changed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import time
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final

from blinkpos_desktop import logs
from blinkpos_desktop.domain.errors import RefusedError, SettingsError, UnavailableError
from blinkpos_desktop.domain.health import Mark, Verdict, worst
from blinkpos_desktop.domain.health_words import MARKS, NAMES, words
from blinkpos_desktop.domain.measures import (
    KeyMeasure,
    PriceMeasure,
    RedisMeasure,
    UpdatesMeasure,
)
from blinkpos_desktop.domain.money import SATS
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.operations.tellers import write
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.observed import ObservedTransport
from blinkpos_desktop.services.blink.probe import BlinkProbe, try_updates
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.examining import Probes, examine
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.keys.finding import KeyFinder
from blinkpos_desktop.services.rates import Rates
from blinkpos_desktop.services.store.embedded import EmbeddedPostgres
from blinkpos_desktop.services.store.probe import DatabaseProbe
from blinkpos_desktop.settings import Settings

KEY_SECONDS: Final = 3.0
"""For the keychain: Blink is asked after it, within the same limit."""
LEAVE_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What ``doctor`` ends with; a bug is 70."""

    GOOD = 0
    """All is well, or may become trouble."""
    FAILING = 1


async def run(settings: Settings, *, as_json: bool) -> Exit:
    """Look at everything, say it, and return the exit code."""
    transport = ObservedTransport(settings.api_url)
    try:
        verdicts = await examine(_probes(settings, transport))
    finally:
        await transport.close()
    write(json.dumps(as_object(verdicts)) if as_json else as_text(verdicts))
    return Exit.FAILING if worst(verdicts) is Mark.FAILING else Exit.GOOD


def _probes(settings: Settings, transport: ObservedTransport) -> Probes:
    embedded = None if settings.database_url else EmbeddedPostgres(settings.data_dir)
    if settings.database_url is not None:
        conninfo = settings.database_url.reveal()
    else:
        assert embedded is not None
        conninfo = embedded.conninfo
    # Both who need the keys wait for one search; who gives up waiting does not end it.
    searching = asyncio.create_task(KeyFinder(settings).measure(), name="find-keys")

    async def find_keys() -> KeyMeasure:
        measure, keys = await asyncio.shield(searching)
        if keys is not None:
            transport.use_keys(*keys.reveal())
        return measure

    async def updates() -> UpdatesMeasure:
        _, keys = await asyncio.shield(searching)
        if keys is None:
            return UpdatesMeasure(health=Health.OFF)
        return await try_updates(settings.ws_url, keys.api.secret.reveal())

    async def redis() -> RedisMeasure:
        if settings.redis_url is None:
            return RedisMeasure(health=Health.OFF)
        from blinkpos_desktop.services.store.redis_probe import measure_redis

        return await measure_redis(settings.redis_url.reveal())

    database = DatabaseProbe(
        conninfo,
        embedded,
        direct=direct.reveal() if (direct := settings.database_direct_url) else None,
    )

    async def price() -> PriceMeasure:
        return await measure_price(settings.currency, transport, database)

    return Probes(
        blink=BlinkProbe(transport, find_keys).measure,
        updates=updates,
        price=price,
        database=database.measure,
        redis=redis,
        pool=lambda: None,
        files=settings.data_dir if embedded else settings.state_dir,
        log=lambda: logs.measure(settings),
    )


async def measure_price(
    code: str, transport: ObservedTransport, book: DatabaseProbe
) -> PriceMeasure:
    """Fetch the price as a till would, and compare it with the last hour's; nothing is kept."""
    if code.upper() == SATS.code:
        return PriceMeasure(code=code)
    client = BlinkClient(transport)
    rates = Rates(client, Feed(), SystemClock(), None, book, lambda: transport.skew)
    try:
        currencies = await client.currencies()
        listed = [each for each in currencies if each.code == code.upper()]
        if not listed:
            return PriceMeasure(code=code, is_listed=False)
        with suppress(UnavailableError):
            await rates.price(listed[0])
    except (UnavailableError, RefusedError, SettingsError):
        return PriceMeasure(code=code, is_failing=True)
    return rates.measure_of(listed[0])


def leave_soon(code: int) -> None:
    """End the process a little later, whatever still hangs: all is said.

    A host name that nobody resolves hangs in a thread of the loop's, for half a
    minute, and the program would wait for that thread.
    """

    def leave() -> None:
        time.sleep(LEAVE_SECONDS)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.flush()
        os._exit(code)

    threading.Thread(target=leave, name="leave-soon", daemon=True).start()


def as_object(verdicts: tuple[Verdict, ...]) -> dict[str, Any]:
    """Return the verdicts as one JSON object; units are in the names of the values."""
    return {
        "event": "doctor",
        "mark": worst(verdicts).value,
        "checks": [
            {
                "check": each.check.value,
                "mark": each.mark.value,
                "finding": each.finding.value,
                "state": state,
                "remedy": remedy,
                **each.values,
            }
            for each in verdicts
            for state, remedy in (words(each),)
        ],
    }


def as_text(verdicts: tuple[Verdict, ...]) -> str:
    """Return the verdicts as lines for a person."""
    across = max(len(name) for name in NAMES.values())
    marks = max(len(mark) for mark in MARKS.values())
    lines = []
    for each in verdicts:
        state, remedy = words(each)
        lines.append(f"{MARKS[each.mark]:<{marks}}  {NAMES[each.check]:<{across}}  {state}")
        if remedy:
            lines.append(f"{'':<{marks + across + 4}}{remedy}")
    return "\n".join(lines)
