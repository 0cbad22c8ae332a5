"""Blocking work in a thread of its own, which nobody has to wait for, not even the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


def aside(work: Callable[[], _T], name: str) -> asyncio.Future[_T]:
    """Begin ``work`` in a thread; return the future of its result, or of what it raises.

    For what may hang for ever (a keychain, a network drive). ``asyncio.to_thread`` would
    not do: a program does not end before all of its threads have.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def tell(result: _T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]  # without an error it is there
        else:
            future.set_exception(error)
            future.exception()  # seen: nobody need have waited for it

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 (it is raised where the future is awaited)
            failure = error
        # A loop that is closed needs no answer any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
