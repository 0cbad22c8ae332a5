"""Blink's WebSocket endpoint: `graphql-transport-ws`, subscriptions only."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator
from typing import cast

from graphql import ExecutionResult, GraphQLError, OperationType, parse, subscribe, validate
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from .accounts import Identity
from .context import Context
from .http import BadRequestError, find_operation, format_error, names_of
from .schema import executable_schema
from .state import NewSockets, Speaker, State

log = logging.getLogger(__name__)
SUBPROTOCOL = "graphql-transport-ws"
_INIT_SECONDS = 3.0
Message = dict[str, object]


class ProtocolError(Exception):
    """The client broke the protocol: the socket is closed with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


async def websocket_endpoint(state: State, websocket: WebSocket) -> None:
    """Serve one socket until it ends."""
    if state.new_sockets is NewSockets.REFUSE:
        await websocket.send_denial_response(Response(status_code=503))
        return
    if state.new_sockets is NewSockets.HANG:
        await state.stopping.wait()
        return
    if SUBPROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(4406, "Subprotocol not acceptable")
        return
    await websocket.accept(SUBPROTOCOL)
    if state.wires.mute_new:
        state.wires.sockets[_peer(websocket)].muted = True
    connection = Connection(state, websocket)
    state.speakers.add(connection)
    state.hub.touch()
    try:
        await connection.serve()
    except ProtocolError as error:
        with contextlib.suppress(RuntimeError):
            await websocket.close(error.code, str(error))
    except WebSocketDisconnect:
        pass
    finally:
        state.speakers.discard(connection)
        await connection.end()
        state.hub.touch()


class Connection(Speaker):
    """One client's socket with its subscriptions."""

    def __init__(self, state: State, websocket: WebSocket) -> None:
        self._state = state
        self._websocket = websocket
        self._identity: Identity | None = None
        self._acknowledged = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Read messages until the client goes."""
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                await self._handle(await self._receive())
        except TimeoutError as error:
            raise ProtocolError(4408, "Connection initialisation timeout") from error
        while True:
            await self._handle(await self._receive())

    async def end(self) -> None:
        """Stop all subscriptions."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, text: str) -> None:
        """Send a raw text frame."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._websocket.send_text(text)

    async def end_subscriptions(self, message_type: str) -> int:
        """End every subscription with `complete` or `error`; how many there were."""
        tasks = dict(self._tasks)
        for subscription, task in tasks.items():
            task.cancel()
            message: Message = {"id": subscription, "type": message_type}
            if message_type == "error":
                message["payload"] = [{"message": "Simulated fault"}]
            await self._send(message)
        return len(tasks)

    async def _receive(self) -> Message:
        text = await self._websocket.receive_text()
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ProtocolError(4400, "Invalid message received")
        return message

    async def _send(self, message: Message) -> None:
        await self.say(json.dumps(message))

    async def _handle(self, message: Message) -> None:
        match message["type"]:
            case "connection_init":
                await self._init(message.get("payload"))
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._tasks.pop(str(message.get("id")), None)
                if task is not None:
                    task.cancel()
            case unknown:
                raise ProtocolError(4400, f"Unexpected message of type {unknown} received")

    async def _init(self, payload: object) -> None:
        """Acknowledge whatever key is given: a wrong one shows on subscribing only."""
        if self._acknowledged:
            raise ProtocolError(4429, "Too many initialisation requests")
        key = payload.get("X-API-KEY") if isinstance(payload, dict) else None
        if isinstance(key, str):
            self._identity = self._state.world.accounts.identify(key)
        self._acknowledged = True
        await self._send({"type": "connection_ack"})

    def _subscribe(self, message: Message) -> None:
        if not self._acknowledged:
            raise ProtocolError(4401, "Unauthorized")
        subscription = message.get("id")
        payload = message.get("payload")
        if not isinstance(subscription, str) or not isinstance(payload, dict):
            raise ProtocolError(4400, "Invalid message received")
        if subscription in self._tasks:
            raise ProtocolError(4409, f"Subscriber for {subscription} already exists")
        task = asyncio.create_task(
            self._run(subscription, payload), name=f"subscription {subscription}"
        )
        self._tasks[subscription] = task

    async def _run(self, subscription: str, payload: Message) -> None:
        """One subscription, from `subscribe` to `complete`."""
        try:
            stream = await self._open(payload)
            if isinstance(stream, list):
                await self._send({"id": subscription, "type": "error", "payload": stream})
                return
            async with contextlib.aclosing(stream):
                async for result in stream:
                    await self._next(subscription, result)
            await self._send({"id": subscription, "type": "complete"})
        except Exception:
            # A bug of the simulator: loud here, and an end for who waits.
            log.exception("a subscription failed")
            payload_of_bug = [{"message": "Internal error of the simulator"}]
            await self._send({"id": subscription, "type": "error", "payload": payload_of_bug})
        finally:
            if self._tasks.get(subscription) is asyncio.current_task():
                del self._tasks[subscription]

    async def _next(self, subscription: str, result: ExecutionResult) -> None:
        body: Message = {"data": result.data}
        if result.errors:
            body["errors"] = [format_error(error) for error in result.errors]
        await self._send({"id": subscription, "type": "next", "payload": body})

    async def _open(
        self, payload: Message
    ) -> AsyncGenerator[ExecutionResult, None] | list[dict[str, object]]:
        """The subscription's results, or the errors that it can't begin for."""
        try:
            document = parse(str(payload.get("query")))
            name = payload.get("operationName")
            operation = find_operation(document, None if name is None else str(name))
        except (GraphQLError, BadRequestError) as error:
            return [{"message": str(error)}]
        self._state.hub.count_request(names_of(operation))
        errors = validate(executable_schema(), document)
        if errors:
            return [format_error(error) for error in errors]
        if operation.operation is not OperationType.SUBSCRIPTION:
            return [{"message": "Only subscription operations are supported"}]
        outcome = subscribe(
            executable_schema(),
            document,
            context_value=Context(
                world=self._state.world, hub=self._state.hub, identity=self._identity
            ),
            variable_values=cast("dict[str, object] | None", payload.get("variables")),
            operation_name=operation.name.value if operation.name else None,
        )
        stream = await outcome if asyncio.iscoroutine(outcome) else outcome
        if isinstance(stream, ExecutionResult):
            return [format_error(error) for error in stream.errors or []]
        return cast("AsyncGenerator[ExecutionResult, None]", stream)


def _peer(websocket: WebSocket) -> tuple[str, int]:
    host, port = websocket.scope["client"][:2]
    return str(host), int(port)
