"""Makes the recipients' invoices while the customer still looks at the code.

After the payment only the payments themselves are left: one Blink round trip
a transfer. What isn't ready by then is made on payment.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.transfer import Step
from blinkpos_desktop.services.invoicing import Invoicing

_log = logging.getLogger(__name__)


class Preparing:
    """Prepares the transfers of sales whose code is on this screen."""

    def __init__(self, invoicing: Invoicing, until_quiet: Callable[[], Awaitable[None]]) -> None:
        """Take who makes the invoices, and who waits until no customer waits for his code."""
        self._invoicing, self._until_quiet = invoicing, until_quiet

    async def prepare(self, payment: Payment) -> None:
        """Make what can be made ahead; what fails is left for the payment."""
        planned = [each for each in payment.transfers if each.next_step is Step.MAKE_INVOICE]
        if not planned:
            return
        try:
            await self._invoicing.make_ahead(planned, self._until_quiet)
        except TillError as error:
            _log.info("payment %d is not prepared: %s", payment.id, error)
