"""The last sale's result: was it paid, how much, when, and what of it is on its way."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.domain.recall import LastSale
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel, LastSaleView
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.times import moment_text
from blinkpos_desktop.ui.viewmodels.words import (
    first_parts,
    sats_text,
    tip_line,
    transfer_line,
    unit_of,
)
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.cart import CartList
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.page import TwoPane, clear

_MOST_LINES: Final = 5


class LastSalePage(TwoPane):
    """Never in green: green belongs to the sale whose code is on the screen."""

    def __init__(self, model: LastSaleModel, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Last sale"), parent=parent)
        self._model = model
        self._title = Label(self.tr("Last sale"), role="title")
        self._state = Label(role="title", wrap=True)
        self.amount = AmountLine(name=self.tr("Last sale"))
        self._worth, self._tip = Label(role="caption"), Label(role="caption", wrap=True)
        self._note = ElidedLabel(role="body")
        self._lines = CartList(empty="")
        self._transfers = QVBoxLayout()
        self.again = Button(self.tr("Sell it again"), role="main")
        self.retry = Button(self.tr("Try again"), role="main")
        self.back = Button(self.tr("Back"))
        self._build()
        self.again.clicked.connect(model.again)
        self.retry.clicked.connect(model.load)
        self.back.clicked.connect(model.close)
        model.changed.connect(self.show_view)
        self.show_view(model.view)

    def show_view(self, view: LastSaleView) -> None:
        """Show the result, or in words why there is none."""
        sale = view.sale
        has_sale = sale is not None and not view.error
        for widget in (self.amount, self._worth, self._tip, self._note, self._lines):
            widget.setVisible(has_sale)
        self.again.setVisible(has_sale)
        self.retry.setVisible(bool(view.error))
        clear(self._transfers)
        if sale is not None and not view.error:
            self._show_sale(sale)
            return
        text = view.error or (
            self.tr("Loading…") if view.is_loading else self.tr("Nothing sold here yet")
        )
        self._state.setText(text)
        self._state.set_tone("alert" if view.error else "quiet")

    def arrange(self) -> None:
        """Size the amount and the list."""
        super().arrange()
        metrics = self.metrics
        self.amount.set_size(metrics.font("amount"))
        self._lines.set_metrics(metrics)
        self._column.setSpacing(metrics.px(6))
        self._side_column.setSpacing(metrics.gap)
        self._foot.setSpacing(metrics.gap)
        self._transfers.setSpacing(metrics.px(2))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Escape or Enter."""
        if event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Enter, Qt.Key.Key_Return}:
            self._model.close()
        else:
            super().keyPressEvent(event)

    def _show_sale(self, sale: LastSale) -> None:
        payment = sale.payment
        text, tone = self._words(payment)
        self._state.setText(text)
        self._state.set_tone(tone)
        before, behind = unit_of(payment.total.currency)
        number = grouped(payment.total.decimal())
        self.amount.set_amount(number, before=before, behind=behind)
        came = payment.received_sats or payment.total_sats
        in_sats = payment.total.currency.is_sats and came == payment.total.minor
        self._worth.setText("" if in_sats else sats_text(came))
        self._tip.setText(tip_line(payment))
        self._note.setText(sale.cart.note)
        self._lines.show_cart(sale.cart)
        if payment.state in RECEIVED:
            parts, rest = first_parts(payment, _MOST_LINES)
            for transfer in parts:
                words, tone_of = transfer_line(transfer)
                line = ElidedLabel(words, role="caption")
                line.set_tone(tone_of.value)
                self._transfers.addWidget(line)
            if rest:
                self._transfers.addWidget(ElidedLabel(rest, role="caption"))

    def _words(self, payment: Payment) -> tuple[str, str]:
        if payment.state in RECEIVED:
            at = moment_text(payment.paid_at or payment.created_at, self._model.zone)
            return self.tr("✓ Paid at {time}").format(time=at), "good"
        at = moment_text(payment.created_at, self._model.zone)
        words = {
            PaymentState.EXPIRED: self.tr("Not paid: its time was up ({time})"),
            PaymentState.CANCELLED: self.tr("Not paid: cancelled ({time})"),
            PaymentState.CANCELLING: self.tr("Not paid yet: being cancelled ({time})"),
            PaymentState.FAILED: self.tr("Not sold ({time})"),
        }.get(payment.state, self.tr("Not paid yet ({time})"))
        return words.format(time=at), "alert"

    def _build(self) -> None:
        panel, side = QWidget(), QWidget()
        self._column, self._side_column = QVBoxLayout(panel), QVBoxLayout(side)
        self._foot = QHBoxLayout()
        for column in (self._column, self._side_column):
            column.setContentsMargins(0, 0, 0, 0)
        self._title.set_tone("quiet")
        for widget in (self._title, self._state, self.amount, self._worth, self._tip, self._note):
            self._column.addWidget(widget)
        self._column.addLayout(self._transfers)
        self._column.addStretch(1)
        self._foot.addWidget(self.back, 2)
        self._foot.addWidget(self.again, 4)
        self._foot.addWidget(self.retry, 4)
        self._side_column.addWidget(self._lines, 1)
        self._side_column.addStretch(0)
        self._side_column.addLayout(self._foot)
        self.panes.addWidget(panel, 1)
        self.panes.addWidget(side, 1)
