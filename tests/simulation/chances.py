"""How often what goes wrong, drawn once an episode from its seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace


@dataclass(slots=True, kw_only=True)
class Chances:
    """Probabilities (0 to 1) per call or per sale, and seconds; ``calm`` sets faults to none."""

    tills: int = 1
    sales: int = 20
    pause: float = 2.0
    """Seconds between two sales of a till, at most."""
    shuffled: float = 0.0
    grain: float = 1.0
    """Seconds that a till's idle second takes: a till that is busy with other things."""
    blink_fault: float = 0.0
    """Of a call to Blink: refused before, answer lost, late, of another shape."""
    late_sends: float = 0.0
    """Of a payment: given up as lost, and done minutes later."""
    blink_outages: bool = False
    block: float = 0.0
    """Of an invoice's making: the limiter's block of five minutes."""
    recipient_block: float = 0.0
    """Of a recipient's invoice's making: the same block, for that recipient."""
    pending: float = 0.0
    """Of a payment: it stays in flight, and arrives or comes back later."""
    store_fault: float = 0.0
    """Of a transaction: the database is away, or hangs up after the commit."""
    store_slow: float = 0.0
    crash_at_call: float = 0.0
    """Of each side of every call: the process is killed there."""
    crashes: float = 0.0
    """Per sale, at any moment."""
    naps: float = 0.0
    """Per sale: the till's machine sleeps."""
    sleeps_at_call: float = 0.0
    """Of a call: the machine falls asleep with the answer in its hand."""
    sleeps_between: float = 0.0
    """Of a recipient's invoice, between its making and its storing, and of a send, between the
    storing of its intent and its leaving."""
    clock_jumps: float = 0.0
    lost_updates: float = 0.0
    doubled_updates: float = 0.0
    late_updates: float = 0.0
    cuts: float = 0.0
    """Per sale: the updates' connection is cut."""
    inside: float = 0.3
    """Of the customers: with a wallet at Blink, whom expiry and cancelling do not bind."""
    never: float = 0.1
    slow_customer: float = 0.1
    """Of the customers: pays about when the cashier gives up, or later."""
    late_customer: float = 0.0
    """Of the customers: pays hours later."""
    overpays: float = 0.05
    impatient: float = 0.1
    """Of the cashiers: cancels at a bad moment."""
    winding_down: float = 0.0
    """Per sale: a recipient's account cannot receive for a while."""
    gone: float = 0.0
    """Per sale: a recipient's account can never receive again."""
    unknown: float = 0.0
    """Per sale: Blink does not find a recipient's name for a while."""
    withdrawals: float = 0.0
    """Per sale: somebody takes sats out of the collecting wallet for a while."""
    daily_limit: int = 0
    """Sats that the collecting wallet may send within 24 hours, more than any one part; 0: any."""
    looks: float = 0.1
    """Per sale: somebody looks at what waits for a person, and chooses."""
    blind_choices: float = 0.0
    """Per sale: somebody chooses for a transfer that may not wait for anybody."""
    reconciles: float = 0.0
    """Per sale: somebody compares the ledger with Blink by hand."""
    newer: float = 0.0
    """Per sale: a newer copy of the ledger has taken the next numbers, or this one was restored."""
    hashless: bool = False
    """Blink's list of transactions does not show every hash."""
    redis: bool = False
    patient: bool = False
    """The end waits for every invoice nobody paid to expire."""
    stormy: bool = False
    """Recipients come and go all the time: most of what is sent needs a person."""
    long: bool = False
    """Days pass: customers pay hours late, recipients' invoices expire."""

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.blink_fault = self.late_sends = self.pending = 0.0
        self.block = self.recipient_block = 0.0
        self.blink_outages = False
        self.store_fault = self.store_slow = 0.0
        self.crash_at_call = self.crashes = self.naps = self.clock_jumps = 0.0
        self.sleeps_at_call = self.sleeps_between = 0.0
        self.lost_updates = self.doubled_updates = self.late_updates = self.cuts = 0.0
        self.withdrawals = self.winding_down = self.gone = self.unknown = 0.0
        self.looks = self.blind_choices = self.reconciles = self.newer = 0.0


def draw(chances: random.Random, *, sales: int) -> Chances:
    """Draw an episode's weather: some are nearly calm, some have everything at once."""
    wild = chances.choice((0.0, 0.3, 1.0, 1.0, 2.0))

    def some(most: float) -> float:
        """About a third of the faults are off in any one episode."""
        return 0.0 if chances.random() < 0.35 else most * wild * chances.random()

    long = chances.random() < 0.02
    drawn = Chances(
        tills=chances.choice((1, 1, 2, 2, 3)),
        sales=sales,
        shuffled=chances.choice((0.0, 0.0, 0.2)),
        grain=chances.choice((1.0, 4.0, 6.0, 10.0, 15.0)),
        blink_fault=some(0.12),
        blink_outages=chances.random() < 0.1 * wild,
        block=some(0.003),
        pending=some(0.15),
        store_fault=some(0.03),
        store_slow=some(0.01),
        crash_at_call=some(0.002),
        crashes=some(0.1),
        naps=some(0.05),
        sleeps_at_call=some(0.0003),
        sleeps_between=some(0.04),
        clock_jumps=some(0.03),
        lost_updates=some(0.5),
        doubled_updates=some(0.3),
        late_updates=some(0.3),
        cuts=some(0.05),
        inside=chances.choice((0.1, 0.3, 0.7)),
        never=chances.choice((0.02, 0.1)),
        slow_customer=chances.choice((0.02, 0.1, 0.4)),
        late_customer=0.2 if long else 0.0,
        overpays=chances.choice((0.0, 0.1)),
        impatient=chances.choice((0.0, 0.05, 0.3)),
        winding_down=some(0.06),
        gone=some(0.02),
        unknown=some(0.03),
        withdrawals=some(0.04),
        daily_limit=chances.randrange(115_000, 200_000) if chances.random() < 0.02 else 0,
        looks=chances.choice((0.05, 0.2, 0.5)),
        blind_choices=some(0.05),
        reconciles=some(0.06),
        newer=chances.choice((0.0, 0.0, 0.06)) * chances.random(),
        hashless=chances.random() < 0.3,
        redis=chances.random() < 0.3,
        patient=long or chances.random() < 0.2,
        long=long,
    )
    return _stormy(drawn, chances) if chances.random() < 0.15 else drawn


def _stormy(drawn: Chances, chances: random.Random) -> Chances:
    """Let recipients come and go, requests be late, tills fall asleep and persons choose."""
    return replace(
        drawn,
        stormy=True,
        tills=chances.choice((2, 3)),
        blink_fault=0.1 + 0.2 * chances.random(),
        late_sends=0.15 * chances.random(),
        pending=0.2 + 0.4 * chances.random(),
        pause=90.0,
        sleeps_between=0.15 * chances.random(),
        recipient_block=0.1 * chances.random(),
        winding_down=0.4,
        gone=0.04 * chances.random(),
        looks=1.0,
    )
