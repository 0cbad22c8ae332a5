"""The hybrid store: PostgreSQL is truth and commits first, Redis holds what is under way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from blinkpos_desktop.domain.announcement import Announcement, SurplusItem
from blinkpos_desktop.domain.attention import (
    AttentionItem,
    Choice,
    RetiredInvoice,
    WaitingChoice,
)
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
from blinkpos_desktop.services.ports import CallKind
from blinkpos_desktop.services.store.connections import LedgerRowMissingError
from blinkpos_desktop.services.store.postgres import PostgresStore

if TYPE_CHECKING:
    from blinkpos_desktop.services.store.redis import RedisCache


class HybridStore:
    """The store that the rest of the program uses (``services.ports.Store``)."""

    def __init__(self, postgres: PostgresStore, redis: RedisCache | None) -> None:
        """Join the two; ``redis`` is ``None`` where none is set up."""
        self._postgres = postgres
        self._redis = redis

    async def intend(self, plan: PaymentPlan, *, most: int) -> Intended:
        """Write a sale with its first attempt, if ``most`` calls a minute allow it: one commit."""
        return await self._postgres.intend(plan, most=most)

    async def begin_attempt(self, payment_id: int) -> str:
        """Take the next attempt of a payment's invoice; return its ``externalId``."""
        return await self._postgres.begin_attempt(payment_id)

    async def attach_invoice(self, payment_id: int, invoice: Invoice) -> Payment | None:
        """INTENDED → AWAITING with the invoice."""
        return self._cached(await self._postgres.attach_invoice(payment_id, invoice))

    async def move(
        self,
        payment_id: int,
        to: PaymentState,
        *,
        reason: str,
        received_sats: int | None = None,
    ) -> Payment | None:
        """Move a payment along its table of moves; ``None`` when it could not go there."""
        return self._cached(
            await self._postgres.move(payment_id, to, reason=reason, received_sats=received_sats)
        )

    async def complete(self, payment_id: int) -> Payment | None:
        """PAID → COMPLETED, if every transfer is finished; only then it leaves Redis."""
        return self._cached(await self._postgres.complete(payment_id))

    async def payment(self, payment_id: int) -> Payment:
        """Return one payment with its transfers, from PostgreSQL."""
        return await self._postgres.payment(payment_id)

    async def payments_of(self, ids: Collection[int]) -> Sequence[Payment]:
        """Return those payments of ``ids`` that there are, from PostgreSQL, at one moment."""
        return await self._postgres.payments_of(ids)

    async def by_hash(self, payment_hash: str) -> Payment | None:
        """Return a payment by its hash; Redis gives its id at most, and PostgreSQL the payment.

        A Redis that has outlived a database still holds ids that are another sale's there.
        """
        if self._redis and (found := await self._redis.get(payment_hash)):
            with suppress(LedgerRowMissingError):
                current = await self._postgres.payment(found.id)
                if current.payment_hash == payment_hash:
                    # Redis was away when it moved on, or has come back with an old state.
                    return current if current.state is found.state else self._cached(current)
        return self._cached(await self._postgres.by_hash(payment_hash))

    async def watched(self, account_id: str) -> Sequence[Payment]:
        """Return the payments for which money may still arrive."""
        return await self._postgres.watched(account_id)

    async def unfinished(self, account_id: str) -> Sequence[Payment]:
        """Return the paid payments that are not completed."""
        return await self._postgres.unfinished(account_id)

    def mark_shown(self, payment_id: int) -> None:
        """Note that this process shows a payment in green: written by ``complete``, or ``see``."""
        self._postgres.mark_shown(payment_id)

    async def see(self, payment_id: int, who: str) -> bool:
        """Write down that a received payment was seen, by ``who`` or on a screen (empty)."""
        return await self._postgres.see(payment_id, who)

    async def unseen(self) -> Sequence[Announcement]:
        """Return what was received and nobody has seen, newest first."""
        return await self._postgres.unseen()

    async def surpluses(self) -> Sequence[SurplusItem]:
        """Return what came in beyond what was asked and no person took note of, oldest first."""
        return await self._postgres.surpluses()

    async def see_surplus(self, surplus: SurplusItem, who: str) -> bool:
        """Write down who took note of a surplus; ``False`` when it is no longer as given."""
        return await self._postgres.see_surplus(surplus, who)

    async def claim(self, transfer_id: int, *, seconds: int) -> Transfer | None:
        """Claim a transfer for this process, or renew the claim."""
        return await self._postgres.claim(transfer_id, seconds=seconds)

    async def release(self, transfer_id: int) -> None:
        """Give a claim back."""
        await self._postgres.release(transfer_id)

    async def begin_transfer_attempt(self, transfer_id: int) -> Attempt:
        """Take the next attempt of a recipient's invoice, and along what is owed to him."""
        return await self._postgres.begin_transfer_attempt(transfer_id)

    async def begin_ahead(
        self, wanted: Sequence[tuple[Transfer, str]], *, most: int, seconds: int
    ) -> Sequence[Attempt]:
        """Claim PLANNED transfers and begin their attempts in one commit, if there is room."""
        return await self._postgres.begin_ahead(wanted, most=most, seconds=seconds)

    async def store_recipient_invoice(
        self, transfer: Transfer, invoice: RecipientInvoice, *, releases: bool = False
    ) -> Transfer | None:
        """PLANNED → PREPARED with the latest attempt's invoice, if the claim is ours."""
        return await self._postgres.store_recipient_invoice(transfer, invoice, releases=releases)

    async def start_send(self, transfer: Transfer, wallet_id: str, *, seconds: int) -> SendStart:
        """PREPARED → SENDING: the claim, the turn at the wallet and the intent in one commit."""
        return await self._postgres.start_send(transfer, wallet_id, seconds=seconds)

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
        """Record what a request came to, leave the wallet, complete the payment if that is all."""
        ended = await self._postgres.end_send(
            transfer,
            event,
            wallet_id,
            reason=reason,
            error=error,
            trouble=trouble,
            wait_seconds=wait_seconds,
        )
        self._cached(ended.completed if ended else None)
        return ended

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
        """Apply an event to a transfer that is still as given and claimed by this process."""
        return await self._postgres.record(
            transfer,
            event,
            reason=reason,
            error=error,
            trouble=trouble,
            wait_seconds=wait_seconds,
        )

    async def adopt(
        self, transfer: Transfer, invoice: RecipientInvoice, *, quiet_seconds: float
    ) -> Transfer | None:
        """Settle a claimed transfer that a newer copy of this ledger has paid by ``invoice``."""
        return await self._postgres.adopt(transfer, invoice, quiet_seconds=quiet_seconds)

    async def take_turn(self, wallet_id: str, *, seconds: int) -> bool:
        """Take or renew this process's turn to send from a wallet; ``False``: another's."""
        return await self._postgres.turns.take(wallet_id, seconds=seconds)

    async def leave_turn(self, wallet_id: str) -> None:
        """Give a turn back."""
        await self._postgres.turns.leave(wallet_id)

    async def count_call(self, account: str, kind: CallKind, *, most: int) -> int:
        """Count a call to Blink if ``most`` a minute allow it: 0, or the seconds to wait."""
        return await self._postgres.turns.count_call(account, kind, most=most)

    async def block_calls(self, account: str, kind: CallKind, *, seconds: int) -> None:
        """Keep every till off a kind of call for ``seconds``."""
        await self._postgres.turns.block_calls(account, kind, seconds=seconds)

    async def hold(self, cause: HoldCause, external_id: str = "") -> None:
        """Hold the ledger: nothing is sent from now on."""
        await self._postgres.hold(cause, external_id)

    async def held(self, account_id: str) -> Hold | None:
        """Return the hold on an account; with an empty id, the one on any account."""
        return await self._postgres.held(account_id)

    async def release_hold(self, account_id: str, who: str) -> bool:
        """End the hold by a person's choice; ``False`` while something can still be recorded."""
        return await self._postgres.release_hold(account_id, who)

    async def tips(self, since: int) -> Sequence[TipSummary]:
        """Return tips per recipient since a moment (Unix seconds), the largest sum first."""
        return await self._postgres.tips(since)

    async def attention(self, account_id: str) -> Sequence[AttentionItem]:
        """Return what waits for a person, oldest first; an unknown account is empty."""
        return await self._postgres.attention(account_id)

    async def waiting_choices(self, account_id: str) -> Sequence[WaitingChoice]:
        """Return the choices that are to be carried out."""
        return await self._postgres.waiting_choices(account_id)

    async def choose(self, transfer_id: int, choice: Choice, who: str) -> Transfer | None:
        """Write a person's choice down, and carry it out if nothing has to be asked first."""
        return await self._postgres.choose(transfer_id, choice, who)

    async def carry_out(self, waiting: WaitingChoice, *, paid: bool = False) -> Transfer | None:
        """Retire the live invoice and do what was chosen, or settle what is ``paid`` already."""
        return await self._postgres.carry_out(waiting, paid=paid)

    async def drop_choice(self, waiting: WaitingChoice, reason: str) -> Transfer | None:
        """End a choice that can't be carried out."""
        return await self._postgres.drop_choice(waiting, reason)

    async def retired(self) -> Sequence[RetiredInvoice]:
        """Return the retired invoices that are watched."""
        return await self._postgres.retired()

    async def find_retired_paid(self, payment_hash: str) -> Transfer | None:
        """Write down that a retired invoice was paid after all."""
        return await self._postgres.find_retired_paid(payment_hash)

    def _cached(self, payment: Payment | None) -> Payment | None:
        if payment is not None and self._redis is not None:
            self._redis.put(payment)
        return payment
