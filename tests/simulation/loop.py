"""An event loop on virtual time: no threads, no sockets, no wall clock.

Whatever runs belongs to an owner (a till, or nobody: the world). A till that
sleeps has its callbacks put off until it wakes, its timers included. The order
of callbacks that are ready at one instant may be shuffled by the seed.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from typing import Any, Final, TypeVar

T = TypeVar("T")
_LAST_STEPS: Final = 100_000
_OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)


class StillError(Exception):
    """Nothing will ever happen again, and somebody still waits."""


class Owner:
    """Whoever runs code in the loop: its tasks, and whether it sleeps."""

    def __init__(self) -> None:
        self.sleeps_until = 0.0
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.context = Context()
        self.context.run(_OWNER.set, self)


class _Call(list[Any]):
    """One callback, its arguments and its owner: a list, because hundreds make up a sale."""

    __slots__ = ()

    def cancel(self) -> None:
        self[0], self[1] = _nothing, ()

    def cancelled(self) -> bool:
        return self[0] is _nothing


def _nothing() -> None:
    """Stands where a cancelled callback was."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Time jumps to the next timer whenever nothing is ready."""

    def __init__(self, chances: random.Random, *, shuffled: float = 0.0) -> None:
        super().__init__()
        self._now = 0.0
        self._soon: deque[_Call] = deque()
        self._timers: list[tuple[float, int, _Call]] = []
        self._number = 0
        self._owner: Owner | None = None
        self._random, self._shuffled = chances.random, shuffled
        self._all: dict[asyncio.Task[Any], None] = {}
        self.errors: list[dict[str, Any]] = []
        self.halted: Exception | None = None
        """Why nothing more is done: somebody has seen what must never be."""
        self.ended = False

    # What asyncio and the program ask of a loop.

    def time(self) -> float:
        return self._now

    def get_debug(self) -> bool:
        return False

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        owner = self._owner if context is None else context.get(_OWNER)
        call = _Call((callback, args, owner))
        self._soon.append(call)
        return call  # type: ignore[return-value]  # as much of one as is asked for

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        owner = self._owner if context is None else context.get(_OWNER)
        call = _Call((callback, args, owner))
        self._number += 1
        heapq.heappush(self._timers, (when, self._number, call))
        return call  # type: ignore[return-value]  # the same

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        del context  # a task's context is its owner's, whoever makes it
        return self._task(coro, self._owner, name)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)

    # What the simulation asks of it.

    def as_world(self, coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start a task that belongs to nobody."""
        return self._task(coro, None, name)

    def as_owner(self, owner: Owner, coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start a task of an owner's."""
        return self._task(coro, owner, name)

    def of(self, owner: Owner | None, work: Callable[[], T]) -> T:
        """Do something at once in an owner's name."""
        before, self._owner = self._owner, owner
        try:
            return work()
        finally:
            self._owner = before

    def world_later(self, delay: float, callback: Callable[..., object], *args: object) -> None:
        """Call something later that is no till's: a request that has left, a customer."""
        self._number += 1
        call = _Call((callback, args, None))
        heapq.heappush(self._timers, (self._now + delay, self._number, call))

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run a task of the world's until it ends."""
        events._set_running_loop(self)
        try:
            task = self.as_world(coro, "episode")
            while not task.done():
                self._step()
                if self.halted is not None:
                    raise self.halted
            return task.result()
        finally:
            self._end()
            events._set_running_loop(None)
            self.close()

    def _end(self) -> None:
        """Cancel whatever is left, in the order of its making, and let it end."""
        self.ended = True
        for task in tuple(self._all):
            task.cancel()
        # What a sleeping till has put off comes now, or its tasks would never end.
        self._soon.extend(call for _, _, call in sorted(self._timers) if call[2] is not None)
        for _ in range(_LAST_STEPS):
            if not self._soon:
                return
            callback, args, _ = self._soon.popleft()
            callback(*args)

    def _task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        owner: Owner | None,
        name: object,
    ) -> asyncio.Task[T]:
        context = _WORLD if owner is None else owner.context
        label = None if name is None else str(name)
        task = asyncio.Task(coro, loop=self, name=label, context=context)
        self._all[task] = None
        task.add_done_callback(self._all_pop, context=_WORLD)
        if owner is not None:
            owner.tasks[task] = None
            task.add_done_callback(owner.tasks.pop, context=context)
        return task

    def _all_pop(self, task: asyncio.Task[Any]) -> None:
        self._all.pop(task, None)

    def _step(self) -> None:
        soon, timers = self._soon, self._timers
        if not soon:
            self._jump()
        while timers and timers[0][0] <= self._now:
            soon.append(heapq.heappop(timers)[2])
        if self._shuffled and len(soon) > 1 and self._random() < self._shuffled:
            soon.rotate(-int(self._random() * len(soon)))
        call = soon.popleft()
        callback, args, owner = call
        if owner is not None and owner.sleeps_until > self._now:
            self._number += 1
            heapq.heappush(timers, (owner.sleeps_until, self._number, call))
            return
        self._owner = owner
        callback(*args)
        self._owner = None

    def _jump(self) -> None:
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise StillError(f"everything is still at {self._now:.3f} s")
        self._now = max(self._now, timers[0][0])


_WORLD = Context()
