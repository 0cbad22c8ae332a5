"""``myUpdates`` over ``graphql-transport-ws``: one connection, always on, supervised.

It counts as connected at the first ``next`` without errors, because Blink
acknowledges a wrong key too. Every message type is handled; a frame that is
none ends the connection, which is made anew at once, then with backoff.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from blinkpos_desktop.domain.blink import PaidUpdate, PlainUpdate
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.domain.watching import retry_delay
from blinkpos_desktop.services.blink import wire
from blinkpos_desktop.services.blink.document_files import document

PROTOCOL: Final = Subprotocol("graphql-transport-ws")
OPEN_SECONDS: Final = 10.0
PING_EVERY: Final = 5.0
SILENCE_SECONDS: Final = 12.0
"""Without any message for so long, pongs included, the connection is dead."""
SETTLED_SECONDS: Final = 60.0
"""A connection that lived so long was a good one: the count of failures begins anew."""
MAX_FRAME: Final = 1 << 20
KEY_REFUSED: Final = "Blink does not accept the API key."
REFUSED: Final = "Blink refuses to send its updates: trying again."
CUT_OFF: Final = "Blink's updates are cut off: reconnecting."
_ID: Final = "updates"
_UNAUTHORIZED = re.compile(r"not (authori[sz]ed|authenticated)|unauthori[sz]ed", re.IGNORECASE)
_log = logging.getLogger(__name__)
_frames = logging.getLogger(f"{__name__}.frames")
# The library logs every frame at DEBUG, and the first one carries the key.
_frames.setLevel(logging.WARNING)


class _Direct(connect):
    """Connects to where it is told and nowhere else: a redirect would take the key along."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none."""
        return exc


class ProtocolError(Exception):
    """The other side said what the protocol does not allow."""


class KeyRefusedError(Exception):
    """Blink answered the subscription with an error."""


class Subscription:
    """Listens to the account's updates and says how the connection is.

    ``on_paid`` is called for each paid invoice, ``on_plain`` for what came in
    without one, ``on_health`` at each change; all return at once.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        on_paid: Callable[[PaidUpdate], None],
        on_plain: Callable[[PlainUpdate], None],
        on_health: Callable[[Health, str], None],
        jitter: Callable[[], float],
    ) -> None:
        """Keep what is needed; ``run`` connects."""
        self._url, self._key = url, key
        self._on_paid, self._on_plain = on_paid, on_plain
        self._on_health, self._jitter = on_health, jitter
        self._healthy = False

    async def run(self) -> None:
        """Keep one connection until cancelled."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            self._healthy = False
            began, sentence = loop.time(), CUT_OFF
            try:
                await self._connect_once()
            except KeyRefusedError as error:
                _log.error("the subscription was refused: %s", error)
                sentence = KEY_REFUSED if _UNAUTHORIZED.search(str(error)) else REFUSED
            except (OSError, TimeoutError, WebSocketException, ProtocolError) as error:
                _log.warning("the WebSocket to Blink ended: %r", error)
            if self._healthy and loop.time() - began > SETTLED_SECONDS:
                failures = 0
            # One that had worked is made anew at once, but not one that ends again and again.
            waits = failures if self._healthy else failures + 1
            failures += 1
            self._on_health(Health.AWAY, sentence)
            if waits:
                await asyncio.sleep(retry_delay(waits, self._jitter()))

    async def _connect_once(self) -> None:
        async with _Direct(
            self._url,
            subprotocols=[PROTOCOL],
            open_timeout=OPEN_SECONDS,
            close_timeout=1.0,
            # The protocol's own pings below see a dead server behind a live proxy too.
            ping_interval=None,
            max_size=MAX_FRAME,
            proxy=None,
            logger=_frames,
        ) as socket:
            if socket.subprotocol != PROTOCOL:
                raise ProtocolError("another subprotocol")
            await self._send(socket, "connection_init", payload={"X-API-KEY": self._key})
            async with asyncio.timeout(OPEN_SECONDS):
                await self._await_ack(socket)
            payload = {"query": document("my_updates"), "operationName": "MyUpdates"}
            await self._send(socket, "subscribe", id=_ID, payload=payload)
            await self._listen(socket)

    async def _await_ack(self, socket: ClientConnection) -> None:
        while True:
            message = _parse(await socket.recv())
            if message["type"] == "connection_ack":
                return
            await self._answer_ping(socket, message)

    async def _listen(self, socket: ClientConnection) -> None:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            try:
                async with asyncio.timeout(PING_EVERY):
                    frame = await socket.recv()
            except TimeoutError:
                if loop.time() - heard > SILENCE_SECONDS:
                    raise ProtocolError("silence") from None
                await self._send(socket, "ping")
                continue
            heard = loop.time()
            await self._handle(socket, _parse(frame))

    async def _handle(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "next":
            self._next(message.get("payload"))
        elif kind == "error":
            raise KeyRefusedError(str(message.get("payload"))[:300])
        elif kind == "complete":
            raise ProtocolError("the subscription was completed")
        elif kind not in {"pong", "connection_ack"}:
            await self._answer_ping(socket, message)

    def _next(self, payload: object) -> None:
        if not isinstance(payload, dict):
            raise ProtocolError("a payload that is no object")
        if payload.get("errors"):
            raise KeyRefusedError(str(payload["errors"])[:300])
        if own := wire.update_error(payload):
            raise KeyRefusedError(own)
        try:
            paid, plain = wire.paid_update(payload), wire.plain_update(payload)
        except AttributeError as error:
            raise ProtocolError("an update of another shape") from error
        if not self._healthy:
            self._healthy = True
            self._on_health(Health.OK, "")
        if paid is not None:
            self._on_paid(paid)
        elif plain is not None:
            self._on_plain(plain)

    async def _answer_ping(self, socket: ClientConnection, message: dict[str, Any]) -> None:
        if message["type"] != "ping":
            raise ProtocolError(f"an unknown message: {str(message['type'])[:40]}")
        await self._send(socket, "pong")

    async def _send(self, socket: ClientConnection, kind: str, **fields: object) -> None:
        await socket.send(json.dumps({"type": kind, **fields}))


def _parse(frame: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a frame that is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError("a frame that is no message")
    return message
