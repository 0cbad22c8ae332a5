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
        """Make what can be made ahead, one after another; what fails is left for the payment."""
        for transfer in payment.transfers:
            if transfer.next_step is not Step.MAKE_INVOICE:
                continue
            await self._until_quiet()
            try:
                await self._invoicing.make(transfer.id, ahead=True)
            except TillError as error:
                _log.info("transfer %d is not prepared: %s", transfer.id, error)
