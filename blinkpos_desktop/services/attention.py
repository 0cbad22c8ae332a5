"""What needs a person: listed, chosen for, and each choice carried out when Blink allows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Protocol

from blinkpos_desktop.domain.announcement import SurplusItem
from blinkpos_desktop.domain.attention import (
    AttentionItem,
    Choice,
    Remedy,
    RetiredInvoice,
    WaitingChoice,
)
from blinkpos_desktop.domain.blink import InvoiceStatus, UnknownRecipientError
from blinkpos_desktop.domain.errors import InputError, TillError, UnavailableError
from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    Fact,
    LookAgain,
    PaymentPaid,
    TransferChanged,
)
from blinkpos_desktop.domain.hold import HeldError, Hold
from blinkpos_desktop.domain.parts import Health, Part, PartChanged
from blinkpos_desktop.domain.retiring import Proof, Retiring
from blinkpos_desktop.domain.sale import check_username
from blinkpos_desktop.domain.transfer import Transfer, TransferState
from blinkpos_desktop.domain.watching import WATCH_AFTER_EXPIRY, next_question
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway, Clock, Store
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.supervisor import Supervisor

EVERY_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 30.0
"""Between two rounds of questions to Blink for one choice."""
NOTHING: Final = "Nothing with this number waits for a person."
UNDER_WAY: Final = "It is being tried just now: look again in a moment."
NOT_HELD: Final = "The ledger is not held: it forwards."
_log = logging.getLogger(__name__)


class Forwarding(Protocol):
    """Who passes money on."""

    async def forward(self, payment_id: int) -> None:
        """Work on a paid payment until nothing more can be done."""


class Attention:
    """Lists what waits for a person, and takes and carries out choices.

    Safe beside other tills: the store's compare-and-set lets one of them win.
    """

    def __init__(
        self,
        store: Store,
        gateway: BlinkGateway,
        feed: Feed,
        clock: Clock,
        shop: Shop,
        supervisor: Supervisor,
        forwarding: Forwarding,
    ) -> None:
        """Take what it needs; ``on_fact`` hears the feed."""
        self._store, self._gateway, self._feed, self._clock = store, gateway, feed, clock
        self._shop, self._supervisor, self._forwarding = shop, supervisor, forwarding
        self._told: AttentionChanged | None = None
        self._to_forward: set[int] = set()
        self._asked_at: dict[str, int] = {}
        self._tried_at: dict[int, float] = {}
        self._hurry = asyncio.Event()

    async def list(self) -> Sequence[AttentionItem]:
        """Return what waits for a person, oldest first."""
        return await self._store.attention(self.account_id)

    async def hold(self) -> Hold | None:
        """Return why nothing is forwarded, while that is so."""
        return await self._store.held(self.account_id)

    async def _release(self, who: str) -> None:
        """End the hold, as a person has looked at what differs."""
        hold = await self.hold()
        if hold is None:
            raise InputError(NOT_HELD)
        if not await self._store.release_hold(self.account_id, who):
            raise InputError(hold.sentence, cause=f"hold {hold.id}")
        _log.warning("hold %d: released by %s", hold.id, who)
        self._hurry.set()

    async def surpluses(self) -> Sequence[SurplusItem]:
        """Return what came in beyond what was asked and nobody took note of, oldest first."""
        return await self._store.surpluses()

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> None:
        """Take a person's choice: for a transfer, SEEN for a surplus, RELEASE for the ledger.

        Raises:
            InputError: nothing with this number waits for that choice, or the
                other recipient can't be one.
        """
        if choice.remedy is Remedy.RELEASE:
            await self._release(who)
            return
        if choice.remedy is Remedy.SEEN and await self._see_surplus(transfer_id, who):
            return
        items = {each.transfer.id: each for each in await self.list()}
        item = items.get(transfer_id)
        if item is None:
            raise InputError(NOTHING, cause=f"transfer {transfer_id}")
        if choice.remedy not in item.remedies:
            raise InputError(_cannot(item), cause=f"transfer {transfer_id}: {choice.remedy}")
        if choice.remedy is Remedy.SEND:
            choice = Choice(remedy=Remedy.SEND, recipient=check_username(choice.recipient))
            payment = await self._store.payment(item.payment_id)
            await self._check_recipient(choice.recipient, payment.wallet_id)
        try:
            after = await self._store.choose(transfer_id, choice, who)
        except HeldError as error:
            raise InputError(error.sentence, cause=error.cause) from error
        if after is None:
            sentence = UNDER_WAY if item.transfer.trouble else NOTHING
            raise InputError(sentence, cause=f"transfer {transfer_id}: somebody was faster")
        _log.info("transfer %d: %s chose %s", transfer_id, who, choice)
        if after.state is not TransferState.ATTENTION:
            self._moved(item.payment_id, item.payment_hash, after)
        self._hurry.set()

    async def _see_surplus(self, payment_id: int, who: str) -> bool:
        for surplus in await self.surpluses():
            if surplus.payment_id == payment_id:
                seen = await self._store.see_surplus(surplus, who)
                self._hurry.set()
                return seen
        return False

    def on_fact(self, fact: Fact) -> None:
        """Look again when a transfer came to need a person, or Blink is back."""
        if isinstance(fact, TransferChanged):
            if fact.transfer.state is TransferState.ATTENTION or fact.transfer.trouble:
                self._hurry.set()
        elif isinstance(fact, PaymentPaid):
            if (fact.payment.received_sats or 0) > fact.payment.total_sats:
                self._hurry.set()
        elif isinstance(fact, LookAgain) or fact == PartChanged(part=Part.BLINK, health=Health.OK):
            self._hurry.set()

    async def run(self) -> None:
        """Tell what waits for a person and carry choices out, until cancelled."""
        while True:
            self._hurry.clear()
            try:
                await self.look()
            except UnavailableError as error:
                _log.info("what needs attention: %s", error)
            try:
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._hurry.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Carry out what can be, ask for what was retired, and tell what waits now."""
        choices = await self._store.waiting_choices(self.account_id)
        self._tried_at = {
            each.id: self._tried_at[each.id] for each in choices if each.id in self._tried_at
        }
        for waiting in choices:
            if not self._is_ready(waiting):
                continue
            try:
                await self._carry_out(waiting)
            except TillError as error:
                # A query that failed is no evidence: from the first condition on, later.
                _log.warning("transfer %d: the choice waits: %s", waiting.transfer.id, error)
        await self._ask_for_retired()
        while self._to_forward:
            payment_id = self._to_forward.pop()
            self._supervisor.start(f"forward-{payment_id}", self._forwarding.forward(payment_id))
        told = AttentionChanged(
            items=tuple(await self.list()),
            surpluses=tuple(await self.surpluses()),
            hold=await self.hold(),
        )
        if told != self._told:
            self._told = told
            self._feed.publish(told)

    def _is_ready(self, waiting: WaitingChoice) -> bool:
        """Whether Blink may be asked: nothing may be under way, and not too often."""
        retiring = Retiring(quiet_seconds=waiting.quiet_seconds)
        if waiting.transfer.invoice is not None and retiring.next_proof is Proof.WAIT:
            return False
        now, tried_at = self._clock.now(), self._tried_at.get(waiting.id)
        # Tried in the future: the clock was set back.
        if tried_at is not None and tried_at <= now < tried_at + AGAIN_SECONDS:
            return False
        self._tried_at[waiting.id] = now
        return True

    async def _carry_out(self, waiting: WaitingChoice) -> None:
        if waiting.choice.remedy is Remedy.SEND and not await self._is_there(waiting):
            return
        if waiting.transfer.invoice is None:
            proof = Proof.RETIRE
        else:
            payment_hash = waiting.transfer.invoice.payment_hash
            retiring = Retiring(quiet_seconds=waiting.quiet_seconds)
            if retiring.next_proof is Proof.ASK_STATUS:
                retiring = retiring.asked(await self._gateway.invoice_status(payment_hash))
            if retiring.next_proof is Proof.LOOK_UP:
                sent = await self._gateway.sent_status(waiting.wallet_id, payment_hash)
                retiring = retiring.looked_up(sent)
            proof = retiring.next_proof
        if proof in {Proof.RETIRE, Proof.SETTLE}:
            after = await self._store.carry_out(waiting, paid=proof is Proof.SETTLE)
            if after is not None:
                _log.info("transfer %d: %s, %s", after.id, waiting.choice, after.state)
                self._moved(waiting.payment_id, waiting.payment_hash, after)

    async def _is_there(self, waiting: WaitingChoice) -> bool:
        """Look the other recipient up first: one who can't be paid ends the choice."""
        try:
            await self._check_recipient(waiting.choice.recipient, waiting.wallet_id, at_once=True)
        except InputError as error:
            after = await self._store.drop_choice(waiting, error.sentence)
            if after is not None:
                self._tell(waiting.payment_id, waiting.payment_hash, after)
            return False
        return True

    async def _check_recipient(
        self, username: str, collecting: str, *, at_once: bool = False
    ) -> None:
        """Look a username up; while Blink is away that is left for later, unless ``at_once``.

        ``collecting`` is the wallet that the money is in: it is known without a key.

        Raises:
            InputError: money can't be sent to him.
        """
        self._shop.forget_wallet(username)
        try:
            wallet = await self._shop.wallet(username)
        except UnknownRecipientError as error:
            raise InputError(f"Blink knows nobody named {username}.", cause=str(error)) from error
        except UnavailableError:
            if at_once:
                raise
            return
        if wallet.wallet_id in {collecting, *self._own_wallets}:
            raise InputError(f"{username} is the collecting account itself: keep it instead.")

    async def _ask_for_retired(self) -> None:
        """A retired invoice stays watched: nobody pays it, and it must not be paid after all."""
        now, watched = int(self._clock.now()), await self._store.retired()
        self._asked_at = {
            each.payment_hash: self._asked_at[each.payment_hash]
            for each in watched
            if each.payment_hash in self._asked_at
        }
        for each in watched:
            if self._is_due(each, now):
                self._asked_at[each.payment_hash] = now
                try:
                    status = await self._gateway.invoice_status(each.payment_hash)
                except TillError as error:
                    _log.warning("a retired invoice of %d: %s", each.transfer_id, error)
                    continue
                if status is InvoiceStatus.PAID:
                    _log.error("transfer %d: a retired invoice is paid", each.transfer_id)
                    await self._store.find_retired_paid(each.payment_hash)

    def _is_due(self, retired: RetiredInvoice, now: int) -> bool:
        due = next_question(
            now=now,
            asked_at=self._asked_at.get(retired.payment_hash),
            created_at=retired.retired_at,
            # Which ones are still watched says the store, by the database's clock.
            expires_at=max(retired.retired_at, retired.expires_at, now - WATCH_AFTER_EXPIRY),
            on_screen=False,
        )
        return due is not None and due <= now

    @property
    def _own_wallets(self) -> frozenset[str]:
        try:
            return self._shop.account.wallet_ids
        except UnavailableError:
            return frozenset()

    @property
    def account_id(self) -> str:
        """The account that is looked after; empty while it is not known."""
        try:
            return self._shop.account.id
        except UnavailableError:
            return ""

    def _moved(self, payment_id: int, payment_hash: str, after: Transfer) -> None:
        """Go on with a transfer that no longer waits: it is forwarded, or its payment completed."""
        self._to_forward.add(payment_id)
        self._to_forward.update(each.payment_id for each in after.carries)
        self._tell(payment_id, payment_hash, after)

    def _tell(self, payment_id: int, payment_hash: str, after: Transfer) -> None:
        self._feed.publish(
            TransferChanged(payment_id=payment_id, payment_hash=payment_hash, transfer=after)
        )


def _cannot(item: AttentionItem) -> str:
    if item.is_foreign:
        return (
            "This sale was made with another Blink account: "
            "a till with that account's key sends it on."
        )
    if item.paid_retired:
        return "This one is only to be seen: there is nothing to send."
    return "That can't be chosen here."
