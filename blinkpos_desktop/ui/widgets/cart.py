"""The cart's lines: a short list to look at, and rows to change them by."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStyle, QVBoxLayout, QWidget

from blinkpos_desktop.domain.cart import Cart, Line
from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.words import (
    discount_line,
    line_name,
    line_words,
    minor_text,
)
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label

_LARGE = 1.2


class CartList(QWidget):
    """The last lines that there is room for, painted, with a count of the others."""

    def __init__(self, *, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._empty = empty
        self._rows: list[tuple[str, str]] = []
        self._metrics = Metrics()

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self.update()

    def show_cart(self, cart: Cart) -> None:
        """Show a cart's lines and the discount on their sum."""
        currency = cart.currency
        rows = [(line_words(line), minor_text(line.minor, currency)) for line in cart.lines]
        if cart.discount:
            rows.append(discount_line(cart.discount, cart.off_minor, currency))
        if rows != self._rows:
            self._rows = rows
            self.setAccessibleName(", ".join(f"{words}: {amount}" for words, amount in rows))
            self.update()

    def texts(self) -> list[tuple[str, str]]:
        """Return all lines with their amounts, for tests."""
        return list(self._rows)

    def minimumSizeHint(self) -> QSize:
        """Return room for one line."""
        return QSize(0, self._height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what there is room for, the last lines first."""
        del event
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(self._metrics.font("caption"))
        painter.setFont(font)
        muted = self.palette().color(QPalette.ColorRole.PlaceholderText)
        strong = self.palette().color(QPalette.ColorRole.WindowText)
        room = max(1, self.height() // self._height())
        rows = self._rows
        if not rows:
            painter.setPen(muted)
            middle = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect(), middle, self._empty)
        elif len(rows) > room:
            hidden = len(rows) - room + 1
            rows = [(self.tr("… and {n} more").format(n=hidden), ""), *rows[hidden:]]
        for at, (words, amount) in enumerate(rows):
            is_count = at == 0 and not amount
            painter.setPen(muted if is_count else strong)
            self._paint_row(painter, at, words, amount)
        painter.end()

    def _paint_row(self, painter: QPainter, at: int, words: str, amount: str) -> None:
        box = QRect(0, at * self._height(), self.width(), self._height())
        measure = QFontMetrics(painter.font())
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle, direction = Qt.AlignmentFlag.AlignVCenter, self.layoutDirection()
        painter.drawText(box, int(QStyle.visualAlignment(direction, right) | middle), amount)
        room = box.width() - measure.horizontalAdvance(amount) - self._metrics.gap
        words = measure.elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, int(QStyle.visualAlignment(direction, left) | middle), words)

    def _height(self) -> int:
        return self._metrics.high(27)


class CartRow(QFrame):
    """One line with its pieces, its discount and its end.

    Signals:
        counted: how many pieces are wanted.
        discounting: a discount is to be typed.
        unwanted: the line is to go.
    """

    counted = Signal(int)
    discounting = Signal()
    unwanted = Signal()

    def __init__(self, line: Line, currency: Currency, metrics: Metrics) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFixedHeight(row_height(metrics))
        name = line_name(line)
        each = self.tr("{price} each").format(price=minor_text(line.unit_minor, currency))
        if line.discount:
            words, amount = discount_line(line.discount, line.off_minor, currency)
            each = f"{each}, {words} {amount}"
        self.fewer = IconButton(
            Icon.MINUS, name=self.tr("One less: {name}").format(name=name), role="small"
        )
        self.more = IconButton(
            Icon.PLUS, name=self.tr("One more: {name}").format(name=name), role="small"
        )
        self.discount = Button(
            "%", name=self.tr("Discount: {name}").format(name=name), role="small"
        )
        self.out = IconButton(
            Icon.CROSS, name=self.tr("Take out: {name}").format(name=name), role="small"
        )
        count = Label(str(line.quantity), role="title")
        count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        amount_label = Label(minor_text(line.minor, currency), role="title")
        amount_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch(1)
        texts.addWidget(ElidedLabel(name, role="strong"))
        texts.addWidget(ElidedLabel(each, role="caption"))
        texts.addStretch(1)
        row = QHBoxLayout()
        if _is_broken(metrics):
            column = QVBoxLayout(self)
            column.setSpacing(0)
            column.addLayout(texts)
            column.addLayout(row)
            column.setContentsMargins(metrics.px(12), 0, metrics.px(5), metrics.px(5))
            count.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        else:
            # In columns, whatever the figures.
            count.setMinimumWidth(metrics.px(44))
            amount_label.setMinimumWidth(metrics.px(96))
            whole = QHBoxLayout(self)
            whole.setContentsMargins(metrics.px(12), 0, metrics.px(5), 0)
            whole.setSpacing(metrics.px(6))
            whole.addLayout(texts, 1)
            whole.addLayout(row)
        row.setSpacing(metrics.px(6))
        for widget in (self.fewer, count, self.more, amount_label, self.discount, self.out):
            row.addWidget(widget)
        self.stops = (self.fewer, self.more, self.discount, self.out)
        """What Tab comes by."""
        self.fewer.setEnabled(line.quantity > 1)
        self.fewer.clicked.connect(lambda: self.counted.emit(line.quantity - 1))
        self.more.clicked.connect(lambda: self.counted.emit(line.quantity + 1))
        self.discount.clicked.connect(self.discounting)
        self.out.clicked.connect(self.unwanted)


def row_height(metrics: Metrics) -> int:
    """Return the height of one row."""
    words = metrics.line("caption") * 2
    if _is_broken(metrics):
        return words + metrics.target + metrics.px(12)
    return max(metrics.target, words) + metrics.px(6)


def _is_broken(metrics: Metrics) -> bool:
    """Tell whether the name stands above the buttons: a narrow window, and large text."""
    return not metrics.is_wide and metrics.text > _LARGE
