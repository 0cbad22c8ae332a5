"""A process's way to the ledger (``services.ports.Store``), with all that happens on it.

A transaction is done as a whole or not at all; the connection may be lost
before it or after its commit, and it is done whether its sender lives or not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import (
    AttentionItem,
    Choice,
    RetiredInvoice,
    WaitingChoice,
)
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.hold import Hold, HoldCause
from blinkpos_desktop.domain.payment import (
    Intended,
    Invoice,
    Payment,
    PaymentState,
    SendEnd,
)
from blinkpos_desktop.domain.plan import PaymentPlan
from blinkpos_desktop.domain.tips import TipSummary
from blinkpos_desktop.domain.transfer import (
    Attempt,
    RecipientInvoice,
    SendStart,
    Transfer,
    TransferEvent,
    Trouble,
)
from tests.simulation.chances import Chances
from tests.simulation.choices_model import ChoicesModel
from tests.simulation.faults import Killable
from tests.simulation.loop import VirtualLoop
from tests.simulation.seen_model import SeenLine
from tests.simulation.store_model import StoreModel
from tests.simulation.story import Story
from tests.simulation.turns_model import TurnsLine

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class StoreFaults:
    """How the database is, for all tills."""

    chances: Chances
    random: random.Random
    story: Story
    loop: VirtualLoop
    outage: bool = False


@dataclass(slots=True, kw_only=True)
class StoreLine:
    """One process's connections; its claims are ``owner``'s."""

    model: StoreModel
    choices: ChoicesModel
    faults: StoreFaults
    process: Killable
    owner: UUID = field(default_factory=lambda: UUID(int=0))
    seen: SeenLine = field(init=False)

    def __post_init__(self) -> None:
        self.seen = SeenLine(self.model.seen, self.do)

    @property
    def turns(self) -> TurnsLine:
        return TurnsLine(self.model.turns, self.owner, self.do)

    async def intend(self, plan: PaymentPlan, *, most: int) -> Intended:
        return await self.do("intend", lambda: self.model.intend(plan, most=most))

    async def begin_attempt(self, payment_id: int) -> str:
        return await self.do(
            f"begin attempt of {payment_id}", lambda: self.model.begin_attempt(payment_id)
        )

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        return await self.do(
            f"attach invoice to {payment_id}",
            lambda: self.model.attach_invoice(payment_id, invoice),
        )

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        return await self.do(
            f"move {payment_id} to {to}",
            lambda: self.model.move(payment_id, to, reason=reason, received_sats=received_sats),
        )

    async def payment(self, payment_id: int) -> Payment:
        return await self.do(f"read {payment_id}", lambda: self.model.payment(payment_id))

    async def payments_of(self, ids: Collection[int]) -> Sequence[Payment]:
        return await self.do(f"read {sorted(ids)}", lambda: self.model.payments_of(ids))

    async def by_hash(self, payment_hash: str) -> Payment | None:
        return await self.do("by hash", lambda: self.model.by_hash(payment_hash))

    async def watched(self, account_id: str) -> Sequence[Payment]:
        return await self.do("watched", lambda: self.model.watched(account_id))

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        return await self.do("unfinished", lambda: self.model.unfinished(account_id))

    async def claim(self, transfer_id: int, *, seconds: int) -> Transfer | None:
        return await self.do(
            f"claim {transfer_id}",
            lambda: self.model.claim(transfer_id, self.owner, seconds=seconds),
        )

    async def release(self, transfer_id: int) -> None:
        return await self.do(
            f"release {transfer_id}", lambda: self.model.release(transfer_id, self.owner)
        )

    async def begin_transfer_attempt(self, transfer_id: int) -> Attempt:
        return await self.do(
            f"begin attempt of {transfer_id}",
            lambda: self.model.begin_transfer_attempt(transfer_id, self.owner),
        )

    async def begin_ahead(
        self, wanted: Sequence[tuple[Transfer, str]], *, most: int, seconds: int
    ) -> Sequence[Attempt]:
        return await self.do(
            "begin ahead",
            lambda: self.model.begin_ahead(wanted, self.owner, most=most, seconds=seconds),
        )

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice, *, releases: bool = False
    ) -> Transfer | None:
        return await self.do(
            f"store invoice of {transfer.id}",
            lambda: self.model.store_recipient_invoice(
                transfer, invoice, self.owner, releases=releases
            ),
        )

    async def start_send(self, transfer: Transfer, wallet_id: str, *, seconds: int) -> SendStart:
        started = await self.do(
            f"start to send {transfer.id}",
            lambda: self.model.start_send(transfer, wallet_id, self.owner, seconds=seconds),
        )
        chance = self.faults.chances.sleeps_between
        if started.transfer and chance and self.faults.random.random() < chance:
            await self.process.nap(f"before {transfer.id} is sent")
        return started

    async def end_send(
        self,
        transfer: Transfer,
        event: TransferEvent,
        wallet_id: str,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> SendEnd | None:
        del error
        return await self.do(
            f"record {event} of {transfer.id}",
            lambda: self.model.end_send(
                transfer,
                event,
                wallet_id,
                self.owner,
                self.seen.complete_now,
                reason=reason,
                trouble=trouble,
                wait_seconds=wait_seconds,
            ),
        )

    async def record(
        self,
        transfer: Transfer,
        event: TransferEvent,
        *,
        reason: str = "",
        error: str = "",
        trouble: Trouble = Trouble.NONE,
        wait_seconds: float = 0.0,
    ) -> Transfer | None:
        del error
        return await self.do(
            f"record {event} of {transfer.id}",
            lambda: self.model.record(
                transfer,
                event,
                self.owner,
                reason=reason,
                trouble=trouble,
                wait_seconds=wait_seconds,
            ),
        )

    async def adopt(
        self, transfer: Transfer, invoice: RecipientInvoice, *, quiet_seconds: float
    ) -> Transfer | None:
        return await self.do(
            f"adopt {invoice.external_id}",
            lambda: self.model.adopt(transfer, invoice, self.owner, quiet_seconds=quiet_seconds),
        )

    async def hold(self, cause: HoldCause, external_id: str = "") -> None:
        return await self.do("hold", lambda: self.model.holds.hold(cause, external_id))

    async def held(self, account_id: str) -> Hold | None:
        return await self.do("held", lambda: self.model.holds.held(account_id))

    async def release_hold(self, account_id: str, who: str) -> bool:
        del who
        return await self.do(
            "release the hold", lambda: self.model.holds.release(account_id, self.owner)
        )

    async def complete(self, payment_id: int) -> Payment | None:
        return await self.seen.complete(payment_id)

    def mark_shown(self, payment_id: int) -> None:
        self.seen.mark_shown(payment_id)

    async def see(self, payment_id: int, who: str) -> bool:
        return await self.seen.see(payment_id, who)

    async def unseen(self) -> Sequence[Announcement]:
        return await self.seen.unseen()

    async def surpluses(self) -> Sequence[SurplusItem]:
        return await self.seen.surpluses()

    async def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        return await self.seen.see_surplus(surplus, who)

    async def tips(self, since: int) -> Sequence[TipSummary]:
        return await self.do("tips", lambda: self.model.tips(since))

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        return await self.do("attention", lambda: self.choices.attention(account_id))

    async def waiting_choices(self, account_id: str) -> Sequence[WaitingChoice]:
        return await self.do("waiting choices", lambda: self.choices.waiting(account_id))

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> Transfer | None:
        return await self.do(
            f"choose for {transfer_id}",
            lambda: self.choices.choose(transfer_id, choice, who, self.owner),
        )

    async def carry_out(self, waiting: WaitingChoice, *, paid: bool = False) -> Transfer | None:
        return await self.do(
            f"carry out what was chosen for {waiting.transfer.id}",
            lambda: self.choices.carry_out(waiting, self.owner, paid=paid),
        )

    async def drop_choice(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        return await self.do(
            f"drop the choice for {waiting.transfer.id}", lambda: self.choices.drop(waiting, reason)
        )

    async def retired(self) -> Sequence[RetiredInvoice]:
        return await self.do("retired", self.choices.retired)

    async def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        return await self.do(
            "find a retired invoice paid", lambda: self.choices.find_retired_paid(payment_hash)
        )

    async def do(self, step: str, work: Callable[[], T]) -> T:
        """Do one transaction, with all that can happen to it."""
        self.process.point(f"before {step}")
        faults = self.faults
        roll, chances = faults.random.random, faults.chances
        if faults.outage or (chances.store_fault and roll() < chances.store_fault):
            await self._away(step, work)
        if chances.store_slow and roll() < chances.store_slow:
            result = await self._slow(step, work)
        elif roll() < 0.2:
            result = await self._later(work, 0.002 * roll())
        else:
            result = work()
        self.process.point(f"after {step}")
        if chances.sleeps_at_call and roll() < chances.sleeps_at_call:
            await self.process.nap(f"after {step}")
        return result

    async def _away(self, step: str, work: Callable[[], object]) -> None:
        """The server is away; one time in three the transaction was committed, or still will be."""
        faults = self.faults
        done = not faults.outage and faults.random.random() < 0.34
        kind = "hung up after commit" if done else "away"
        if done and faults.random.random() < 0.3:
            # It waited for a lock when nobody waited for its answer any more.
            kind, done = "carried out later", False
            late: asyncio.Future[object] = faults.loop.create_future()
            seconds = 60.0 * faults.random.random() ** 2
            faults.loop.world_later(seconds, _finish_quietly, late, work)
        faults.story.count(f"database: {kind}")
        faults.story.tell("fault", step, "database", kind)
        await self._later(work if done else _nothing, 8.0 * faults.random.random() ** 3)
        self.process.point(f"after {step}")
        raise UnavailableError("The database can't be reached.", cause=step)

    async def _slow(self, step: str, work: Callable[[], T]) -> T:
        faults = self.faults
        faults.story.count("database: slow")
        result = await self._later(work, 8.0 * faults.random.random())
        # The commit was quick and its answer slow, as often as the other way round.
        if faults.random.random() < 0.5:
            await self._later(_nothing, 60.0 * faults.random.random())
        faults.story.tell(self.process.name, step, "slowly")
        return result

    async def _later(self, work: Callable[[], T], seconds: float) -> T:
        future: asyncio.Future[T] = self.faults.loop.create_future()
        self.faults.loop.world_later(seconds, _finish, future, work)
        return await future


def _finish(future: asyncio.Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except TillError as error:
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(result)


def _finish_quietly(future: asyncio.Future[object], work: Callable[[], object]) -> None:
    with suppress(TillError):
        future.set_result(work())


def _nothing() -> None:
    """Is done in a transaction that never came about."""
