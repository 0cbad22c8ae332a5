"""The running till's backup of each day: ``blinkpos backup`` in a process of its own.

Beside the till, not in it: reading a whole ledger would hold its loop up.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import suppress
from typing import Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.engine import Engine

START_SECONDS: Final = 120.0
"""The first customer of the day comes first."""
LOOK_SECONDS: Final = 600.0
RETRY_SECONDS: Final = 1800.0
DAY_SECONDS: Final = 24 * 3600
STOP_SECONDS: Final = 3.0
COMMAND: Final = (sys.executable, "-m", "blinkpos_desktop", "backup", "--daily", "--json")
_log = logging.getLogger(__name__)


async def run(engine: Engine) -> None:
    """Back up whenever the last verified backup is a day old, until cancelled.

    Tills of one database see each other's: one of them makes it.
    """
    pause = START_SECONDS
    while True:
        await asyncio.sleep(pause)
        pause = LOOK_SECONDS
        try:
            last = await engine.last_backup()
        except TillError as error:
            _log.info("whether a backup is due: %s", error)
            continue
        if last is not None and last.made_at > time.time() - DAY_SECONDS:
            continue
        if not await _back_up():
            pause = RETRY_SECONDS


async def _back_up() -> bool:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        # It drops its scratch database and its unfinished file.
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        raise
    if process.returncode:
        last_line = said.decode(errors="replace").strip().rpartition("\n")[2]
        _log.error("the daily backup ended with %d: %s", process.returncode, last_line)
        return False
    _log.info("the daily backup is made and proven")
    return True
