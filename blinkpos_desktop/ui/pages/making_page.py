"""The page between OK and the QR code."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView
from blinkpos_desktop.ui.viewmodels.words import unit_of
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page


class MakingPage(Page):
    """Says that the invoice is on its way; it can be given up."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Making the invoice"), parent=parent)
        self.amount = AmountLine(name=self.tr("Amount"))
        self.amount.set_alignment(Qt.AlignmentFlag.AlignHCenter)
        words = Label(self.tr("Making the invoice…"), role="title")
        words.set_tone("quiet")
        self.cancel = Button(self.tr("Cancel"))
        self.cancel.clicked.connect(till.cancel)
        self._column = QVBoxLayout(self)
        self._column.addStretch(1)
        self._column.addWidget(self.amount)
        self._column.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(1)
        self._column.addWidget(self.cancel)

    def show_view(self, view: TillView) -> None:
        """Show what is being asked for."""
        if view.sale is None:
            return
        base, tip = view.sale.base, view.sale.tip
        total = Money(minor=base.minor + tip.minor, currency=base.currency)
        before, behind = unit_of(total.currency)
        self.amount.set_amount(grouped(total.decimal()), before=before, behind=behind)

    def arrange(self) -> None:
        """Size the amount."""
        margin = self.metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin // 2)
        self.amount.set_size(self.metrics.font("amount"))
