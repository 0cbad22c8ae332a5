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
    if _hear(till, event):
        return True
    view = till.view
    if view.screen is Screen.KEYPAD or view.custom is not None or view.discounting is not None:
        return _type(till, event)
    if event.key() == Qt.Key.Key_Escape and view.screen is not Screen.SUCCESS:
        till.back()
        return True
    return _decide(till, event)


def _decide(till: Till, event: QKeyEvent) -> bool:
    """Do what the deciding keys do where nothing is typed on the keypad."""
    view = till.view
    if view.screen is Screen.SUCCESS and event.key() in _ONCE:
        till.dismiss_success()
    elif view.screen in {Screen.ITEMS, Screen.CART} and event.key() in _ENTER:
        (till.ok if view.noting is None else till.keep_note)()
    else:
        return False
    return True


def _hear(till: Till, event: QKeyEvent) -> bool:
    """Let a scanner be told from a hand; whether this Enter was a scanner's.

    The times are the keys' own: what waited in a queue while the till was busy is no burst.
    """
    if event.isAutoRepeat():
        till.forget_keys()
    elif event.key() in _ENTER:
        return till.hear_enter(event.timestamp())
    elif event.text().isprintable() and event.text():
        till.hear_key(event.text(), event.timestamp())
    return False


def _type(till: Till, event: QKeyEvent) -> bool:
    view = till.view
    is_edited = view.custom is not None or view.discounting is not None
    if event.key() in _ENTER:
        _enter(till)
    elif event.key() == Qt.Key.Key_Escape:
        till.back() if is_edited else till.press(Key.CLEAR)
    elif event.key() == Qt.Key.Key_Backspace:
        till.press(Key.BACKSPACE)
    elif event.text() in _TYPED:
        till.press(_TYPED[event.text()])
    else:
        return False
    return True


def _enter(till: Till) -> None:
    if till.view.custom is not None:
        till.choose_custom()
    elif till.view.discounting is not None:
        till.use_discount()
    else:
        till.ok()
