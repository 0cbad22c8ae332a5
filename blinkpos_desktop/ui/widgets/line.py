"""Lines to type into, by hand or by the system's keyboard on the screen."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

LONGEST: Final = 50
"""Blink's longest username."""


class NameLine(QLineEdit):
    """Finger-high; the keyboard on the screen neither guesses nor capitalizes."""

    def __init__(self, text: str = "", *, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setMaxLength(LONGEST)
        hints = Qt.InputMethodHint
        self.setInputMethodHints(
            hints.ImhLowercaseOnly
            | hints.ImhPreferLowercase
            | hints.ImhNoAutoUppercase
            | hints.ImhNoPredictiveText
        )


class TextLine(QLineEdit):
    """Finger-high, for any text or for a number."""

    def __init__(
        self, *, hint: str, most: int, is_number: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setMaxLength(most)
        if is_number:
            self.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
