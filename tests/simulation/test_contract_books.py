"""One suite for the modelled books and PostgreSQL's: what a comparison with Blink reads."""

from __future__ import annotations

from dataclasses import replace

from blinkpos_desktop.domain.attention import Choice, Remedy
from blinkpos_desktop.domain.blink import Direction, TransactionStatus, WalletTransaction
from blinkpos_desktop.domain.difference import Difference, Kind, NotOurs, Report, Run
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.reconciliation import LedgerRows
from blinkpos_desktop.domain.retiring import QUIET_SECONDS
from blinkpos_desktop.domain.transfer import TransferEvent, TransferState
from tests.simulation.ledgers import FAR, PATHS, Ledger, brought_to, claimed, made, settle
from tests.simulation.ledgers import Run as RunOn

_P, _T, _E = PaymentState, TransferState, TransferEvent
OWN, WALLET = "till", "till/btc"
TRANSACTION = WalletTransaction(
    direction=Direction.SEND,
    status=TransactionStatus.SUCCESS,
    sats=1,
    payment_hash="",
    external_id="",
    created_at=0,
)


async def _read(ledger: Ledger, since: int, *names: str) -> LedgerRows:
    """Read since a moment; each name is a hash or an ``externalId`` that Blink shows."""
    shown = [
        replace(TRANSACTION, external_id=each)
        if each.startswith("bp-")
        else replace(TRANSACTION, payment_hash=each)
        for each in names
    ]
    return await ledger.books.rows(WALLET, since, shown)


def _report(*remaining: Difference) -> Report:
    return Report(
        since=0,
        asked=0,
        transactions=0,
        not_ours=NotOurs(),
        found=remaining,
        remaining=remaining,
    )


def test_a_window_begins_where_the_last_complete_one_ended(run: RunOn) -> None:
    async def body(ledger: Ledger) -> None:
        day = 86_400
        payment = await ledger.one.payment((await brought_to(ledger.one, _P.PAID)).id)
        first = await ledger.books.begin(OWN, None)
        assert first.reaches_back
        assert first.since <= payment.created_at - day + 1
        # It was never finished, so it proves nothing: the next one begins there too.
        second = await ledger.books.begin(OWN, None)
        assert second.since == first.since
        await ledger.books.finish(second, _report())
        third = await ledger.books.begin(OWN, None)
        assert third.since >= second.since
        assert third.ledger == first.ledger
        # A dated difference that it leaves is in the next window too.
        old = Difference(kind=Kind.RECEIVED, sats=1, at=first.since - 5 * day, payment_id=1)
        await ledger.books.finish(third, _report(old))
        fourth = await ledger.books.begin(OWN, None)
        assert fourth.since == old.at - day
        # A shorter window leaves a gap: it ends nothing, and what is owed has no date.
        short = await ledger.books.begin(OWN, FAR)
        assert (short.since, short.reaches_back) == (FAR, False)
        await ledger.books.finish(short, _report())
        assert (await ledger.books.begin(OWN, None)).since == fourth.since
        longer = await ledger.books.begin(OWN, fourth.since - day)
        assert longer.reaches_back
        await ledger.books.finish(longer, _report(replace(old, kind=Kind.OWED, transfer_id=2)))
        assert (await ledger.books.begin(OWN, None)).since > fourth.since
        other = await ledger.books.begin("another", None)
        assert (other.since, other.reaches_back) == (first.since, True)
        assert isinstance(other, Run)

    run(body)


