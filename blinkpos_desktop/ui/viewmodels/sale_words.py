"""A sale of the history in words: what it was, when, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from PySide6.QtCore import QCoreApplication

from blinkpos_desktop.domain.history import PastSale
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.domain.payment import RECEIVED, PaymentState
from blinkpos_desktop.ui.viewmodels.times import clock_text, day_text, local
from blinkpos_desktop.ui.viewmodels.words import Tone, money_text, sats_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleWords:
    """One row of the history."""

    clock: str
    day: str
    amount: str
    also: str
    """The amount in sats of a sale in another currency, or the tip within."""
    title: str
    """The note, or who got a tip, or the till."""
    state: str
    tone: Tone

    @property
    def spoken(self) -> str:
        """The row as a screen reader says it."""
        parts = (self.amount, self.state, self.day, self.clock, self.title, self.also)
        return ", ".join(part for part in parts if part)


def sale_words(sale: PastSale, *, today: date, zone: tzinfo | None) -> SaleWords:
    """Return a sale in words, by the shop's clock."""
    made = local(sale.made_at, zone)
    state, tone = state_words(sale.state, is_late=sale.was_closed, is_stuck=sale.needs_attention)
    return SaleWords(
        clock=clock_text(made),
        day=day_text(made.date(), today),
        amount=money_text(total_of(sale)),
        also=_also(sale),
        title=sale.note or sale.till,
        state=state,
        tone=tone,
    )


def total_of(sale: PastSale) -> Money:
    """Return what the customer was asked for, in the sale's own currency."""
    return Money(minor=sale.base.minor + sale.tip.minor, currency=sale.base.currency)


def state_words(state: PaymentState, *, is_late: bool, is_stuck: bool) -> tuple[str, Tone]:
    """Say what became of a sale, and how that is to be taken."""
    translate = QCoreApplication.translate
    if is_stuck:
        return translate("Sales", "Needs attention"), Tone.ALERT
    if state in RECEIVED and is_late:
        return translate("Sales", "Paid late"), Tone.GOOD
    if state is PaymentState.COMPLETED:
        return translate("Sales", "Paid"), Tone.GOOD
    if state is PaymentState.PAID:
        return translate("Sales", "Paid, being passed on"), Tone.BUSY
    words = {
        PaymentState.EXPIRED: translate("Sales", "Not paid"),
        PaymentState.FAILED: translate("Sales", "No invoice came of it"),
        PaymentState.INTENDED: translate("Sales", "Invoice is being made"),
        PaymentState.AWAITING: translate("Sales", "Not paid yet"),
    }
    return words.get(state, translate("Sales", "Cancelled")), Tone.QUIET


def _also(sale: PastSale) -> str:
    if not sale.base.currency.is_sats:
        return sats_text(sale.total_sats)
    if not sale.tip_sats:
        return ""
    text = QCoreApplication.translate("Sales", "with {tip} tip")
    return text.format(tip=sats_text(sale.tip_sats))
