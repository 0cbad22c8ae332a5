"""The success page: green for the payment whose QR was on this screen."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from blinkpos_desktop.domain.appearance import USUAL, Appearance, Motion
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView
from blinkpos_desktop.ui.viewmodels.words import (
    first_parts,
    money_text,
    progress_line,
    sats_text,
    unit_of,
)
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.check import CheckMark
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import Page, clear

_MOST_LINES = 5
"""The merchant's part, and those of four who share a tip."""


class SuccessPage(Page):
    """A tap anywhere goes on to the next sale, and so do some seconds without one."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Payment received"), parent=parent)
        self.setObjectName("success")
        self._till = till
        self._payment: Payment | None = None
        self.check = CheckMark()
        self.amount = AmountLine(name=self.tr("Received"))
        self.amount.set_alignment(Qt.AlignmentFlag.AlignHCenter)
        self._title = Label(self.tr("Payment received"), role="title")
        self._memo = ElidedLabel(role="body")
        self._memo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._thanks = Label(role="body", wrap=True)
        self._surplus = Label(role="body", wrap=True)
        for words in (self._thanks, self._surplus):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lines = QVBoxLayout()
        self._stay = QTimer(self)
        self._stay.setSingleShot(True)
        self._stay.setInterval(USUAL.success_seconds * 1_000)
        self._stay.timeout.connect(till.dismiss_success)
        self._next = Label(self.tr("Tap for the next sale"), role="caption")
        middle = Qt.AlignmentFlag.AlignHCenter
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self.check, 0, middle)
        self._column.addWidget(self._title, 0, middle)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._memo)
        self._column.addWidget(self._thanks)
        self._column.addWidget(self._surplus)
        self._column.addStretch(2)
        self._column.addLayout(self._lines)
        self._column.addStretch(1)
        self._column.addWidget(self._next, 0, middle)

    def show_view(self, view: TillView) -> None:
        """Show the payment; play the check mark once for each."""
        payment = view.payment
        if payment is None or payment == self._payment:
            return
        is_new = self._payment is None or self._payment.payment_hash != payment.payment_hash
        self._payment = payment
        before, behind = unit_of(payment.total.currency)
        received = payment.received_sats or payment.total_sats
        in_sats = payment.total.currency.is_sats
        number = grouped(str(received) if in_sats else payment.total.decimal())
        self.amount.set_amount(number, before=f"+{before}", behind=behind)
        self._memo.setText(payment.memo)
        thanks = self.tr("Thank you for the tip of {tip}!")
        self._thanks.setText(thanks.format(tip=money_text(payment.tip)))
        self._thanks.setVisible(payment.tip.minor > 0)
        surplus = received - payment.total_sats
        more = self.tr("{sats} more than asked: they stay in the collecting wallet")
        self._surplus.setText(more.format(sats=sats_text(surplus)))
        self._surplus.setVisible(surplus > 0)
        self._show_transfers(payment)
        if is_new:
            self.check.play()
            self._stay.start()

    def set_appearance(self, appearance: Appearance) -> None:
        """Stay for so long; let the mark draw itself, or not."""
        self._stay.setInterval(appearance.success_seconds * 1_000)
        self.check.is_still = appearance.motion is Motion.REDUCED

    def arrange(self) -> None:
        """Size the mark and the amount."""
        margin = self.metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(self.metrics.gap)
        self._lines.setSpacing(self.metrics.px(2))
        metrics = self.metrics
        side = 104 / max(1.0, metrics.text) if metrics.is_wide else 148
        self.check.set_side(metrics.px(side))
        self.amount.set_size(metrics.font("amount", 0.8 if metrics.is_wide else 1.1))

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the next sale's page to it."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._stay.stop()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go on: a tap has been made."""
        event.accept()
        self._till.dismiss_success()

    def _show_transfers(self, payment: Payment) -> None:
        clear(self._lines)
        # A customer looks at it: what needs a person is told by the badge, not here.
        parts, rest = first_parts(payment, _MOST_LINES)
        texts = [progress_line(transfer) for transfer in parts]
        for text in [*texts, rest] if rest else texts:
            line = Label(text, role="caption", wrap=True)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._lines.addWidget(line)
