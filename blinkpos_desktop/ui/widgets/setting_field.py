"""One setting on the Settings tab: its name, what is typed or chosen, and a note below."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from blinkpos_desktop.domain.options import Kind, Option
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.setting_view import FieldView
from blinkpos_desktop.ui.viewmodels.setting_words import choice_text, label_of
from blinkpos_desktop.ui.widgets.button import Button, IconButton
from blinkpos_desktop.ui.widgets.icons import Icon
from blinkpos_desktop.ui.widgets.label import Label, keep_room
from blinkpos_desktop.ui.widgets.line import TextLine
from blinkpos_desktop.ui.widgets.row import Row

MOST: Final = 500
_NOTE_LINES: Final = 2
_HIDDEN: Final = frozenset({Kind.KEY, Kind.PASSPHRASE})
_NAMES: Final = frozenset({Kind.USERNAME, Kind.RECIPIENTS})


class SettingField(QWidget):
    """Keeps its height whatever the note says, unless large text needs more.

    Signals:
        written: the text that stands in the line, or was chosen.
        removed: what is stored is to be taken out, or left after all.
    """

    written = Signal(str)
    removed = Signal()

    def __init__(self, option: Option, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line: QLineEdit | None = None
        self.choices: dict[str, Button] = {}
        self.remove = IconButton(Icon.CROSS, name=self.tr("Remove what is stored"), role="small")
        self.remove.setCheckable(True)
        self._caption = Label(role="strong", wrap=True)
        self.note = Label(role="caption", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        # However long, it takes no more room than the page gives it.
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._row, self._column = Row(), QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        if option.kind is Kind.CHOICE:
            self._choose_from(option)
        else:
            self._row.add(self._line_for(option))
            self._row.add(self.remove, 0)
        self._column.addWidget(self._caption)
        self._column.addLayout(self._row)
        self._column.addWidget(self.note)
        self._column.addStretch(1)
        self.remove.clicked.connect(self.removed)

    @property
    def stops(self) -> list[QWidget]:
        """What Tab stops at, in its order."""
        return [*self.choices.values(), *([self.line, self.remove] if self.line else [])]

    def show_view(self, view: FieldView) -> None:
        """Show a setting as it is now."""
        mark = " \N{BULLET}" if view.is_changed else ""
        self._caption.setText(f"{view.label}{mark}")
        self.note.setText(view.note.text)
        self.note.set_tone(view.note.tone)
        for choice, button in self.choices.items():
            button.setChecked(choice == view.text)
            button.setEnabled(not view.is_locked)
        if self.line is not None:
            if self.line.text() != view.text:
                self.line.setText(view.text)
            self.line.setPlaceholderText(view.hint)
            self.line.setEnabled(not view.is_locked)
            self.line.setAccessibleName(view.label)
            self.line.setAccessibleDescription(view.note.text)
        self.remove.setVisible(view.can_remove)
        self.remove.setChecked(view.is_changed and not view.text)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._column.setSpacing(metrics.px(3))
        self._row.setSpacing(metrics.gap)
        keep_room(self.note, metrics.line("caption") * _NOTE_LINES, metrics)

    def _line_for(self, option: Option) -> QLineEdit:
        self.line = TextLine(hint="", most=MOST, is_number=option.kind is Kind.NUMBER)
        hints = Qt.InputMethodHint
        if option.kind in _NAMES:
            self.line.setInputMethodHints(hints.ImhPreferLowercase | hints.ImhNoAutoUppercase)
        elif option.kind in _HIDDEN:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        elif option.kind is not Kind.NUMBER:
            self.line.setInputMethodHints(hints.ImhNoAutoUppercase | hints.ImhNoPredictiveText)
        self.line.textEdited.connect(self.written)
        return self.line

    def _choose_from(self, option: Option) -> None:
        for choice in option.choices:
            text = choice_text(choice)
            button = Button(text, role="period", name=f"{label_of(option)}: {text}")
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, chosen=choice: self._chosen(chosen))
            self.choices[choice] = button
            self._row.add(button)

    def _chosen(self, text: str) -> None:
        # A tap on the chosen one leaves it chosen.
        for choice, button in self.choices.items():
            button.setChecked(choice == text)
        self.written.emit(text)
