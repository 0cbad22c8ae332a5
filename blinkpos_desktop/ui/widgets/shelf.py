"""The shelf: a button for each item, in pages of as many as fit, and its categories."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QStyle, QWidget

from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.words import money_text
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.page import clear

_TILE = (124, 72)
"""The least width and height of a button, in pixels of the 800x480 design."""
_NAME_LINES = 2


class ItemTile(Button):
    """An item's name over its price."""

    def __init__(self, item: Item, metrics: Metrics) -> None:
        self._sold_out = self.tr("Sold out")
        self._item, self._metrics = item, metrics
        under = self._sold_out if item.is_sold_out else money_text(item.price)
        super().__init__(name=f"{item.name}, {under}")
        self._under = under
        self.setProperty("tint", item.tint.value)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Return the least; the grid gives what there is."""
        return QSize(self._metrics.high(_TILE[0]), self._metrics.high(_TILE[1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, then its texts."""
        super().paintEvent(event)
        side, edge = self._metrics.px(10), self._metrics.px(6)
        box = self.rect().adjusted(side, edge, -side, -edge)
        painter = QPainter(self)
        painter.setPen(self.palette().buttonText().color())
        if self._item.is_sold_out:
            painter.setOpacity(0.5)
        leading = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
        strong = self._font("body", QFont.Weight.DemiBold)
        painter.setFont(strong)
        measure = QFontMetrics(strong)
        top = QRect(box)
        for line in _wrapped(self._item.name, measure, box.width()):
            painter.drawText(top, int(leading | Qt.AlignmentFlag.AlignTop), line)
            top.translate(0, measure.lineSpacing())
        small = self._font("caption", QFont.Weight.Medium)
        painter.setFont(small)
        under = QFontMetrics(small).elidedText(
            self._under, Qt.TextElideMode.ElideRight, box.width()
        )
        painter.drawText(box, int(leading | Qt.AlignmentFlag.AlignBottom), under)
        painter.end()

    def _font(self, size: str, weight: QFont.Weight) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(self._metrics.font(size))
        font.setWeight(weight)
        return font


class ItemGrid(QWidget):
    """The buttons, always of one size and each in its place, a page at a time.

    Signals:
        tapped: an Item.
        paged: the page that is shown, and how many there are.
    """

    tapped = Signal(object)
    paged = Signal(int, int)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Items"))
        self.tiles: list[ItemTile] = []
        self._items: tuple[Item, ...] = ()
        self._metrics = Metrics()
        self._cells = (0, 0)
        self._page = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self._grid.setSpacing(metrics.gap)
        self._fill()

    def show_items(self, items: tuple[Item, ...]) -> None:
        """Show other items; what stands on the same page stays in its place."""
        if items != self._items:
            self._items = items
            self._fill()

    def turn_to(self, page: int) -> None:
        """Show another page."""
        self._page = page
        self._fill()

    def minimumSizeHint(self) -> QSize:
        """Return room for two buttons beside each other."""
        return QSize(
            self._metrics.high(_TILE[0]) * 2 + self._metrics.gap, self._metrics.high(_TILE[1])
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew when more or fewer fit."""
        super().resizeEvent(event)
        if self._fitting() != self._cells:
            self._fill()

    def _fitting(self) -> tuple[int, int]:
        gap, wide, high = self._metrics.gap, *(self._metrics.high(side) for side in _TILE)
        columns = max(1, (self.width() + gap) // (wide + gap))
        rows = max(1, (self.height() + gap) // (high + gap))
        return rows, columns

    def _fill(self) -> None:
        before = self._cells
        self._cells = rows, columns = self._fitting()
        room = rows * columns
        pages = max(1, -(-len(self._items) // room))
        self._page = max(0, min(self._page, pages - 1))
        clear(self._grid)
        for row in range(max(before[0], rows)):
            self._grid.setRowStretch(row, 1 if row < rows else 0)
        for column in range(max(before[1], columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        shown = self._items[self._page * room : (self._page + 1) * room]
        self.tiles = [ItemTile(item, self._metrics) for item in shown]
        for at in range(room):
            tile: QWidget = QWidget()
            if at < len(shown):
                tile = self.tiles[at]
                self.tiles[at].clicked.connect(lambda _=False, i=shown[at]: self.tapped.emit(i))
            self._grid.addWidget(tile, at // columns, at % columns)
        self.paged.emit(self._page, pages)


class Chips(QWidget):
    """The categories in a row; what does not fit comes with the last one.

    Signals:
        chosen: a category; empty for all.
    """

    chosen = Signal(str)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.buttons: dict[str, Button] = {}
        self.more = Button("…", name=self.tr("More categories"), role="period")
        self._names: tuple[str, ...] = ()
        self._chosen = ""
        self._first = 0
        self._is_filling = False
        self._metrics = Metrics()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.more.clicked.connect(self._turn)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._metrics = metrics
        self._row.setSpacing(metrics.gap)
        self._fill()

    def show_categories(self, names: tuple[str, ...], chosen: str) -> None:
        """Show the categories there are, and which one is chosen."""
        self.setVisible(bool(names))
        if (names, chosen) != (self._names, self._chosen):
            self._first = self._first if names == self._names else 0
            self._names, self._chosen = names, chosen
            self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more or fewer."""
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        # Showing a chip may resize all of them in its midst.
        if self._is_filling:
            return
        self._is_filling, width = True, -1
        while width != self.width():
            width = self.width()
            self._fill_once()
        self._is_filling = False

    def _fill_once(self) -> None:
        clear(self._row, but=self.more)
        self.buttons = {"": self._chip("")}
        chips = [self._chip(name) for name in self._names]
        shown, has_more = self._fitting(chips)
        for chip in chips:
            if chip in shown:
                self.buttons[self._names[chips.index(chip)]] = chip
            else:
                chip.hide()
                chip.deleteLater()
        for button in self.buttons.values():
            self._row.addWidget(button)
            # A child that its parent knew already is not shown by the layout.
            button.show()
        self.more.setVisible(has_more)
        if has_more:
            self._row.addWidget(self.more)
        self._row.addStretch(1)

    def _chip(self, category: str) -> Button:
        text = category or self.tr("All")
        # An ampersand would be taken for a shortcut's mark.
        chip = Button(text.replace("&", "&&"), name=text, role="period", parent=self)
        chip.setCheckable(True)
        chip.setChecked(category == self._chosen)
        chip.clicked.connect(lambda: self.chosen.emit(category))
        chip.ensurePolished()
        return chip

    def _fitting(self, chips: list[Button]) -> tuple[list[Button], bool]:
        """Return those that there is room for, from the first wanted on; and if there are more."""
        gap = self._metrics.gap
        widths = {chip: chip.sizeHint().width() + gap for chip in chips}
        left = self.width() - self.buttons[""].sizeHint().width()
        if sum(widths.values()) <= left:
            return chips, False
        left -= self.more.sizeHint().width() + gap
        shown: list[Button] = []
        for chip in chips[self._first :]:
            left -= widths[chip]
            if left < 0 and shown:
                break
            shown.append(chip)
        return shown, True

    def _turn(self) -> None:
        after = self._first + len(self.buttons) - 1
        self._first = after if after < len(self._names) else 0
        self._fill()


def _wrapped(text: str, measure: QFontMetrics, width: int) -> list[str]:
    """Return a name in two lines at most, the last one shortened."""
    words, lines = text.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if len(lines) == _NAME_LINES or measure.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return [measure.elidedText(each, Qt.TextElideMode.ElideRight, width) for each in lines]
