"""A server of updates that talks nonsense on its first connection, and sense on all others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

LAST: Final = "f0" * 32
"""The hash of the good update after all the nonsense."""


class Moment(Enum):
    """When the nonsense is said."""

    AT_ONCE = auto()
    """Before the connection is acknowledged."""
    ACKNOWLEDGED = auto()
    SUBSCRIBED = auto()
    """After the first good message: the connection counts as healthy."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes beneath the protocol: broken frames."""

    bytes: bytes


Frame = str | bytes | Raw


def update(payment_hash: str = LAST, sats: object = 23) -> dict[str, Any]:
    """A good ``LnUpdate`` message."""
    transaction = {
        "direction": "RECEIVE",
        "settlementAmount": sats,
        "settlementCurrency": "BTC",
    }
    paid = {
        "__typename": "LnUpdate",
        "status": "PAID",
        "paymentHash": payment_hash,
        "transaction": transaction,
    }
    payload = {"data": {"myUpdates": {"errors": [], "update": paid}}}
    return {"id": "updates", "type": "next", "payload": payload}


PRICE: Final = json.dumps(
    {
        "id": "updates",
        "type": "next",
        "payload": {"data": {"myUpdates": {"errors": [], "update": {"__typename": "Price"}}}},
    }
)
ACK: Final = json.dumps({"type": "connection_ack"})


@dataclass(slots=True)
class Babbler:
    """What it is to say, and how often somebody came."""

    moment: Moment
    frames: Sequence[Frame]
    greeting: bytes | None = None
    """What the first caller hears instead of any WebSocket at all."""
    calls: int = 0
    url: str = ""
    _inner: int = 0
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Babbler]:
        """Serve on loopback."""
        protocol = Subprotocol("graphql-transport-ws")
        async with serve(
            self._talk, "127.0.0.1", 0, subprotocols=[protocol], close_timeout=0.1
        ) as inner:
            self._inner = next(iter(inner.sockets)).getsockname()[1]
            front = await asyncio.start_server(self._let_in, "127.0.0.1", 0)
            self.url = f"ws://127.0.0.1:{front.sockets[0].getsockname()[1]}/graphql"
            try:
                yield self
            finally:
                front.close()
                for talk in tuple(self._talks):
                    talk.cancel()
                await asyncio.gather(*self._talks, return_exceptions=True)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        self.calls += 1
        try:
            if self.greeting is not None and self.calls == 1:
                writer.write(self.greeting)
                await writer.drain()
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._inner)
            try:
                await asyncio.gather(_copy(reader, back), _copy(there, writer))
            finally:
                back.close()
        except OSError:
            return
        finally:
            writer.close()

    async def _talk(self, socket: ServerConnection) -> None:
        nonsense = self.calls == 1
        with suppress(ConnectionClosed):
            await socket.recv()
            if nonsense and self.moment is Moment.AT_ONCE:
                await self._babble(socket)
            await socket.send(ACK)
            if nonsense and self.moment is Moment.ACKNOWLEDGED:
                await self._babble(socket)
            await socket.send(PRICE)
            if nonsense and self.moment is Moment.SUBSCRIBED:
                await self._babble(socket)
            await socket.send(json.dumps(update()))
            if nonsense and any(isinstance(each, Raw) for each in self.frames):
                # What it has begun beneath the protocol may have swallowed all the rest.
                await socket.wait_closed()
            async for message in socket:
                if json.loads(message).get("type") == "ping":
                    await socket.send(json.dumps({"type": "pong"}))

    async def _babble(self, socket: ServerConnection) -> None:
        for frame in self.frames:
            if isinstance(frame, Raw):
                socket.transport.write(frame.bytes)
            else:
                await socket.send(frame)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        with suppress(OSError):
            writer.close()