def test_open_recent_and_named_payments_are_read(run: RunOn) -> None:
    async def body(ledger: Ledger) -> None:
        payments = {state: await brought_to(ledger.one, state) for state in PATHS}
        everything = await _read(ledger, 0)
        with_invoice = {
            _P.AWAITING, _P.CANCELLING, _P.CANCELLED, _P.EXPIRED, _P.PAID
        }  # fmt: skip
        assert {each.state for each in everything.payments} == with_invoice
        # Open ones are always read, the others only of their time or when Blink names them.
        later = await _read(ledger, FAR)
        assert {each.state for each in later.payments} == {_P.AWAITING, _P.CANCELLING}
        expired, paid = payments[_P.EXPIRED], payments[_P.PAID]
        named = await _read(ledger, FAR, expired.payment_hash)
        assert {each.state for each in named.payments} == {_P.AWAITING, _P.CANCELLING, _P.EXPIRED}
        [row] = [each for each in everything.payments if each.id == paid.id]
        number = row.external_id.rpartition("-")[0] + "-7"
        assert paid.id in {each.id for each in (await _read(ledger, FAR, number)).payments}
        assert row.external_id.startswith("bp-")
        assert (row.payment_hash, row.total_sats, row.received_sats, row.is_recent) == (
            paid.payment_hash,
            110,
            110,
            True,
        )
        [row] = [each for each in named.payments if each.id == expired.id]
        assert (row.received_sats, row.is_recent) == (None, False)
        nobodys = await ledger.books.rows("another/btc", 0, [])
        assert nobodys == LedgerRows()

    run(body)


def test_settled_and_named_sends_are_read_with_the_retired_ones(run: RunOn) -> None:
    async def body(ledger: Ledger) -> None:
        payment = await brought_to(ledger.one, _P.PAID)
        base, first, second = payment.transfers
        await settle(ledger.one, first)
        held = await ledger.one.claim(second.id, seconds=60)
        assert held is not None
        current = await ledger.one.store_recipient_invoice(held, await made(ledger.one, held))
        for event in (_E.SEND_STARTED, _E.SEND_FAILED, _E.STATUS_UNPAID, _E.GAVE_UP):
            assert current is not None
            current = await ledger.one.record(current, event)
        assert current is not None
        assert current.invoice is not None
        retired = current.invoice
        rows = await _read(ledger, 0)
        [sent] = rows.sends
        assert (sent.transfer_id, sent.recipient, sent.sats) == (first.id, "elturco", 5)
        assert (sent.state, sent.is_live, sent.is_recent) == (_T.SETTLED, True, True)
        assert {(each.transfer_id, each.state) for each in rows.open} == {
            (base.id, _T.PLANNED),
            (second.id, _T.ATTENTION),
        }
        assert {each.at for each in rows.open} == {payment.paid_at}
        later = await _read(ledger, FAR)
        assert (later.sends, len(later.open)) == ((), 2)
        for name in (retired.payment_hash, retired.external_id):
            [named] = (await _read(ledger, FAR, name)).sends
            assert (named.external_id, named.payment_hash) == (
                retired.external_id,
                retired.payment_hash,
            )
            assert (named.is_live, named.is_recent, named.state) == (True, False, _T.ATTENTION)
        await ledger.one.choose(second.id, Choice(remedy=Remedy.KEEP), "a person")
        await ledger.quieten(2 * QUIET_SECONDS)
        [waiting] = await ledger.one.waiting_choices(OWN)
        assert await ledger.one.carry_out(waiting) is not None
        [named] = (await _read(ledger, FAR, retired.payment_hash)).sends
        assert (named.is_live, named.state) == (False, _T.KEPT)
        assert [each.transfer_id for each in (await _read(ledger, 0)).open] == [base.id]
        # Attempts whose invoice was never stored are nobody's.
        await ledger.one.claim(base.id, seconds=60)
        attempt = await ledger.one.begin_transfer_attempt(base.id)
        assert (await _read(ledger, FAR, attempt.external_id)).sends == ()

    run(body)


def test_what_came_in_is_only_ever_corrected_upwards(run: RunOn) -> None:
    async def body(ledger: Ledger) -> None:
        transfer = await claimed(ledger.one)
        [payment] = await ledger.one.unfinished(OWN)
        assert transfer.id in {each.id for each in payment.transfers}
        correct = ledger.books.correct_received
        assert not await correct(payment.id, before=109, sats=200)
        assert not await correct(payment.id, before=110, sats=100)
        assert not await correct(10**9, before=110, sats=200)
        assert await correct(payment.id, before=110, sats=200)
        assert not await correct(payment.id, before=110, sats=200)
        assert (await ledger.other.payment(payment.id)).received_sats == 200

    run(body)
