"""The items page: a button for each item on one side, the cart and its sum on the other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.domain.item import Item
from blinkpos_desktop.ui.viewmodels.numbers import grouped
from blinkpos_desktop.ui.viewmodels.shelf import Shelf, ShelfView
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import TillView
from blinkpos_desktop.ui.viewmodels.words import money_text, sats_text, unit_of
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.cart import CartList
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label, keep_room
from blinkpos_desktop.ui.widgets.page import TwoPane
from blinkpos_desktop.ui.widgets.pager import Pager
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.shelf import Chips, ItemGrid
from blinkpos_desktop.ui.widgets.stack import Stack

_HINT_LINES = 2


class ItemsPage(TwoPane):
    """Sells at a tap; with the pencil pressed, a tap edits."""

    def __init__(self, till: Till, shelf: Shelf, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Items"), parent=parent)
        self._till, self._shelf = till, shelf
        self._said, self._has_failed = "", False
        self._build_panel()
        self._build_shelf()
        self.panes.addWidget(self._panel)
        self.panes.addWidget(self._side)
        for pane in (self._panel, self._side):
            # Each keeps its share, whatever is in it: nothing moves under a finger.
            pane.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.charge.clicked.connect(till.ok)
        self.cart.clicked.connect(till.open_cart)
        self.grid.tapped.connect(self._tapped)
        self.grid.paged.connect(self.pager.show_place)
        self.pager.turned.connect(self.grid.turn_to)
        self.chips.chosen.connect(shelf.choose)
        self.new.clicked.connect(shelf.new)
        self.first.clicked.connect(shelf.new)
        self.pencil.clicked.connect(lambda: shelf.arrange(is_on=self.pencil.isChecked()))
        shelf.changed.connect(self.show_shelf)
        self.show_shelf(shelf.view)

    def show_view(self, view: TillView) -> None:
        """Show the cart, and why it can't be charged if it can't."""
        basket = view.basket
        before, behind = unit_of(basket.currency)
        self.amount.set_amount(grouped(basket.total.decimal()), before=before, behind=behind)
        in_sats = basket.currency.is_sats
        self._currency.setText(self.tr("Amount") if in_sats else basket.currency.code)
        worth = view.worth_sats
        self._worth.setText(f"≈ {sats_text(worth)}" if worth else "")
        self._said, self._has_failed = view.error or view.blocked or view.told, bool(view.error)
        self._show_hint()
        self.lines.show_cart(basket)
        pieces = basket.pieces
        self.cart.setText(self.tr("Cart · {n}").format(n=pieces) if pieces else self.tr("Cart"))
        self.cart.setEnabled(bool(pieces or basket.note))
        self.charge.setEnabled(view.can_charge)
        amount = money_text(basket.total)
        self.charge.setAccessibleName(self.tr("Charge {amount}").format(amount=amount))
        self.charge.setAccessibleDescription(view.blocked)

    def show_shelf(self, view: ShelfView) -> None:
        """Show the buttons, or how to make the first one."""
        self.chips.show_categories(view.categories, view.category)
        self.grid.show_items(view.shown)
        self._stack.setCurrentWidget(self.grid if view.items else self._empty)
        self.pencil.setVisible(bool(view.items))
        self.pencil.setChecked(view.is_arranging)
        self.new.setVisible(view.is_arranging and bool(view.items))
        self._show_hint()

    def arrange(self) -> None:
        """Size the amount, the list and the buttons."""
        super().arrange()
        metrics = self.metrics
        self.amount.set_size(metrics.font("amount", 0.75))
        for widget in (self.lines, self.grid, self.chips, self.pager):
            widget.set_metrics(metrics)
        keep_room(self._hint, metrics.line("body") * _HINT_LINES, metrics)
        self._column.setSpacing(metrics.px(4))
        self._buttons.setSpacing(metrics.gap)
        self._shelf_column.setSpacing(metrics.gap)
        self._foot.setSpacing(metrics.gap)
        self.turn()

    def turn(self) -> None:
        """Give the buttons the larger half."""
        self.panes.setStretch(0, 2)
        self.panes.setStretch(1, 3)

    def _show_hint(self) -> None:
        arranging = self.tr("Tap an item to edit it.") if self.pencil.isChecked() else ""
        self._hint.setText(self._said if self._has_failed else arranging or self._said)
        self._hint.set_tone("alert" if self._has_failed else "quiet")

    def _tapped(self, item: Item) -> None:
        if self._shelf.view.is_arranging:
            self._shelf.edit(item)
        else:
            self._till.add(item)

    def _build_panel(self) -> None:
        self._panel = QWidget()
        self._column = QVBoxLayout(self._panel)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._currency, self._worth = Label(role="caption"), Label(role="caption")
        self.amount = AmountLine(name=self.tr("Amount"))
        self._hint = Label(role="body", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.lines = CartList(empty=self.tr("Tap an item, or scan it"))
        self.cart = Button(self.tr("Cart"))
        self.charge = Button(self.tr("Charge"), role="main")
        caption = Row()
        caption.add(self._currency)
        caption.add(self._worth, 0)
        self._buttons = Row()
        self._buttons.add(self.cart, 2)
        self._buttons.add(self.charge, 3)
        self._column.addLayout(caption)
        self._column.addWidget(self.amount)
        self._column.addWidget(self._hint)
        self._column.addWidget(self.lines, 1)
        self._column.addLayout(self._buttons)

    def _build_shelf(self) -> None:
        self._side = QWidget()
        self._shelf_column = QVBoxLayout(self._side)
        self._shelf_column.setContentsMargins(0, 0, 0, 0)
        self.chips, self.grid, self.pager = Chips(), ItemGrid(), Pager()
        self._empty = QWidget()
        empty = QVBoxLayout(self._empty)
        words = Label(self.tr("Sell what you sell often at a tap"), role="title", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words.set_tone("quiet")
        self.first = Button(self.tr("Make the first item"), role="main")
        empty.addStretch(1)
        empty.addWidget(words)
        empty.addSpacing(16)
        empty.addWidget(self.first, 0, Qt.AlignmentFlag.AlignHCenter)
        empty.addStretch(1)
        self._stack = Stack()
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self._empty)
        self.pencil = IconButton(Icon.PENCIL, name=self.tr("Edit the items"), role="toggle")
        self.pencil.setCheckable(True)
        self.new = Button(self.tr("New item"))
        self._foot = Row()
        self._foot.add(self.pencil, 0)
        self._foot.add(self.new, 0)
        self._foot.add(QWidget())
        self._foot.add(self.pager, 0)
        self._shelf_column.addWidget(self.chips)
        self._shelf_column.addLayout(self._stack, 1)
        self._shelf_column.addLayout(self._foot)
