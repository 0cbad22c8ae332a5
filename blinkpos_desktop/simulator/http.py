"""Blink's HTTP endpoint: what happens before GraphQL, GraphQL, and its faults."""

import json
import logging
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import cast
from uuid import UUID

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from .context import Context
from .faults import Fault, FaultKind
from .refusals import Refusal, TopLevelRefusal
from .schema import executable_schema
from .state import State

log = logging.getLogger(__name__)
_UUID4 = 4
_DEPTH = 100_000


class NoResponse(Response):
    """Closes the connection without a byte, at once or only when somebody else ends it."""

    def __init__(self, state: State, *, hang: bool) -> None:
        super().__init__()
        self._state = state
        self._hang = hang

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Wait for the connection's end."""
        if not self._hang:
            self._state.wires.abort_request(cast("tuple[str, int]", tuple(scope["client"])))
        while (await receive())["type"] != "http.disconnect":
            pass


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of a POST."""

    query: str
    operation_name: str | None
    variables: dict[str, object] | None


class BadRequestError(Exception):
    """What is answered with HTTP 400."""


async def graphql_endpoint(state: State, request: Request) -> Response:
    """Answer one POST, dated by Blink's clock."""
    response = await _respond(state, request)
    response.headers["Date"] = formatdate(state.world.clock.now(), usegmt=True)
    return response


async def _respond(state: State, request: Request) -> Response:
    try:
        asked = await _read(request)
    except ClientDisconnect:
        # It died in the middle of its request: nothing is done, and nobody hears this.
        return Response(status_code=400)
    except BadRequestError as error:
        return _errors(400, str(error))
    try:
        document = _parsed(asked.query)
        operation = find_operation(document, asked.operation_name)
    except GraphQLError as error:
        return _errors(400, str(error))
    names = names_of(operation)
    state.hub.count_request(names)
    fault = state.faults.take(names)
    response = await _fail_early(state, fault) or _refuse_early(state, request, asked, operation)
    if response is not None:
        return response
    body = await _answer(state, request, document, asked, fault)
    await state.pause(state.world.settings.latency_milliseconds / 1000)
    return await _deliver(state, body, fault)


async def _fail_early(state: State, fault: Fault | None) -> Response | None:
    """The faults for which nothing is done, and the delay."""
    if fault is None:
        return None
    match fault.kind:
        case FaultKind.HTTP_STATUS:
            retry_after = {"Retry-After": f"{fault.seconds:.0f}"} if fault.seconds else None
            return _plain(int(fault.status), retry_after)
        case FaultKind.HANG:
            return NoResponse(state, hang=True)
        case FaultKind.DROP_BEFORE:
            return NoResponse(state, hang=False)
        case FaultKind.DELAY if not fault.late:
            await state.pause(fault.seconds)
    return None


async def _deliver(state: State, body: dict[str, object], fault: Fault | None) -> Response:
    """The answer, or what a fault makes of it on its way."""
    if fault is None:
        return JSONResponse(body)
    match fault.kind:
        case FaultKind.HANG_AFTER:
            return NoResponse(state, hang=True)
        case FaultKind.LOST_ANSWER:
            return NoResponse(state, hang=False)
        case FaultKind.MALFORMED:
            return _malformed(fault.body, body)
        case FaultKind.DELAY if fault.late:
            await state.pause(fault.seconds)
    return JSONResponse(body)


# A till asks the same few questions again and again.
@lru_cache(maxsize=200)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


@lru_cache(maxsize=200)
def _wrong_in(query: str) -> list[GraphQLError]:
    return validate(executable_schema(), _parsed(query))


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is asked for."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    for operation in operations:
        if name is None or (operation.name and operation.name.value == name):
            return operation
    raise BadRequestError(f"Unknown operation named '{name}'")


def names_of(operation: OperationDefinitionNode) -> set[str]:
    """The operation's name and those of its root fields: what faults match."""
    names = {s.name.value for s in operation.selection_set.selections if isinstance(s, FieldNode)}
    if operation.name is not None:
        names.add(operation.name.value)
    return names


def format_error(error: GraphQLError) -> dict[str, object]:
    """An error of GraphQL as Blink sends it: without a code."""
    if not isinstance(error.original_error, TopLevelRefusal | Refusal | None):
        log.error("a resolver failed", exc_info=error.original_error)
    formatted = cast("dict[str, object]", error.formatted)
    formatted.pop("extensions", None)
    return formatted


