"""The lines beside the keypad: money for sales whose QR is not on this screen."""

from __future__ import annotations

from collections import deque
from typing import Final

from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.ui.viewmodels.view import Notice, NoticeKind

MAX_ELSEWHERE: Final = 3
"""Other tills' sales are news; only the newest few are shown."""
MAX_REMEMBERED: Final = 1000


class Remembered:
    """The newest thousand hashes: a till that runs for weeks forgets the oldest."""

    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._hashes: set[str] = set()

    def __contains__(self, payment_hash: str) -> bool:
        return payment_hash in self._hashes

    def add(self, payment_hash: str) -> None:
        """Remember a hash."""
        if payment_hash in self._hashes:
            return
        self._order.append(payment_hash)
        self._hashes.add(payment_hash)
        if len(self._order) > MAX_REMEMBERED:
            self._hashes.discard(self._order.popleft())


def notice_of(
    payment: Payment, *, was_given_up: bool = False, was_left_open: bool = False
) -> Notice:
    """Return the line for a payment that is not the one on the screen."""
    kind = NoticeKind.ELSEWHERE
    if was_given_up:
        kind = NoticeKind.GIVEN_UP
    elif payment.was_closed:
        kind = NoticeKind.LATE
    elif was_left_open:
        kind = NoticeKind.LEFT_OPEN
    return Notice(
        payment_hash=payment.payment_hash,
        kind=kind,
        amount=payment.total,
        sats=payment.total_sats if payment.received_sats is None else payment.received_sats,
        at=payment.paid_at or payment.created_at,
        till=payment.till,
    )


def with_notice(notices: tuple[Notice, ...], new: Notice) -> tuple[Notice, ...]:
    """Return the lines with a new one: what needs a person first, then the newest.

    It takes the place of what was said of the same payment.
    """
    together = (new, *(known for known in notices if known.payment_hash != new.payment_hash))
    sticky = tuple(notice for notice in together if notice.is_sticky)
    others = tuple(notice for notice in together if not notice.is_sticky)
    return sticky + others[:MAX_ELSEWHERE]
