"""The codes that were taken off this screen and may still be payable."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication

WAIT_MS: Final = 3_000
"""So long a new code waits until the one before it is cancelled at Blink."""


class OlderCodes:
    """Which given-up codes nobody has called dead yet. A new code waits for each of them once."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._told: set[int] = set()
        """Those that were said to be payable beside the code on the screen."""

    @property
    def is_open(self) -> bool:
        """Whether one may still be payable."""
        return bool(self._open)

    def give_up(self, payment_id: int) -> None:
        """A code was taken off the screen; its cancellation is asked for."""
        self._open.add(payment_id)

    def ended(self, payment_id: int) -> None:
        """Its payment is closed, or paid: nobody can pay it any more."""
        self._open.discard(payment_id)
        self._told.discard(payment_id)

    def tell(self) -> None:
        """A new code is shown now: the next one does not wait for the same ones again."""
        self._told, self._open = self._open, set()

    @property
    def words(self) -> str:
        """Say beside the code on the screen that one before it may be alive; empty if not."""
        if not self._told:
            return ""
        return QCoreApplication.translate(
            "OlderCodes", "The code before may still be payable: have only this one paid."
        )
