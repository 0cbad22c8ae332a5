"""What happened in an episode, in order: kept cheaply, told only when it is asked for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from blinkpos_desktop.domain.blink import Account, SendAnswer, TransactionPage
from blinkpos_desktop.domain.payment import Invoice
from blinkpos_desktop.domain.transfer import RecipientInvoice
from tests.simulation.loop import VirtualLoop


class Story:
    """Events as tuples of time, who, and what; figures by kind."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._events: list[tuple[float, str, tuple[object, ...]]] = []
        self.figures: Counter[str] = Counter()

    def tell(self, who: str, *what: object) -> None:
        """Keep an event."""
        self._events.append((self._loop.time(), who, what))

    def count(self, kind: str) -> None:
        """Count something: a fault, a crash, a late payment."""
        self.figures[kind] += 1

    def lines(self) -> Iterator[str]:
        """Return the events as lines that can be read."""
        for at, who, what in self._events:
            yield f"{at:12.3f}  {who:<10} {' '.join(map(_short, what))}"

    @property
    def digest(self) -> str:
        """A fingerprint of the whole story: the same for the same seed."""
        whole = hashlib.sha256()
        for line in self.lines():
            whole.update(line.encode())
        return whole.hexdigest()[:16]


def _short(what: object) -> str:
    """Say a value in a few words, the same in every run."""
    if isinstance(what, Account):
        return f"account {what.id}"
    if isinstance(what, Invoice):
        return f"invoice #{int(what.payment_hash, 16)} of {what.sats} sats"
    if isinstance(what, RecipientInvoice):
        return f"invoice #{int(what.payment_hash, 16)}"
    if isinstance(what, TransactionPage):
        return f"{len(what.transactions)} transactions"
    if isinstance(what, SendAnswer):
        return f"{what.status} {what.code} {what.message}".strip()
    return str(what)
