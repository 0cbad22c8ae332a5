"""Holds the ledger when Blink refuses a number as taken: a newer copy of it has acted."""

from __future__ import annotations

import logging

from blinkpos_desktop.domain.hold import HoldCause
from blinkpos_desktop.services.ports import Store

_log = logging.getLogger(__name__)


class Holding:
    """Writes a hold down; while the database is away, nothing of this process goes on before."""

    def __init__(self, store: Store) -> None:
        """Start with nothing to write."""
        self._store = store
        self._taken: str | None = None

    async def place(self, external_id: str) -> None:
        """Hold the ledger, for Blink knows an ``externalId`` that this ledger has never used.

        Raises:
            UnavailableError: the database is away; ``settle`` writes it then.
        """
        _log.warning("Blink knows %s already: a newer copy of this ledger has acted", external_id)
        self._taken = external_id
        await self.settle()

    async def settle(self) -> None:
        """Write the hold that could not be written yet; whoever acts calls this first."""
        if self._taken is not None:
            await self._store.hold(HoldCause.ID_TAKEN, self._taken)
            self._taken = None
