"""The tip page: a few percentages, a round sum, or a typed tip; and who served."""

from __future__ import annotations

from fractions import Fraction

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.domain.money import Money
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView, TipChoice
from blinkpos_desktop.ui.viewmodels.words import minor_text, money_text, percent_text, unit_of
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.keypad import Keypad
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page, TwoPane, clear, put_in_order
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.stack import Stack
from blinkpos_desktop.ui.widgets.tipping import ChoiceButton, Served, TipKinds


class TipPage(Page):
    """Asks for a tip. Nothing on it answers to Enter."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Tip"), parent=parent)
        self._stack = Stack()
        self.setLayout(self._stack)
        self.presets = _Presets(till)
        self.custom = _Custom(till)
        self._stack.addWidget(self.presets)
        self._stack.addWidget(self.custom)

    def show_view(self, view: TillView) -> None:
        """Show the presets, or the percentage being typed."""
        self.presets.show_view(view)
        self.custom.show_custom(view)
        self._stack.setCurrentWidget(self.presets if view.custom is None else self.custom)

    def arrange(self) -> None:
        """Pass the sizes on."""
        self.presets.set_metrics(self.metrics)
        self.custom.set_metrics(self.metrics)

    def set_room(self, height: int) -> None:
        """Pass it on."""
        self.custom.set_room(height)


class _Presets(Page):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Tip"))
        self._till = till
        self._shown: tuple[TipChoice, ...] = ()
        self._is_wide = True
        self.choices: list[ChoiceButton] = []
        self._title = Label(self.tr("Add a tip?"), role="title")
        self._amount = Label(role="title")
        self._amount.set_tone("quiet")
        self.round_up = ChoiceButton(self.tr("Round up"), "", is_number=False)
        self.custom = Button(self.tr("Custom"), role="choice")
        self.no_tip = Button(self.tr("No tip"), role="choice")
        self.cancel = Button(self.tr("Cancel"), role="plain")
        self.round_up.clicked.connect(till.choose_round_up)
        self.custom.clicked.connect(till.open_custom)
        self.no_tip.clicked.connect(lambda: till.choose_tip(Fraction(0)))
        self.cancel.clicked.connect(till.back)
        self._column = QVBoxLayout(self)
        head = Row()
        head.add(self._title)
        head.add(self._amount, 0)
        self._grid = QGridLayout()
        self.served = Served(till)
        self._row = Row()
        self._row.add(self.round_up)
        self._row.add(self.custom)
        self._row.add(self.no_tip)
        self._column.addLayout(head)
        self._column.addWidget(self.served)
        self._column.addLayout(self._grid, 3)
        self._column.addLayout(self._row, 2)
        self._column.addWidget(self.cancel)
        for button in (self.custom, self.no_tip):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_view(self, view: TillView) -> None:
        self._amount.setText(money_text(view.basket.total))
        self.served.show_servers(view.servers)
        if view.round_up is not None:
            total = view.basket.total.minor + view.round_up.minor
            self.round_up.set_amount(minor_text(total, view.round_up.currency))
        if view.tip_choices != self._shown:
            self._shown = view.tip_choices
            self._fill()
        else:
            self._put_in_order()

    def arrange(self) -> None:
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin // 2)
        self._column.setSpacing(metrics.gap * 3 // 2)
        self._grid.setSpacing(metrics.gap * 3 // 2)
        self._row.setSpacing(metrics.gap * 3 // 2)
        self.served.set_metrics(metrics)
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_wide is not self.metrics.is_wide:
            self._fill()

    def _fill(self) -> None:
        clear(self._grid)
        self._is_wide = self.metrics.is_wide
        self.choices = [
            ChoiceButton(percent_text(each.percent), money_text(each.amount))
            for each in self._shown
        ]
        # All in a row; on a tall window one below the other, and an even number in a square.
        columns = max(1, len(self._shown)) if self._is_wide else 2 - len(self._shown) % 2
        rows = -(-len(self._shown) // columns)
        self._column.setStretchFactor(self._grid, 3 if self._is_wide else rows)
        self._column.setStretchFactor(self._row, 2 if self._is_wide else 1)
        for index, (button, choice) in enumerate(zip(self.choices, self._shown, strict=True)):
            self._grid.addWidget(button, index // columns, index % columns)
            button.clicked.connect(lambda _=False, c=choice: self._till.choose_tip(c.percent))
        for row in range(self._grid.rowCount()):
            # The style sheet's least height would hide what the two lines need.
            shown = self.choices[row * columns : (row + 1) * columns]
            least = max((each.needed_height() for each in shown), default=0)
            self._grid.setRowMinimumHeight(row, least)
        self._put_in_order()

    def _put_in_order(self) -> None:
        stops = (self.round_up, self.custom, self.no_tip, self.cancel)
        put_in_order((*self.served.names, *self.choices, *stops))


class _Custom(TwoPane):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Custom tip"))
        self.keypad = Keypad(has_ok=False)
        self.amount = AmountLine(name=self.tr("Tip"))
        self._worth = Label(role="title")
        self._worth.set_tone("quiet")
        self.kinds = TipKinds(till)
        self.use = Button(self.tr("Add this tip"), role="main")
        self.back = Button(self.tr("Back"), role="plain")
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Label(self.tr("Custom tip"), role="title"))
        column.addWidget(self.kinds)
        column.addStretch(1)
        column.addWidget(self.amount)
        column.addWidget(self._worth)
        column.addStretch(1)
        column.addWidget(self.use)
        column.addWidget(self.back)
        self.panes.addWidget(panel)
        self.hold(self.keypad)
        self.keypad.pressed.connect(till.press)
        self.use.clicked.connect(till.choose_custom)
        self.back.clicked.connect(till.back)

    def show_custom(self, view: TillView) -> None:
        custom = view.custom
        if custom is None:
            return
        base = view.basket.total
        self.kinds.show_kind(base.currency, is_percent=custom.is_percent)
        if custom.is_percent:
            self.amount.set_amount(custom.text or "0", behind=" %")
            self._worth.setText("" if custom.amount is None else money_text(custom.amount))
        else:
            before, behind = unit_of(base.currency)
            self.amount.set_amount(grouped(custom.text) or "0", before=before, behind=behind)
            self._worth.setText(_total(base, custom.amount))
        self.keypad.keys[Key.DOT].setEnabled(custom.is_percent or base.currency.digits > 0)
        self.use.setEnabled(custom.amount is not None)

    def arrange(self) -> None:
        super().arrange()
        self.amount.set_size(self.metrics.font("amount"))
        self.keypad.set_metrics(self.metrics)
        self.kinds.set_metrics(self.metrics)
        self._worth.setMinimumHeight(self.metrics.font("title") * 3 // 2)
        self.turn()

    def turn(self) -> None:
        self.panes.setStretch(0, 2)
        self.panes.setStretch(1, 3)


def _total(base: Money, tip: Money | None) -> str:
    """Return what is to be paid with a tip: an amount typed as a percentage would show."""
    return "" if tip is None else f"= {minor_text(base.minor + tip.minor, base.currency)}"
