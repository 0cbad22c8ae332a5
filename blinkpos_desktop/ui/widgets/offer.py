"""The card of a sale that was on the screen when the program ended."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.view import Offer
from blinkpos_desktop.ui.viewmodels.words import money_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.row import Row


class OfferCard(QFrame):
    """Offers the first of the sales that were left open; hidden without one.

    Signals:
        wanted: an Offer that somebody takes up.
        unwanted: an Offer that somebody cancels.
    """

    wanted = Signal(object)
    unwanted = Signal(object)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("sticky", True)
        self.setAccessibleName(self.tr("A sale was left open"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._offer: Offer | None = None
        self._words = Label(role="caption", wrap=True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self.take_up = Button(self.tr("Take up"), name=self.tr("Take the open sale up again"))
        self.cancel = Button(self.tr("Cancel"), name=self.tr("Cancel the open sale"))
        self.take_up.clicked.connect(self._want)
        self.cancel.clicked.connect(self._unwant)
        self._column, self._row = QVBoxLayout(self), Row()
        self._column.addWidget(self._words)
        self._column.addLayout(self._row)
        self._row.add(self.take_up)
        self._row.add(self.cancel)
        self.hide()

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        side, pad = metrics.px(12), metrics.px(8)
        self._column.setContentsMargins(side, pad, side, pad)
        self._column.setSpacing(pad)
        self._row.setSpacing(metrics.gap)

    def show_offers(self, offers: tuple[Offer, ...]) -> None:
        """Show the first one, and how many more there are."""
        self._offer = offers[0] if offers else None
        self.setVisible(self._offer is not None)
        if self._offer is None:
            return
        words = self.tr("A sale of {amount} was open when the till stopped.").format(
            amount=money_text(self._offer.payment.total)
        )
        if len(offers) > 1:
            words = f"{words} {self.tr('And {n} more.').format(n=len(offers) - 1)}"
        self._words.setText(words)
        is_opening = self._offer.is_opening
        self.take_up.setEnabled(not is_opening)
        self.take_up.setText(self.tr("Opening…") if is_opening else self.tr("Take up"))

    def _want(self) -> None:
        if self._offer is not None:
            self.wanted.emit(self._offer)

    def _unwant(self) -> None:
        if self._offer is not None:
            self.unwanted.emit(self._offer)
