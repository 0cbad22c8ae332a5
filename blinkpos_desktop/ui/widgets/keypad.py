"""The keypad: it reacts when a finger comes down, to every finger, once."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QEventPoint, QMouseEvent, QShowEvent, QTouchEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.ui.theme import Metrics
from blinkpos_desktop.ui.viewmodels.numbers import decimal_point
from blinkpos_desktop.ui.widgets.button import IconButton
from blinkpos_desktop.ui.widgets.icons import Icon

HOLD_SECONDS: Final = 0.25
"""Coming back, the keypad lets fingers wait: the second half of a double tap was not for it."""

_ROWS: Final = (
    (Key.D1, Key.D2, Key.D3, Key.PLUS),
    (Key.D4, Key.D5, Key.D6),
    (Key.D7, Key.D8, Key.D9),
    (Key.CLEAR, Key.D0, Key.DOT, Key.BACKSPACE),
)
_CUSTOM_ROWS: Final = (
    (Key.D1, Key.D2, Key.D3),
    (Key.D4, Key.D5, Key.D6),
    (Key.D7, Key.D8, Key.D9),
    (Key.DOT, Key.D0, Key.BACKSPACE),
)
_TOUCHES: Final = {
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.TouchCancel,
}


class KeyButton(IconButton):
    """One key. ``key`` is None for OK.

    Signals:
        struck: the key went down, by a finger, the mouse, Space or a screen reader.
    """

    struck = Signal(object)

    def __init__(self, key: Key | None, *, name: str, role: str = "key") -> None:
        super().__init__(Icon.BACKSPACE, name=name, role=role)
        self.key = key
        if key is not Key.BACKSPACE:
            self.setText("OK" if key is None else decimal_point() if key is Key.DOT else key.value)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.clicked.connect(self.strike)

    def strike(self) -> None:
        """Press the key, unless it is dead."""
        if self.isEnabled():
            self.struck.emit(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """React on the press; a press made up from a touch has been dealt with."""
        if event.source() is not Qt.MouseEventSource.MouseEventNotSynthesized:
            return
        if event.button() is Qt.MouseButton.LeftButton and self.isEnabled():
            self.setDown(True)
            self.strike()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Leave it: dragging off a key and back is not a second press."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the key up, without the click that a button would make of it."""
        event.accept()
        self.setDown(False)


class Keypad(QWidget):
    """The keys in their grid.

    Signals:
        pressed: a Key went down.
        ok_pressed: OK went down.
    """

    pressed = Signal(object)
    ok_pressed = Signal()

    def __init__(self, *, has_ok: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        # Digits stand as on every till, in languages written from the right too.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self._fingers: dict[int, KeyButton] = {}
        self._held_until = 0.0
        self._has_been_shown = False
        self.keys: dict[Key, KeyButton] = {}
        self.ok = KeyButton(None, name=self.tr("OK, charge"), role="ok")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._fill(_ROWS if has_ok else _CUSTOM_ROWS)
        if has_ok:
            self._add(self.ok, 1, 3, rows=2)

    def set_metrics(self, metrics: Metrics) -> None:
        """Wear other sizes."""
        self._grid.setSpacing(metrics.gap)

    def showEvent(self, event: QShowEvent) -> None:
        """Hold fingers back for a moment, but never at the start."""
        super().showEvent(event)
        if self._has_been_shown and not event.spontaneous():
            self._held_until = time.monotonic() + HOLD_SECONDS
        self._has_been_shown = True

    def event(self, event: QEvent) -> bool:
        """Take touch events; accepted, they are not made into mouse events."""
        if event.type() in _TOUCHES and isinstance(event, QTouchEvent):
            self._touch(event)
            event.accept()
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        if event.type() is QEvent.Type.TouchCancel:
            for finger in list(self._fingers):
                self._finger_up(finger)
            return
        for point in event.points():
            if point.state() is QEventPoint.State.Pressed:
                self._finger_down(point)
            elif point.state() is QEventPoint.State.Released:
                self._finger_up(point.id())

    def _finger_down(self, point: QEventPoint) -> None:
        button = self.childAt(self.mapFromGlobal(point.globalPosition()).toPoint())
        if isinstance(button, KeyButton) and button.isEnabled() and point.id() not in self._fingers:
            self._fingers[point.id()] = button
            button.setDown(True)
            if button is self.ok:
                # Fingers that come down within one frame arrive one by one in any order: a digit
                # among them is part of what OK charges, and behind it would be lost.
                QTimer.singleShot(0, button, button.strike)
            else:
                button.strike()

    def _finger_up(self, finger: int) -> None:
        button = self._fingers.pop(finger, None)
        if button is not None and button not in self._fingers.values():
            button.setDown(False)

    def _struck(self, button: KeyButton) -> None:
        if time.monotonic() < self._held_until:
            return
        if button.key is None:
            self.ok_pressed.emit()
        else:
            self.pressed.emit(button.key)

    def _fill(self, rows: tuple[tuple[Key, ...], ...]) -> None:
        names = {
            Key.DOT: self.tr("Decimal point"),
            Key.PLUS: self.tr("Add to the list"),
            Key.CLEAR: self.tr("Clear everything"),
            Key.BACKSPACE: self.tr("Delete the last digit"),
        }
        for row, keys in enumerate(rows):
            for column, key in enumerate(keys):
                role = "mild" if key in names and key is not Key.DOT else "key"
                button = KeyButton(key, name=names.get(key, key.value), role=role)
                self.keys[key] = button
                self._add(button, row, column)

    def _add(self, button: KeyButton, row: int, column: int, *, rows: int = 1) -> None:
        self._grid.addWidget(button, row, column, rows, 1)
        self._grid.setRowStretch(row, 1)
        self._grid.setColumnStretch(column, 1)
        button.struck.connect(self._struck)
