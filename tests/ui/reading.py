"""What a screen reader and a keyboard find of a window: names, roles and places."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTableView, QWidget

from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.bar_chart import BarChart
from blinkpos_desktop.ui.widgets.qr import QrCode

CONTROLS = (QAbstractButton, QLineEdit, QTableView, BarChart)
SAID = (AmountLine, QrCode)
"""No controls, but what they show is painted: only a name says it."""
ROLES = {
    QAccessible.Role.Button,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.EditableText,
    QAccessible.Role.Table,
    QAccessible.Role.List,
    QAccessible.Role.Client,
}
MOST = 200
"""More presses of Tab than any page has places."""


def controls(window: QWidget) -> set[QWidget]:
    """Return what can be used now."""
    return {
        widget
        for kind in CONTROLS
        for widget in window.findChildren(kind)
        if widget.isVisible() and widget.isEnabled()
    }


def walked(window: QWidget) -> list[QWidget]:
    """Return what Tab comes by, in its order."""
    order: list[QWidget] = []
    for _ in range(MOST):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if focus is None or focus in order:
            break
        order.append(focus)
    return order


def is_by_arrows(control: QWidget, order: list[QWidget]) -> bool:
    """Tell whether a control is one of a group that Tab enters once; arrows go on from there."""
    if not isinstance(control, QAbstractButton) or not control.autoExclusive():
        return False
    return any(
        other.autoExclusive() and other.parentWidget() is control.parentWidget()
        for other in order
        if isinstance(other, QAbstractButton)
    )


def unreadable(window: QWidget) -> list[str]:
    """Return what has no name, no role or no place behind Tab; the focus is nowhere afterwards."""
    window.activateWindow()
    usable = controls(window)
    found = []
    for control in usable:
        interface = QAccessible.queryAccessibleInterface(control)
        if not interface.text(QAccessible.Text.Name).strip():
            found.append(f"without a name: {control}")
        if interface.role() not in ROLES:
            found.append(f"with the role {interface.role()}: {control}")
    shown = [widget for kind in SAID for widget in window.findChildren(kind)]
    found += [f"without a name: {widget}" for widget in shown if not widget.accessibleName()]
    order = walked(window)
    missed = {control for control in usable - set(order) if not is_by_arrows(control, order)}
    found += [f"no place behind Tab: {control.accessibleName()}" for control in missed]
    if (focus := QApplication.focusWidget()) is not None:
        focus.clearFocus()
    return found
