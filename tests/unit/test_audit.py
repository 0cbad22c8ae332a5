"""The books of an audit: when they hold, and what is said when they don't."""

from __future__ import annotations

from dataclasses import replace

from blinkpos_desktop.domain.audit import Audit, Finding, Rule

BOOKS = Audit(
    payments=2,
    received_sats=100,
    sent_sats=60,
    kept_sats=20,
    owed_sats=10,
    surplus_sats=10,
    fees_sats=0,
    findings=(),
    surpluses=(),
)


def test_the_books_hold_when_all_that_came_in_is_somewhere() -> None:
    assert BOOKS.holds
    assert replace(BOOKS, owed_sats=7, fees_sats=3).holds
    assert not replace(BOOKS, owed_sats=9).holds


def test_a_finding_breaks_them_whatever_the_sums_say() -> None:
    finding = Finding(rule=Rule.PARTS, payment_id=7, transfer_id=None, detail="total 3")
    assert not replace(BOOKS, findings=(finding,)).holds


def test_every_rule_has_its_sentence() -> None:
    for rule in Rule:
        finding = Finding(rule=rule, payment_id=7, transfer_id=8, detail="so and so")
        assert finding.sentence.startswith("Payment 7, transfer 8: ")
        assert finding.sentence.endswith(" (so and so).")
