"""The tip page's own buttons: a tip and what it comes to, who served, and how a tip is typed."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from blinkpos_desktop.domain.money import Currency
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Server
from blinkpos_desktop.ui.viewmodels.words import unit_of
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.page import clear


class ChoiceButton(Button):
    """What a tip is called, over what it comes to."""

    def __init__(self, title: str, amount: str, *, is_number: bool = True) -> None:
        self._title, self._amount = title, amount
        self._is_number = is_number
        super().__init__(role="choice", name=f"{title}, {amount}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_amount(self, amount: str) -> None:
        """Show another amount."""
        if amount != self._amount:
            self._amount = amount
            self.setAccessibleName(f"{self._title}, {amount}")
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for both lines, and some round them."""
        least = self.minimumSizeHint()
        return QSize(self.fontMetrics().height() * 5, least.height() + self.font().pixelSize() // 3)

    def minimumSizeHint(self) -> QSize:
        """Return room for both lines; across they shrink to fit."""
        upper, gap, lower = self._heights()
        return QSize(self.fontMetrics().height() * 3, upper + gap + lower + gap)

    def needed_height(self) -> int:
        """Return the least height, in the font that it will be painted in."""
        self.ensurePolished()
        return self.minimumSizeHint().height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, then its two lines."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().buttonText().color())
        base = self.font().pixelSize()
        high, gap, low = self._heights()
        top = (self.height() - high - gap - low) // 2
        upper = QRect(8, top, self.width() - 16, high)
        lower = QRect(8, top + high + gap, self.width() - 16, low)
        centre = Qt.AlignmentFlag.AlignCenter
        painter.setFont(self._font(self._large, self._title, upper.width(), strong=True))
        painter.drawText(upper, int(centre), self._title)
        painter.setFont(self._font(base * 3 // 4, self._amount, lower.width(), strong=False))
        painter.setOpacity(0.8)
        painter.drawText(lower, int(centre), self._amount)
        painter.end()

    @property
    def _large(self) -> int:
        base = self.font().pixelSize()
        return base * 3 // 2 if self._is_number else base

    def _heights(self) -> tuple[int, int, int]:
        """Return the heights of the upper line, of what is between, and of the lower line."""
        base = self.font().pixelSize()
        return self._large * 5 // 4, base // 8, base * 15 // 16

    def _font(self, pixels: int, text: str, room: int, *, strong: bool) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Medium)
        font.setPixelSize(pixels)
        width = QFontMetrics(font).horizontalAdvance(text)
        if width > room:
            font.setPixelSize(max(8, pixels * room // width))
        return font


class Served(QWidget):
    """Who served: a button a name. While none is pressed the tip is everybody's."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._till = till
        self._servers: tuple[Server, ...] = ()
        self._names: tuple[str, ...] = ()
        self.names: list[Button] = []
        self._question = Label(self.tr("Who served?"), role="body")
        self._question.set_tone("quiet")
        self._row, self._grid = QBoxLayout(QBoxLayout.Direction.LeftToRight, self), QGridLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._question, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(self._grid, 1)

    def show_servers(self, servers: tuple[Server, ...]) -> None:
        """Show the names; nothing without several."""
        self._servers = servers
        self.setVisible(bool(servers))
        names = tuple(each.username for each in servers)
        if names != self._names:
            self._names = names
            self._fill()
        for button, server in zip(self.names, servers, strict=True):
            button.setChecked(server.is_chosen)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._row.setSpacing(metrics.gap * 3 // 2)
        self._grid.setSpacing(metrics.gap)
        self._question.setMinimumHeight(metrics.target)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let as many names stand side by side as fit."""
        super().resizeEvent(event)
        self._place()

    def _fill(self) -> None:
        clear(self._grid)
        self.names = []
        for name in self._names:
            button = Button(name, role="period")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, name=name: self._toggle(name))
            self.names.append(button)
        self._place()

    def _toggle(self, name: str) -> None:
        self._till.toggle_server(name)
        # A button turns by itself: a tap that was too early must not look as if it counted.
        self.show_servers(self._servers)

    def _place(self) -> None:
        if not self.names:
            return
        widest = max(each.sizeHint().width() for each in self.names) + self._grid.spacing()
        beside = max(1, (self.width() - self._question.sizeHint().width()) // max(1, widest))
        below = max(1, self.width() // max(1, widest))
        lines, lines_below = (-(-len(self.names) // columns) for columns in (beside, below))
        direction = QBoxLayout.Direction
        # Under the question where that takes fewer lines, with the question's own: large text.
        is_below = lines_below + 1 < lines
        self._row.setDirection(direction.TopToBottom if is_below else direction.LeftToRight)
        lines = lines_below if is_below else lines
        # As many on every line, as far as can be.
        columns = -(-len(self.names) // lines)
        for at, button in enumerate(self.names):
            self._grid.addWidget(button, at // columns, at % columns)


class TipKinds(QWidget):
    """Whether a tip is typed as a percentage or as an amount."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.percent = Button("%", name=self.tr("In percent"), role="period")
        self.fixed = Button(name=self.tr("A fixed amount"), role="period")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for kind in (self.percent, self.fixed):
            kind.setCheckable(True)
            kind.setAutoExclusive(True)
            self._row.addWidget(kind, 1)
        self.percent.clicked.connect(lambda: till.choose_tip_kind(is_percent=True))
        self.fixed.clicked.connect(lambda: till.choose_tip_kind(is_percent=False))

    def show_kind(self, currency: Currency, *, is_percent: bool) -> None:
        """Show which it is."""
        before, behind = unit_of(currency)
        self.fixed.setText((before or behind).strip())
        self.percent.setChecked(is_percent)
        self.fixed.setChecked(not is_percent)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._row.setSpacing(metrics.gap)
