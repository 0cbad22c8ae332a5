"""The simulator as a server in a thread of its own, on loopback only."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from .client import ControlClient
from .control import control_endpoint
from .http import graphql_endpoint
from .scenario import cafe
from .state import State
from .websocket import websocket_endpoint
from .world import World

T = TypeVar("T")
HOST = "127.0.0.1"
_START_SECONDS = 20.0
_STOP_SECONDS = 20.0
_ACCESS_SECONDS = 20.0
_TASKS_SECONDS = 2.0


class _Server(uvicorn.Server):
    """uvicorn without its ten turns a second, and with an end that is asked for."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], end: asyncio.Event
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._end = end

    async def main_loop(self) -> None:
        """Serve until the end is asked for."""
        await self.on_tick(0)
        self._ready()
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End at once: whoever is connected has been cut off already."""
        for server in self.servers:
            server.close()
        for connection in [*self.server_state.connections]:
            connection.shutdown()
        tasks = [*self.server_state.tasks]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_TASKS_SECONDS)
            for task in late:
                task.cancel()
        for listener in sockets or []:
            listener.close()


class Simulator:
    """A running simulator. Its world belongs to its thread: reach it through `do`."""

    def __init__(self, world: World | None = None, port: int = 0) -> None:
        """`port` 0 takes a free one."""
        self.world = world or cafe()
        """Fine to read while nothing happens; change it through `do` or `control`."""
        self._socket = _listen(port)
        self.port = int(self._socket.getsockname()[1])
        self.api_url = f"http://{HOST}:{self.port}/graphql"
        self.ws_url = f"ws://{HOST}:{self.port}/graphql"
        self.control_url = f"http://{HOST}:{self.port}/control"
        self._control: ControlClient | None = None
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._state: State | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    @classmethod
    @contextlib.contextmanager
    def running(cls, world: World | None = None, port: int = 0) -> "Iterator[Simulator]":
        """A simulator that runs for as long as the context lasts."""
        simulator = cls(world, port)
        simulator.start()
        try:
            yield simulator
        finally:
            simulator.stop()

    @property
    def control(self) -> ControlClient:
        """A client of its control side."""
        if self._control is None:
            self._control = ControlClient(self.control_url)
        return self._control

    def start(self) -> None:
        """Accept connections from here on."""
        self._thread.start()
        if not self._up.wait(_START_SECONDS):
            raise TimeoutError("the simulator didn't start")
        if self._failure is not None:
            raise RuntimeError("the simulator didn't start") from self._failure

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._control is not None:
            self._control.close()
            self._control = None
        loop, state = self._loop, self._state
        if loop is not None and state is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._ask_to_stop, state)
        self._thread.join(_STOP_SECONDS)
        self._socket.close()
        if self._thread.is_alive():
            raise TimeoutError("the simulator didn't stop")

    def do(self, work: Callable[[World], T]) -> T:
        """Run `work` on the world in the simulator's thread."""
        loop = self._loop
        assert loop is not None, "the simulator isn't running"

        async def in_loop() -> T:
            return work(self.world)

        return asyncio.run_coroutine_threadsafe(in_loop(), loop).result(_ACCESS_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever starts it
            self._failure = error
        finally:
            self._up.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        state = self._state = State(self.world)
        request_protocol, socket_protocol = state.wires.protocols()
        config = uvicorn.Config(
            _application(state),
            http=request_protocol,
            ws=socket_protocol,
            ws_ping_interval=self.world.settings.ping_seconds,
            # A muted socket must stay half open until its client finds out.
            ws_ping_timeout=None,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=60,
        )
        await _Server(config, self._up.set, state.stopping).serve(sockets=[self._socket])

    @staticmethod
    def _ask_to_stop(state: State) -> None:
        state.stopping.set()
        state.hub.close()
        state.wires.abort_all()


def _listen(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's delay on and every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _application(state: State) -> Starlette:
    async def graphql(request: Request) -> Response:
        return await graphql_endpoint(state, request)

    async def control(request: Request) -> Response:
        return await control_endpoint(state, request)

    async def websocket(socket: WebSocket) -> None:
        await websocket_endpoint(state, socket)

    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["POST"]),
            WebSocketRoute("/graphql", websocket),
            Route("/control/{command}", control, methods=["POST"]),
        ]
    )
