"""uvicorn's protocols with a hand on their transports: cut, mute, never answer."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

Peer = tuple[str, int]
"""A client's address, by which a request finds its connection."""


class MutableTransport:
    """A WebSocket's transport that can be told to swallow everything, pongs too."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.muted = False

    def write(self, data: bytes) -> None:
        """Send, or say nothing: whole frames are dropped, so the stream stays sound."""
        if not self.muted:
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else as it is
        return getattr(self._transport, name)


class Wires:
    """All open connections of one simulator. Lives in the server's loop."""

    def __init__(self) -> None:
        self.requests: dict[Peer, asyncio.Transport] = {}
        self.sockets: dict[Peer, MutableTransport] = {}
        self.mute_new = False

    def abort_request(self, peer: Peer) -> None:
        """Close an HTTP connection without another byte."""
        transport = self.requests.get(peer)
        if transport is not None:
            transport.abort()

    def cut_sockets(self) -> int:
        """Close all WebSockets without a closing handshake; how many there were."""
        sockets = list(self.sockets.values())
        for socket in sockets:
            socket.abort()
        return len(sockets)

    def mute(self, *, on: bool, new: bool) -> None:
        """Let open sockets, and with `new` later ones too, say nothing at all."""
        for socket in self.sockets.values():
            socket.muted = on
        self.mute_new = on and new

    def abort_all(self) -> None:
        """Close everything: the simulator ends."""
        for transport in [*self.requests.values()]:
            transport.abort()
        self.cut_sockets()

    def protocols(self) -> tuple[type[asyncio.Protocol], type[asyncio.Protocol]]:
        """The HTTP and the WebSocket protocol that register themselves here."""
        wires = self

        class RequestProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                wires.requests[peer_of(transport)] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                wires.requests.pop(peer_of(self.transport), None)
                super().connection_lost(exc)

        class SocketProtocol(WebSocketsSansIOProtocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                peer = peer_of(transport)
                # The connection began as HTTP: from here on it is a socket.
                wires.requests.pop(peer, None)
                gate = MutableTransport(cast("asyncio.Transport", transport))
                wires.sockets[peer] = gate
                super().connection_made(cast("asyncio.BaseTransport", gate))

            def connection_lost(self, exc: Exception | None) -> None:
                wires.sockets.pop(peer_of(self.transport), None)
                super().connection_lost(exc)

        return RequestProtocol, SocketProtocol


def peer_of(transport: asyncio.BaseTransport) -> Peer:
    """The client's address of a connection."""
    host, port = transport.get_extra_info("peername")[:2]
    return str(host), int(port)
