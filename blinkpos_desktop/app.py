"""The composition root: settings become a running till, or one sale without a screen.

Nothing heavy is imported at the top: the keypad is on screen before the
services are, and ``charge`` never loads Qt.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from blinkpos_desktop import logs
from blinkpos_desktop import settings as settings_module
from blinkpos_desktop.domain.money import parse_percent
from blinkpos_desktop.domain.sale import parse_recipients

if TYPE_CHECKING:
    from blinkpos_desktop.operations.charge import ChargeRequest
    from blinkpos_desktop.settings import Settings


def charge(
    *,
    amount: str,
    currency: str | None,
    tip_percent: str,
    tip_recipients: list[str],
    memo: str,
    timeout: float | None,
    json: bool,
) -> int:
    """Make one sale and return its exit code.

    Raises:
        InputError: what was asked can't be, whatever Blink says.
        SettingsError: a setting is wrong.
    """
    settings = settings_module.load()
    logs.set_up(settings)
    from blinkpos_desktop.operations.charge import ChargeRequest

    request = ChargeRequest(
        amount=amount,
        currency=currency or settings.currency,
        tip_percent=parse_percent(tip_percent),
        recipients=parse_recipients(tip_recipients) or settings.tip_recipients,
        note=memo,
        timeout=timeout,
    )
    return asyncio.run(_charge(settings, request, json=json))


async def _charge(settings: Settings, request: ChargeRequest, *, json: bool) -> int:
    from blinkpos_desktop.engine import Engine
    from blinkpos_desktop.operations.charge import Charge
    from blinkpos_desktop.operations.tellers import JsonTeller, PlainTeller

    engine = Engine(settings, only_own=True)
    one = Charge(engine, request, JsonTeller() if json else PlainTeller())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, one.interrupt)
    try:
        return await one.run()
    finally:
        await engine.stop()


def run_till() -> int:
    """Open the till for the person who runs the program; return the exit code."""
    settings = settings_module.load()
    logs.set_up(settings)
    from blinkpos_desktop import till_window

    return till_window.run(settings)
