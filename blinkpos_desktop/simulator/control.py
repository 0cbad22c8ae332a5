"""The control side: the customer, the clock, the prices and the faults, as JSON over HTTP."""

import dataclasses
import inspect
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import control_wires, control_world
from .refusals import Refusal, TopLevelRefusal
from .state import State

Command = Callable[..., object]
COMMANDS: dict[str, Command] = {**control_world.COMMANDS, **control_wires.COMMANDS}


async def control_endpoint(state: State, request: Request) -> Response:
    """`POST /control/<command>` with the arguments as a JSON object."""
    command = COMMANDS.get(request.path_params["command"])
    if command is None:
        return _refusal(404, None, f"no such command; there are: {', '.join(sorted(COMMANDS))}")
    try:
        arguments = json.loads(await request.body() or b"{}")
        inspect.signature(command).bind(state, **arguments)
    except (TypeError, ValueError) as error:
        return _refusal(400, None, str(error))
    try:
        result = command(state, **arguments)
        if isinstance(result, Awaitable):
            result = await result
    except Refusal as refusal:
        return _refusal(409, refusal.code, refusal.message)
    except (TopLevelRefusal, AssertionError, KeyError, ValueError) as error:
        return _refusal(409, None, str(error))
    return JSONResponse(json.loads(json.dumps({"result": result}, default=_plain)))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _refusal(status: int, code: str | None, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