async def _read(request: Request) -> "Asked":
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise BadRequestError("POST body is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise BadRequestError("GraphQL operations must contain a non-empty `query`")
    variables, name = body.get("variables"), body.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise BadRequestError("`variables` must be an object, `operationName` a string")
    return Asked(body["query"], name, variables)


def _refuse_early(
    state: State, request: Request, asked: Asked, operation: OperationDefinitionNode
) -> Response | None:
    key = request.headers.get("X-API-KEY")
    if key is not None and state.world.accounts.identify(key) is None:
        return _plain(401)
    idempotency_key = request.headers.get("X-Idempotency-Key")
    if idempotency_key is not None:
        refused = _use_idempotency_key(state, idempotency_key)
        if refused is not None:
            return refused
    errors = _wrong_in(asked.query)
    if errors:
        return JSONResponse({"errors": [format_error(e) for e in errors]}, 400)
    if operation.operation is OperationType.SUBSCRIPTION:
        return _errors(400, "Subscriptions are not supported over HTTP")
    is_mutation = operation.operation is OperationType.MUTATION
    if is_mutation and len(operation.selection_set.selections) > 1:
        # A mutation costs 120, and 200 is allowed.
        return _errors(400, "The query exceeds the maximum complexity of 200")
    return None


def _use_idempotency_key(state: State, key: str) -> Response | None:
    """A key locks its repeat out for an hour; the answer is never given again."""
    try:
        valid = UUID(key).version == _UUID4
    except ValueError:
        valid = False
    if not valid:
        return JSONResponse({"error": "X-Idempotency-Key must be a UUID v4"}, 400)
    now = state.world.clock.now()
    if state.idempotency_keys.get(key, now) > now:
        return JSONResponse({"error": "The idempotency key already exists"}, 409)
    state.idempotency_keys[key] = now + state.world.settings.idempotency_seconds
    return None


async def _answer(
    state: State,
    request: Request,
    document: DocumentNode,
    asked: Asked,
    fault: Fault | None,
) -> dict[str, object]:
    processed = fault is None or fault.processed
    if fault is not None and fault.kind is FaultKind.GRAPHQL_ERROR and not processed:
        return _fault_body(fault)
    if fault is not None and fault.kind is FaultKind.NULL_PAYLOAD and not processed:
        return _fault_body(fault)
    key = request.headers.get("X-API-KEY")
    context = Context(
        world=state.world,
        hub=state.hub,
        identity=None if key is None else state.world.accounts.identify(key),
        fault=fault,
    )
    outcome = execute(
        executable_schema(),
        document,
        context_value=context,
        variable_values=asked.variables,
        operation_name=asked.operation_name,
    )
    result = outcome if isinstance(outcome, ExecutionResult) else await outcome
    if fault is not None and fault.kind in {FaultKind.GRAPHQL_ERROR, FaultKind.NULL_PAYLOAD}:
        return _fault_body(fault)
    body: dict[str, object] = {"data": result.data}
    if result.errors:
        body["errors"] = [format_error(error) for error in result.errors]
    return body


def _fault_body(fault: Fault) -> dict[str, object]:
    if fault.kind is FaultKind.NULL_PAYLOAD:
        return {"data": None}
    return {"data": None, "errors": [{"message": fault.message}]}


def _malformed(kind: str, body: dict[str, object]) -> Response:
    text = json.dumps(body).encode()
    shapes = {
        "garbage": b"\x00\xff\xfe{]garbage",
        "truncated": text[: len(text) // 2],
        "array": b"[" + text + b"]",
        "html": b"<html><body>502 Bad Gateway</body></html>",
        "empty": b"",
        "deep": b"[" * _DEPTH + b"]" * _DEPTH,
        "types": b'{"data": {"lnInvoiceCreate": 7, "me": "x"}, "errors": "none"}',
    }
    return Response(shapes[kind], media_type="application/json")


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    """An answer of the gateway before GraphQL."""
    error = {"code": status, "message": f"Gateway says {status}"}
    return JSONResponse({"error": error}, status, headers)


def _errors(status: int, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message}]}, status)
