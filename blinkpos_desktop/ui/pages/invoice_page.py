"""The invoice page: the QR code as large as the room allows, and what it is for."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from blinkpos_desktop.domain.payment import Invoice, Payment
from blinkpos_desktop.ui.theme import COPIED_MS
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Check, TillView
from blinkpos_desktop.ui.viewmodels.words import sats_text, tip_line, unit_of
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label, keep_room
from blinkpos_desktop.ui.widgets.page import TwoPane
from blinkpos_desktop.ui.widgets.qr import QrCode
from blinkpos_desktop.ui.widgets.row import Row

_LINES = 4
"""Of words about the payment, for which there is always room."""


class InvoicePage(TwoPane):
    """Shows one payment's invoice; it counts the time but decides nothing."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Invoice"), parent=parent)
        self._payment: Payment | None = None
        self.qr = QrCode(name=self.tr("QR code of the invoice"))
        self.amount = AmountLine(name=self.tr("To pay"))
        self._sats = Label(role="title")
        self._sats.set_tone("quiet")
        self._tip = Label(role="caption", wrap=True)
        self.request = ElidedLabel(role="caption", mode=Qt.TextElideMode.ElideMiddle)
        self.left = Label(role="caption")
        self.sight = Label(role="caption", wrap=True)
        self.sight.set_tone("alert")
        self.older = Label(role="caption", wrap=True)
        self.older.set_tone("alert")
        self.answer = Label(role="caption", wrap=True)
        self.copy = Button(self.tr("Copy"), name=self.tr("Copy the invoice"))
        self.check = Button(self.tr("Check now"), name=self.tr("Ask Blink now whether it is paid"))
        self.other = Button(
            self.tr("New amount"), name=self.tr("Cancel this code and type another amount")
        )
        self.cancel = Button(self.tr("Cancel"), name=self.tr("Cancel the sale"))
        self._clock = QTimer(self)
        self._clock.setInterval(1_000)
        self._clock.timeout.connect(self._tick)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(COPIED_MS)
        self._copied.timeout.connect(self._reset_copy)
        self.copy.clicked.connect(self._copy)
        self.check.clicked.connect(till.check_now)
        self.other.clicked.connect(till.change_amount)
        self.cancel.clicked.connect(till.cancel)
        self.hold(self.qr, is_square=True)
        self.panes.addWidget(self._build_panel())

    def show_view(self, view: TillView) -> None:
        """Show a payment's invoice, and what is known of the payment."""
        self._show_sight(view.unseen, view.check)
        self.older.setText(view.older)
        self.older.setVisible(bool(view.older))
        payment = view.payment
        if payment is not None and payment.invoice is not None and payment != self._payment:
            self._payment = payment
            self._show_payment(payment, payment.invoice)
        self._give_way()

    def _show_payment(self, payment: Payment, invoice: Invoice) -> None:
        before, behind = unit_of(payment.total.currency)
        self.amount.set_amount(grouped(payment.total.decimal()), before=before, behind=behind)
        in_sats = payment.total.currency.is_sats
        self._sats.setText("" if in_sats else sats_text(payment.total_sats))
        self.request.setText(invoice.payment_request)
        self.request.setAccessibleName(self.tr("Invoice text"))
        self.qr.show_request(invoice.payment_request)
        self._reset_copy()
        self._tick()

    def arrange(self) -> None:
        """Size the amount."""
        super().arrange()
        self.amount.set_size(self.metrics.font("amount", 0.75))
        self._column.setSpacing(self.metrics.gap)
        for row in (self._asking, self._buttons):
            row.setSpacing(self.metrics.gap)
        # Nothing may move under a finger when words appear.
        is_large = self.metrics.text > 1
        # In large text what can be asked for by a button is not said as well.
        self.request.setVisible(not is_large)
        keep_room(self._words, 0 if is_large else self._words_height(), self.metrics)
        self.turn()

    def _words_height(self) -> int:
        return self.metrics.line("caption") * _LINES

    def turn(self) -> None:
        """Give the code a square, and the words the rest."""
        self.panes.setStretch(0, 5)
        self.panes.setStretch(1, 3)
        flag = Qt.AlignmentFlag
        across = flag.AlignLeft if self.is_wide else flag.AlignHCenter
        self.amount.set_alignment(across)
        words = (
            self._sats,
            self._tip,
            self.left,
            self.older,
            self.sight,
            self.answer,
            self.request,
        )
        for label in words:
            label.setAlignment(across | flag.AlignVCenter)
        self._give_way()

    def set_room(self, height: int) -> None:
        """Say as much as fits."""
        super().set_room(height)
        self._give_way()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much as fits."""
        super().resizeEvent(event)
        self._give_way()

    def _give_way(self) -> None:
        """Leave out what can be spared, one after another, until every button is seen."""
        payment = self._payment
        if payment is None:
            return
        has_tip, has_sats = payment.tip_sats > 0, bool(self._sats.text())
        self._tip.setVisible(has_tip)
        self._sats.setVisible(has_sats)
        self.left.setVisible(True)
        self.copy.setVisible(True)
        self.answer.setVisible(bool(self.answer.text()))
        self._tip.setText(tip_line(payment))
        # It repeats what the other one says.
        is_told = bool(self.sight.text())
        steps: tuple[Callable[[], None], ...] = (
            lambda: self._tip.setText(tip_line(payment, has_names=False)),
            lambda: self._tip.setVisible(False),
            lambda: self.answer.setVisible(bool(self.answer.text()) and not is_told),
            lambda: self.left.setVisible(False),
            lambda: self._sats.setVisible(False),
            lambda: self.copy.setVisible(False),
        )
        for step in steps:
            if self._is_whole():
                break
            step()

    def _is_whole(self) -> bool:
        """Tell whether all that is to be said has room below or beside the least code."""
        self._words.updateGeometry()
        self._column.invalidate()
        margins, spacing = self.panes.contentsMargins(), self.panes.spacing()
        width = self.width() - margins.left() - margins.right()
        room = self._room - margins.top() - margins.bottom()
        least = self.qr.minimumSizeHint().height()
        if self.is_wide:
            width -= spacing + min((width - spacing) * 5 // 8, max(room, least))
        else:
            room -= least + spacing
        return self._column.totalMinimumHeightForWidth(width) <= room

    def showEvent(self, event: QShowEvent) -> None:
        """Count while it is on the screen."""
        super().showEvent(event)
        self._clock.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop counting."""
        super().hideEvent(event)
        self._clock.stop()

    def _show_sight(self, unseen: str, check: Check) -> None:
        self.sight.setText(unseen)
        self.sight.setVisible(bool(unseen))
        self.answer.setText(check.answer)
        self.answer.set_tone("alert" if check.has_failed else "")
        self.check.setEnabled(not check.is_asking)
        self.check.setText(self.tr("Checking…") if check.is_asking else self.tr("Check now"))

    def _tick(self) -> None:
        if self._payment is None or self._payment.invoice is None:
            return
        seconds = self._payment.invoice.expires_at - int(time.time())
        minutes, rest = divmod(max(0, seconds), 60)
        # Our clock only shows; whether the code is still good is for Blink to say.
        text = self.tr("{time} left") if seconds > 0 else self.tr("Time is up")
        self.left.setText(text.format(time=f"{minutes}:{rest:02d}"))

    def _copy(self) -> None:
        if self._payment is not None and self._payment.invoice is not None:
            QGuiApplication.clipboard().setText(self._payment.invoice.payment_request)
            self.copy.setText(self.tr("Copied"))
            self._copied.start()

    def _reset_copy(self) -> None:
        self.copy.setText(self.tr("Copy"))

    def _build_panel(self) -> QWidget:
        panel = QWidget()
        self._column = QVBoxLayout(panel)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._sats)
        self._column.addWidget(self._tip)
        self._column.addWidget(self.left)
        self._column.addWidget(self._build_words())
        self._column.addStretch(1)
        self._column.addWidget(self.request)
        self._asking, self._buttons = Row(), Row()
        self._asking.add(self.copy)
        self._asking.add(self.check)
        self._buttons.add(self.other)
        self._buttons.add(self.cancel)
        self._column.addLayout(self._asking)
        self._column.addLayout(self._buttons)
        return panel

    def _build_words(self) -> QWidget:
        self._words = QWidget()
        column = QVBoxLayout(self._words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.older)
        column.addWidget(self.sight)
        column.addWidget(self.answer)
        column.addStretch(1)
        return self._words
