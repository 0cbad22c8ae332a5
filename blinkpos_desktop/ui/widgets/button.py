"""Buttons: finger-sized, named for screen readers, deaf to Enter."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QWidget

from blinkpos_desktop.ui.widgets.icons import Icon, draw

_MIRRORED: Final = {Icon.BEFORE, Icon.AFTER}
_ENTER: Final = {Qt.Key.Key_Enter, Qt.Key.Key_Return}


class Button(QPushButton):
    """A push button in one of the style sheet's roles."""

    def __init__(
        self, text: str = "", *, role: str = "", name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role)
        self.setAccessibleName(name or text)
        self.setAutoDefault(False)
        # A tap must not take the focus from the keyboard: only Tab gives it.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        """Return room for the text, and for a finger: never narrower than high."""
        size = super().sizeHint()
        # Qt would give a button without a text the room for one.
        width = size.width() if self.text() else 0
        return QSize(max(width, size.height(), self.minimumHeight()), size.height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: a text is not cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Enter to the window: on some desktops it would press the focused button."""
        if event.key() in _ENTER:
            event.ignore()
        else:
            super().keyPressEvent(event)


class IconButton(Button):
    """A button with a drawn icon where it has no text."""

    def __init__(
        self, icon: Icon, *, name: str, role: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__("", role=role, name=name, parent=parent)
        self._icon = icon

    def set_icon(self, icon: Icon) -> None:
        """Show another icon."""
        self._icon = icon
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, then the icon, in the text's colour."""
        super().paintEvent(event)
        if self.text():
            return
        side = self.fontMetrics().height()
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(self.rect()).center())
        painter = QPainter(self)
        if self._icon in _MIRRORED and self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        draw(painter, self._icon, box, self.palette().buttonText().color())
        painter.end()
