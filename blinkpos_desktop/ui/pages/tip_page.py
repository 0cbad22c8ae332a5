"""The tip page: a few percentages with their amounts, or a typed one."""

from __future__ import annotations

from fractions import Fraction

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from blinkpos_desktop.domain.money import format_percent
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import CustomTip, TillView, TipChoice
from blinkpos_desktop.ui.viewmodels.words import money_text
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.keypad import Keypad
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import Page, TwoPane, clear
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.stack import Stack


class ChoiceButton(Button):
    """A percentage over what it comes to."""

    def __init__(self, choice: TipChoice) -> None:
        self._percent = format_percent(choice.percent)
        self._amount = money_text(choice.amount)
        super().__init__(role="choice", name=f"{self._percent}, {self._amount}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Return room for both lines."""
        line = self.fontMetrics().height()
        return QSize(line * 5, line * 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, then its two lines."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().buttonText().color())
        base = self.font().pixelSize()
        middle = self.height() // 2
        upper = QRect(8, 0, self.width() - 16, middle + base // 3)
        lower = QRect(8, middle + base // 2, self.width() - 16, middle)
        bottom, top = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignTop
        centre = Qt.AlignmentFlag.AlignHCenter
        painter.setFont(self._font(base * 3 // 2, self._percent, upper.width(), strong=True))
        painter.drawText(upper, int(centre | bottom), self._percent)
        painter.setFont(self._font(base * 3 // 4, self._amount, lower.width(), strong=False))
        painter.setOpacity(0.8)
        painter.drawText(lower, int(centre | top), self._amount)
        painter.end()

    def _font(self, pixels: int, text: str, room: int, *, strong: bool) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Medium)
        font.setPixelSize(pixels)
        width = QFontMetrics(font).horizontalAdvance(text)
        if width > room:
            font.setPixelSize(max(8, pixels * room // width))
        return font


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
        if view.custom is not None:
            self.custom.show_custom(view.custom)
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
        self.custom = Button(self.tr("Custom"), role="choice")
        self.no_tip = Button(self.tr("No tip"), role="choice")
        self.cancel = Button(self.tr("Cancel"), role="plain")
        self.custom.clicked.connect(till.open_custom)
        self.no_tip.clicked.connect(lambda: till.choose_tip(Fraction(0)))
        self.cancel.clicked.connect(till.back)
        self._column = QVBoxLayout(self)
        head = Row()
        head.add(self._title)
        head.add(self._amount, 0)
        self._grid = QGridLayout()
        self._row = Row()
        self._row.add(self.custom)
        self._row.add(self.no_tip)
        self._column.addLayout(head)
        self._column.addLayout(self._grid, 3)
        self._column.addLayout(self._row, 2)
        self._column.addWidget(self.cancel)
        for button in (self.custom, self.no_tip):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_view(self, view: TillView) -> None:
        self._amount.setText(money_text(view.basket.total))
        if view.tip_choices != self._shown:
            self._shown = view.tip_choices
            self._fill()

    def arrange(self) -> None:
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin // 2)
        self._column.setSpacing(metrics.gap * 3 // 2)
        self._grid.setSpacing(metrics.gap * 3 // 2)
        self._row.setSpacing(metrics.gap * 3 // 2)
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_wide is not self.metrics.is_wide:
            self._fill()

    def _fill(self) -> None:
        clear(self._grid)
        self._is_wide = self.metrics.is_wide
        self.choices = [ChoiceButton(choice) for choice in self._shown]
        # All in a row; on a tall window one below the other, and an even number in a square.
        columns = max(1, len(self._shown)) if self._is_wide else 2 - len(self._shown) % 2
        rows = -(-len(self._shown) // columns)
        self._column.setStretch(1, 3 if self._is_wide else rows)
        self._column.setStretch(2, 2 if self._is_wide else 1)
        for index, (button, choice) in enumerate(zip(self.choices, self._shown, strict=True)):
            self._grid.addWidget(button, index // columns, index % columns)
            button.clicked.connect(lambda _=False, c=choice: self._till.choose_tip(c.percent))


class _Custom(TwoPane):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Custom tip"))
        self.keypad = Keypad(has_ok=False)
        self.amount = AmountLine(name=self.tr("Tip percentage"))
        self._worth = Label(role="title")
        self._worth.set_tone("quiet")
        self.use = Button(self.tr("Add this tip"), role="main")
        self.back = Button(self.tr("Back"), role="plain")
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Label(self.tr("Custom tip"), role="title"))
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

    def show_custom(self, custom: CustomTip) -> None:
        self.amount.set_amount(custom.text or "0", behind=" %")
        self._worth.setText("" if custom.amount is None else money_text(custom.amount))
        self.use.setEnabled(custom.amount is not None)

    def arrange(self) -> None:
        super().arrange()
        self.amount.set_size(self.metrics.font("amount"))
        self.keypad.set_metrics(self.metrics)
        self._worth.setMinimumHeight(self.metrics.font("title") * 3 // 2)
        self.turn()

    def turn(self) -> None:
        self.panes.setStretch(0, 2)
        self.panes.setStretch(1, 3)
