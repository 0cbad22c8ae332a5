"""A recipient's invoice is made for who is the recipient now, on the model and in PostgreSQL."""

from __future__ import annotations

from typing import cast

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import Account, RecipientWallet
from blinkpos_desktop.domain.transfer import RecipientInvoice, TransferEvent, TransferState
from blinkpos_desktop.services.holding import Holding
from blinkpos_desktop.services.invoicing import Invoicing
from blinkpos_desktop.services.ports import BlinkGateway
from blinkpos_desktop.services.shop import Shop
from tests.simulation.ledgers import FAR, Ledger, Run, claimed, new_hash
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
