"""Blink's transactions against the ledger: every way to differ, and what is no difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.blink import Direction, TransactionStatus, WalletTransaction
from blinkpos_desktop.domain.difference import Difference, Kind, NotOurs, Report
from blinkpos_desktop.domain.errors import InputError
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.domain.reconciliation import (
    LedgerPayment,
    LedgerRows,
    LedgerSend,
    NamedTransfer,
    OpenTransfer,
    compare,
    highest_number,
    number_of,
)
from blinkpos_desktop.domain.transfer import TransferState
from blinkpos_desktop.operations.reconcile import parse_since

LEDGER = "0123456789ab"
OURS, THEIRS = "a" * 64, "b" * 64
PAYMENT = LedgerPayment(
    id=1,
    state=PaymentState.COMPLETED,
    payment_hash=OURS,
    external_id=f"bp-{LEDGER}-1-1",
    total_sats=23,
    received_sats=23,
    created_at=1000,
    is_recent=True,
)
SEND = LedgerSend(
    payment_id=1,
    transfer_id=2,
    recipient="cafe",
    sats=23,
    state=TransferState.SETTLED,
    payment_hash=THEIRS,
    external_id=f"bp-{LEDGER}-2-1",
    is_live=True,
    at=1001,
    is_recent=True,
)
IN = WalletTransaction(
    direction=Direction.RECEIVE,
    status=TransactionStatus.SUCCESS,
    sats=23,
    payment_hash=OURS,
    external_id=PAYMENT.external_id,
    created_at=1000,
)
OUT = replace(IN, direction=Direction.SEND, payment_hash=THEIRS, external_id=SEND.external_id)
ROWS = LedgerRows(payments=(PAYMENT,), sends=(SEND,))


def kinds(
    rows: LedgerRows, *transactions: WalletTransaction, paid: tuple[str, ...] = ()
) -> list[tuple[Kind, int, bool]]:
    found = compare(LEDGER, rows, transactions, paid).differences
    assert all(each.sentence.endswith(".") for each in found)
    return [(each.kind, each.sats, each.can_fix) for each in found]


def test_what_agrees_is_no_difference() -> None:
    found = compare(LEDGER, ROWS, [OUT, IN], [OURS])
    assert (found.differences, found.not_ours) == ((), NotOurs())
    assert (found.unseen_payments, found.unseen_sends) == ((), ())


def test_without_a_hash_the_external_id_is_enough() -> None:
    bare = [replace(each, payment_hash="") for each in (OUT, IN)]
    assert compare(LEDGER, ROWS, bare, []) == compare(LEDGER, ROWS, [OUT, IN], [])


@pytest.mark.parametrize(
    "state",
    [
        PaymentState.AWAITING,
        PaymentState.CANCELLING,
        PaymentState.CANCELLED,
        PaymentState.EXPIRED,
    ],
)
def test_received_and_not_recorded(state: PaymentState) -> None:
    waiting = replace(PAYMENT, state=state, received_sats=None, is_recent=False)
    rows = LedgerRows(payments=(waiting,))
    assert kinds(rows, replace(IN, sats=30)) == [(Kind.RECEIVED, 30, True)]
    assert kinds(rows, paid=(OURS,)) == [(Kind.RECEIVED, 23, True)]
    assert kinds(rows, replace(IN, status=TransactionStatus.PENDING)) == []
    assert kinds(rows) == []


def test_more_or_less_received_than_recorded() -> None:
    rows = LedgerRows(payments=(PAYMENT,))
    assert kinds(rows, replace(IN, sats=30)) == [(Kind.MORE_RECEIVED, 7, True)]
    assert kinds(rows, replace(IN, sats=20)) == [(Kind.NOT_RECEIVED, 3, False)]


@pytest.mark.parametrize("state", [each for each in TransferState if each != "settled"])
def test_sent_and_not_recorded(state: TransferState) -> None:
    rows = LedgerRows(sends=(replace(SEND, state=state, is_recent=False),))
    can_fix = state not in {TransferState.PLANNED, TransferState.KEPT, TransferState.CARRIED}
    assert kinds(rows, OUT) == [(Kind.SENT, 23, can_fix)]
    for status in (TransactionStatus.PENDING, TransactionStatus.FAILURE):
        assert kinds(rows, replace(OUT, status=status)) == []


def test_a_retired_invoice_that_was_paid_waits_for_a_person() -> None:
    old = replace(SEND, is_live=False, payment_hash="c" * 64, external_id=f"bp-{LEDGER}-2-0")
    again = replace(OUT, payment_hash="c" * 64, external_id=old.external_id)
    assert kinds(LedgerRows(sends=(old, SEND)), OUT, again) == [(Kind.SENT_TWICE, 23, False)]
    open_one = replace(old, state=TransferState.PREPARED)
    assert kinds(LedgerRows(sends=(open_one,)), again) == [(Kind.SENT, 23, False)]


def test_recorded_and_not_seen_is_to_be_asked_for() -> None:
    found = compare(LEDGER, ROWS, [], [])
    assert (found.unseen_payments, found.unseen_sends) == ((PAYMENT,), (SEND,))
    old = LedgerRows(
        payments=(replace(PAYMENT, is_recent=False),), sends=(replace(SEND, is_recent=False),)
    )
    assert compare(LEDGER, old, [], []).unseen_sends == ()


def test_what_is_owed_is_a_difference_until_it_is_proven_sent() -> None:
    owed = OpenTransfer(
        payment_id=1,
        transfer_id=2,
        recipient="cafe",
        sats=23,
        state=TransferState.UNKNOWN,
        reason="",
        at=1000,
    )
    rows = LedgerRows(sends=(replace(SEND, state=TransferState.UNKNOWN),), open=(owed,))
    assert kinds(rows) == [(Kind.OWED, 23, True)]
    assert kinds(rows, OUT) == [(Kind.SENT, 23, True)]
    person = replace(owed, state=TransferState.ATTENTION, reason="cafe: gone.")
    assert kinds(LedgerRows(open=(person,))) == [(Kind.OWED, 23, False)]


def test_our_id_without_a_row_waits_for_a_person() -> None:
    lost = replace(IN, external_id=f"bp-{LEDGER}-99-1", payment_hash="d" * 64)
    assert kinds(ROWS, lost, IN, OUT) == [(Kind.NO_ROW, 23, False)]
    assert kinds(ROWS, replace(lost, status=TransactionStatus.FAILURE), IN, OUT) == []


@pytest.mark.parametrize("external_id", ["", "bp-ba9876543210-1-1", "invoice-7", "bp-x-1-1"])
def test_what_is_not_ours_is_counted_and_no_more(external_id: str) -> None:
    other = replace(IN, external_id=external_id, payment_hash="")
    sent = replace(other, direction=Direction.SEND, sats=5)
    found = compare(LEDGER, ROWS, [IN, OUT, other, sent], [])
    assert found.differences == ()
    assert found.not_ours == NotOurs(count=2, received_sats=23, sent_sats=5)


@given(st.text(max_size=60))
def test_any_external_id_is_read(text: str) -> None:
    assert number_of(text, LEDGER) is None
    assert number_of(f"bp-{LEDGER}-17-2", LEDGER) == 17


def test_fixed_is_what_was_found_and_is_no_more() -> None:
    first, second = (Difference(kind=Kind.OWED, sats=1, at=0, payment_id=each) for each in (1, 2))
    report = Report(
        since=0,
        asked=0,
        transactions=0,
        not_ours=NotOurs(),
        found=(first, second),
        remaining=(replace(second, reason="It waits."),),
    )
    assert report.fixed == (first,)


def test_since() -> None:
    now = datetime(2026, 8, 10, 12, tzinfo=UTC)
    day = 86_400
    assert parse_since("7", now) == int(now.timestamp()) - 7 * day
    assert parse_since("2026-08-10", now) == int(now.timestamp()) - day // 2
    assert parse_since("2026-08-10T12:00:00+02:00", now) == int(now.timestamp()) - 7200
    for bad in ("", "-1", "soon", "2026-13-01", "\u0667", "1e3", "0001-01-01T00:00+23:59x"):
        with pytest.raises(InputError):
            parse_since(bad, now)
    assert parse_since("2026-08-10T12:00", now) == parse_since("0", now) == int(now.timestamp())
    for late in ("2026-08-10T12:00:01", "2026-08-11", "3000-01-01"):
        with pytest.raises(InputError, match="future"):
            parse_since(late, now)


NAMED = NamedTransfer(
    payment_id=1,
    transfer_id=2,
    recipient="cafe",
    state=TransferState.PLANNED,
    sats=23,
    own_sats=23,
    invoiced_at=900,
)
NEWER = replace(OUT, payment_hash="c" * 64, payment_request="lnbc1")


def by_newer(
    transfer: NamedTransfer = NAMED, seen: WalletTransaction = NEWER
) -> list[tuple[Kind, bool, bool]]:
    rows = LedgerRows(named=(transfer,))
    found = compare(LEDGER, rows, [seen], []).differences
    return [(each.kind, each.can_fix, each.is_for_person) for each in found]


@pytest.mark.parametrize("state", TransferState)
def test_what_a_newer_copy_of_the_ledger_sent_can_be_recorded_where_none_of_ours_is_under_way(
    state: TransferState,
) -> None:
    expected = {
        TransferState.SETTLED: (Kind.NO_ROW, False, True),
        TransferState.KEPT: (Kind.MAYBE_SENT, False, True),
        TransferState.PLANNED: (Kind.SENT, True, False),
        TransferState.PREPARED: (Kind.SENT, True, False),
        TransferState.ATTENTION: (Kind.SENT, True, False),
    }
    assert by_newer(replace(NAMED, state=state)) == [expected.get(state, (Kind.SENT, False, False))]


def test_both_copies_sent_it() -> None:
    rows = replace(ROWS, named=(replace(NAMED, state=TransferState.SETTLED),))
    assert kinds(rows, IN, OUT, NEWER) == [(Kind.SENT_TWICE, 23, False)]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        # Sent alone, and here with debts.
        (replace(NEWER, sats=20), (Kind.SENT, True, False)),
        # Debts went along with it, or it was another one's: a person looks.
        (replace(NEWER, sats=25), (Kind.MAYBE_SENT, True, False)),
        (replace(NEWER, payment_request=""), (Kind.MAYBE_SENT, True, False)),
        # Still under way: it is neither recorded nor anybody's to judge.
        (replace(NEWER, status=TransactionStatus.PENDING), (Kind.SENT, False, False)),
        (replace(NEWER, status=TransactionStatus.PENDING, sats=25), (Kind.SENT, False, False)),
        # Sent before this sale's invoice was made: the number was given anew here.
        (replace(NEWER, created_at=899), (Kind.NO_ROW, False, True)),
        (replace(NEWER, direction=Direction.RECEIVE), (Kind.NO_ROW, False, True)),
    ],
)
def test_only_the_same_transfer_is_taken_for_it(
    seen: WalletTransaction, expected: tuple[Kind, bool, bool]
) -> None:
    assert by_newer(replace(NAMED, own_sats=20), seen) == [expected]


def test_a_failure_of_a_newer_copy_is_nothing() -> None:
    assert by_newer(seen=replace(NEWER, status=TransactionStatus.FAILURE)) == []


def test_what_a_newer_copy_sent_is_not_owed_as_well() -> None:
    left = OpenTransfer(
        payment_id=1,
        transfer_id=2,
        recipient="cafe",
        sats=23,
        state=TransferState.PLANNED,
        reason="",
        at=1001,
    )
    rows = LedgerRows(named=(NAMED,), open=(left,))
    assert kinds(rows, NEWER) == [(Kind.SENT, 23, True)]


def test_the_highest_number_that_blink_shows() -> None:
    other = replace(IN, external_id="bp-ba9876543210-99-1")
    assert highest_number([IN, OUT, other], LEDGER) == 2
    assert highest_number([other], LEDGER) is None


def test_what_is_only_owed_is_no_difference_between_ledger_and_blink() -> None:
    owed = Difference(kind=Kind.OWED, sats=1, at=0)
    lost = Difference(kind=Kind.NO_ROW, sats=1, at=0)
    sent = Difference(kind=Kind.SENT, sats=1, at=0)
    report = Report(
        since=0,
        asked=0,
        transactions=0,
        not_ours=NotOurs(),
        found=(),
        remaining=(owed, lost, sent),
    )
    assert (report.differing, report.for_person) == ((lost, sent), (lost,))
