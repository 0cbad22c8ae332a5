"""What a screen reader and a keyboard find: a name, a role and a place for every control."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.ui.theme import PALETTES
from blinkpos_desktop.ui.widgets.amount import AmountLine
from blinkpos_desktop.ui.widgets.bar_chart import BarChart
from blinkpos_desktop.ui.widgets.qr import QrCode
from tests.ui.screens import SIZES, STATES, Stage, keypad, on_stage, shelf

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


@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
def test_every_control_has_a_name_a_role_and_a_place(
    qtbot: QtBot, make: Callable[[], Stage]
) -> None:
    stage = on_stage(make, SIZES[1])
    window = stage.window
    qtbot.addWidget(window)
    window.activateWindow()
    usable = controls(window)
    for control in usable:
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface.text(QAccessible.Text.Name).strip(), control
        assert interface.role() in ROLES, (control, interface.role())
    for kind in SAID:
        for widget in window.findChildren(kind):
            assert widget.accessibleName(), widget
    order = walked(window)
    missed = {control for control in usable - set(order) if not is_by_arrows(control, order)}
    assert {widget.accessibleName() for widget in missed} == set()


def test_tab_goes_from_key_to_key_and_back(qtbot: QtBot) -> None:
    stage = on_stage(keypad.typing, SIZES[1])
    qtbot.addWidget(stage.window)
    stage.window.activateWindow()
    order = walked(stage.window)
    names = [widget.accessibleName() for widget in order]
    first = names.index("1")
    assert names.index("Till") < first < names.index("OK, charge")
    assert names[first : first + 3] == ["1", "2", "3"]
    order[first + 1].setFocus()
    QTest.keyClick(order[first + 1], Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is order[first]


@pytest.mark.parametrize("look", PALETTES)
@pytest.mark.parametrize("make", [keypad.typing, shelf.items_cart, shelf.items_editor])
def test_the_focus_is_seen_on_every_control(
    qtbot: QtBot, make: Callable[[], Stage], look: Look
) -> None:
    stage = on_stage(make, SIZES[1], appearance=Appearance(look=look))
    qtbot.addWidget(stage.window)
    stage.window.activateWindow()
    palette = PALETTES[look]
    rings = {palette.colours.focus.lower(), palette.colours.text.lower()}
    for control in walked(stage.window):
        if control not in controls(stage.window):
            continue
        control.setFocus(Qt.FocusReason.TabFocusReason)
        image = control.grab().toImage()
        edge = image.pixelColor(image.width() // 2, palette.focus // 2).name()
        is_tab = control.property("role") == "tab"
        assert is_tab or edge in rings, (control.accessibleName(), edge)
