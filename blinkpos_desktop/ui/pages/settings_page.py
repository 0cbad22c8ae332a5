"""The Settings tab: all that an owner can set, part by part, and one button that saves it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from blinkpos_desktop.domain.options import Group
from blinkpos_desktop.ui.viewmodels.setting_view import FieldView, SettingsView
from blinkpos_desktop.ui.viewmodels.setting_words import group_text
from blinkpos_desktop.ui.viewmodels.settings import SettingsModel
from blinkpos_desktop.ui.widgets.button import Button
from blinkpos_desktop.ui.widgets.label import Label, restyle
from blinkpos_desktop.ui.widgets.page import Page, clear, put_in_order
from blinkpos_desktop.ui.widgets.row import Row
from blinkpos_desktop.ui.widgets.setting_field import SettingField
from blinkpos_desktop.ui.widgets.throwing import throw

_TOLD_LINES: Final = 2
_FIELD: Final = 245
"""The least width of a setting beside another, in pixels of the 800x480 design."""


class SettingsPage(Page):
    """Made from the table of settings: a new one appears by itself."""

    def __init__(self, settings: SettingsModel, *, parent: QWidget | None = None) -> None:
        super().__init__(name=self.tr("Settings"), parent=parent)
        self._settings = settings
        self.groups = {group: self._group_button(group) for group in Group}
        self.fields: dict[str, SettingField] = {}
        self._state = Label(role="title", wrap=True)
        self._state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.retry = Button(self.tr("Try again"), role="main")
        self.told = Label(role="body", wrap=True)
        self.told.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading)
        self.discard = Button(self.tr("Discard"))
        self.save = Button(self.tr("Save"), role="main")
        self._build()
        self.retry.clicked.connect(settings.open)
        self.discard.clicked.connect(settings.discard)
        self.save.clicked.connect(settings.save)
        settings.changed.connect(self.show_view)
        self.show_view(settings.view)

    def show_view(self, view: SettingsView) -> None:
        """Show one part of the settings, or in words why there is none."""
        words = view.error or ("" if view.is_loaded else self.tr("Loading…"))
        self._state.setText(words)
        self._state.set_tone("alert" if view.error else "quiet")
        self.retry.setVisible(bool(view.error))
        self._stack.setCurrentWidget(self._message if words else self._scroll)
        for group, button in self.groups.items():
            mark = " \N{BULLET}" if group in view.marked else ""
            button.setText(f"{group_text(group)}{mark}")
            button.setChecked(group is view.group)
        self._fill(view.fields)
        self.told.setText(view.told.text)
        self.told.set_tone(view.told.tone)
        self.discard.setEnabled(view.is_changed and not view.is_saving)
        self.save.setEnabled(view.can_save)
        text = self.tr("Save anyway") if view.is_sure_wanted else self.tr("Save")
        self.save.setText(self.tr("Saving…") if view.is_saving else text)

    def arrange(self) -> None:
        """Space everything; a wide window shows two settings beside one another."""
        metrics = self.metrics
        margin = metrics.margin
        self._column.setContentsMargins(margin, metrics.gap, margin, metrics.gap)
        self._column.setSpacing(metrics.gap)
        self._tops.setSpacing(metrics.gap)
        for button in self.groups.values():
            # On one line as long as can be: what is set needs the height.
            restyle(button, "tight", metrics.text > 1)
        for row in (self._foot, self._buttons, self._message_column):
            row.setSpacing(metrics.gap)
        self._grid.setHorizontalSpacing(metrics.margin * 2)
        self._grid.setVerticalSpacing(metrics.gap)
        self._grid.setContentsMargins(0, metrics.gap, metrics.gap, 0)
        # Beside the buttons large words take their height, and more only when they are long.
        lines = _TOLD_LINES if metrics.text <= 1 else 1
        # A sentence about the file names it, and a long one takes the room that it needs.
        self.told.setMinimumHeight(metrics.line("body") * lines)
        self._scroll.setMinimumHeight(metrics.target + metrics.line("body") * 2)
        for each in self.fields.values():
            each.set_metrics(metrics)
        self._place()

    def showEvent(self, event: QShowEvent) -> None:
        """Read the file whenever the tab is opened: somebody may have edited it."""
        super().showEvent(event)
        if not event.spontaneous():
            self._settings.open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the window's shape asks for it."""
        super().resizeEvent(event)
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save with Enter; Escape is the window's."""
        if event.key() in {Qt.Key.Key_Enter, Qt.Key.Key_Return}:
            if not event.isAutoRepeat():
                self._settings.save()
        else:
            super().keyPressEvent(event)

    def _fill(self, fields: tuple[FieldView, ...]) -> None:
        if [each.option.name for each in fields] != list(self.fields):
            clear(self._grid)
            self.fields = {each.option.name: self._field(each) for each in fields}
            self._place()
            self._put_in_order()
            self._scroll.verticalScrollBar().setValue(0)
        for each in fields:
            self.fields[each.option.name].show_view(each)

    def _field(self, view: FieldView) -> SettingField:
        name = view.option.name
        field = SettingField(view.option)
        field.set_metrics(self.metrics)
        field.written.connect(lambda text: self._settings.write(name, text))
        field.removed.connect(lambda: self._remove(name))
        return field

    def _remove(self, name: str) -> None:
        self._settings.remove(name)
        # A second tap takes it back: what is shown is the view's to say.
        self.show_view(self._settings.view)

    def _place(self) -> None:
        metrics, direction = self.metrics, QBoxLayout.Direction
        is_wide = metrics.is_wide
        columns = 2 if is_wide and self.width() >= 2 * metrics.high(_FIELD) else 1
        self._foot.setDirection(direction.LeftToRight if is_wide else direction.TopToBottom)
        for at in range(self._grid.rowCount() + 1):
            self._grid.setRowStretch(at, 0)
        for at, field in enumerate(self.fields.values()):
            self._grid.addWidget(field, at // columns, at % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)
        self._grid.setRowStretch(len(self.fields), 1)

    def _put_in_order(self) -> None:
        """Let Tab go down the page: the fields are younger than the buttons below them."""
        stops: list[QWidget] = list(self.groups.values())
        for field in self.fields.values():
            stops += field.stops
        put_in_order([*stops, self.discard, self.save])

    def _group_button(self, group: Group) -> Button:
        button = Button(role="period", name=group_text(group))
        button.setCheckable(True)
        button.clicked.connect(lambda: self._choose(group))
        return button

    def _choose(self, group: Group) -> None:
        self._settings.choose(group)
        self.show_view(self._settings.view)

    def _build(self) -> None:
        self._tops, self._grid = Row(), QGridLayout()
        for button in self.groups.values():
            self._tops.add(button)
        self._foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        inner = QWidget()
        inner.setObjectName("scrolled")
        inner.setLayout(self._grid)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setAccessibleName(self.tr("Settings"))
        self._scroll.setWidget(inner)
        throw(self._scroll.viewport())
        self._message = QWidget()
        self._message_column = message = QVBoxLayout(self._message)
        message.addStretch(1)
        message.addWidget(self._state)
        message.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        message.addStretch(1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self._message)
        buttons = QHBoxLayout()
        buttons.addWidget(self.discard, 2)
        buttons.addWidget(self.save, 3)
        self._buttons = buttons
        self._foot.addWidget(self.told, 3)
        self._foot.addLayout(buttons, 2)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._tops)
        self._column.addWidget(self._stack, 1)
        self._column.addLayout(self._foot)
