"""One running simulator's parts, as its endpoints share them."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import StrEnum

from .faults import Faults
from .hub import Hub
from .wire import Wires
from .world import World


class NewSockets(StrEnum):
    """What happens to WebSocket connections to come."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    """HTTP 503 instead of the handshake."""
    HANG = "hang"
    """The handshake is never answered."""


@dataclass(slots=True)
class State:
    """Made in the server's loop, and used there only."""

    world: World
    hub: Hub = field(default_factory=Hub)
    wires: Wires = field(default_factory=Wires)
    faults: Faults = field(default_factory=Faults)
    new_sockets: NewSockets = NewSockets.ACCEPT
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    idempotency_keys: dict[str, float] = field(default_factory=dict)
    speakers: "set[Speaker]" = field(default_factory=set)

    def __post_init__(self) -> None:
        """The hub hears of everything that happens in the world."""
        self.world.listen(self.hub.publish)

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the simulator runs."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.stopping.wait()


class Speaker:
    """An open `graphql-transport-ws` connection that the control side can speak through."""

    async def say(self, text: str) -> None:
        """Send a raw text frame."""
        raise NotImplementedError

    async def end_subscriptions(self, message_type: str) -> int:
        """End every subscription with `complete` or `error`; how many there were."""
        raise NotImplementedError
