"""What befalls the shop from outside: crashes, sleep, clocks, cuts, outages, withdrawals."""

from __future__ import annotations

from typing import Final

from blinkpos_desktop.domain.errors import TillError
from tests.simulation.newer import NewerCopy
from tests.simulation.owners import Owners
from tests.simulation.processes import World
from tests.simulation.tills import MERCHANT, RECIPIENTS, Till

DAY: Final = 86_400.0
_NAMES: Final = (*RECIPIENTS, *RECIPIENTS, MERCHANT)
_CLOCKS: Final = (0.0, 5.0, -5.0, 120.0, -120.0, 3600.0, -3600.0, DAY, -DAY)


class Trouble:
    """Draws it for each sale, and takes all of it back at the end."""

    def __init__(self, world: World, tills: list[Till], owners: Owners) -> None:
        self._world, self._tills, self._owners = world, tills, owners
        self._newer = NewerCopy(world)
        world.store.on_payment.append(self._newer.has_taken)
        self._purse = world.blink.wallets[world.account.btc_wallet_id]
        self._borrowed = 0
        self.strangers = 0
        """Sats that came in for nobody's sale of ours."""
        self._number = 0
        self.database_offset = 0.0

    def draw(self) -> None:
        """Let something befall the shop within the next half minute, or nothing."""
        world, roll = self._world, self._world.random.random
        chances, later = world.chances, world.loop.world_later
        till = self._tills[int(roll() * len(self._tills))]
        if roll() < chances.crashes:
            later(30.0 * roll(), till.crash, "at any moment")
        if roll() < chances.naps:
            later(30.0 * roll(), till.nap, 1.0 + 200.0 * roll() ** 2)
        if roll() < chances.clock_jumps:
            later(30.0 * roll(), till.set_clock, _CLOCKS[int(roll() * len(_CLOCKS))])
        if roll() < chances.clock_jumps / 3:
            later(30.0 * roll(), self._set_database_clock, 200.0 * roll() - 100.0)
        if roll() < chances.cuts:
            later(30.0 * roll(), self._cut, till)
        if roll() < chances.withdrawals:
            later(30.0 * roll(), self._withdraw)
        if roll() < 0.02:
            later(30.0 * roll(), self._stranger)
        if roll() < chances.newer:
            self._newer.take_numbers()
        if not chances.hashless and roll() < chances.newer / 2:
            later(60.0 * roll(), self._restore)
        self._draw_recipients()
        self._draw_owners()
        self._draw_outages()

    def _draw_owners(self) -> None:
        chances, roll = self._world.chances, self._world.random.random
        later, owners = self._world.loop.world_later, self._owners
        if roll() < chances.looks:
            later(30.0 * roll(), lambda: owners.look(patiently=False))
        if roll() < chances.blind_choices:
            later(30.0 * roll(), owners.choose_blindly)
        if roll() < chances.reconciles:
            later(30.0 * roll(), owners.reconcile)

    def _draw_recipients(self) -> None:
        chances, roll = self._world.chances, self._world.random.random
        later = self._world.loop.world_later
        name = _NAMES[int(roll() * len(_NAMES))]
        if roll() < chances.winding_down:
            later(10.0 * roll(), self._wind_down, name)
        if roll() < chances.gone:
            later(10.0 * roll(), self._close, name)
        if roll() < chances.unknown:
            later(10.0 * roll(), self._rename, name)

    def _draw_outages(self) -> None:
        chances, roll = self._world.chances, self._world.random.random
        later = self._world.loop.world_later
        if chances.blink_outages and roll() < 0.05:
            later(10.0 * roll(), self._outage, "Blink", 60.0 * roll())
        if chances.store_fault and roll() < 0.02:
            later(10.0 * roll(), self._outage, "database", 60.0 * roll())

    def end(self) -> None:
        """Let nothing go wrong any more."""
        world = self._world
        world.story.tell("world", "nothing goes wrong any more")
        world.chances.calm()
        world.blink_faults.outage = world.store_faults.outage = False
        for name, wallet in world.blink.everybody.items():
            wallet.receive_disabled = name in world.gone
            world.blink.usernames[name] = wallet
        self._give_back()
        self.database_offset = 0.0
        for till in self._tills:
            till.set_clock(0.0)
            till.start()

    def _restore(self) -> None:
        if self._world.chances.newer:
            self._newer.is_restored_from()

    def _cut(self, till: Till) -> None:
        if till.process is not None:
            self._world.story.count("updates cut")
            till.process.cut()

    def _set_database_clock(self, offset: float) -> None:
        self._world.story.count("database's clock set")
        self.database_offset = offset

    def _wind_down(self, username: str) -> None:
        wallet = self._world.blink.everybody[username]
        if self._world.chances.winding_down and not wallet.receive_disabled:
            self._world.story.count("recipient: cannot receive")
            self._world.story.tell("Blink", username, "can no longer receive")
            wallet.receive_disabled = True
            self._world.loop.world_later(self._a_while(), self._open_again, username)

    def _open_again(self, username: str) -> None:
        if username not in self._world.gone:
            self._world.blink.everybody[username].receive_disabled = False

    def _close(self, username: str) -> None:
        if self._world.chances.gone and username not in self._world.gone:
            self._world.story.count("recipient: gone")
            self._world.story.tell("Blink", username, "will never receive again")
            self._world.gone.add(username)
            self._world.blink.everybody[username].receive_disabled = True

    def _rename(self, username: str) -> None:
        usernames = self._world.blink.usernames
        if self._world.chances.unknown and username in usernames:
            self._world.story.count("recipient: unknown")
            self._world.story.tell("Blink", username, "is not found")
            wallet = usernames.pop(username)
            self._world.loop.world_later(self._a_while(), usernames.setdefault, username, wallet)

    def _a_while(self) -> float:
        roll = self._world.random.random
        return (300.0 if roll() < 0.7 else 1800.0) * roll()

    def _withdraw(self) -> None:
        sats = int(self._world.blink.books.balances[self._purse.id] * self._world.random.random())
        if sats and self._world.chances.withdrawals:
            self._world.story.count("withdrawal")
            self._borrowed += sats
            self._world.blink.withdraw(self._purse, sats)
            self._world.loop.world_later(self._a_while(), self._give_back)

    def _give_back(self) -> None:
        if self._borrowed:
            self._world.blink.fund(self._purse, self._borrowed)
            self._borrowed = 0

    def _stranger(self) -> None:
        """Another program of the same account receives something."""
        blink, self._number = self._world.blink, self._number + 1
        try:
            invoice = blink.create(
                self._purse.id,
                sats=1 + int(self._world.random.random() * 1000),
                memo="of another program",
                seconds=3600,
                external_id=f"other-{self._number}",
                kind="own",
            )
        except TillError:
            return
        self.strangers += invoice.sats
        self._world.story.count("stranger's income")
        blink.pay_from_outside(invoice.payment_hash)

    def _outage(self, part: str, seconds: float) -> None:
        faults = self._world.blink_faults if part == "Blink" else self._world.store_faults
        if not self._world.chances.store_fault and not self._world.chances.blink_outages:
            return
        self._world.story.count(f"{part}: outage")
        self._world.story.tell("world", part, "is away")
        faults.outage = True
        self._world.loop.world_later(seconds, setattr, faults, "outage", False)
