"""What a process has seen since its start, as numbers: cheap to count, whoever reads them.

Counted in the loop, read in any thread: every reader takes copies.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Final

from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    Fact,
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.measures import PoolMeasure
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.payment import Payment

BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_MOST_REMEMBERED: Final = 1000


class Histogram:
    """How often something took how long, in seconds."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[sum(seconds > limit for limit in BUCKETS)] += 1
        self.sum += seconds

    def cumulated(self) -> list[tuple[str, float]]:
        """Return how many took at most so long, for each limit and the infinite one."""
        names = [*(str(limit) for limit in BUCKETS), "+Inf"]
        counts, total, found = list(self._counts), 0, []
        for name, count in zip(names, counts, strict=True):
            total += count
            found.append((name, float(total)))
        return found


class Tally:
    """Counts facts and calls. Nothing in it names a sale, a person or a key."""

    def __init__(self) -> None:
        """Start at zero."""
        self.requests: Counter[tuple[str, str]] = Counter()
        self.latency: dict[str, Histogram] = {}
        self.sales = 0
        self.received_sats = 0
        self.payments: Counter[str] = Counter()
        self.transfers: Counter[str] = Counter()
        self.forwarding = Histogram()
        self.connections = 0
        """How often Blink's updates were connected."""
        self.parts: dict[Part, PartChanged] = {}
        self.attention = 0
        self.lag = self.worst_lag = 0.0
        self.pool: PoolMeasure | None = None
        self.open_payments: Mapping[str, int] = {}
        self.open_transfers: Mapping[str, int] = {}
        self._paid_at: OrderedDict[int, float] = OrderedDict()
        self._completed: OrderedDict[int, None] = OrderedDict()

    def observe(self, document: str, outcome: str, seconds: float) -> None:
        """Count a call to Blink."""
        self.requests[document, outcome] += 1
        self.latency.setdefault(document, Histogram()).observe(seconds)

    def note_lag(self, seconds: float) -> None:
        """Note by how much the loop was late."""
        self.lag = max(seconds, 0.0)
        self.worst_lag = max(self.worst_lag, self.lag)

    def on_fact(self, fact: Fact) -> None:
        """Count what has happened."""
        match fact:
            case PartChanged():
                self.parts[fact.part] = fact
                self.connections += (fact.part, fact.health) == (Part.BLINK, Health.OK)
            case InvoiceReady() | PaymentClosed():
                self.payments[fact.payment.state.value] += 1
            case PaymentPaid():
                self._paid(fact.payment)
            case PaymentCompleted():
                self._complete(fact.payment)
            case TransferChanged():
                self.transfers[fact.transfer.state.value] += 1
            case AttentionChanged():
                self.attention = len(fact.items)
            case _:
                pass

    def _paid(self, payment: Payment) -> None:
        self.sales += 1
        self.received_sats += payment.received_sats or payment.total_sats
        self.payments["paid"] += 1
        self._paid_at[payment.id] = time.monotonic()
        if len(self._paid_at) > _MOST_REMEMBERED:
            self._paid_at.popitem(last=False)

    def _complete(self, payment: Payment) -> None:
        """Count it once: that another till was faster may be told again."""
        if payment.id in self._completed:
            return
        self._completed[payment.id] = None
        if len(self._completed) > _MOST_REMEMBERED:
            self._completed.popitem(last=False)
        self.payments["completed"] += 1
        if (paid_at := self._paid_at.pop(payment.id, None)) is not None:
            self.forwarding.observe(time.monotonic() - paid_at)
