"""Posts a JSON body to the owner's own address. That address is a secret: it may carry a token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import httpx

from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.settings import Secret

ANSWER_SECONDS: Final = 8.0
_FAILED: Final = "The alert could not be sent: check BLINKPOS_ALERT_URL."


class Webhook:
    """One address, asked rarely: a connection for each message."""

    def __init__(self, url: Secret) -> None:
        """Keep the address; nothing is opened yet."""
        self._url = url
        self._client: httpx.AsyncClient | None = None

    async def post(self, body: Mapping[str, object]) -> None:
        """Send a message.

        Raises:
            UnavailableError: nobody took it. Neither its words nor its cause repeat the address.
        """
        if self._client is None:
            # Loading the certificates takes longer than a sale: not in the loop.
            context = await asyncio.to_thread(httpx.create_ssl_context)
            self._client = httpx.AsyncClient(
                verify=context,
                timeout=httpx.Timeout(ANSWER_SECONDS),
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                # What it answers is not read: it may have no end.
                self._client.stream("POST", self._url.reveal(), json=dict(body)) as response,
            ):
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise UnavailableError(_FAILED, cause=type(error).__name__) from None
        if not httpx.codes.is_success(status):
            raise UnavailableError(_FAILED, cause=f"HTTP {status}")

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
