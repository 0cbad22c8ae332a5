"""What the keyboard shows of itself. That every control has a name, a role and a place is measured
with every state's geometry (``test_geometry.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import Appearance, Look
from blinkpos_desktop.ui.theme import PALETTES
from tests.ui.reading import controls, walked
from tests.ui.screens import SIZES, Stage, cart, keypad, on_stage, sale, selling, shelf


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


@pytest.mark.parametrize("make", [sale.tip, selling.tip_four, cart.cart, cart.cart_discounts])
def test_tab_goes_down_the_page(qtbot: QtBot, make: Callable[[], Stage]) -> None:
    stage = on_stage(make, SIZES[1])
    qtbot.addWidget(stage.window)
    stage.window.activateWindow()
    order = [widget for widget in walked(stage.window) if widget is not stage.window]

    def place(widget: QWidget) -> tuple[int, int]:
        corner = widget.mapTo(stage.window, QPoint(0, 0))
        return corner.y() // 20, corner.x()

    names = [widget.accessibleName() for widget in order]
    assert names == [widget.accessibleName() for widget in sorted(order, key=place)]


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
