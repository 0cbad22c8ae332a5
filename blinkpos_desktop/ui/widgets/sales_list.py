"""The history's list: rows painted by a delegate, only those that can be seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from blinkpos_desktop.domain.history import PastSale
from blinkpos_desktop.ui.dressing import tone_role
from blinkpos_desktop.ui.theme import MIN_TARGET, ROW, Metrics
from blinkpos_desktop.ui.viewmodels.sale_words import SaleWords
from blinkpos_desktop.ui.viewmodels.sales_model import SalesModel
from blinkpos_desktop.ui.viewmodels.times import clock_text, date_text
from blinkpos_desktop.ui.widgets.throwing import throw

_ENTER: Final = {Qt.Key.Key_Enter, Qt.Key.Key_Return, Qt.Key.Key_Space}
Words = Callable[[PastSale], SaleWords]
_Align = Qt.AlignmentFlag


class SalesList(QTableView):
    """A list without end that a finger throws.

    A table of one column: of Qt's views the one that lays out nothing anew when rows are added.

    Signals:
        looked_at: the first and the last row that can be seen.
        chosen: the PastSale whose story is wanted.
    """

    looked_at = Signal(int, int)
    chosen = Signal(object)

    def __init__(self, model: SalesModel, words: Words, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(words, self)
        self.setModel(model)
        self.setItemDelegate(self._rows)
        self.setAccessibleName(self.tr("Sales, newest first"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        throw(self.viewport())
        self.clicked.connect(self._choose)
        for signal in (model.modelReset, model.rowsInserted):
            signal.connect(self._tell_looked_at)
        self.verticalScrollBar().valueChanged.connect(self._tell_looked_at)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._rows.metrics = metrics
        self.verticalHeader().setMinimumSectionSize(MIN_TARGET)
        self.verticalHeader().setDefaultSectionSize(max(MIN_TARGET, metrics.high(ROW)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell what can be seen now."""
        super().resizeEvent(event)
        self._tell_looked_at()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open a sale by a key; Escape is the window's."""
        if event.key() in _ENTER and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        sale = index.data(SalesModel.SALE)
        if isinstance(sale, PastSale):
            self.chosen.emit(sale)

    def _tell_looked_at(self) -> None:
        rows = self.model().rowCount()
        if rows:
            first = max(self.rowAt(0), 0)
            last = self.rowAt(self.viewport().height() - 1)
            self.looked_at.emit(first, last if last >= 0 else rows - 1)


class _Rows(QStyledItemDelegate):
    """Paints a sale: when and what on one side, how much on the other."""

    def __init__(self, words: Words, parent: QWidget) -> None:
        super().__init__(parent)
        self._words, self._view = words, parent
        self.metrics = Metrics()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one row."""
        metrics = self.metrics
        whole: QRect = option.rect
        state: QStyle.StateFlag = option.state
        # The style sheet gives a view a palette of its own: the theme's is the window's.
        palette = self._view.window().palette()
        font: QFont = option.font
        mirror: Qt.LayoutDirection = option.direction
        card = whole.adjusted(0, 0, 0, -metrics.px(6))
        is_marked = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(mirror)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(_Role.Dark if is_marked else _Role.ToolTipBase))
        painter.drawRoundedRect(card, metrics.radius * 0.75, metrics.radius * 0.75)
        sale = index.data(SalesModel.SALE)
        if isinstance(sale, PastSale):
            inner = card.adjusted(metrics.px(14), 0, -metrics.px(14), 0)
            row = _Row(painter, font, palette, metrics, mirror, inner)
            row.paint(self._words(sale))
        painter.restore()


_Role = QPalette.ColorRole


class _Row:
    """The texts of one row, in two lines."""

    def __init__(
        self,
        painter: QPainter,
        font: QFont,
        palette: QPalette,
        metrics: Metrics,
        direction: Qt.LayoutDirection,
        box: QRect,
    ) -> None:
        self._painter, self._palette, self._metrics = painter, palette, metrics
        self._font, self._direction, self._box = QFont(font), direction, box

    def paint(self, words: SaleWords) -> None:
        """Paint the words: two lines on the left, two on the right."""
        metrics, box = self._metrics, self._box
        top = QRect(box.x(), box.y() + metrics.px(5), box.width(), metrics.high(27))
        low = QRect(box.x(), top.bottom(), box.width(), metrics.high(20))
        when = self._width_of_moments() + metrics.px(24)
        right = max(self._width(words.amount, "title", 600), self._width(words.also, "caption"))
        right = min(right, box.width() // 2)
        middle = box.width() - when - right - metrics.margin
        self._text(self._part(top, 0, when), words.clock, "title", _Role.WindowText, bold=600)
        self._text(self._part(low, 0, when), words.day, "caption", _Role.PlaceholderText)
        self._text(self._part(top, when, middle), words.title, "body", _Role.WindowText)
        role = tone_role(words.tone)
        # In large text how it stands says more than what it was in sats.
        has_both = self._width(words.state, "caption") <= middle
        room = middle if has_both else box.width() - when
        self._text(self._part(low, when, room), words.state, "caption", role)
        at = box.width() - right
        role = _Role.PlaceholderText if words.tone == "quiet" else _Role.WindowText
        end = _Align.AlignRight
        self._text(self._part(top, at, right), words.amount, "title", role, bold=600, side=end)
        if has_both:
            quiet = _Role.PlaceholderText
            self._text(self._part(low, at, right), words.also, "caption", quiet, side=end)

    def _width_of_moments(self) -> int:
        """Return one width for all rows, of a long time and a long day in the locale's words."""
        long = datetime(2026, 9, 30, 22, 58)  # noqa: DTZ001 (a sample of letters, no moment)
        day = date_text(long.date(), long.date())
        return max(self._width(clock_text(long), "title", 600), self._width(day, "caption"))

    def _part(self, line: QRect, at: int, width: int) -> QRect:
        part = QRect(line.x() + at, line.y(), width, line.height())
        return QStyle.visualRect(self._direction, self._box, part)

    def _width(self, text: str, size: str, bold: int = 400) -> int:
        self._wear(size, bold)
        # Figures of one width are a font feature: a hair of room for its rounding.
        return self._painter.fontMetrics().horizontalAdvance(text) + 2

    def _wear(self, size: str, bold: int) -> None:
        self._font.setPixelSize(self._metrics.font(size))
        self._font.setWeight(QFont.Weight(bold))
        self._painter.setFont(self._font)

    def _text(
        self,
        box: QRect,
        text: str,
        size: str,
        role: QPalette.ColorRole,
        *,
        bold: int = 400,
        side: Qt.AlignmentFlag = _Align.AlignLeft,
    ) -> None:
        self._wear(size, bold)
        self._painter.setPen(self._palette.color(role))
        short = self._painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, box.width()
        )
        self._painter.drawText(box, side | _Align.AlignVCenter, short)
