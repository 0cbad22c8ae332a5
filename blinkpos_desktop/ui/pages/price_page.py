"""The price page: asks a person whether to sell at a price that has moved far."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.pricing import of_a_bitcoin
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView
from blinkpos_desktop.ui.viewmodels.words import money_text, move_words
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page


class PricePage(Page):
    """Shows both prices in one sentence. Nothing on it answers to Enter."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("The price has moved"), parent=parent)
        title = Label(self.tr("The price has moved"), role="title")
        title.set_tone("quiet")
        self.question = Label(role="title", wrap=True)
        self.agree = Button(role="main")
        self.back = Button(self.tr("Don't sell"))
        self.agree.clicked.connect(till.agree_to_price)
        self.back.clicked.connect(till.back)
        self._column, self._foot = QVBoxLayout(self), QHBoxLayout()
        self._foot.addWidget(self.back, 1)
        self._foot.addWidget(self.agree, 2)
        self._column.addWidget(title)
        self._column.addWidget(self.question, 1)
        self._column.addLayout(self._foot)

    def show_view(self, view: TillView) -> None:
        """Show the two prices."""
        if view.move is None:
            return
        self.question.setText(move_words(view.move))
        price = money_text(of_a_bitcoin(view.move.price))
        self.agree.setText(self.tr("Sell at {price}").format(price=price))
        self.agree.setAccessibleName(self.tr("Sell at {price} a bitcoin").format(price=price))

    def arrange(self) -> None:
        """Space the sentence."""
        margin = self.metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(margin)
        self._foot.setSpacing(self.metrics.gap)
