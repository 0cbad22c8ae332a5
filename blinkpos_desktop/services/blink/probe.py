"""Blink measured: is it there, what may the key do, what may still be sent, whose clock is off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from blinkpos_desktop.domain.blink import Allowance
from blinkpos_desktop.domain.errors import RefusedError, SettingsError, UnavailableError
from blinkpos_desktop.domain.measures import BlinkMeasure, KeyMeasure, KeyState, UpdatesMeasure
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.observed import ObservedTransport
from blinkpos_desktop.services.blink.subscription import Subscription

FindKeys = Callable[[], Awaitable[KeyMeasure]]
"""Finds the keys and gives them to the transport; UNKNOWN stands for found and not yet asked."""


class BlinkProbe:
    """Measures Blink over HTTP with a transport of the program's own."""

    def __init__(self, transport: ObservedTransport, find_keys: FindKeys) -> None:
        """Take the transport, and who finds its keys."""
        self._transport, self._client = transport, BlinkClient(transport)
        self._find_keys = find_keys

    async def measure(self) -> BlinkMeasure:
        """Ask all questions side by side; whoever wants a limit sets it."""
        (there, network, latency), key = await asyncio.gather(self._reach(), self._key())
        accepted = key.state is KeyState.ACCEPTED
        return BlinkMeasure(
            is_there=not there,
            sentence=there,
            network=network,
            latency=latency,
            skew=self._transport.skew,
            key=key,
            allowance=await self._allowance() if accepted else None,
        )

    async def _reach(self) -> tuple[str, str, float | None]:
        """Return why Blink is away (or nothing), its network, and how long it took."""
        began = time.monotonic()
        try:
            network = await self._client.network()
        except (UnavailableError, RefusedError, SettingsError) as error:
            return error.sentence, "", None
        return "", network, time.monotonic() - began

    async def _key(self) -> KeyMeasure:
        key = await self._find_keys()
        if key.state is not KeyState.UNKNOWN:
            return key
        try:
            account = await self._client.account()
        except SettingsError as error:
            return KeyMeasure(state=KeyState.REFUSED, sentence=error.sentence, source=key.source)
        except (UnavailableError, RefusedError):
            return key
        return KeyMeasure(
            state=KeyState.ACCEPTED,
            source=key.source,
            account=account,
            has_payer=self._transport.has_paying_key,
        )

    async def _allowance(self) -> Allowance | None:
        try:
            return await self._client.allowance()
        except (UnavailableError, RefusedError, SettingsError):
            return None


async def try_updates(url: str, key: str) -> UpdatesMeasure:
    """Connect once as a till does, and say whether updates come; whoever wants a limit sets it."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[UpdatesMeasure] = loop.create_future()

    def on_health(health: Health, sentence: str) -> None:
        if not heard.done():
            heard.set_result(UpdatesMeasure(health=health, sentence=sentence))

    subscription = Subscription(
        url,
        key,
        on_paid=lambda _: None,
        on_plain=lambda _: None,
        on_health=on_health,
        jitter=lambda: 0.0,
    )
    trying = asyncio.create_task(subscription.run(), name="try-updates")
    try:
        return await heard
    finally:
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
