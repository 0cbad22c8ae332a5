"""Who has seen what: money that nobody saw is announced until somebody has, and none is made up.

Kept apart from the ledger's own word: what it calls seen must have been green
on a screen, or before the eyes of a person who said so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from blinkpos_desktop.domain.facts import AnnouncementsChanged, Fact, UnassignedIncome
from blinkpos_desktop.domain.payment import RECEIVED
from tests.simulation.checks import Checks
from tests.simulation.rows_model import PaymentRow
from tests.simulation.store_model import StoreModel


@dataclass(slots=True)
class Witnesses:
    """Holds what is called seen, announced and unassigned against what was really so."""

    checks: Checks
    store: StoreModel
    _green: set[int] = field(default_factory=set)
    _looked: set[tuple[int, str]] = field(default_factory=set)

    def green(self, payment_id: int) -> None:
        """A cashier sees a payment go green."""
        self._green.add(payment_id)

    def looked(self, payment_id: int, who: str) -> None:
        """A person has seen an announcement or a surplus, and is about to say so."""
        self._looked.add((payment_id, who))

    def seen(self, row: PaymentRow, who: str) -> None:
        """The ledger calls a payment seen."""
        self.checks.story.count("seen by a person" if who else "seen in green")
        self.checks.story.tell("ledger", f"payment {row.id} is seen", who)
        by_somebody = (row.id, who) in self._looked if who else row.id in self._green
        self.checks.hold(by_somebody, f"payment {row.id} is called seen, and nobody saw it")

    def surplus_seen(self, row: PaymentRow, who: str) -> None:
        """The ledger says that a person has taken note of a surplus."""
        self.checks.story.count("surplus seen")
        self.checks.hold(
            (row.id, who) in self._looked, f"{who} never saw the surplus of payment {row.id}"
        )

    def told(self, fact: Fact) -> None:
        """A process has told a fact."""
        if isinstance(fact, AnnouncementsChanged):
            for item in fact.items:
                row = self.store.payments[item.payment_id]
                name = f"payment {row.id}"
                self.checks.hold(row.state in RECEIVED, f"{name} is announced, and not received")
                # A sum that was not known at once may have been corrected meanwhile.
                sums = {row.received_sats, row.plan.quote.total_sats}
                self.checks.hold(item.sats in sums, f"{name} is announced with another sum")
        elif isinstance(fact, UnassignedIncome):
            self.checks.story.count("income unassigned")
            self.checks.hold(
                fact.id not in self.store.hashes, f"our own income {fact.id} is called unassigned"
            )

    def unseen(self) -> list[str]:
        """Return what was received and nobody has seen, or taken note of, yet."""
        found = [
            f"payment {row.id} was seen by nobody"
            for row in self.store.payments.values()
            if row.state in RECEIVED and not row.is_seen
        ]
        return found + [
            f"the surplus of payment {each.payment_id} was seen by nobody"
            for each in self.store.seen.surpluses()
        ]
