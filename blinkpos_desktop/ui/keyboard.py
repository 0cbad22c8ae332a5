"""The hardware keyboard: what a key does on each of the counter's screens."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from blinkpos_desktop.domain.entry import Key
from blinkpos_desktop.ui.viewmodels.till import Till
from blinkpos_desktop.ui.viewmodels.view import Screen

_TYPED: Final = {key.value: key for key in Key if key.value in "0123456789.+"} | {",": Key.DOT}
_ENTER: Final = {Qt.Key.Key_Enter, Qt.Key.Key_Return}
_ONCE: Final = _ENTER | {Qt.Key.Key_Escape, Qt.Key.Key_Space}
"""Keys that decide something: held down, they decide it once."""


def strike(till: Till, event: QKeyEvent) -> bool:
    """Do what a key does on the counter; tell whether it does anything there."""
    if event.isAutoRepeat() and event.key() in _ONCE:
        return True
    view = till.view
    if view.screen is Screen.KEYPAD or view.custom is not None:
        return _type(till, event)
    if view.screen is Screen.SUCCESS and event.key() in _ONCE:
        till.dismiss_success()
        return True
    if event.key() == Qt.Key.Key_Escape:
        till.back()
        return True
    return False


def _type(till: Till, event: QKeyEvent) -> bool:
    is_custom = till.view.custom is not None
    if event.key() in _ENTER:
        (till.choose_custom if is_custom else till.ok)()
    elif event.key() == Qt.Key.Key_Escape:
        till.back() if is_custom else till.press(Key.CLEAR)
    elif event.key() == Qt.Key.Key_Backspace:
        till.press(Key.BACKSPACE)
    elif event.text() in _TYPED:
        till.press(_TYPED[event.text()])
    else:
        return False
    return True
