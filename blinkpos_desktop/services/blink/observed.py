"""The transport, with an eye on it: what each document's calls came to, and Blink's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.domain.errors import (
    OutcomeUnknownError,
    SettingsError,
    TillError,
    UnavailableError,
)
from blinkpos_desktop.services.blink.transport import Transport

Observe = Callable[[str, str, float], None]
"""Told the document's name, the outcome and the seconds it took, its waiting included."""
_SENT_AT: Final = "blinkpos.sent_at"


class ObservedTransport(Transport):
    """Tells ``observe`` of every call. ``skew`` is our clock's lead in seconds, once known."""

    def __init__(self, *arguments: Any, observe: Observe | None = None, **options: Any) -> None:  # noqa: ANN401 (the transport's)
        """Take the transport's own arguments, and who is told."""
        super().__init__(*arguments, **options)
        self._observe = observe
        self.skew: float | None = None
        self._client.event_hooks = {"request": [_note_start], "response": [self._note_date]}

    async def call(self, name: str, *arguments: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (the transport's)
        """Send a document as the transport does."""
        began, outcome = time.monotonic(), "cancelled"
        try:
            answer = await super().call(name, *arguments, **options)
        except TillError as error:
            outcome = _outcome(error)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            if self._observe is not None:
                self._observe(name, outcome, time.monotonic() - began)

    async def _note_date(self, response: httpx.Response) -> None:
        """Compare Blink's ``Date`` with our clock in the middle of the round trip."""
        sent_at = response.request.extensions.get(_SENT_AT)
        try:
            theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        if isinstance(sent_at, float):
            # Its seconds are whole: half of one more is the best guess.
            self.skew = (sent_at + time.time()) / 2 - (theirs + 0.5)


async def _note_start(request: httpx.Request) -> None:
    request.extensions[_SENT_AT] = time.time()


def _outcome(error: TillError) -> str:
    match error:
        case RateLimitedError():
            return "slow_down"
        case OutcomeUnknownError():
            return "unknown"
        case UnavailableError():
            return "away"
        case SettingsError():
            return "key"
        case _:
            return "refused"
