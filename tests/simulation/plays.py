"""Plays: a few steps that go wrong in one certain way, where chance would need thousands of sales.

Each is the real service on the ledger's model, or on PostgreSQL, with a Blink that says just this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, cast

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import InvoiceStatus, RecipientWallet, TransactionStatus
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import Transfer, TransferEvent
from blinkpos_desktop.services.attention import Attention
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.ports import BlinkGateway
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.supervisor import Supervisor
from tests.simulation.checks import InvariantError
from tests.simulation.ledgers import Ledger, claimed, made, run_on_model
from tests.simulation.tills import account

Play = Callable[[Ledger], Awaitable[None]]
_E: Final = TransferEvent
_TO_ANA: Final = Choice(remedy=Remedy.SEND, recipient="ana")


class _Blink:
    """Says of an old invoice what it is told to; a query without an answer fails."""

    account = account()

    def __init__(
        self, status: InvoiceStatus | None, sent: TransactionStatus | None, *, looks: bool = True
    ) -> None:
        self._status, self._sent, self._looks = status, sent, looks

    async def invoice_status(self, payment_hash: str) -> InvoiceStatus:
        del payment_hash
        if self._status is None:
            raise UnavailableError("Blink can't be reached.")
        return self._status

    async def sent_status(self, wallet_id: str, payment_hash: str) -> TransactionStatus | None:
        del wallet_id, payment_hash
        if not self._looks:
            raise UnavailableError("Blink can't be reached.")
        return self._sent

    async def wallet(self, username: str) -> RecipientWallet:
        return RecipientWallet(username=username, wallet_id=f"{username}/btc", is_usd=False)

    def forget_wallet(self, username: str) -> None:
        """It was never kept."""


class _Nobody:
    """Nobody goes on from there: what was given up is all that is looked at."""

    async def forward(self, payment_id: int) -> None:
        """Leave it."""


async def _tried_in_vain(ledger: Ledger, *, quiet_seconds: float) -> Transfer:
    """A transfer whose invoice was sent once; a person has chosen another recipient since."""
    transfer = await claimed(ledger.one)
    stored = await ledger.one.store_recipient_invoice(transfer, await made(ledger.one, transfer))
    for event in (_E.SEND_STARTED, _E.SEND_FAILED, _E.STATUS_UNPAID, _E.GAVE_UP):
        assert stored is not None
        stored = await ledger.one.record(stored, event, reason="gone")
    assert stored is not None
    await ledger.one.release(stored.id)
    await ledger.quieten(quiet_seconds)
    assert await ledger.one.choose(stored.id, _TO_ANA, "a person") is not None
    return stored


async def _must_wait(ledger: Ledger, blink: _Blink, *, quiet_seconds: float) -> None:
    transfer = await _tried_in_vain(ledger, quiet_seconds=quiet_seconds)
    attention = Attention(
        ledger.one,
        cast("BlinkGateway", blink),
        Feed(),
        SystemClock(),
        cast("Shop", blink),
        Supervisor(lambda: 0.0),
        _Nobody(),
    )
    await attention.look()
    waiting = await ledger.other.waiting_choices(account().id)
    if [each.transfer.invoice for each in waiting] != [transfer.invoice]:
        raise InvariantError("an invoice was given up that may still be paid")


async def _a_late_request_is_pending(ledger: Ledger) -> None:
    """The invoice has expired, and our wallet shows a payment of it on its way."""
    blink = _Blink(InvoiceStatus.EXPIRED, TransactionStatus.PENDING)
    await _must_wait(ledger, blink, quiet_seconds=QUIET_SECONDS + 1)


async def _a_request_may_be_late(ledger: Ledger) -> None:
    """Nothing shows at Blink, and the last request left a moment ago."""
    await _must_wait(ledger, _Blink(InvoiceStatus.EXPIRED, None), quiet_seconds=0)


async def _the_status_is_not_to_be_had(ledger: Ledger) -> None:
    await _must_wait(ledger, _Blink(None, None), quiet_seconds=QUIET_SECONDS + 1)


async def _the_look_up_fails(ledger: Ledger) -> None:
    blink = _Blink(InvoiceStatus.EXPIRED, None, looks=False)
    await _must_wait(ledger, blink, quiet_seconds=QUIET_SECONDS + 1)


async def _a_person_was_faster_than_the_answer(ledger: Ledger) -> None:
    """A till slept over its request; by its answer the transfer is for somebody else."""
    one, other = ledger.one, ledger.other
    before = await claimed(one)
    invoice = await made(one, before)
    await one.release(before.id)
    theirs = await other.claim(before.id, seconds=60)
    assert theirs is not None
    assert await other.record(theirs, _E.GAVE_UP, reason="gone") is not None
    await other.release(before.id)
    await other.choose(before.id, _TO_ANA, "a person")
    for waiting in await other.waiting_choices(account().id):
        assert await other.carry_out(waiting) is not None
    assert await one.claim(before.id, seconds=60) is not None
    if await one.store_recipient_invoice(before, invoice) is not None:
        raise InvariantError("ana's transfer has an invoice of elturco's")


PLAYS: Final[dict[str, Play]] = {
    "a late request is pending": _a_late_request_is_pending,
    "a request may be late": _a_request_may_be_late,
    "the status is not to be had": _the_status_is_not_to_be_had,
    "the look-up fails": _the_look_up_fails,
    "a person was faster than the answer": _a_person_was_faster_than_the_answer,
}
CATCHES: Final = {
    "retire without the quiet time": "a request may be late",
    "retire without the look-up": "a late request is pending",
    "retire what is expired": "a late request is pending",
    "take a failed query for evidence": "the look-up fails",
    "store an invoice of the former recipient": "a person was faster than the answer",
}
"""Wrong engines that chance meets too seldom, and the play that catches each."""


def wrong_in(play: str) -> str:
    """Return what goes wrong in a play on the model, or nothing."""
    try:
        run_on_model(PLAYS[play])
    except InvariantError as error:
        return str(error)
    return ""
