"""A recipient's invoice is made for who is the recipient now, on the model and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import Account, IdTakenError, RecipientWallet
from blinkpos_desktop.domain.errors import TillError, UnavailableError
from blinkpos_desktop.domain.hold import HeldError
from blinkpos_desktop.domain.payment import Payment, PaymentState
from blinkpos_desktop.domain.transfer import (
    RecipientInvoice,
    Transfer,
    TransferEvent,
    TransferState,
)
from blinkpos_desktop.services.clock import SystemClock
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.invoicing import Invoicing
from blinkpos_desktop.services.ports import BlinkGateway, Clock
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.services.turns import CLAIM_SECONDS
from tests.simulation.ledgers import FAR, Ledger, Run, brought_to, claimed, new_hash
from tests.simulation.tills import account

TO_ANA = Choice(remedy=Remedy.SEND, recipient="ana")


class Blink:
    """Makes invoices, and looks usernames up: slowly, so that much happens meanwhile."""

    def __init__(self, ledger: Ledger, transfer_id: int) -> None:
        self.account: Account = account()
        self.made_for: list[str] = []
        self._ledger, self._transfer_id = ledger, transfer_id

    async def wallet(self, username: str) -> RecipientWallet:
        if username != "ana":
            await self._a_person_chooses_another()
        return RecipientWallet(username=username, wallet_id=f"{username}/btc", is_usd=False)

    async def _a_person_chooses_another(self) -> None:
        """This till slept, its claim ran out, and it has just renewed it."""
        one, other = self._ledger.one, self._ledger.other
        await one.release(self._transfer_id)
        claim = await other.claim(self._transfer_id, seconds=60)
        assert claim is not None
        assert await other.record(claim, TransferEvent.GAVE_UP, reason="gone") is not None
        await other.release(self._transfer_id)
        await other.choose(self._transfer_id, TO_ANA, "a person")
        [waiting] = await other.waiting_choices("till")
        assert await other.carry_out(waiting) is not None
        assert await one.claim(self._transfer_id, seconds=60) is not None

    async def create_recipient_invoice(
        self, own: Account, to: RecipientWallet, *, sats: int, memo: str, external_id: str
    ) -> RecipientInvoice:
        assert (own, bool(memo)) == (self.account, True)
        self.made_for.append(to.username)
        payment_hash = new_hash()
        return RecipientInvoice(
            external_id=external_id,
            payment_request=f"ln{payment_hash}",
            payment_hash=payment_hash,
            sats=sats,
            expires_at=FAR,
        )


def test_no_invoice_is_made_for_who_was_the_recipient_before(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        assert transfer.recipient != "ana"
        blink = Blink(ledger, transfer.id)
        invoicing = Invoicing(
            ledger.one,
            cast("BlinkGateway", blink),
            cast("Shop", blink),
            Holding(ledger.one),
            SystemClock(),
            lambda: None,
        )
        unmade = await invoicing.make(transfer.id)
        assert unmade is not None
        assert (unmade.state, unmade.recipient) == (TransferState.PLANNED, "ana")
        assert blink.made_for == []
        made = await invoicing.make(transfer.id)
        assert made is not None
        assert (made.state, made.recipient) == (TransferState.PREPARED, "ana")
        assert blink.made_for == ["ana"]

    run(body)


class Till:
    """Blink that makes invoices at once, and a clock that a test sets."""

    def __init__(self, ledger: Ledger) -> None:
        self.account: Account = account()
        self.made: list[str] = []
        self.refuses: TillError | None = None
        self.now = 0.0
        self.invoicing = Invoicing(
            ledger.one,
            cast("BlinkGateway", self),
            cast("Shop", self),
            Holding(ledger.one),
            cast("Clock", self),
            lambda: None,
        )

    def boot(self) -> float:
        return self.now

    async def wallet(self, username: str) -> RecipientWallet:
        return RecipientWallet(username=username, wallet_id=f"{username}/btc", is_usd=False)

    async def create_recipient_invoice(
        self, own: Account, to: RecipientWallet, *, sats: int, memo: str, external_id: str
    ) -> RecipientInvoice:
        assert (own, bool(memo), to.username in {"cafe", "elturco", "ana"}) == (
            self.account,
            True,
            True,
        )
        self.made.append("-".join(external_id.split("-")[2:]))
        if self.refuses is not None:
            raise self.refuses
        payment_hash = new_hash()
        return RecipientInvoice(
            external_id=external_id,
            payment_request=f"ln{payment_hash}",
            payment_hash=payment_hash,
            sats=sats,
            expires_at=FAR,
        )


def _numbers(transfers: Sequence[Transfer], attempt: int = 1) -> list[str]:
    return [f"{each.id}-{attempt}" for each in transfers]


async def _states(ledger: Ledger, payment: Payment) -> list[TransferState]:
    return [each.state for each in (await ledger.one.payment(payment.id)).transfers]


PLANNED, PREPARED = TransferState.PLANNED, TransferState.PREPARED


def test_what_is_paid_for_does_not_wait_until_it_is_quiet(run: Run) -> None:
    """What was begun ahead and not asked for is asked for by its payment: no number is skipped."""

    async def body(ledger: Ledger) -> None:
        till, payment = Till(ledger), await brought_to(ledger.one, PaymentState.AWAITING)
        first, second, third = payment.transfers
        waits = 0

        async def until_quiet() -> None:
            nonlocal waits
            waits += 1
            if waits == 2:  # the first is made; another customer waits for his code
                assert till.made == _numbers([first])
                assert await ledger.one.move(payment.id, PaymentState.PAID, reason="")
                made = await till.invoicing.make(second.id)
                assert made is not None
                assert made.state is PREPARED

        await till.invoicing.make_ahead(payment.transfers, until_quiet)
        assert till.made == [*_numbers([first]), *_numbers([second]), *_numbers([third])]
        assert await _states(ledger, payment) == [PREPARED, PREPARED, PREPARED]
        # The payment's own claim is not given back by who prepared.
        assert await ledger.other.claim(first.id, seconds=60) is not None
        assert await ledger.other.claim(second.id, seconds=60) is None

    run(body)


def test_what_was_begun_long_ago_is_asked_for_only_if_nobody_took_it_over(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        till, payment = Till(ledger), await brought_to(ledger.one, PaymentState.AWAITING)
        first, second, third = payment.transfers
        waits = 0

        async def until_quiet() -> None:
            nonlocal waits
            waits += 1
            if waits == 2:  # it took so long that the claims ran out, and another till has one
                till.now += 60
                await ledger.one.release(second.id)
                assert await ledger.other.claim(second.id, seconds=CLAIM_SECONDS) is not None

        await till.invoicing.make_ahead(payment.transfers, until_quiet)
        assert till.made == _numbers([first, third])
        assert await _states(ledger, payment) == [PREPARED, PLANNED, PREPARED]
        assert (await ledger.other.begin_transfer_attempt(second.id)).external_id.endswith("-2")

    run(body)


def test_a_number_that_is_taken_ends_preparing_and_what_fails_is_anybodys(run: Run) -> None:
    async def body(ledger: Ledger) -> None:
        till, payment = Till(ledger), await brought_to(ledger.one, PaymentState.AWAITING)

        async def until_quiet() -> None:
            pass

        till.refuses = UnavailableError("Blink can't be reached.")
        await till.invoicing.make_ahead(payment.transfers, until_quiet)
        assert till.made == _numbers(payment.transfers)
        for each in payment.transfers:
            assert await ledger.other.claim(each.id, seconds=60) is not None
            await ledger.other.release(each.id)
        till.refuses, till.made = IdTakenError("It is taken."), []
        with pytest.raises(HeldError):
            await till.invoicing.make_ahead(payment.transfers, until_quiet)
        assert till.made == _numbers(payment.transfers[:1], 2)
        assert await ledger.one.held(payment.account_id) is not None
        assert await _states(ledger, payment) == [PLANNED, PLANNED, PLANNED]
        assert await ledger.other.claim(payment.transfers[2].id, seconds=60) is not None

    run(body)
