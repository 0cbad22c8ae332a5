"""Ends tasks, and says so again when a library has lost the first word."""

from __future__ import annotations

import asyncio
from typing import Any, Final

AGAIN_SECONDS: Final = 2.0
"""Long enough for what a task has to clean up: asked again, it would be cut short."""


async def end(*tasks: asyncio.Future[Any], seconds: float | None = None) -> set[Any]:
    """Cancel tasks and wait for their end; return those that have not ended in ``seconds``.

    On Python 3.11 ``asyncio.wait_for``, which redis and psycopg_pool use, loses a
    cancellation that comes in the same turn as its result: a task that goes on for
    ever would never end. What a task raises on its way out is left to whoever asks it.
    """
    loop = asyncio.get_running_loop()
    limit = None if seconds is None else loop.time() + seconds
    left = {task for task in tasks if not task.done()}
    while left and (limit is None or loop.time() < limit):
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # seen: asyncio need not say that nobody asked
    return left
