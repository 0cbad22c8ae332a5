"""Persons who choose for what cannot go on by itself, mostly at bad moments."""

from __future__ import annotations

import asyncio
from typing import Final

from blinkpos_desktop.domain.attention import AttentionItem, Choice, Remedy
from blinkpos_desktop.domain.errors import TillError
from tests.simulation.errands import Errand
from tests.simulation.processes import World
from tests.simulation.tills import RECIPIENTS, Till, TillProcess

_NOT_TO_BE: Final = ("till", "nobody_at_all")
"""Names that a person types all the same: the collecting account's own, and none of Blink's."""


class Owners:
    """They look at the list, think, and choose; at a till's screen or on the command line."""

    def __init__(self, world: World, tills: list[Till]) -> None:
        self._world, self._tills = world, tills
        self._persons = 0
        self._commands = 0

    def look(self, *, patiently: bool) -> None:
        """Let somebody look at what waits; ``patiently`` all of it is chosen for."""
        till = self._world.random.choice(self._tills)
        if till.process is not None and till.process.ready:
            looking = self._look(till.process, patiently=patiently)
            self._world.loop.as_owner(till.process, looking, "somebody looks")

    def choose_blindly(self) -> None:
        """Let somebody choose for a transfer that may not wait for anybody."""
        rows = list(self._world.store.transfers)
        if rows:
            self._persons += 1
            number = rows[int(self._world.random.random() * len(rows))]
            choice = self._draw()
            self._by_command(number, choice, f"person {self._persons}")

    def reconcile(self) -> None:
        """Let somebody compare the ledger with Blink by hand."""
        roll = self._world.random.random
        since = None if roll() < 0.7 else int(self._world.store.clock() - 600 * roll())
        errand = self.errand()
        self._world.story.count("reconciliation by hand")
        reconciling = errand.reconcile(since=since, fix=roll() < 0.6)
        self._world.loop.as_owner(errand, reconciling, "somebody reconciles")

    def errand(self) -> Errand:
        """Return a new process of a command."""
        self._commands += 1
        return Errand(self._world, self._commands)

    async def _look(self, process: TillProcess, *, patiently: bool) -> None:
        roll = self._world.random.random
        await self._see(process, patiently=patiently)
        try:
            items = await process.services.attention.list()
        except TillError:
            self._world.story.count("list not seen")
            return
        for item in items:
            if patiently:
                # What is tried again and again needs nobody, when nothing goes wrong any more.
                if item.choice is None and not item.transfer.trouble:
                    await self._choose(process, item)
            elif roll() < (0.7 if item.choice is None else 0.3):
                # He thinks, and what he looks at grows old meanwhile.
                await asyncio.sleep(60.0 * roll() ** 3)
                await self._choose(process, item)

    async def _see(self, process: TillProcess, *, patiently: bool) -> None:
        """Take note of what came in late or unseen, and of what was too much."""
        roll, services = self._world.random.random, process.services
        witnesses = self._world.auditor.witnesses
        try:
            for item in process.announced:
                if patiently or roll() < 0.5:
                    self._persons += 1
                    who = f"person {self._persons}"
                    witnesses.looked(item.payment_id, who)
                    await services.announcing.see(item.payment_id, who)
            for surplus in await services.attention.surpluses():
                if patiently or roll() < 0.5:
                    self._persons += 1
                    who = f"person {self._persons}"
                    witnesses.looked(surplus.payment_id, who)
                    seen = Choice(remedy=Remedy.SEEN)
                    await services.attention.choose(surplus.payment_id, seen, who)
        except TillError as error:
            self._world.story.count("not seen")
            self._world.story.tell(process.name, "it is not seen:", error)

    async def _choose(self, process: TillProcess, item: AttentionItem) -> None:
        self._persons += 1
        who, transfer = f"person {self._persons}", item.transfer
        choice = self._draw()
        if self._world.random.random() < 0.2:
            self._by_command(transfer.id, choice, who)
            return
        self._world.auditor.wished(transfer.id, choice, who)
        try:
            await process.services.attention.choose(transfer.id, choice, who)
        except TillError as error:
            self._not_taken(process.name, choice, error)
        else:
            self._taken(transfer.id, choice, who)

    def _by_command(self, transfer_id: int, choice: Choice, who: str) -> None:
        self._world.auditor.wished(transfer_id, choice, who)
        errand = self.errand()

        async def choose() -> None:
            try:
                await errand.choose(transfer_id, choice, who)
            except TillError as error:
                self._not_taken(errand.name, choice, error)
            else:
                self._taken(transfer_id, choice, who)

        self._world.loop.as_owner(errand, choose(), "somebody chooses")

    def _taken(self, transfer_id: int, choice: Choice, who: str) -> None:
        self._world.story.count(f"choice: {choice.remedy}")
        self._world.auditor.confirmed(transfer_id, choice, who)

    def _not_taken(self, name: str, choice: Choice, error: TillError) -> None:
        self._world.story.count(f"choice refused: {type(error).__name__}")
        self._world.story.tell(name, f"{choice.remedy} is not taken:", error)

    def _draw(self) -> Choice:
        roll = self._world.random.random
        fate = roll()
        if fate < 0.4:
            return Choice(remedy=Remedy.RETRY)
        if fate < 0.65:
            return Choice(remedy=Remedy.KEEP)
        if fate < 0.7:
            return Choice(remedy=Remedy.SEND, recipient=self._world.random.choice(_NOT_TO_BE))
        name = self._world.random.choice((*RECIPIENTS, "cafe"))
        return Choice(remedy=Remedy.SEND, recipient=name)
