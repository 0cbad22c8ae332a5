"""One whole sale on the real till, by touch; the customer pays what he reads off the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from blinkpos_desktop.demo.eyes import Eyes, is_green, read_qr
from blinkpos_desktop.demo.hands import Hands
from blinkpos_desktop.demo.story import DemoError, Story
from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.facts import (
    ChargeFailed,
    Fact,
    InvoiceReady,
    PaymentCompleted,
    PaymentPaid,
    ShopReady,
    TipsLoaded,
    TransferChanged,
)
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.transfer import Role, Transfer, TransferState
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.ui.bridge import Bridge
from blinkpos_desktop.ui.main_window import MainWindow
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.tip_page import TipPage
from blinkpos_desktop.ui.viewmodels.view import Screen

STEP_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.5
"""As long as a hand needs from one page to the next; the till ignores faster ones on purpose."""
_F = TypeVar("_F", bound=Fact)


class _Facts:
    """What the screens were told, with the moment of each."""

    def __init__(self, bridge: Bridge) -> None:
        self._told: list[tuple[float, Fact]] = []
        self._more = asyncio.Event()
        bridge.fact.connect(self._on_fact)

    def _on_fact(self, fact: Fact) -> None:
        self._told.append((time.perf_counter(), fact))
        self._more.set()

    @property
    def troubles(self) -> list[str]:
        """What each part last said that is away."""
        last = {fact.part: fact for _, fact in self._told if isinstance(fact, PartChanged)}
        return [each.sentence for each in last.values() if each.health is Health.AWAY]

    async def wait_for(
        self, kind: type[_F], that: Callable[[_F], bool] = lambda _fact: True
    ) -> tuple[float, _F]:
        """Return the first fact of a kind ``that`` holds for, told already or yet to come."""
        seen = 0
        while True:
            for at, fact in self._told[seen:]:
                if isinstance(fact, ChargeFailed):
                    raise DemoError(fact.sentence)
                if isinstance(fact, kind) and that(fact):
                    return at, fact
            seen = len(self._told)
            self._more.clear()
            async with asyncio.timeout(STEP_SECONDS):
                await self._more.wait()


class DemoSale:
    """The golden case: 21 sats and 10 %; 21 to the merchant, 2 to elturco."""

    def __init__(self, story: Story, control: ControlClient, pictures: Path) -> None:
        """Take the simulator's control side, and where the pictures go."""
        self._story, self._control, self._pictures = story, control, pictures

    async def run(self, window: MainWindow, bridge: Bridge) -> int:
        """Sell; return 0, or 1 after saying why it failed."""
        facts = _Facts(bridge)
        try:
            await self._sell(Hands(window), Eyes(window, self._pictures), window, facts)
        except DemoError as error:
            self._story.say(f"FAILED: {error}")
            return 1
        except TimeoutError:
            why = "".join(f" {each}" for each in facts.troubles)
            self._story.say(f"FAILED: a step did not come within {STEP_SECONDS:.0f} s.{why}")
            return 1
        self._story.say(f"Pictures of each screen: {self._pictures}")
        return 0

    async def _sell(self, hands: Hands, eyes: Eyes, window: MainWindow, facts: _Facts) -> None:
        tell = self._story.tell
        await facts.wait_for(
            PartChanged, lambda fact: fact.part is Part.BLINK and fact.health is Health.OK
        )
        _, shop = await facts.wait_for(ShopReady)
        if shop.problem:
            raise DemoError(shop.problem)
        tell("the till is ready to sell")
        eyes.picture("1-keypad")
        self._story.begin()
        await self._type_and_tip(hands, eyes, window)
        made_at, ready = await facts.wait_for(InvoiceReady)
        tell("invoice made", at=made_at)
        await hands.turned_to(Screen.INVOICE)
        picture = eyes.picture("4-invoice")
        tell("QR on screen")
        request = read_qr(picture).lower()
        invoice = ready.payment.invoice
        if invoice is None or request != invoice.payment_request:
            raise DemoError("the QR on the screen is not the invoice")
        tell("the customer has read the QR from the screen's pixels")
        paying = asyncio.create_task(asyncio.to_thread(self._control.pay, request), name="customer")
        tell("customer paid")
        paid_at, paid = await facts.wait_for(PaymentPaid)
        tell("payment detected", at=paid_at)
        await hands.turned_to(Screen.SUCCESS)
        if not is_green(eyes.picture("5-green")):
            raise DemoError("the screen is not green")
        tell("green on screen")
        await paying
        await self._watch_forwarding(facts, paid.payment.payment_hash)
        await asyncio.sleep(LOOK_SECONDS * 2)  # the check mark draws itself
        eyes.picture("6-paid")
        await self._look_around(hands, eyes, window, facts)
        self._check_balances()

    async def _type_and_tip(self, hands: Hands, eyes: Eyes, window: MainWindow) -> None:
        keypad, tips = window.page(Screen.KEYPAD), window.page(Screen.TIP)
        assert isinstance(keypad, KeypadPage)
        assert isinstance(tips, TipPage)
        for key in (Key.D2, Key.D1):
            await hands.touch(keypad.keypad.keys[key])
        eyes.picture("2-amount")
        self._story.tell("21 sats typed")
        await hands.touch(keypad.keypad.ok)
        await hands.turned_to(Screen.TIP)
        eyes.picture("3-tip")
        await asyncio.sleep(LOOK_SECONDS)
        self._story.tell("10 % tip chosen")
        await hands.touch(tips.presets.choices[0])

    async def _watch_forwarding(self, facts: _Facts, payment_hash: str) -> None:
        settled: list[tuple[float, Transfer]] = []
        for role in Role:
            at, change = await facts.wait_for(
                TransferChanged,
                lambda fact, role=role: (
                    fact.transfer.role is role  # type: ignore[misc]
                    and fact.transfer.state is TransferState.SETTLED
                    and fact.payment_hash == payment_hash
                ),
            )
            settled.append((at, change.transfer))
        for at, transfer in sorted(settled, key=lambda each: each[0]):
            whom = "the merchant" if transfer.role is Role.MERCHANT else transfer.recipient
            self._story.tell(f"{transfer.sats} sats to {whom}", at=at)
        at, _ = await facts.wait_for(PaymentCompleted)
        self._story.tell("completed", at=at)

    async def _look_around(
        self, hands: Hands, eyes: Eyes, window: MainWindow, facts: _Facts
    ) -> None:
        await hands.touch(window.page(Screen.SUCCESS))
        await hands.turned_to(Screen.KEYPAD)
        await asyncio.sleep(LOOK_SECONDS)
        await hands.touch(window.tips_tab)
        await facts.wait_for(TipsLoaded, lambda fact: bool(fact.report.rows))
        eyes.picture("7-tips")
        await hands.touch(window.till_tab)
        eyes.picture("8-keypad-again")

    def _check_balances(self) -> None:
        self._control.verify()
        balances = self._control.balances()
        found = {name: balances[name]["BTC"] for name in ("till", "cafe", "elturco")}
        if found != {"till": 0, "cafe": 21, "elturco": 2}:
            raise DemoError(f"the ledger has other balances: {found}")
        self._story.say("The simulator's ledger agrees: cafe 21 sats, elturco 2 sats, till 0 sats.")
