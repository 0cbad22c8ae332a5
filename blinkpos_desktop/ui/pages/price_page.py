"""The price page: asks a person whether to sell at a price that has moved far."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.pricing import of_a_bitcoin
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView
from blinkpos_desktop.ui.viewmodels.words import ago, money_text, move_words
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.row import Row


class PricePage(Page):
    """Shows what a bitcoin was and is. Nothing on it answers to Enter."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("The price has moved"), parent=parent)
        title = Label(self.tr("The price of a bitcoin has moved"), role="title", wrap=True)
        title.set_tone("quiet")
        self._before, self._now = _Told(), _Told()
        self._before.price.set_tone("quiet")
        self.question = Label(self.tr("Sell at the new price?"), role="title", wrap=True)
        self.question.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.agree = Button(role="main")
        self.back = Button(self.tr("Don't sell"))
        self.agree.clicked.connect(till.agree_to_price)
        self.back.clicked.connect(till.back)
        self._column, self._foot = QVBoxLayout(self), QHBoxLayout()
        self._prices = Row()
        self._prices.add(self._before)
        self._prices.add(self._now)
        self._foot.addWidget(self.back, 1)
        self._foot.addWidget(self.agree, 2)
        self._column.addWidget(title)
        self._column.addStretch(1)
        self._column.addLayout(self._prices)
        self._column.addWidget(self.question)
        self._column.addStretch(1)
        self._column.addLayout(self._foot)

    def show_view(self, view: TillView) -> None:
        """Show the two prices."""
        if (move := view.move) is None:
            return
        price = money_text(of_a_bitcoin(move.price))
        self._before.tell(ago(move.minutes), money_text(of_a_bitcoin(move.before)))
        self._now.tell(self.tr("Now"), price)
        self.question.setAccessibleName(move_words(move))
        self.agree.setText(self.tr("Sell at {price}").format(price=price))
        self.agree.setAccessibleName(self.tr("Sell at {price} a bitcoin").format(price=price))

    def arrange(self) -> None:
        """Space the prices."""
        metrics, margin = self.metrics, self.metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(margin)
        self._prices.setSpacing(margin)
        self._foot.setSpacing(metrics.gap)
        for each in (self._before, self._now):
            each.space(metrics.px(4))


class _Told(QWidget):
    """A price, and of when it is."""

    def __init__(self) -> None:
        super().__init__()
        self.when, self.price = Label(role="body"), Label(role="large")
        self.when.set_tone("quiet")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for label in (self.when, self.price):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._column.addWidget(label)

    def tell(self, when: str, price: str) -> None:
        """Show another price."""
        self.when.setText(when)
        self.price.setText(price)

    def space(self, spacing: int) -> None:
        """Wear another spacing."""
        self._column.setSpacing(spacing)
