"""The item editor: the owner makes and changes a button on the screen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from blinkpos_desktop.domain.item import MAX_CATEGORY, MAX_CODE, MAX_NAME, Tint
from blinkpos_desktop.ui.viewmodels.shelf import Shelf, ShelfView
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label
from blinkpos_desktop.ui.widgets.line import TextLine
from blinkpos_desktop.ui.widgets.page import Page
from blinkpos_desktop.ui.widgets.row import Row

_PRICE_LENGTH = 16


class EditorPage(Page):
    """One item: its texts, its colour, its place, whether there is any left."""

    def __init__(self, shelf: Shelf, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Item"), parent=parent)
        self._shelf = shelf
        self._title = Label(role="title")
        self._error = Label(role="body", wrap=True)
        self._error.set_tone("alert")
        self.lines = {
            "name": TextLine(hint=self.tr("Name"), most=MAX_NAME),
            "price": TextLine(hint=self.tr("Price"), most=_PRICE_LENGTH, is_number=True),
            "category": TextLine(hint=self.tr("Category, if any"), most=MAX_CATEGORY),
            "code": TextLine(hint=self.tr("Barcode, if any: scan it here"), most=MAX_CODE),
        }
        self._captions = {
            "name": Label(self.tr("Name"), role="caption"),
            "price": Label(role="caption"),
            "category": Label(self.tr("Category"), role="caption"),
            "code": Label(self.tr("Barcode"), role="caption"),
        }
        self.tints = {tint: self._tint_button(tint) for tint in Tint}
        self.sold_out = Button(self.tr("Sold out"), role="toggle")
        self.sold_out.setCheckable(True)
        self.earlier = IconButton(Icon.BEFORE, name=self.tr("One place before"), role="small")
        self.later = IconButton(Icon.AFTER, name=self.tr("One place after"), role="small")
        self.back = Button(self.tr("Back"))
        self.remove = Button(role="bad")
        self.save = Button(self.tr("Save"), role="main")
        self._build()
        self._connect()
        shelf.changed.connect(self.show_view)
        self.show_view(shelf.view)

    def show_view(self, view: ShelfView) -> None:
        """Show the draft; what is typed is in the lines already."""
        draft = view.draft
        if draft is None:
            return
        is_new = draft.of is None
        self._title.setText(self.tr("New item") if is_new else self.tr("Edit item"))
        self._error.setText(view.error)
        price = self.tr("Price in {currency}").format(currency=view.currency.code)
        self._captions["price"].setText(price)
        for name, line in self.lines.items():
            text = str(getattr(draft, name))
            if line.text() != text:
                line.setText(text)
        for tint, button in self.tints.items():
            button.setChecked(tint is draft.tint)
        self.sold_out.setChecked(draft.is_sold_out)
        self.earlier.setEnabled(self._shelf.can_move(-1) and not view.is_busy)
        self.later.setEnabled(self._shelf.can_move(1) and not view.is_busy)
        self.remove.setVisible(not is_new)
        sure = self.tr("Really remove it?")
        self.remove.setText(sure if draft.wants_to_go else self.tr("Remove"))
        self.remove.setAccessibleName(self.remove.text())
        self.remove.setEnabled(not view.is_busy)
        self.save.setEnabled(not view.is_busy)
        self.save.setText(self.tr("Saving…") if view.is_busy else self.tr("Save"))

    def arrange(self) -> None:
        """Space the lines; side by side on a wide window."""
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, metrics.gap, margin, metrics.gap)
        self._column.setSpacing(metrics.gap)
        self._fields.setHorizontalSpacing(metrics.margin)
        self._fields.setVerticalSpacing(metrics.px(2))
        for row in (self._colours, self._places, self._foot):
            row.setSpacing(metrics.gap)
        for caption in self._captions.values():
            # Nearer to its own line than to the one above.
            caption.setContentsMargins(0, metrics.px(5), 0, 0)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin a new item with its name."""
        super().showEvent(event)
        draft = self._shelf.view.draft
        if draft is not None and draft.of is None:
            self.lines["name"].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Escape; Enter saves, but for a scanner's in the code's line."""
        if event.key() == Qt.Key.Key_Escape:
            self._shelf.back()
        elif event.key() not in {Qt.Key.Key_Enter, Qt.Key.Key_Return}:
            super().keyPressEvent(event)
        elif not self.lines["code"].hasFocus() and not event.isAutoRepeat():
            self._shelf.save()

    def _tint_button(self, tint: Tint) -> Button:
        names = {
            Tint.PLAIN: self.tr("No colour"),
            Tint.RED: self.tr("Red"),
            Tint.ORANGE: self.tr("Orange"),
            Tint.YELLOW: self.tr("Yellow"),
            Tint.GREEN: self.tr("Green"),
            Tint.TEAL: self.tr("Teal"),
            Tint.BLUE: self.tr("Blue"),
            Tint.VIOLET: self.tr("Violet"),
        }
        button = Button(name=names[tint])
        button.setProperty("tint", tint.value)
        button.setCheckable(True)
        button.clicked.connect(lambda: self._pick(tint))
        return button

    def _pick(self, tint: Tint) -> None:
        self._shelf.choose_tint(tint)
        # A tap on the chosen one leaves it chosen.
        self.show_view(self._shelf.view)

    def _build(self) -> None:
        self._column, self._fields = QVBoxLayout(self), QGridLayout()
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addSpacing(16)
        head.addWidget(self._error, 1)
        for at, name in enumerate(self.lines):
            row, column = at // 2 * 2, at % 2
            self._fields.addWidget(self._captions[name], row, column)
            self._fields.addWidget(self.lines[name], row + 1, column)
        self._fields.setColumnStretch(0, 1)
        self._fields.setColumnStretch(1, 1)
        self._colours, self._places, self._foot = Row(), QHBoxLayout(), Row()
        for button in self.tints.values():
            self._colours.add(button)
        self._places.addWidget(self.sold_out)
        self._places.addStretch(1)
        self._places.addWidget(Label(self.tr("Place"), role="caption"))
        self._places.addWidget(self.earlier)
        self._places.addWidget(self.later)
        self._foot.add(self.back, 2)
        self._foot.add(self.remove, 3)
        self._foot.add(self.save, 4)
        self._column.addLayout(head)
        self._column.addLayout(self._fields)
        self._column.addLayout(self._colours)
        self._column.addLayout(self._places)
        self._column.addStretch(1)
        self._column.addLayout(self._foot)

    def _connect(self) -> None:
        for name, line in self.lines.items():
            line.textEdited.connect(lambda text, n=name: self._shelf.write(**{n: text}))
        self.sold_out.clicked.connect(
            lambda: self._shelf.mark_sold_out(is_sold_out=self.sold_out.isChecked())
        )
        self.earlier.clicked.connect(lambda: self._shelf.move(-1))
        self.later.clicked.connect(lambda: self._shelf.move(1))
        self.back.clicked.connect(self._shelf.back)
        self.remove.clicked.connect(self._shelf.remove)
        self.save.clicked.connect(self._shelf.save)
