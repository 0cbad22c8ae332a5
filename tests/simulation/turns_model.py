"""What the tills share beside the ledger, modelled: turns at a wallet and Blink's call counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID

from blinkpos_desktop.services.ports import CallKind

T = TypeVar("T")
WINDOW_SECONDS, LONGEST_BLOCK = 60, 600


@dataclass(slots=True)
class TurnsModel:
    """The rows of ``wallet_turns`` and ``call_windows``, by the database's clock."""

    now: Callable[[], float]
    turns: dict[str, tuple[UUID, float]] = field(default_factory=dict)
    windows: dict[tuple[str, CallKind], tuple[float, int]] = field(default_factory=dict)
    blocked: dict[tuple[str, CallKind], float] = field(default_factory=dict)

    def take(self, wallet_id: str, process: UUID, *, seconds: int) -> bool:
        now, held = self.now(), self.turns.get(wallet_id)
        if held and held[0] != process and now <= held[1] <= now + 2 * seconds:
            return False
        self.turns[wallet_id] = (process, now + seconds)
        return True

    def leave(self, wallet_id: str, process: UUID) -> None:
        if self.turns.get(wallet_id, (None, 0.0))[0] == process:
            del self.turns[wallet_id]

    def count_call(self, account: str, kind: CallKind, *, most: int, calls: int = 1) -> int:
        key, now = (account, kind), self.now()
        started, counted = self.windows.get(key, (now, 0))
        if abs(started - now) > WINDOW_SECONDS:
            started, counted = now, 0
        until = self.blocked.get(key, now)
        if not now < until <= now + LONGEST_BLOCK:
            until = now
        if until > now or counted + calls > most:
            return max(1, int(max(until, started + WINDOW_SECONDS) - now))
        self.windows[key] = (started, counted + calls)
        return 0

    def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        self.blocked[account, kind] = self.now() + seconds


class Do(Protocol):
    """One transaction on a process's connection, with all that can happen to it."""

    def __call__(self, step: str, work: Callable[[], T]) -> Awaitable[T]: ...


@dataclass(slots=True)
class TurnsLine:
    """One process's way to them (``PostgresStore.turns``)."""

    model: TurnsModel
    owner: UUID
    do: Do

    async def take(self, wallet_id: str, *, seconds: int) -> bool:
        return await self.do(
            f"take the turn at {wallet_id}",
            lambda: self.model.take(wallet_id, self.owner, seconds=seconds),
        )

    async def leave(self, wallet_id: str) -> None:
        await self.do(
            f"leave the turn at {wallet_id}", lambda: self.model.leave(wallet_id, self.owner)
        )

    async def count_call(self, account: str, kind: CallKind, *, most: int) -> int:
        return await self.do(
            f"count a call of {kind}", lambda: self.model.count_call(account, kind, most=most)
        )

    async def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        await self.do(
            f"block {kind}", lambda: self.model.block_calls(account, kind, seconds=seconds)
        )
