"""The owner of every task: each has a name and an end, and none dies in silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.ending import end

STOP_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Supervisor:
    """Owns tasks: ``keep`` runs one for the program's life, ``start`` one with its own end."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Take the source of jitter in [0, 1), so that tills that failed together part."""
        self._jitter = jitter
        self._tasks: set[asyncio.Task[Any]] = set()
        self._given_up: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a service until the end; when it dies it is said loudly and started again."""
        self.start(name, self._keep(name, run))

    def start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Own one piece of work; what it raises is logged with its cause."""
        if self._stopping:
            work.close()
            return
        # The work itself is the task: cancelled before its first step it is not left unawaited.
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def replace(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Own one piece of work in place of the one of its name, which nobody waits for now."""
        self.give_up(name)
        self.start(name, work)

    def give_up(self, name: str) -> None:
        """Cancel the work of a name, if there is any: its answer is no longer wanted."""
        for task in self._tasks:
            if task.get_name() == name:
                self._given_up.add(task)
                task.cancel()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tasks that are alive, sorted."""
        return tuple(sorted(task.get_name() for task in self._tasks))

    async def stop(self) -> None:
        """Cancel every task and wait for its end; report those that do not end."""
        self._stopping = True
        for task in await end(*self._tasks, seconds=STOP_SECONDS):
            _log.error("the task %s does not end", task.get_name())

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        is_given_up = task in self._given_up
        self._given_up.discard(task)
        name = task.get_name()
        if task.cancelled():
            if not self._stopping and not is_given_up:
                _log.error("the task %s was cancelled by somebody who does not own it", name)
        elif error := task.exception():
            if isinstance(error, TillError):
                _log.warning("%s: %s", name, error)
            else:
                _log.error("the task %s failed", name, exc_info=error)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        deaths = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await run()
            except Exception:  # noqa: BLE001 (the one place where a dead task ends up)
                _log.exception("the task %s died and is started again", name)
            else:
                return
            lived = asyncio.get_running_loop().time() - started
            deaths = 1 if lived > 60 else deaths + 1  # noqa: PLR2004 (a minute's life is a success)
            await asyncio.sleep(retry_delay(deaths, self._jitter()))
