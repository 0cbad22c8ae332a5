"""What the window wears: the owner's appearance, at the size that the window has."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.ui.dressing import dress, look_worn
from blinkpos_desktop.ui.theme import Metrics, metrics_for


class Wardrobe:
    """Keeps the appearance, and dresses one window in it."""

    def __init__(self, window: QWidget, appearance: Appearance) -> None:
        self._window = window
        self.appearance = self._set = appearance
        self.metrics = Metrics()
        self._worn: tuple[Look, Metrics] | None = None

    @property
    def look(self) -> Look:
        """The look that is worn: never the system's choice, but what it has chosen."""
        return look_worn(self.appearance.look)

    @property
    def is_dark(self) -> bool:
        """Whether the ground is dark."""
        return self.look is not Look.LIGHT

    def take(self, appearance: Appearance) -> None:
        """Take what the owner has set; a look chosen by hand outlasts the same one set again."""
        is_same = appearance.look is self._set.look
        look = self.appearance.look if is_same else appearance.look
        self._set, self.appearance = appearance, replace(appearance, look=look)

    def swap(self) -> None:
        """Choose the other one of light and dark, by hand."""
        look = Look.LIGHT if self.is_dark else Look.DARK
        self.appearance = replace(self.appearance, look=look)

    def dress(self) -> bool:
        """Dress the window for its size; tell whether anything is another than before."""
        window = self._window
        self.metrics = metrics_for(window.width(), window.height(), self.appearance.text_scale)
        wanted = (self.look, self.metrics)
        if wanted == self._worn:
            return False
        self._worn = wanted
        dress(window, *wanted)
        return True
