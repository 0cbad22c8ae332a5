"""Commands that somebody runs beside the tills: each is a process of its own, and can be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from blinkpos_desktop.domain.attention import Choice
from blinkpos_desktop.domain.difference import Report
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.operations import reconcile
from tests.simulation.processes import Process, World

if TYPE_CHECKING:
    from blinkpos_desktop.engine import Engine


class Errand(Process):
    """One run of a command; like the real ones it works on nobody's sales."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(world, f"command {number}", only_own=True)

    async def reconcile(self, *, since: int | None = None, fix: bool = False) -> Report | None:
        """``blinkpos reconcile``, as ``operations.reconcile`` runs it."""
        services = self.services

        async def forward() -> None:
            await reconcile._forward(cast("Engine", services))

        try:
            await services.shop.open()
            report = await services.reconciling.run(
                services.shop.account, since=since, forward=forward if fix else None
            )
        except TillError as error:
            self._world.story.count("reconciliation given up")
            self._world.story.tell(self.name, "cannot reconcile:", error)
            report = None
        await services.supervisor.stop()
        self.dead = True
        return report

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> None:
        """``blinkpos attention --choose``: it never asks Blink who we are.

        Raises:
            TillError: the choice was not taken, or nobody knows whether it was.
        """
        try:
            await self.services.attention.choose(transfer_id, choice, who)
        finally:
            self.dead = True
