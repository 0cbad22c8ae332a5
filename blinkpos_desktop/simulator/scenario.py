"""The world that demo and tests start from."""

from collections.abc import Callable

from .accounts import Currency, Scope
from .settings import Settings
from .world import World

TILL_KEY = "blink_sim_till"
VISITOR_KEY = "blink_sim_visitor"
VISITOR_SATS = 10_000_000
SCOPED_KEYS = {
    "blink_sim_nowrite": {Scope.READ, Scope.RECEIVE},
    "blink_sim_noreceive": {Scope.READ, Scope.WRITE},
    "blink_sim_readonly": {Scope.READ},
}


def cafe(
    *,
    clock: Callable[[], float] | None = None,
    settings: Settings | None = None,
    seed: int = 21,
) -> World:
    """A café: its till, the merchant, the staff who get tips, and a visitor with sats."""
    world = World(clock=clock, settings=settings, seed=seed)
    for username in ("till", "cafe", "elturco", "ana", "ben", "visitor"):
        world.accounts.open(username)
    world.accounts.open("dana", (Currency.USD,))
    world.accounts.open("closed", receive_disabled=True)
    world.accounts.give_key("till", TILL_KEY)
    for key, scopes in SCOPED_KEYS.items():
        world.accounts.give_key("till", key, scopes)
    visitor = world.accounts.by_username("visitor")
    world.accounts.give_key("visitor", VISITOR_KEY)
    purse = visitor.wallet(Currency.BTC)
    assert purse is not None
    world.payments.fund(purse, VISITOR_SATS)
    return world
