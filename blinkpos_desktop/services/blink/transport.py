"""One GraphQL request over HTTP, and what its failures mean.

The line that matters runs between "it never left" (``UnavailableError``) and
"it may have been carried out" (``OutcomeUnknownError``).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from blinkpos_desktop.domain.blink import BlinkRefusedError, RateLimitedError
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    RefusedError,
    SettingsError,
    UnavailableError,
)
from blinkpos_desktop.services.blink.document_files import document
from blinkpos_desktop.services.blink.gate import BUSY, Gate, Urgency

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
MAX_CONNECTIONS: Final = 8
MAX_ANSWER: Final = 4 << 20
"""Bytes; Blink's longest answer, the currencies, has some ten thousand."""
_MARGIN: Final = 1.0
AWAY: Final = "Blink can't be reached: check the internet connection."
SILENT: Final = "Blink does not answer as it should: try again."
BAD_KEY: Final = "Blink does not accept the API key: check BLINKPOS_API_KEY."
NOT_ALLOWED: Final = (
    "The API key may not do this: make one with the scopes READ, RECEIVE and WRITE at Blink."
)
_PRINTABLE = re.compile(r"[!-~]+")
_UNAUTHORIZED = re.compile(r"not (authori[sz]ed|authenticated)|unauthori[sz]ed", re.IGNORECASE)


class _StaleError(Exception):
    """So much time has passed that the request must not leave any more."""


class Transport:
    """An HTTP client for one endpoint; ``key`` rides along only where it is asked for."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        jitter: Callable[[], float] = random.random,
        boot: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep address and key; no connection is opened yet.

        ``boot`` gives seconds since the machine's start, those it slept included.
        """
        self._url, self._key, self._boot = url, key, boot
        self._paying_key: str | None = None
        self.gate = Gate(jitter)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=60.0),
            follow_redirects=False,
            # A cookie that is none would spoil every request after it; Blink needs none.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # Loading the certificates takes longer than a sale, and loopback has none.
            verify=url.startswith("https:"),
            # No proxy or certificate file from somebody's environment decides where the key goes.
            trust_env=False,
        )

    def use_keys(self, key: str, paying_key: str | None) -> None:
        """Take the keys once they are found; without one of its own, paying uses the first."""
        self._key, self._paying_key = key, paying_key

    @property
    def has_paying_key(self) -> bool:
        """Whether there is a key of its own for paying."""
        return self._paying_key is not None

    async def close(self) -> None:
        """Close its connections."""
        self.gate.shut_down()
        await self._client.aclose()

    async def call(
        self,
        name: str,
        variables: dict[str, Any] | None = None,
        *,
        keyed: bool = True,
        paying: bool = False,
        seconds: float = ANSWER_SECONDS,
        urgency: Urgency = Urgency.ORDINARY,
        patience: float | None = None,
        fresh_seconds: float | None = None,
    ) -> dict[str, Any]:
        """Send the document ``name`` and return the answer's ``data``.

        With ``paying`` the key for paying rides along, if there is one of its own.
        After an HTTP 429 it waits at the gate, for at most ``patience`` seconds (by default
        as long as for an answer). With ``fresh_seconds`` it does not leave when more of the
        boot time has passed before it could: the machine slept, or no connection was free.

        Raises:
            UnavailableError: it never left. OutcomeUnknownError: it may have been
            carried out. RateLimitedError: HTTP 429, or the gate stays closed.
            SettingsError: the key is wrong or lacks a scope. BlinkRefusedError:
            GraphQL errors at the top level.
        """
        key = (self._paying_key if paying else None) or self._key
        if keyed and key is None:
            raise SettingsError("No Blink API key is set: set BLINKPOS_API_KEY.")
        headers = {"X-API-KEY": key} if keyed and key else {}
        if not all(_PRINTABLE.fullmatch(value) for value in headers.values()):
            # The client below would refuse it too, and repeat it in its message.
            raise SettingsError(BAD_KEY, cause=f"{name}: the key has characters that no key has")
        body = {"query": document(name), "variables": variables or {}}
        patience = seconds if patience is None else patience
        async with self.gate.passage(urgency, patience) as passage:
            try:
                # httpx limits each read; a server that trickles would hold us for ever.
                async with asyncio.timeout(seconds + CONNECT_SECONDS + _MARGIN):
                    leaves_until = self._boot() + fresh_seconds if fresh_seconds else None
                    status, text, retry_after = await self._post(
                        body, headers, seconds, leaves_until
                    )
            except (
                httpx.ConnectError,
                httpx.ConnectTimeout,
                httpx.PoolTimeout,
                _StaleError,
            ) as error:
                raise UnavailableError(AWAY, cause=f"{name}: {error!r}") from error
            except (httpx.HTTPError, TimeoutError) as error:
                raise OutcomeUnknownError(SILENT, cause=f"{name}: {error!r}") from error
            if status == httpx.codes.TOO_MANY_REQUESTS:
                passage.refuse(retry_after)
        return _data(name, status, text)

    async def _post(
        self,
        body: dict[str, Any],
        headers: dict[str, str],
        seconds: float,
        leaves_until: float | None,
    ) -> tuple[int, bytes, float]:
        async def watch(event: str, _: object) -> None:
            # The last moment at which nothing of it has left.
            if leaves_until is None or not event.endswith("send_request_headers.started"):
                return
            if self._boot() > leaves_until:
                raise _StaleError

        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        request = self._client.stream(
            "POST",
            self._url,
            json=body,
            headers=headers,
            timeout=timeout,
            extensions={"trace": watch},
        )
        async with request as response:
            text = bytearray()
            async for chunk in response.aiter_bytes():
                text += chunk
                if len(text) > MAX_ANSWER:
                    raise httpx.ReadError("an answer without end")
            return response.status_code, bytes(text), _retry_after(response.headers)


def _retry_after(headers: httpx.Headers) -> float:
    """Return the seconds that an answer asks us to wait; 0 when it says nothing we can read."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def _data(name: str, status: int, text: bytes) -> dict[str, Any]:
    _check_status(name, status)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknownError(SILENT, cause=f"{name}: not JSON") from error
    if not isinstance(answer, dict):
        raise OutcomeUnknownError(SILENT, cause=f"{name}: not an object")
    if errors := answer.get("errors"):
        raise _top_level(name, errors)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise OutcomeUnknownError(SILENT, cause=f"{name}: no data")
    return data


def _check_status(name: str, status: int) -> None:
    if status == httpx.codes.OK:
        return
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise SettingsError(BAD_KEY, cause=f"{name}: HTTP {status}")
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimitedError(BUSY, cause=f"{name}: HTTP {status}")
    if status == httpx.codes.BAD_REQUEST:
        raise RefusedError("Blink refuses this request.", cause=f"{name}: HTTP {status}")
    raise OutcomeUnknownError(SILENT, cause=f"{name}: HTTP {status}")


def _top_level(name: str, errors: object) -> Exception:
    first = errors[0] if isinstance(errors, list) and errors else errors
    message = str(first.get("message", "")) if isinstance(first, dict) else ""
    extensions = first.get("extensions") if isinstance(first, dict) else None
    code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
    cause = f"{name}: {code} {message}"[:300]
    if _UNAUTHORIZED.search(message) or code in {"NOT_AUTHENTICATED", "NOT_AUTHORIZED"}:
        return SettingsError(NOT_ALLOWED, cause=cause)
    if code == "TOO_MANY_REQUEST":
        return RateLimitedError(BUSY, cause=cause)
    return BlinkRefusedError("Blink refuses this request.", code=code, cause=cause)
