"""Control commands on the wires: faults, sockets, counts, waiting."""

from collections.abc import Callable
from dataclasses import fields

from .faults import Fault, FaultKind
from .state import NewSockets, State


def lay_fault(state: State, kind: str, **details: object) -> dict[str, object]:
    """Lay a fault over HTTP; see `faults.Fault` for its details."""
    unknown = details.keys() - {field.name for field in fields(Fault)}
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
    fault = Fault(kind=FaultKind(kind), **details)  # type: ignore[arg-type] # JSON, checked below
    if fault.skip < 0 or (fault.times is not None and fault.times < 1):
        raise ValueError("a fault is laid for one request or more")
    state.faults.lay(fault)
    return state.faults.all()[-1]


def faults(state: State) -> list[dict[str, object]]:
    """All laid faults with their hits."""
    return state.faults.all()


def clear_faults(state: State) -> None:
    """Take every fault away: those over HTTP, of events and of sockets."""
    state.faults.clear()
    state.new_sockets = NewSockets.ACCEPT
    state.wires.mute(on=False, new=False)
    set_event_faults(state)
    set_event_faults(state, created_at_as_object=False)


def set_event_faults(
    state: State,
    *,
    suppress: int = 0,
    duplicate: int = 0,
    swap_next_two: bool = False,
    created_at_as_object: bool | None = None,
) -> None:
    """Suppress or double the next so many `LnUpdate`s, or swap the next two."""
    event_faults = state.hub.faults
    event_faults.suppress = suppress
    event_faults.duplicate = duplicate
    event_faults.swap_next_two = swap_next_two
    if created_at_as_object is not None:
        event_faults.created_at_as_object = created_at_as_object


def cut_sockets(state: State) -> int:
    """Close all WebSockets without a word; how many there were."""
    return state.wires.cut_sockets()


def mute_sockets(state: State, *, on: bool = True, new: bool = False) -> None:
    """Keep the sockets open and say nothing, not even pongs; with `new` later ones too."""
    state.wires.mute(on=on, new=new)


def new_sockets(state: State, behaviour: str) -> None:
    """Accept, refuse or hang WebSocket connections to come."""
    state.new_sockets = NewSockets(behaviour)


async def say(state: State, text: str) -> int:
    """Send a raw text frame to every socket; how many there are."""
    speakers = list(state.speakers)
    for speaker in speakers:
        await speaker.say(text)
    return len(speakers)


async def end_subscriptions(state: State, message_type: str = "complete") -> int:
    """End every subscription with `complete` or `error`; how many there were."""
    if message_type not in {"complete", "error"}:
        raise ValueError("a subscription ends with complete or error")
    return sum([await speaker.end_subscriptions(message_type) for speaker in [*state.speakers]])


def subscribers(state: State) -> dict[str, int]:
    """Open sockets, and subscriptions by kind: myUpdates, status, realtimePrice."""
    return {"sockets": len(state.speakers), **state.hub.subscribers()}


def requests(state: State) -> dict[str, int]:
    """Requests so far, by operation name and by root field."""
    return dict(state.hub.requests)


def reset_requests(state: State) -> None:
    """Count requests from zero."""
    state.hub.requests.clear()


async def wait_for_subscribers(
    state: State, kind: str = "myUpdates", count: int = 1, limit_seconds: float = 5.0
) -> bool:
    """Wait until there are exactly so many subscriptions (or `sockets`)."""
    return await state.hub.wait_until(
        lambda: subscribers(state).get(kind, 0) == count, limit_seconds
    )


async def wait_for_requests(
    state: State, name: str, count: int = 1, limit_seconds: float = 5.0
) -> bool:
    """Wait until there have been so many requests of that operation or field."""
    return await state.hub.wait_until(lambda: state.hub.requests[name] >= count, limit_seconds)


async def wait_for_balance(
    state: State, username: str, sats: int, limit_seconds: float = 5.0
) -> bool:
    """Wait until a user's BTC wallet holds exactly so much."""
    return await state.hub.wait_until(
        lambda: state.world.balance_of(username) == sats, limit_seconds
    )


async def wait_for_invoice(
    state: State, owner: str, count: int = 1, limit_seconds: float = 5.0
) -> bool:
    """Wait until a user has had so many invoices."""

    def made() -> int:
        all_invoices = state.world.invoices.all()
        owners = [state.world.accounts.owner(invoice.wallet).username for invoice in all_invoices]
        return owners.count(owner)

    return await state.hub.wait_until(lambda: made() >= count, limit_seconds)


_ALL: list[Callable[..., object]] = [
    lay_fault,
    faults,
    clear_faults,
    set_event_faults,
    cut_sockets,
    mute_sockets,
    new_sockets,
    say,
    end_subscriptions,
    subscribers,
    requests,
    reset_requests,
    wait_for_subscribers,
    wait_for_requests,
    wait_for_balance,
    wait_for_invoice,
]
COMMANDS = {command.__name__: command for command in _ALL}
