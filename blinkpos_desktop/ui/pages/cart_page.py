"""The cart page: quantities, discounts, the note. One thing at a time is typed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.domain.cart import MAX_NOTE, Cart
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import DiscountEdit, TillView
from blinkpos_desktop.ui.viewmodels.words import (
    discount_line,
    line_name,
    minor_text,
    money_text,
    sats_text,
    unit_of,
)
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.cart import CartRow, row_height
from blinkpos_desktop.ui.widgets.keypad import Keypad
from blinkpos_desktop.ui.widgets.label import ElidedLabel, Label
from blinkpos_desktop.ui.widgets.line import TextLine
from blinkpos_desktop.ui.widgets.page import Page, TwoPane, clear, put_in_order
from blinkpos_desktop.ui.widgets.pager import Pager
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.stack import Stack


class CartPage(Page):
    """The lines, or the discount or the note that is being typed."""

    def __init__(self, till: Till, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Cart"), parent=parent)
        self._stack = Stack()
        self.setLayout(self._stack)
        self.lines, self.discount, self.note = _Lines(till), _Discount(till), _Note(till)
        for page in (self.lines, self.discount, self.note):
            self._stack.addWidget(page)

    def show_view(self, view: TillView) -> None:
        """Show what is being done."""
        self.lines.show_view(view)
        if view.discounting is not None:
            self.discount.show_edit(view.discounting, view.cart)
            self._stack.setCurrentWidget(self.discount)
        elif view.noting is not None:
            self._stack.setCurrentWidget(self.note)
            self.note.show_note(view.noting)
        elif self._stack.currentWidget() is not self.lines:
            # No button here may get the focus of what goes.
            self.window().setFocus()
            self._stack.setCurrentWidget(self.lines)

    def arrange(self) -> None:
        """Pass the sizes on."""
        for page in (self.lines, self.discount, self.note):
            page.set_metrics(self.metrics)

    def set_room(self, height: int) -> None:
        """Pass it on."""
        self.discount.set_room(height)


class _Rows(QWidget):
    """The rows that fit, a page at a time.

    Signals:
        paged: the page that is shown, and how many there are.
    """

    paged = Signal(int, int)

    def __init__(self, till: Till) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._till = till
        self._cart: Cart | None = None
        self._metrics, self._room = Metrics(), 0
        self._seen = 0
        """The number of the line whose page is shown, however many lines a page has."""
        self.rows: list[CartRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)

    def set_metrics(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._column.setSpacing(metrics.px(5))
        self._fill()

    def show_cart(self, cart: Cart) -> None:
        if self._cart is None or (cart.lines, cart.currency) != (
            self._cart.lines,
            self._cart.currency,
        ):
            had = len(self._cart.lines) if self._cart else -1
            self._cart = cart
            # What has just come is shown.
            self._seen = len(cart.lines) - 1 if len(cart.lines) > had else self._seen
            # Of a line that goes no button hands the focus on to the next line's.
            stop = self._focused() if len(cart.lines) == had else None
            self._fill()
            if stop is not None and stop[0] < len(self.rows):
                self.rows[stop[0]].stops[stop[1]].setFocus()

    def _focused(self) -> tuple[int, int] | None:
        """Return the row and the place in it of the button that keys press, if it is one here."""
        for number, row in enumerate(self.rows):
            for at, button in enumerate(row.stops):
                if button.hasFocus():
                    return number, at
        return None

    def sizeHint(self) -> QSize:
        """Return room for one: as many as fit are shown, and those that are ask for no more."""
        return QSize(0, row_height(self._metrics))

    def minimumSizeHint(self) -> QSize:
        """Return the same."""
        return self.sizeHint()

    def turn_to(self, page: int) -> None:
        self._seen = page * self._room
        self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitting() != self._room:
            self._fill()

    def _fitting(self) -> int:
        gap = self._metrics.px(5)
        return max(1, (self.height() + gap) // (row_height(self._metrics) + gap))

    def _fill(self) -> None:
        clear(self._column)
        self.rows, self._room = [], self._fitting()
        cart = self._cart
        count = len(cart.lines) if cart else 0
        pages = max(1, -(-count // self._room))
        self._seen = max(0, min(self._seen, count - 1))
        page = self._seen // self._room
        first = page * self._room
        if cart is not None:
            for at in range(first, min(first + self._room, count)):
                self._add(at, CartRow(cart.lines[at], cart.currency, self._metrics))
        self.paged.emit(page, pages)

    def _add(self, at: int, row: CartRow) -> None:
        row.counted.connect(lambda quantity: self._till.set_quantity(at, quantity))
        row.discounting.connect(lambda: self._till.open_discount(at))
        row.unwanted.connect(lambda: self._till.take_out(at))
        self.rows.append(row)
        self._column.addWidget(row)


class _Lines(Page):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Cart"))
        self._title = Label(self.tr("Cart"), role="title")
        self._worth = Label(role="caption")
        self.total = AmountLine(name=self.tr("To be paid"))
        self.total.set_alignment(Qt.AlignmentFlag.AlignRight)
        self.rows, self.pager = _Rows(till), Pager()
        self._hint = Label(role="body", wrap=True)
        self.discount = Button(self.tr("Discount"))
        self.note = Button(self.tr("Note"))
        self.back = Button(self.tr("Back"))
        self.charge = Button(self.tr("Charge"), role="main")
        self._column = QVBoxLayout(self)
        self._head, self._extras, self._foot = QHBoxLayout(), QHBoxLayout(), Row()
        self._head.addWidget(self._title)
        self._head.addWidget(self._worth)
        self._head.addWidget(self.total, 1)
        self._extras.addWidget(self.discount, 3)
        self._extras.addWidget(self.note, 3)
        self._extras.addWidget(self.pager)
        self._foot.add(self.back, 2)
        self._foot.add(self.charge, 5)
        self._column.addLayout(self._head)
        self._column.addWidget(self.rows, 1)
        self._column.addWidget(self._hint)
        self._column.addLayout(self._extras)
        self._column.addLayout(self._foot)
        self.back.clicked.connect(till.back)
        self.charge.clicked.connect(till.ok)
        self.discount.clicked.connect(lambda: till.open_discount(None))
        self.note.clicked.connect(till.open_note)
        self.rows.paged.connect(self.pager.show_place)
        self.rows.paged.connect(self._put_in_order)
        self.pager.turned.connect(self.rows.turn_to)
        for button in (self.discount, self.note):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_view(self, view: TillView) -> None:
        cart, currency = view.basket, view.basket.currency
        before, behind = unit_of(currency)
        self.total.set_amount(grouped(cart.total.decimal()), before=before, behind=behind)
        worth = view.worth_sats
        self._worth.setText(f"≈ {sats_text(worth)}" if worth else "")
        self.rows.show_cart(cart)
        self._hint.setText(view.error or view.blocked or view.told)
        self._hint.set_tone("alert" if view.error else "quiet")
        self.discount.setEnabled(not cart.is_empty)
        words = self.tr("Discount")
        if cart.discount:
            words = " ".join(discount_line(cart.discount, cart.off_minor, currency))
        self._show_on(self.discount, words)
        note = self.tr("Note: {text}").format(text=cart.note) if cart.note else self.tr("Note")
        self._show_on(self.note, note)
        self.charge.setEnabled(view.can_charge)
        self.charge.setText(self.tr("Charge {amount}").format(amount=money_text(cart.total)))
        self.charge.setAccessibleName(self.charge.text())
        self.charge.setAccessibleDescription(view.blocked)

    def arrange(self) -> None:
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, metrics.px(4), margin, metrics.gap)
        self._column.setSpacing(metrics.px(6))
        self._head.setSpacing(metrics.gap * 2)
        for row in (self._extras, self._foot):
            row.setSpacing(metrics.gap)
        self.total.set_size(metrics.font("large"))
        self.rows.set_metrics(metrics)
        self.pager.set_metrics(metrics)
        # One line is always there; words that need another take it from the rows.
        self._hint.setMinimumHeight(metrics.line("body"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for button in (self.discount, self.note):
            self._show_on(button, button.accessibleName())

    def _put_in_order(self) -> None:
        stops = [stop for row in self.rows.rows for stop in row.stops]
        foot = (self.discount, self.note, *self.pager.stops, self.back, self.charge)
        put_in_order([*stops, *foot])

    @staticmethod
    def _show_on(button: Button, text: str) -> None:
        """Put on a button as much of a text as fits; a screen reader says it all."""
        button.setAccessibleName(text)
        room = button.width() - button.fontMetrics().height() * 2
        shown = button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(room, 1))
        button.setText(shown.replace("&", "&&"))


class _Discount(TwoPane):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Discount"))
        self.keypad = Keypad(has_ok=False)
        self.amount = AmountLine(name=self.tr("Discount"))
        self._title = ElidedLabel(role="title")
        self._off = Label(role="title")
        self._off.set_tone("quiet")
        self.percent = Button("%", name=self.tr("In percent"), role="period")
        self.fixed = Button(name=self.tr("A fixed amount"), role="period")
        self.use = Button(self.tr("Use this discount"), role="main")
        self.none = Button(self.tr("No discount"))
        self.back = Button(self.tr("Back"))
        self._kinds, self._foot = QHBoxLayout(), Row()
        for kind in (self.percent, self.fixed):
            kind.setCheckable(True)
            kind.setAutoExclusive(True)
            self._kinds.addWidget(kind, 1)
        self._foot.add(self.back)
        self._foot.add(self.none)
        panel = QWidget()
        self._column = QVBoxLayout(panel)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._title)
        self._column.addLayout(self._kinds)
        self._column.addStretch(1)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._off)
        self._column.addStretch(1)
        self._column.addWidget(self.use)
        self._column.addLayout(self._foot)
        self.panes.addWidget(panel)
        self.hold(self.keypad)
        self.keypad.pressed.connect(till.press)
        self.percent.clicked.connect(lambda: till.choose_kind(is_percent=True))
        self.fixed.clicked.connect(lambda: till.choose_kind(is_percent=False))
        self.use.clicked.connect(till.use_discount)
        self.none.clicked.connect(till.no_discount)
        self.back.clicked.connect(till.back)

    def show_edit(self, edit: DiscountEdit, cart: Cart) -> None:
        title = self.tr("Discount on the sum")
        if edit.at is not None:
            name = line_name(cart.lines[edit.at])
            title = self.tr("Discount: {name}").format(name=name)
        self._title.setText(title)
        before, behind = unit_of(cart.currency)
        if edit.is_percent:
            self.amount.set_amount(edit.text or "0", behind=" %")
        else:
            self.amount.set_amount(grouped(edit.text) or "0", before=before, behind=behind)
        self.percent.setChecked(edit.is_percent)
        self.fixed.setChecked(not edit.is_percent)
        self.fixed.setText((before or behind).strip())
        off = "" if edit.off is None else minor_text(edit.off.minor, cart.currency)
        self._off.setText(f"\N{MINUS SIGN}{off}" if off else "")
        self.use.setEnabled(edit.off is not None)
        self.none.setEnabled(edit.is_set)

    def arrange(self) -> None:
        super().arrange()
        self.amount.set_size(self.metrics.font("amount", 0.8))
        self.keypad.set_metrics(self.metrics)
        self._off.setMinimumHeight(self.metrics.font("title") * 3 // 2)
        for layout in (self._column, self._kinds, self._foot):
            layout.setSpacing(self.metrics.gap)
        self.turn()

    def turn(self) -> None:
        self.panes.setStretch(0, 2)
        self.panes.setStretch(1, 3)


class _Note(Page):
    def __init__(self, till: Till) -> None:
        super().__init__(name=self.tr("Note"))
        self.line = TextLine(hint=self.tr("Table 4, for Ana, …"), most=MAX_NOTE)
        self.save = Button(self.tr("Save"), role="main")
        self.back = Button(self.tr("Back"))
        words = self.tr("The customer sees the note with the amount, and you find the sale by it.")
        self._words = Label(words, role="body", wrap=True)
        self._words.set_tone("quiet")
        self._column, self._foot = QVBoxLayout(self), Row()
        self._foot.add(self.back, 2)
        self._foot.add(self.save, 5)
        self._column.addWidget(Label(self.tr("Note"), role="title"))
        self._column.addWidget(self.line)
        self._column.addWidget(self._words)
        self._column.addLayout(self._foot)
        # A keyboard on the screen comes from below.
        self._column.addStretch(1)
        # Enter is the window's: keep_note comes from there, once.
        self.line.textEdited.connect(till.type_note)
        self.save.clicked.connect(till.keep_note)
        self.back.clicked.connect(till.back)

    def show_note(self, note: str) -> None:
        if self.line.text() != note:
            self.line.setText(note)
        if not self.line.hasFocus():
            self.line.setFocus()

    def arrange(self) -> None:
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(metrics.margin)
        self._foot.setSpacing(metrics.gap)
