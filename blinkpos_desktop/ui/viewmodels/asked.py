"""The charges that were asked for and have not been answered yet.

A charge that was given up before its invoice came still gets an answer. Each
names the very sale that it was asked with, for two of the same amount are two
sales: who served, and so who gets the tip, may be another. An answer that names
none is told by its amounts and its turn.
"""

from __future__ import annotations

from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.sale import Sale


class Asked:
    """Open charges in the order asked, of which the counter waits for one at most."""

    def __init__(self) -> None:
        self._open: list[Sale] = []
        self._wanted: Sale | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the charge that the counter waits for can still be answered."""
        return any(sale is self._wanted for sale in self._open)

    def ask(self, sale: Sale) -> None:
        """Wait for the answer to ``sale`` and to no other."""
        self._open.append(sale)
        self._wanted = sale

    def give_up(self) -> None:
        """Wait for nothing; the open charges' answers will still come."""
        self._wanted = None

    def answered(self, payment: Payment, sale: Sale | None = None) -> bool:
        """Take an invoice, and tell whether it is the one that the counter waits for."""
        if sale is not None:
            is_wanted = sale is self._wanted and _is_for(payment, sale)
            self._drop(sale)
            self._wanted = None if is_wanted else self._wanted
            return is_wanted
        fitting = [sale for sale in self._open if _is_for(payment, sale)]
        if any(sale is self._wanted for sale in fitting):
            self._drop(self._wanted)
            self._wanted = None
            return True
        # An invoice that fits none means that an earlier failure was another charge's.
        for other in (fitting or self._open)[:1]:
            self._drop(other)
        return False

    def failed(self, sale: Sale | None = None) -> None:
        """Take a failure; where nothing says whose, it is the oldest charge's."""
        for failed in self._open[:1] if sale is None else [sale]:
            self._drop(failed)

    def _drop(self, gone: Sale | None) -> None:
        # By identity: two charges of the same amount are two charges.
        self._open = [sale for sale in self._open if sale is not gone]


def _is_for(payment: Payment, sale: Sale) -> bool:
    return (payment.base.minor, payment.tip.minor, payment.base.currency.code) == (
        sale.base.minor,
        sale.tip.minor,
        sale.currency.code,
    )
