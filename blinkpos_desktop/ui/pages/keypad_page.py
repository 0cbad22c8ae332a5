"""The keypad page: what is typed on one side, the keys on the other."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.ui.viewmodels.last_sale import LastSaleModel
from blinkpos_desktop.ui.viewmodels.numbers import all_grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import PriceView, TillView
from blinkpos_desktop.ui.viewmodels.words import Tone, price_line, sats_text, unit_of
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.keypad import Keypad
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label, keep_room
from blinkpos_desktop.ui.widgets.notices import NoticeList
from blinkpos_desktop.ui.widgets.offer import OfferCard
from blinkpos_desktop.ui.widgets.page import TwoPane
from blinkpos_desktop.ui.widgets.row import Row

_HINT_LINES = 2
AGE_MS: Final = 10_000
"""So often the price's age is shown anew."""


class KeypadPage(TwoPane):
    """The first thing seen, and what the till always comes back to."""

    def __init__(
        self, till: Till, last_sale: LastSaleModel, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(name=self.tr("Keypad"), parent=parent)
        self._till = till
        self.keypad = Keypad()
        self.amount = AmountLine(name=self.tr("Amount"))
        self.hint = Label(role="body", wrap=True)
        self.offer = OfferCard()
        self.notices = NoticeList()
        self._currency = Label(role="caption")
        self._worth = Label(role="caption")
        self.price = Label(role="caption", wrap=True)
        self._price: PriceView | None = None
        self._ageing = QTimer(self)
        self._ageing.setInterval(AGE_MS)
        self._ageing.timeout.connect(self._show_price)
        self._sum = ElidedLabel(role="body", mode=Qt.TextElideMode.ElideLeft)
        self._others = QVBoxLayout()
        self._foot, self._caption, self._line = Row(), Row(), QHBoxLayout()
        self.last = Button(self.tr("Last sale"), name=self.tr("Result of the last sale"))
        self.cart = Button(name=self.tr("Cart, discount and note"))
        self.other = Button(role="period")
        self._panel = self._build_panel()
        self.panes.addWidget(self._panel)
        self.hold(self.keypad)
        self.keypad.pressed.connect(till.press)
        self.keypad.ok_pressed.connect(till.ok)
        self.offer.wanted.connect(till.take_up)
        self.offer.unwanted.connect(till.cancel_offer)
        self.notices.seen.connect(till.acknowledge)
        self.last.clicked.connect(last_sale.open)
        self.cart.clicked.connect(till.open_cart)
        self.other.clicked.connect(till.switch_currency)

    def show_view(self, view: TillView) -> None:
        """Show what is typed, and why OK is dead if it is."""
        entry = view.entry
        before, behind = unit_of(entry.currency)
        basket = view.basket
        self.amount.set_amount(all_grouped(view.shown), before=before, behind=behind)
        self._currency.setText(self.tr("Amount") if entry.currency.is_sats else entry.currency.code)
        worth = view.worth_sats
        self._worth.setText(f"≈ {sats_text(worth)}" if worth else "")
        self._sum.setText(all_grouped(view.sum_line))
        self.hint.setText(view.error or view.blocked or view.told)
        self.hint.set_tone("alert" if view.error else "quiet")
        self.keypad.keys[Key.DOT].setEnabled(entry.currency.digits > 0)
        self.keypad.ok.setEnabled(view.can_charge)
        self.keypad.ok.setAccessibleDescription(view.blocked)
        pieces = basket.pieces
        self.cart.setText(self.tr("Cart · {n}").format(n=pieces) if pieces else self.tr("Cart"))
        self.cart.setEnabled(bool(pieces or basket.note))
        self._show_other(view)
        # A sale that was left open takes their room: nothing else moves.
        self.last.setVisible(not view.offers)
        self.cart.setVisible(not view.offers)
        self.offer.show_offers(view.offers)
        self.notices.show_notices(view.notices, self._till.zone)

    def arrange(self) -> None:
        """Size the amount, the keys and the room for hints."""
        super().arrange()
        metrics = self.metrics
        # A tall window has the room to be read from across the counter.
        self.amount.set_size(metrics.font("amount", 1.0 if metrics.is_wide else 1.25))
        self.keypad.set_metrics(metrics)
        self.offer.set_metrics(metrics)
        self.notices.set_metrics(metrics)
        # Room for the hint is always there, so that nothing jumps when it appears.
        line = metrics.line("body")
        keep_room(self.hint, line * _HINT_LINES, metrics)
        self._others.setContentsMargins(0, metrics.gap // 2, 0, 0)
        self._others.setSpacing(metrics.gap)
        self._sum.setFixedHeight(line)
        # Its age is behind the price, and must not be what is cut off.
        self.price.setMinimumHeight(metrics.line("caption"))
        self._line.setSpacing(metrics.gap)
        self._foot.setSpacing(metrics.gap)
        self._foot.setContentsMargins(0, metrics.gap, 0, 0)
        self.turn()

    def turn(self) -> None:
        """Give the keys the larger half."""
        self.panes.setStretch(0, 2 if self.is_wide else 3)
        self.panes.setStretch(1, 3 if self.is_wide else 4)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the price grow old while it is on the screen."""
        super().showEvent(event)
        self._show_price()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop that."""
        super().hideEvent(event)
        self._ageing.stop()

    def _show_other(self, view: TillView) -> None:
        self.other.setText(f"⇄ {view.other_currency}")
        self.other.setAccessibleName(
            self.tr("Type in {currency}").format(currency=view.other_currency)
        )
        # It is there for the shop's own currency, whichever is typed in.
        self.price.setVisible(bool(view.other_currency) and not view.offers)
        self.other.setVisible(bool(view.other_currency))
        if view.price != self._price:
            self._price = view.price
            self._show_price()

    def _show_price(self) -> None:
        price = self._price
        if price is None:
            self.price.setText("")
            return
        if self.isVisible() and not self._ageing.isActive():
            self._ageing.start()
        age = None if price.since is None else time.time() - price.since
        text, tone = price_line(price.bitcoin, age)
        # Where it takes two lines, the age stands whole on the second.
        before, dot, behind = text.partition(" · ")
        self.price.setText(before + dot + behind.replace(" ", "\N{NO-BREAK SPACE}"))
        self.price.set_tone("alert" if tone is Tone.ALERT else "quiet")

    def _build_panel(self) -> QWidget:
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._caption.add(self._currency)
        self._caption.add(self._worth, 0)
        column.addLayout(self._caption)
        self._line.addWidget(self.amount, 1)
        self._line.addWidget(self.other)
        column.addLayout(self._line)
        column.addWidget(self.price)
        column.addWidget(self._sum)
        column.addWidget(self.hint)
        column.addLayout(self._others, 1)
        column.addLayout(self._foot)
        self._foot.add(self.last)
        self._foot.add(self.cart)
        self._others.addWidget(self.offer)
        self._others.addWidget(self.notices, 1)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        return panel
