"""The real program, killed at one moment: ``python -m tests.crash.doomed POINT NTH -- PROGRAM …``.

A point is ``before:`` or ``after:`` and the name of a method of the ledger or of
a document of Blink's; the NTH arrival there kills the process with SIGKILL.
"after" is after the commit, or after Blink has answered and before anybody
here has seen what. ``none`` kills nobody. PROGRAM is one of

    charge …    the command
    till        the till's service without a window, which sells 21 sats and 10 %
    window      the till with its window, at which somebody sells 21 sats
    recover     the till's service, which sells nothing   [--window: with its window]

The wrapper tells every arrival to the file ARRIVALS and changes nothing else.
``HASTY`` in the environment shortens the services' pauses, and nothing but pauses;
``UNPREPARED`` leaves no room for what is prepared before a payment.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from blinkpos_desktop.ui.bridge import Bridge
    from blinkpos_desktop.ui.main_window import MainWindow

NEVER: Final = "none"
ARRIVALS: Final = "CRASH_ARRIVALS"
HASTY: Final = "CRASH_HASTY"
UNPREPARED: Final = "CRASH_UNPREPARED"
SATS: Final = 21
PERCENT: Final = 10
STORE: Final = "blinkpos_desktop.services.store."


class Reaper:
    """Counts the arrivals at one point, and kills the process at the chosen one."""

    def __init__(self, point: str, number: int, told: int | None) -> None:
        """``told`` is the open file that hears every arrival."""
        self._point, self._left, self._told = point, number, told

    def arrive(self, point: str) -> None:
        """Pass a point, or do not."""
        if self._told is not None:
            os.write(self._told, f"{point}\n".encode())
        if point == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def install(reaper: Reaper) -> None:
    """Put the reaper around every public step of the ledger and every call to Blink."""
    from blinkpos_desktop.services.blink.transport import Transport
    from blinkpos_desktop.services.store.books import PostgresBooks
    from blinkpos_desktop.services.store.postgres import PostgresStore
    from blinkpos_desktop.services.store.turns import SharedTurns

    ledger = [each for each in PostgresStore.__mro__ if each.__module__.startswith(STORE)]
    for part in (*ledger, SharedTurns, PostgresBooks):
        for name, method in tuple(vars(part).items()):
            if inspect.iscoroutinefunction(method) and not name.startswith("_"):
                setattr(part, name, _around(method, reaper, name))
    # The one door to Blink over HTTP; its first argument is the document's name.
    setattr(Transport, "call", _around(Transport.call, reaper))  # noqa: B010 (mypy knows better)


def _around(
    method: Callable[..., Awaitable[Any]], reaper: Reaper, known: str | None = None
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    async def wrapped(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 (whatever it takes)
        name = str(arguments[1]) if known is None else known
        reaper.arrive(f"before:{name}")
        result = await method(*arguments, **named)
        reaper.arrive(f"after:{name}")
        return result

    return wrapped


def hurry() -> None:
    """Shorten pauses: what takes seconds in a shop takes moments here."""
    from blinkpos_desktop import engine
    from blinkpos_desktop.services import forwarder, news, recovery, supervisor, watcher
    from blinkpos_desktop.services.blink import subscription

    for module, name, seconds in (
        (forwarder, "OTHERS_SECONDS", 0.05),
        (recovery, "EVERY_SECONDS", 0.2),
        (recovery, "OTHERS_GRACE_SECONDS", 0.02),
        (watcher, "OTHERS_SECONDS", 0.02),
        (news, "OTHERS_SECONDS", 0.02),
    ):
        assert hasattr(module, name)
        setattr(module, name, seconds)
    for module in (engine, forwarder, subscription, supervisor):
        assert hasattr(module, "retry_delay")
        setattr(module, "retry_delay", lambda _tries, _jitter: 0.02)  # noqa: B010 (a module's)


async def _service(*, sells: bool) -> int:
    """The till as ``blinkpos run`` has it, without its window; SIGTERM ends it."""
    from blinkpos_desktop import settings as settings_module
    from blinkpos_desktop.domain.facts import Fact, ShopReady
    from blinkpos_desktop.engine import Engine

    stop, ready = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def hear(fact: Fact) -> None:
        if isinstance(fact, ShopReady):
            ready.set()

    engine = Engine(settings_module.load())
    engine.feed.listen(hear)
    engine.supervisor.keep("till", engine.run)
    try:
        if sells:
            await ready.wait()
            await _sell(engine)
        await stop.wait()
    finally:
        await engine.stop()
    return 0


async def _sell(engine: Any) -> None:  # noqa: ANN401 (an Engine, which is imported late)
    from blinkpos_desktop.domain.money import SATS as CURRENCY
    from blinkpos_desktop.domain.sale import Sale, parse_recipients

    payment = await engine.checkout.charge(
        Sale(
            currency=CURRENCY,
            items=(SATS,),
            tip_percent=Fraction(PERCENT),
            recipients=parse_recipients(["elturco"]),
        )
    )
    _tell_invoice(payment.invoice.payment_request)


def _tell_invoice(payment_request: str) -> None:
    line = json.dumps({"event": "invoice", "payment_request": payment_request})
    os.write(1, f"{line}\n".encode())


async def _presses(window: MainWindow, bridge: Bridge) -> int:
    """Somebody at the till sells 21 sats without a tip."""
    from blinkpos_desktop.domain.entry import Key
    from tests.e2e.stories import Beside

    till = Beside(window, bridge)
    await till.ready()
    invoice = (await till.sell(Key.D2, Key.D1)).payment.invoice
    assert invoice is not None
    _tell_invoice(invoice.payment_request)
    await asyncio.Event().wait()
    return 0


def run(arguments: Sequence[str]) -> int:
    """Run one program; return its exit code."""
    program, *rest = arguments
    if program == "charge":
        from blinkpos_desktop.cli import main as command

        return command(list(arguments))
    if program == "till" or (program == "recover" and not rest):
        return asyncio.run(_service(sells=program == "till"))
    if program == "window" or (program == "recover" and rest == ["--window"]):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from blinkpos_desktop import settings, till_window

        read = settings.load()
        return till_window.run(read, beside=_presses if program == "window" else None)
    raise SystemExit(__doc__)


def main(arguments: Sequence[str]) -> int:
    """Take the command line; return the exit code of the program if it lives."""
    point, number, dashes, *program = arguments
    if dashes != "--":
        raise SystemExit(__doc__)
    told = None
    if path := os.environ.get(ARRIVALS):
        told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    install(Reaper(point, int(number), told))
    if os.environ.get(HASTY):
        hurry()
    if os.environ.get(UNPREPARED):
        from blinkpos_desktop.services import invoicing

        setattr(invoicing, "PREPARED_A_MINUTE", 0)  # noqa: B010 (a constant)
    return run(program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
